"""How an overlap falls as a box moves away from an object: the numbers of the NWD paper's Figure 2."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nwd_mmdet.overlaps import pairwise


def deviation_curve(
    name: str, size: float, deviations: Sequence[float] | Tensor, scale: float = 1.0, **params: float
) -> Tensor:
    """Overlap of a square object with a square box moved along its diagonal.

    NWD paper, section 3.2 and Figure 2: the first row has ``scale=1``, the second ``scale=0.5``.

    Args:
        name: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`.
        size: Side of the object in px.
        deviations: Shape [N]: distance of the centres along x, and as much along y, in px.
        scale: Side of the box as a multiple of the object's.
        **params: Parameters of the overlap.

    Returns:
        Shape [N].
    """
    shift = torch.as_tensor(deviations, dtype=torch.float32)[:, None]
    half = torch.tensor([-0.5, -0.5, 0.5, 0.5]) * size
    return pairwise(name, shift + half * scale, half[None], **params)[:, 0]
