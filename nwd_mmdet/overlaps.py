"""How alike are two boxes? Every overlap of the package, as pure torch functions in one table.

All functions take boxes as ``(x1, y1, x2, y2)`` in pixels with ``x1 <= x2`` and ``y1 <= y2``, whose leading
dimensions broadcast, and return one value per pair. :func:`pairwise` and :func:`aligned` look an overlap up by
name and pick the broadcast; assignment, NMS, losses and analysis go through them. To add an overlap, write its
function and enter it in :data:`OVERLAPS`.

Conventions shared by all of them:

* Half precision and integer boxes are computed, and returned, in float32; float64 stays float64.
* Boxes without area are legal: their area-based overlaps are 0 (`giou`, `diou` and `ciou` keep their penalty),
  `nwd` and `dotd` stay what their formula says.
* Gradients are finite everywhere: identical, disjoint, far apart and zero-area boxes.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = [
    'OVERLAPS',
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
    'iof',
    'iou',
    'nwd',
    'nwd_iou',
    'pairwise',
    'squared_distance',
    'wasserstein',
]

# Smallest area, in px², that is divided by; mmdet's bbox_overlaps uses the same value.
_EPS = 1e-6


def _intersection(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    width = torch.minimum(boxes1[..., 2], boxes2[..., 2]) - torch.maximum(boxes1[..., 0], boxes2[..., 0])
    height = torch.minimum(boxes1[..., 3], boxes2[..., 3]) - torch.maximum(boxes1[..., 1], boxes2[..., 1])
    return width.clamp(min=0) * height.clamp(min=0)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _iou_and_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    intersection = _intersection(boxes1, boxes2)
    union = (_area(boxes1) + _area(boxes2) - intersection).clamp(min=_EPS)
    return intersection / union, union


def _enclosing_size(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around each pair."""
    width = torch.maximum(boxes1[..., 2], boxes2[..., 2]) - torch.minimum(boxes1[..., 0], boxes2[..., 0])
    height = torch.maximum(boxes1[..., 3], boxes2[..., 3]) - torch.minimum(boxes1[..., 1], boxes2[..., 1])
    return width.clamp(min=0), height.clamp(min=0)


def _squared_centre_distance(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    dx = (boxes1[..., 0] + boxes1[..., 2]) - (boxes2[..., 0] + boxes2[..., 2])
    dy = (boxes1[..., 1] + boxes1[..., 3]) - (boxes2[..., 1] + boxes2[..., 3])
    return (dx * dx + dy * dy) / 4


def _safe_sqrt(squared: Tensor) -> Tensor:
    """Square root whose gradient at 0 is 0 instead of NaN: the root of the smallest normal number stands for 0."""
    return squared.clamp(min=torch.finfo(squared.dtype).tiny).sqrt()


def squared_distance(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Squared Euclidean distance of the corner vectors, ``|xyxy_1 - xyxy_2|²`` in px², range [0, inf).

    It is twice the squared 2nd-order Wasserstein distance of the boxes' Gaussians (NWD paper, eq. 7):
    with the centre ``c`` and size ``s``, the corners are ``c ± s/2``, so
    ``|xyxy_1 - xyxy_2|² = 2|Δc|² + |Δs|²/2 = 2 W²``.
    """
    if boxes1.shape == boxes2.shape:
        squares = iter(((boxes1 - boxes2) ** 2).unbind(-1))
    else:  # one coordinate at a time: a [N, M, 4] difference would take four times the memory
        squares = ((boxes1[..., corner] - boxes2[..., corner]) ** 2 for corner in range(4))
    return functools.reduce(torch.add, squares)


class _CornerDistance(torch.autograd.Function):
    """Root of :func:`squared_distance`, with the gradient ``(xyxy_1 - xyxy_2) / distance`` in one piece.

    Left to autograd, the backward of every coordinate writes a gradient of its own for all four.
    """

    @staticmethod
    def forward(ctx: Any, boxes1: Tensor, boxes2: Tensor) -> Tensor:
        distance = _safe_sqrt(squared_distance(boxes1, boxes2))
        ctx.save_for_backward(boxes1, boxes2, distance)
        return distance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        boxes1, boxes2, distance = ctx.saved_tensors
        grad = (boxes1 - boxes2).mul_((grad / distance).unsqueeze(-1))
        need1, need2 = ctx.needs_input_grad
        return grad.sum_to_size(boxes1.shape) if need1 else None, -grad.sum_to_size(boxes2.shape) if need2 else None


def wasserstein(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """2nd-order Wasserstein distance W of the boxes' Gaussians in px (NWD paper, eq. 7), range [0, inf)."""
    return _CornerDistance.apply(boxes1, boxes2) / math.sqrt(2)


def iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union, range [0, 1]."""
    return _iou_and_union(boxes1, boxes2)[0]


def iof(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over foreground: the share of ``boxes1`` that lies in ``boxes2``, range [0, 1]. Not symmetric."""
    return _intersection(boxes1, boxes2) / _area(boxes1).clamp(min=_EPS)


def giou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Generalized IoU (Rezatofighi et al., CVPR 2019, Algorithm 1), range [-1, 1]."""
    overlap, union = _iou_and_union(boxes1, boxes2)
    return overlap - _hull_penalty(boxes1, boxes2, union)


def _hull_penalty(boxes1: Tensor, boxes2: Tensor, union: Tensor) -> Tensor:
    width, height = _enclosing_size(boxes1, boxes2)
    enclosing = (width * height).clamp(min=_EPS)
    return (enclosing - union) / enclosing


def hull_penalty(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """IoU - GIoU: the share of the smallest box around both that neither fills, range [0, 1]."""
    return _hull_penalty(boxes1, boxes2, _iou_and_union(boxes1, boxes2)[1])


def distance_penalty(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """IoU - DIoU: squared distance of the centres over the squared diagonal of the box around both, range [0, 1)."""
    width, height = _enclosing_size(boxes1, boxes2)
    diagonal = (width * width + height * height).clamp(min=_EPS)
    return _squared_centre_distance(boxes1, boxes2) / diagonal


def aspect_penalty(boxes1: Tensor, boxes2: Tensor, min_iou: float = 0.0) -> Tensor:
    """DIoU - CIoU: the difference of the aspect ratios, times a trade-off that is a constant for the gradient.

    Range [0, 1]. 0 where IoU <= ``min_iou``: mmdet's ``CIoULoss`` has 0.5 there, the paper nothing.
    """
    aspect = (4 / math.pi**2) * (_aspect_angle(boxes1) - _aspect_angle(boxes2)) ** 2
    with torch.no_grad():
        overlap = iou(boxes1, boxes2)
        trade_off = aspect / (1 - overlap + aspect).clamp(min=_EPS)
        if min_iou > 0:
            trade_off = trade_off * (overlap > min_iou)
    return trade_off * aspect


def diou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Distance IoU (Zheng et al., AAAI 2020, eq. 6 and 7), range (-1, 1]."""
    return iou(boxes1, boxes2) - distance_penalty(boxes1, boxes2)


def _aspect_angle(boxes: Tensor) -> Tensor:
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return torch.atan(width.clamp(min=_EPS) / height.clamp(min=_EPS))  # a point counts as a square


def ciou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Complete IoU (Zheng et al., AAAI 2020, eq. 8 to 11), range [-1, 1]: DIoU minus an aspect-ratio penalty.

    The trade-off weight (eq. 11) is a constant for the gradient. Values below -1, which far apart boxes of unlike
    shapes reach, are cut off there, as in the released code of the NWD paper. mmdet's ``CIoULoss`` departs from
    the paper: it drops the aspect-ratio penalty where IoU <= 0.5.
    """
    return (diou(boxes1, boxes2) - aspect_penalty(boxes1, boxes2)).clamp(min=-1)


def nwd(boxes1: Tensor, boxes2: Tensor, constant: float | Tensor = 12.8) -> Tensor:
    """Normalized Gaussian Wasserstein distance (Wang et al. 2021, eq. 8), range (0, 1], 1 for identical boxes.

    ``exp(-W/C)`` with the Wasserstein distance W; on corners that is ``exp(-|xyxy_1 - xyxy_2| / (√2 C))``.

    The released code adds 1e-6 inside the root and so returns 0.99992 for identical boxes at C = 12.8.

    Args:
        boxes1: Boxes, shape [..., 4].
        boxes2: Boxes, shape [..., 4], broadcastable to ``boxes1``.
        constant: C in network-input pixels, about the mean absolute object size √(wh) of the data set;
            12.8 for AI-TOD. A tensor that broadcasts to the result gives every pair its own.
    """
    _check_constant(constant)
    return torch.exp(_CornerDistance.apply(boxes1, boxes2) * (-1 / (math.sqrt(2) * constant)))


def dotd(boxes1: Tensor, boxes2: Tensor, constant: float = 12.8) -> Tensor:
    """Dot distance (Xu et al., CVPR workshops 2021, eq. 2), range (0, 1]: ``exp(-D/S)``, D the centre distance.

    Args:
        boxes1: Boxes, shape [..., 4].
        boxes2: Boxes, shape [..., 4], broadcastable to ``boxes1``.
        constant: S, the mean absolute object size of the data set in network-input pixels.
    """
    _check_constant(constant)
    return torch.exp(_safe_sqrt(_squared_centre_distance(boxes1, boxes2)) / -constant)


def nwd_iou(boxes1: Tensor, boxes2: Tensor, constant: float = 12.8, lower: float = 16.0, upper: float = 32.0) -> Tensor:
    """NWD where a box of the pair is tiny, IoU where none is, and a smooth mixture between; range [0, 1].

    For data with tiny and normal objects: with NWD alone, detectors of larger objects lose AP. No paper's: with s the
    smaller absolute size √(wh) of the two boxes and t = (s - lower) / (upper - lower), cut to [0, 1], it is
    ``(1 - w) NWD + w IoU`` with the smoothstep ``w = t² (3 - 2t)``. The smaller of the two sizes, so that a tiny object
    is compared by NWD with large priors as well. The weight is a constant for the gradient: a loss must not gain by
    making boxes smaller.

    Args:
        boxes1: Boxes, shape [..., 4].
        boxes2: Boxes, shape [..., 4], broadcastable to ``boxes1``.
        constant: C of the NWD in network-input pixels, see :func:`nwd`.
        lower: Size in px up to which it is NWD; AI-TOD's "tiny" ends at 16.
        upper: Size in px from which on it is IoU; COCO's "small" ends at 32.
    """
    if not 0 <= lower < upper:
        raise ValueError(f'lower={lower} and upper={upper} must be sizes in px with 0 <= lower < upper, e.g. 16 and 32')
    with torch.no_grad():
        size = torch.minimum(_area(boxes1), _area(boxes2)).clamp(min=0).sqrt()
        t = ((size - lower) / (upper - lower)).clamp(0, 1)
        weight = t * t * (3 - 2 * t)
    return torch.lerp(nwd(boxes1, boxes2, constant), iou(boxes1, boxes2), weight)


def _check_constant(constant: float | Tensor) -> None:
    if isinstance(constant, str):
        raise ValueError(
            f'constant={constant!r} must be a number of pixels. tools/train.py and tools/test.py replace "auto" by the '
            'mean object size of the training set; elsewhere give what tools/analysis_tools/estimate_constant.py prints'
        )
    if isinstance(constant, Tensor):  # from a component that checked its numbers: looking at them would stall a GPU
        return
    if not (constant > 0 and math.isfinite(constant)):
        raise ValueError(f'constant={constant} must be a positive number of pixels, e.g. the mean object size 12.8')


def constants_of(classes: Tensor, constants: Sequence[float], dtype: torch.dtype) -> Tensor:
    """C of each box when every class has its own.

    Args:
        classes: Shape [N], int64, from 0.
        constants: One C in px for each class.
        dtype: Of the result.

    Returns:
        Shape [N], on the device of ``classes``.

    Raises:
        ValueError: A constant that is no positive number, or a class without one.
    """
    for constant in constants:
        _check_constant(constant)
    if len(classes) and int(classes.max()) >= len(constants):
        raise ValueError(
            f'constant={list(constants)} has {len(constants)} numbers, one for each class, but there is an object of '
            f'class {int(classes.max())}: give as many as num_classes'
        )
    return torch.tensor(constants, dtype=dtype, device=classes.device)[classes]


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
        >>> import torch
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]])
        >>> pairwise('iou', boxes, boxes)[0, 1].item()  # doctest: +ELLIPSIS
        0.5319...
        >>> pairwise('nwd', boxes, boxes, constant=12.8)[0, 1].item()  # doctest: +ELLIPSIS
        0.8953...
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
    """
    boxes1, boxes2 = as_boxes(boxes1, 'boxes1'), as_boxes(boxes2, 'boxes2')
    if boxes1.shape != boxes2.shape:
        raise ValueError(f'boxes1 {tuple(boxes1.shape)} and boxes2 {tuple(boxes2.shape)} must have the same shape')
    return OVERLAPS[name](boxes1, boxes2, **params)
