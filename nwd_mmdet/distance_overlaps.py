"""Overlaps that fall with a distance in px, such as NWD; see :mod:`nwd_mmdet.overlaps` for the conventions."""

import functools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nwd_mmdet.iou_overlaps import area, iou, squared_centre_distance

__all__ = [
    'Constant',
    'constants_of',
    'dotd',
    'in_one_unit',
    'nwd',
    'nwd_iou',
    'squared_distance',
    'wasserstein',
]

#: C of the NWD in px: one for all boxes, or one for each class.
Constant = float | list[float] | tuple[float, ...]


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


def _corner_distance(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    distance: Tensor = _CornerDistance.apply(boxes1, boxes2)  # type: ignore[no-untyped-call]
    return distance


def wasserstein(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """2nd-order Wasserstein distance W of the boxes' Gaussians in px (NWD paper, eq. 7), range [0, inf)."""
    return _corner_distance(boxes1, boxes2) / math.sqrt(2)


def nwd(boxes1: Tensor, boxes2: Tensor, constant: float | Tensor = 12.8) -> Tensor:
    """Normalized Gaussian Wasserstein distance (Wang et al. 2021, eq. 8), range (0, 1], 1 for identical boxes.

    ``exp(-W/C)`` with the Wasserstein distance W; on corners that is ``exp(-|xyxy_1 - xyxy_2| / (√2 C))``.

    The released code adds 1e-6 inside the root and so returns 0.99992 for identical boxes at C = 12.8.

    Args:
        boxes1: Boxes, shape [..., 4].
        boxes2: Boxes, shape [..., 4], broadcastable to ``boxes1``.
        constant: C in network-input pixels, about the mean absolute object size √(wh) of the data set;
            12.8 for AI-TOD. A tensor that broadcasts to the result gives every pair its own.

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> nwd(boxes1, boxes2, constant=12.8)
        tensor([0.6428])
    """
    _check_constant(constant)
    return torch.exp(_corner_distance(boxes1, boxes2) * (-1 / (math.sqrt(2) * constant)))


def dotd(boxes1: Tensor, boxes2: Tensor, constant: float = 12.8) -> Tensor:
    """Dot distance (Xu et al., CVPR workshops 2021, eq. 2), range (0, 1]: ``exp(-D/S)``, D the centre distance.

    Args:
        boxes1: Boxes, shape [..., 4].
        boxes2: Boxes, shape [..., 4], broadcastable to ``boxes1``.
        constant: S, the mean absolute object size of the data set in network-input pixels.

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> dotd(boxes1, boxes2, constant=12.8)
        tensor([0.6428])
    """
    _check_constant(constant)
    return torch.exp(_safe_sqrt(squared_centre_distance(boxes1, boxes2)) / -constant)


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

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> nwd_iou(boxes1, boxes2, constant=12.8)
        tensor([0.6428])
    """
    if not 0 <= lower < upper:
        raise ValueError(f'lower={lower} and upper={upper} must be sizes in px with 0 <= lower < upper, e.g. 16 and 32')
    with torch.no_grad():
        size = torch.minimum(area(boxes1), area(boxes2)).clamp(min=0).sqrt()
        t = ((size - lower) / (upper - lower)).clamp(0, 1)
        weight = t * t * (3 - 2 * t)
    return torch.lerp(nwd(boxes1, boxes2, constant), iou(boxes1, boxes2), weight)


def _check_constant(constant: float | Tensor) -> None:
    if isinstance(constant, Tensor):  # from a component that checked its numbers: looking at them would stall a GPU
        return
    if isinstance(constant, str) or not (constant > 0 and math.isfinite(constant)):
        raise ValueError(f'constant={constant!r} must be a positive number of pixels, e.g. the mean object size 12.8')


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


def in_one_unit(boxes: Tensor, constant: Constant, classes: Tensor) -> tuple[Tensor, float]:
    """Boxes whose NWD with one C is that of ``boxes`` with a C for each class.

    NWD sees distances in units of C: with the boxes of every class in its own unit, C is 1 for all.

    Args:
        boxes: Shape [N, 4], xyxy in px; or several side by side, [N, 8] and so on.
        constant: One C in px, which leaves the boxes as they are, or one for each class.
        classes: Shape [N], int64, from 0; not read if there is one C.

    Returns:
        Boxes, of the same shape, and their C.

    Raises:
        ValueError: As :func:`constants_of`.
    """
    if isinstance(constant, (list, tuple)):
        return boxes / constants_of(classes, constant, boxes.dtype)[:, None], 1.0
    _check_constant(constant)
    return boxes, constant
