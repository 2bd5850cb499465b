"""How alike are two boxes? Every overlap of the package in one table.

All functions take boxes as ``(x1, y1, x2, y2)`` in pixels with ``x1 <= x2`` and ``y1 <= y2``, whose leading
dimensions broadcast, and return one value per pair. :func:`pairwise` and :func:`aligned` look an overlap up by
name and pick the broadcast; :class:`Overlap` is one of them with its parameters, checked where it is made. Assignment,
NMS, losses and analysis go through these. The pure torch functions stand in :mod:`nwd_mmdet.iou_overlaps` and
:mod:`nwd_mmdet.distance_overlaps`. To add an overlap, write its function and enter it in :data:`OVERLAPS`.

Conventions shared by all of them:

* Half precision and integer boxes are computed, and returned, in float32; float64 stays float64.
* Boxes without area are legal: their area-based overlaps are 0 (`giou`, `diou` and `ciou` keep their penalty),
  `nwd` and `dotd` stay what their formula says.
* Gradients are finite everywhere: identical, disjoint, far apart and zero-area boxes.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nwd_mmdet.distance_overlaps import (
    Constant,
    constants_of,
    dotd,
    in_one_unit,
    nwd,
    nwd_iou,
    squared_distance,
    wasserstein,
)
from nwd_mmdet.iou_overlaps import aspect_penalty, ciou, diou, distance_penalty, giou, hull_penalty, iof, iou

__all__ = [
    'OVERLAPS',
    'Constant',
    'Overlap',
    'aligned',
    'as_boxes',
    'aspect_penalty',
    'ciou',
    'constants_of',
    'diou',
    'distance_penalty',
    'dotd',
    'giou',
    'hull_penalty',
    'in_one_unit',
    'iof',
    'iou',
    'nwd',
    'nwd_iou',
    'pairwise',
    'squared_distance',
    'wasserstein',
]


class _OverlapTable(dict[str, Callable[..., Tensor]]):
    """A dict whose lookup of an unknown name lists the choices."""

    def __missing__(self, name: str) -> Callable[..., Tensor]:
        raise KeyError(f'unknown overlap {name!r}; choose one of {", ".join(sorted(self))}')


#: The table: name → function of two tensors of boxes, xyxy in px, that broadcast, shape [..., 4].
OVERLAPS = _OverlapTable(iou=iou, iof=iof, giou=giou, diou=diou, ciou=ciou, nwd=nwd, dotd=dotd, nwd_iou=nwd_iou)


def as_boxes(boxes: Tensor, name: str) -> Tensor:
    """``boxes`` in float32 or float64; raises ValueError, naming the argument, unless the shape is [..., N, 4]."""
    if boxes.dim() < 2 or boxes.size(-1) != 4:
        raise ValueError(f'{name} has shape {tuple(boxes.shape)}, expected [N, 4] boxes (x1, y1, x2, y2)')
    return boxes if boxes.dtype in (torch.float32, torch.float64) else boxes.float()


def pairwise(name: str, boxes1: Tensor, boxes2: Tensor, **params: float | Tensor) -> Tensor:
    """Overlap of every box with every other.

    Args:
        name: Key of :data:`OVERLAPS`.
        boxes1: Shape [N, 4], xyxy in px. A leading batch dimension is allowed if ``boxes2`` has it too.
        boxes2: Shape [M, 4], xyxy in px.
        **params: Parameters of the overlap, such as ``constant`` for ``'nwd'``.

    Returns:
        Shape [N, M], float32 or float64.

    Raises:
        KeyError: Unknown ``name``; the message lists the choices.
        ValueError: Boxes whose last dimension is not 4.

    Examples:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]])
        >>> pairwise('iou', boxes, boxes)
        tensor([[1.0000, 0.5319],
                [0.5319, 1.0000]])
        >>> pairwise('nwd', boxes, boxes, constant=12.8)[0, 1]
        tensor(0.8954)
    """
    boxes1, boxes2 = as_boxes(boxes1, 'boxes1'), as_boxes(boxes2, 'boxes2')
    return OVERLAPS[name](boxes1.unsqueeze(-2), boxes2.unsqueeze(-3), **params)


def aligned(name: str, boxes1: Tensor, boxes2: Tensor, **params: float | Tensor) -> Tensor:
    """Overlap of each box with the one at the same place; equals the diagonal of :func:`pairwise`.

    Args:
        name: Key of :data:`OVERLAPS`.
        boxes1: Shape [N, 4], xyxy in px.
        boxes2: Shape [N, 4], xyxy in px.
        **params: Parameters of the overlap, such as ``constant`` for ``'nwd'``.

    Returns:
        Shape [N], float32 or float64.

    Raises:
        KeyError: Unknown ``name``; the message lists the choices.
        ValueError: Boxes whose last dimension is not 4, or different numbers of boxes.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]])
        >>> aligned('iou', boxes, boxes.flip(0))
        tensor([0.5319, 0.5319])
    """
    boxes1, boxes2 = as_boxes(boxes1, 'boxes1'), as_boxes(boxes2, 'boxes2')
    if boxes1.shape != boxes2.shape:
        raise ValueError(f'boxes1 {tuple(boxes1.shape)} and boxes2 {tuple(boxes2.shape)} must have the same shape')
    return OVERLAPS[name](boxes1, boxes2, **params)


class Overlap:
    """An overlap with its parameters, checked where it is made: not in the first iteration, nor by empty batches alone.

    Args:
        name: Key of :data:`OVERLAPS`.
        **params: Parameters of the overlap, such as ``constant=12.8`` for ``'nwd'``.

    Raises:
        KeyError: Unknown ``name``; the message lists the choices.
        TypeError: A parameter that the overlap does not have.
        ValueError: A parameter out of range.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]])
        >>> Overlap('nwd', constant=12.8).pairwise(boxes, boxes)
        tensor([[1.0000, 0.8954],
                [0.8954, 1.0000]])
    """

    def __init__(self, name: str, **params: Any) -> None:
        aligned(name, torch.zeros(0, 4), torch.zeros(0, 4), **params)
        self.name = name
        self.params = params

    def pairwise(self, boxes1: Tensor, boxes2: Tensor) -> Tensor:
        """Overlap of every box with every other, shape [N, M]; as :func:`pairwise`."""
        return pairwise(self.name, boxes1, boxes2, **self.params)

    def aligned(self, boxes1: Tensor, boxes2: Tensor) -> Tensor:
        """Overlap of each box with the one at the same place, shape [N]; as :func:`aligned`."""
        return aligned(self.name, boxes1, boxes2, **self.params)
