"""Priors in ignored regions."""

import torch
from torch import Tensor

from nwd_mmdet.overlaps import pairwise

# Overlaps per block: 4 MB in float32.
_MAX_BLOCK = 1 << 20


def priors_in_regions(priors: Tensor, regions: Tensor, iof_threshold: float, wrt_candidates: bool = True) -> Tensor:
    """Which priors lie in ignored regions, by the rule of mmdet's ``MaxIoUAssigner``, in bounded memory.

    Args:
        priors: Shape [N, 4], xyxy in px.
        regions: Shape [R, 4], xyxy in px.
        iof_threshold: Priors with more than this share in one region do; none if it is not positive.
        wrt_candidates: The share is that of the prior's area (True) or of the region's (False).

    Returns:
        Shape [N], bool.
    """
    inside = torch.zeros(len(priors), dtype=torch.bool, device=priors.device)
    if iof_threshold <= 0 or not len(regions):
        return inside
    block = max(_MAX_BLOCK // len(regions), 1)
    for start in range(0, len(priors), block):
        part = priors[start : start + block]
        share = pairwise('iof', part, regions).amax(1) if wrt_candidates else pairwise('iof', regions, part).amax(0)
        inside[start : start + block] = share > iof_threshold
    return inside
