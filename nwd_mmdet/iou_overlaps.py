"""IoU, and what is made of it with penalties: GIoU, DIoU, CIoU; see :mod:`nwd_mmdet.overlaps` for the conventions."""

import math

import torch
from torch import Tensor

__all__ = [
    'area',
    'aspect_penalty',
    'ciou',
    'diou',
    'distance_penalty',
    'giou',
    'hull_penalty',
    'iof',
    'iou',
    'squared_centre_distance',
]

# Smallest area, in px², that is divided by; mmdet's bbox_overlaps uses the same value.
_EPS = 1e-6


def _intersection(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    width = torch.minimum(boxes1[..., 2], boxes2[..., 2]) - torch.maximum(boxes1[..., 0], boxes2[..., 0])
    height = torch.minimum(boxes1[..., 3], boxes2[..., 3]) - torch.maximum(boxes1[..., 1], boxes2[..., 1])
    return width.clamp(min=0) * height.clamp(min=0)


def area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _iou_and_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    intersection = _intersection(boxes1, boxes2)
    union = (area(boxes1) + area(boxes2) - intersection).clamp(min=_EPS)
    return intersection / union, union


def _enclosing_size(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around each pair."""
    width = torch.maximum(boxes1[..., 2], boxes2[..., 2]) - torch.minimum(boxes1[..., 0], boxes2[..., 0])
    height = torch.maximum(boxes1[..., 3], boxes2[..., 3]) - torch.minimum(boxes1[..., 1], boxes2[..., 1])
    return width.clamp(min=0), height.clamp(min=0)


def squared_centre_distance(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    dx = (boxes1[..., 0] + boxes1[..., 2]) - (boxes2[..., 0] + boxes2[..., 2])
    dy = (boxes1[..., 1] + boxes1[..., 3]) - (boxes2[..., 1] + boxes2[..., 3])
    return (dx * dx + dy * dy) / 4


def iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union, range [0, 1].

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> iou(boxes1, boxes2)
        tensor([0.0588])
    """
    return _iou_and_union(boxes1, boxes2)[0]


def iof(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over foreground: the share of ``boxes1`` that lies in ``boxes2``, range [0, 1]. Not symmetric.

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> iof(boxes1, boxes2)
        tensor([0.1111])
    """
    return _intersection(boxes1, boxes2) / area(boxes1).clamp(min=_EPS)


def giou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Generalized IoU (Rezatofighi et al., CVPR 2019, Algorithm 1), range [-1, 1].

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> giou(boxes1, boxes2)
        tensor([-0.2612])
    """
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
    return squared_centre_distance(boxes1, boxes2) / diagonal


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
    """Distance IoU (Zheng et al., AAAI 2020, eq. 6 and 7), range (-1, 1].

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> diou(boxes1, boxes2)
        tensor([-0.1012])
    """
    return iou(boxes1, boxes2) - distance_penalty(boxes1, boxes2)


def _aspect_angle(boxes: Tensor) -> Tensor:
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return torch.atan(width.clamp(min=_EPS) / height.clamp(min=_EPS))  # a point counts as a square


def ciou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Complete IoU (Zheng et al., AAAI 2020, eq. 8 to 11), range [-1, 1]: DIoU minus an aspect-ratio penalty.

    The trade-off weight (eq. 11) is a constant for the gradient. Values below -1, which far apart boxes of unlike
    shapes reach, are cut off there, as in the released code of the NWD paper. mmdet's ``CIoULoss`` departs from
    the paper: it drops the aspect-ratio penalty where IoU <= 0.5.

    Example:
        >>> boxes1, boxes2 = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> ciou(boxes1, boxes2)
        tensor([-0.1012])
    """
    return (diou(boxes1, boxes2) - aspect_penalty(boxes1, boxes2)).clamp(min=-1)
