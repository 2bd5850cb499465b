"""The losses of dual weighting, on the candidate pairs of a batch, for any head that predicts scores and boxes."""

from collections.abc import Sequence
from typing import Any

import torch
from mmdet.utils import reduce_mean
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from nwd_mmdet.assigners.dw_assigner import Candidates, DWAssigner, DWWeights
from nwd_mmdet.assigners.point_grid import points_in_boxes

# Largest ln s: below it 1 - s is at least 1e-7, so that ln(1 - s) stays finite.
_LARGEST_LOG_SCORE = -1e-7


def dual_weighting_losses(
    assigner: DWAssigner,
    loss_bbox: nn.Module,
    log_scores: Tensor,
    boxes: Tensor,
    candidates: Candidates,
    batch_gt_instances: Sequence[InstanceData],
    ignored: Tensor | None = None,
) -> dict[str, Tensor]:
    """Loss of a batch (Li et al., CVPR 2022, eq. 11 and 12; the normalisers are the preset's).

    With N objects over all processes on average: ``-Σ w_pos ln s / N`` and ``β Σ w_reg L / N`` over the candidate
    pairs; ``-Σ w_neg ln(1-s)`` over them plus the focal loss ``-s² ln(1-s)`` of every other point and class.

    Args:
        assigner: Where the candidates came from.
        loss_bbox: Regression loss that takes ``reduction_override='none'``, such as ``GIoULoss``.
        log_scores: Shape [B, P, C]: ln s of every point and class, negative.
        boxes: Shape [B, P, 4]: predicted boxes, xyxy in px.
        candidates: K pairs, from :meth:`~nwd_mmdet.assigners.dw_assigner.DWAssigner.candidates`.
        batch_gt_instances: Objects of each image, with ``bboxes`` and ``labels``.
        ignored: Shape [B, P], bool: points in ignored regions; without objects there, they are no negatives.

    Returns:
        ``loss_cls_pos``, ``loss_loc`` and ``loss_cls_neg``, scalars.
    """
    with torch.autocast(log_scores.device.type, enabled=False):
        log_scores = log_scores.float().clamp(max=_LARGEST_LOG_SCORE)
        boxes = boxes.float().flatten(0, 1)
        gts = torch.cat([instances.bboxes for instances in batch_gt_instances]).float()
        labels = torch.cat([instances.labels for instances in batch_gt_instances])
        point, gt = candidates.point, candidates.gt
        entry = point * log_scores.size(2) + labels[gt]
        log_s = log_scores.flatten()[entry]
        regression = loss_bbox(boxes[point], gts[gt], reduction_override='none')
        weights = assigner.assign(candidates, log_s.exp(), boxes[point], gts, regression)
        num_gts = reduce_mean(gts.new_tensor(float(len(gts)))).clamp(min=1)
        factor = assigner.preset.class_weight / num_gts
        negative, negatives_average = _negative_loss(assigner, log_scores, log_s, entry, weights, point, ignored)
        if assigner.preset.negative_average:
            num_gts = reduce_mean(negatives_average).clamp(min=1)
        return {
            'loss_cls_pos': -(weights.w_pos * log_s).sum() * factor,
            # a product with all boxes keeps every parameter in the graph, as several processes need it
            'loss_loc': assigner.beta * (weights.w_reg * regression).sum() * factor + boxes.sum() * 0,
            'loss_cls_neg': negative / num_gts,
        }


def _negative_loss(
    assigner: DWAssigner,
    log_scores: Tensor,
    log_s: Tensor,
    entry: Tensor,
    weights: DWWeights,
    point: Tensor,
    ignored: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Loss of all points and classes as negatives, and Σ(1 - P_neg).

    All entries are counted as background, and those of the candidates corrected: no map of weights is needed.
    """
    counted = _last_of_each(entry)
    w_neg, p_neg, log_s = weights.w_neg[counted], weights.p_neg[counted], log_s[counted]
    background = assigner.preset.focal_alpha * focal_of_log_scores(log_scores)
    if ignored is not None:
        ignored = ignored.flatten().clone()
        ignored[point] = False
        background = background.masked_fill(ignored.view(*log_scores.shape[:2], 1), 0)
    if assigner.negative == 'p_neg*i_neg' and not assigner.preset.detached_importance:
        w_neg = p_neg * torch.exp(assigner.gamma2 * log_s)
    as_candidates = -w_neg * _log_complement(log_s) - assigner.preset.focal_alpha * focal_of_log_scores(log_s)
    return background.sum() + as_candidates.sum(), (1 - p_neg).sum()


class _Focal(torch.autograd.Function):
    """``-s² ln(1 - s)`` of ln s; keeps its input alone, where autograd keeps five maps of all points and classes."""

    @staticmethod
    def forward(ctx: Any, log_s: Tensor) -> Tensor:
        ctx.save_for_backward(log_s)
        return -torch.exp(2 * log_s) * _log_complement(log_s)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (log_s,) = ctx.saved_tensors
        s = log_s.exp()
        return grad * s**2 * (s / -torch.expm1(log_s) - 2 * _log_complement(log_s))


def focal_of_log_scores(log_s: Tensor) -> Tensor:
    """``-s² ln(1 - s)`` of ln s, any shape: the focal loss of negatives with γ = 2."""
    return _Focal.apply(log_s)


def _log_complement(log_s: Tensor) -> Tensor:
    """``ln(1 - s)`` from ``ln s``, exact for s near 1."""
    return torch.log(-torch.expm1(log_s))


def _last_of_each(entry: Tensor) -> Tensor:
    """Indices of the last occurrence of every value; the same on every device, which indexed assignment is not."""
    order = entry.argsort(stable=True)
    ordered = entry[order]
    last = torch.ones_like(ordered, dtype=torch.bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return order[last]


def flatten_levels(levels: Sequence[Tensor]) -> Tensor:
    """Maps of all levels, shape [B, C, H, W] each, as float32 of shape [B, P, C]: all points, level by level."""
    return torch.cat([level.float().permute(0, 2, 3, 1).flatten(1, 2) for level in levels], 1)


def points_in_regions(
    featmap_sizes: Sequence[Sequence[int]],
    strides: Sequence[tuple[int, int]],
    regions: Sequence[Tensor],
    offset: float = 0.5,
) -> Tensor | None:
    """Which points lie in ignored regions.

    Args:
        featmap_sizes: Height and width of each level.
        strides: Stride of each level in px.
        regions: Ignored regions of each image, shape [R, 4], xyxy in px.
        offset: Where the first point lies, in strides.

    Returns:
        Shape [B, P], bool; None without regions.
    """
    if not sum(map(len, regions)):
        return None
    per_image = sum(height * width for height, width in featmap_sizes)
    inside = regions[0].new_zeros(len(regions) * per_image, dtype=torch.bool)
    for point, _, _ in points_in_boxes(featmap_sizes, strides, regions, offset):
        inside[point] = True
    return inside.view(len(regions), per_image)
