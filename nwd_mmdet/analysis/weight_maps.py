"""What dual weighting sees and gives around one object: the numbers of the paper's Figures 3 and 5."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn import functional as F

from nwd_mmdet.assigners.dw_assigner import DWAssigner
from nwd_mmdet.overlaps import aligned

#: Positive and negative weight of a point from its score s and IoU t, of the methods in the paper's Table 1.
OTHER_METHODS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    'GFL': (lambda s, t: (s - t) ** 2 * t, lambda s, t: (s - t) ** 2 * (1 - t)),
    'VFL': (lambda s, t: t * t, lambda s, t: t * (1 - t)),
}


def negative_probability(gamma1: float, overlaps: Tensor) -> Tensor:
    """P_neg of the paper's equations 5 and 6 at overlaps of shape [N] in [0, 1]."""
    assigner = DWAssigner(preset='paper', gamma1=gamma1)
    return assigner.p_neg(overlaps, torch.zeros(len(overlaps), dtype=torch.long), 1)


@dataclass(frozen=True)
class WeightMaps:
    """Maps of one level around one object; NaN where no candidate is. Shape [H, W] each.

    Attributes:
        stride: Of the level, in px.
        score: Predicted score of the object's class.
        iou: IoU of the predicted box with the object.
        weights: Method → its positive and its negative weights.
    """

    stride: int
    score: Tensor
    iou: Tensor
    weights: dict[str, tuple[Tensor, Tensor]]


@torch.no_grad()
def weight_maps(detector: Any, inputs: Tensor, objects: InstanceData, index: int) -> WeightMaps:
    """Run a detector with a :class:`~nwd_mmdet.dense_heads.dw_head.DWHead` and look at one object.

    The weights of GFL and VFL are their formulas (Table 1) on this detector's predictions, over the same points: what
    they would give here, not what a detector trained with them learns.

    Args:
        detector: The detector.
        inputs: One image as the data preprocessor returns it, shape [1, 3, H, W].
        objects: Its objects, with ``bboxes`` (xyxy in px of the input) and ``labels``.
        index: Which of them.

    Returns:
        The level on which the object has the most positive weight.

    Raises:
        ValueError: If the object's candidate bag is empty.
    """
    head = detector.bbox_head
    cls_scores, bbox_preds, centernesses = head(detector.extract_feat(inputs))
    sizes, strides = [tuple(level.shape[-2:]) for level in cls_scores], head.prior_generator.strides
    candidates = head.assigner.candidates(sizes, strides, [objects.bboxes])
    flat = [torch.cat([level[0].flatten(1).T for level in levels]) for levels in (cls_scores, bbox_preds, centernesses)]
    points = torch.cat(head.prior_generator.grid_priors(sizes, device=inputs.device))
    point, gt = candidates.point, candidates.gt
    score = flat[0][point, objects.labels[gt]].sigmoid() * flat[2][point, 0].sigmoid()
    boxes = torch.cat([points - flat[1][:, :2], points + flat[1][:, 2:]], 1)[point]
    loss = head.loss_bbox(boxes, objects.bboxes[gt], reduction_override='none')
    weights = head.assigner.assign(candidates, score, boxes, objects.bboxes, loss)
    iou = aligned('iou', boxes, objects.bboxes[gt])

    starts = F.pad(torch.tensor([height * width for height, width in sizes]).cumsum(0), (1, 0)).to(point.device)
    level_of = torch.searchsorted(starts, point, right=True) - 1
    mine = gt == index
    if not mine.any():
        box = [round(side, 1) for side in objects.bboxes[index].tolist()]
        raise ValueError(f'object {index}, {box}, contains no point of any level: dual weighting gives it no weight')
    level = int(torch.bincount(level_of[mine], weights.w_pos[mine]).argmax())
    mine &= level_of == level

    def to_map(values: Tensor) -> Tensor:
        flat_map = values.new_full((sizes[level][0] * sizes[level][1],), float('nan'))
        flat_map[point[mine] - starts[level]] = values[mine]
        return flat_map.view(sizes[level]).cpu()

    methods = {'DW': (to_map(weights.w_pos), to_map(weights.w_neg))}
    for name, (positive, negative) in OTHER_METHODS.items():
        methods[name] = to_map(positive(score, iou)), to_map(negative(score, iou))
    return WeightMaps(strides[level][0], to_map(score), to_map(iou), methods)
