"""What this package is measured against: the formulas as they were published, and pycocotools."""

from typing import Any

import torch
from mmdet.models.losses import GIoULoss
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor
from torch.nn import functional as F

_EPS = 1e-12


def published_nwd(boxes1: Tensor, boxes2: Tensor, constant: float) -> Tensor:
    """NWD as the paper's eq. 7 and 8 and the released code have it: on centres and sizes, 1e-6 inside the root.

    Args:
        boxes1: Shape [..., 4], xyxy in px.
        boxes2: Shape [..., 4], xyxy in px, broadcast against ``boxes1``.
        constant: C, in px.
    """
    centres1, centres2 = ((b[..., :2] + b[..., 2:]) / 2 for b in (boxes1, boxes2))
    sizes1, sizes2 = (b[..., 2:] - b[..., :2] for b in (boxes1, boxes2))
    wasserstein = ((centres1 - centres2) ** 2).sum(-1) + ((sizes1 - sizes2) ** 2).sum(-1) / 4
    return torch.exp(-torch.sqrt(wasserstein + 1e-6) / constant)


def dense_dual_weighting_loss(
    class_logits: Tensor, centerness_logits: Tensor, boxes: Tensor, points: Tensor, gts: Tensor, labels: Tensor
) -> Tensor:
    """The three losses of one image, summed, on matrices of points by objects and with a loop over the objects.

    The structure of strongwolf/DW's head, whose numbers :class:`nwd_mmdet.dense_heads.dw_head.DWHead` equals.

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


def pycocotools_evaluation(gt: dict[str, Any], dt: list[dict[str, Any]]) -> float:
    """AP and AR by AI-TOD's protocol, without oLRP, from a COCO data set and COCO results; AP is returned."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    api = COCO()
    api.dataset = gt
    api.createIndex()
    evaluation = COCOeval(api, api.loadRes(dt), 'bbox')
    evaluation.params.maxDets = [1, 100, 1500]
    evaluation.params.areaRng = [[0, 1e10], [0, 64], [64, 256], [256, 1024], [1024, 1e10]]
    evaluation.params.areaRngLbl = ['all', 'vt', 't', 's', 'm']
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval['precision'][..., 0, -1]  # of all sizes, with 1,500 detections
    return float(precision[precision > -1].mean())
