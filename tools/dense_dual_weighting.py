"""Dual weighting computed densely, as it was published: a baseline for benchmark.py."""

import torch
from mmdet.models.losses import GIoULoss
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor
from torch.nn import functional as F

_EPS = 1e-12


def dense_dual_weighting_loss(
    class_logits: Tensor, centerness_logits: Tensor, boxes: Tensor, points: Tensor, gts: Tensor, labels: Tensor
) -> Tensor:
    """The three losses of one image, summed, on matrices of points by objects and with a loop over the objects.

    The structure of strongwolf/DW's head, whose numbers :class:`nwd_mmdet.dense_heads.DWHead` equals.

    Args:
        class_logits: Shape [P, C].
        centerness_logits: Shape [P, 1].
        boxes: Shape [P, 4], predicted, xyxy in px.
        points: Shape [P, 3]: x, y and stride in px.
        gts: Shape [G, 4], xyxy in px.
        labels: Shape [G].
    """
    count, objects = len(points), len(gts)
    x, y = points[:, 0, None], points[:, 1, None]
    sides = torch.stack([x - gts[:, 0], y - gts[:, 1], gts[:, 2] - x, gts[:, 3] - y], -1)  # [P, G, 4]
    inside = sides.amin(-1) > 0
    distance = (points[:, None, :2] - (gts[:, :2] + gts[:, 2:]) / 2) / points[:, 2, None, None]
    prior = torch.exp(-(distance**2) / (2 * 1.11**2)).prod(-1) * inside

    every_box = boxes[:, None].expand(count, objects, 4).reshape(-1, 4)
    every_gt = gts[None].expand(count, objects, 4).reshape(-1, 4)
    ious = bbox_overlaps(every_box.detach(), every_gt, is_aligned=True).view(count, objects) * inside
    regression = GIoULoss()(every_box, every_gt, reduction_override='none').view(count, objects)

    joint = class_logits.sigmoid() * centerness_logits.sigmoid()
    weight = torch.ones_like(joint)
    for index in range(objects):
        rows = inside[:, index]
        if rows.any():
            iou = ious[rows, index]
            falling = (1 - iou**2) / 0.75
            low, high = falling.min(), falling.max().clamp(max=1)
            weight[rows, labels[index]] = torch.where(iou < 0.5, 1.0, (falling - low + _EPS) / (high - low + _EPS))
    negative = (weight * joint**2 * F.binary_cross_entropy(joint, torch.zeros_like(joint), reduction='none')).sum()

    quality, score = torch.exp(-5 * regression), joint[:, labels]
    both = score * quality
    w_pos = torch.exp(5 * both) * both * prior / (torch.exp(3 * both) * both * prior).sum(0).clamp(min=_EPS)
    w_pos = w_pos.detach()
    positive = (F.binary_cross_entropy(score, torch.ones_like(score), reduction='none') * w_pos).sum()
    location = (F.binary_cross_entropy(quality, torch.ones_like(quality), reduction='none') * w_pos).sum()
    return 0.25 * (positive + location) / objects + negative / (1 - weight).sum().clamp(min=1)
