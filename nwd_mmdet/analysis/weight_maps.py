"""What dual weighting sees and gives around one object: the numbers of the paper's Figures 3 and 5."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
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


@dataclass(frozen=True)
class ObjectMaps:
    """An object and its maps.

    Attributes:
        image: What the network sees, RGB, uint8, shape [H, W, 3].
        box: The object, xyxy in px of the image.
        title: Its class and absolute size, and the stride of the maps.
        maps: Around it.
    """

    image: np.ndarray
    box: tuple[float, ...]
    title: str
    maps: WeightMaps


def maps_of_image(detector: Any, dataset: Any, name: str | None = None, index: int | None = None) -> ObjectMaps:
    """Look at one object of a data set.

    Args:
        detector: With a :class:`~nwd_mmdet.dense_heads.dw_head.DWHead` and weights.
        dataset: Built from a config's test set.
        name: File name of the image; None takes the first with objects.
        index: Which of its objects; None takes the largest.

    Raises:
        ValueError: A detector of another kind, no such image or object, or an object that contains no point.
    """
    if not hasattr(getattr(detector.bbox_head, 'assigner', None), 'candidates'):
        raise ValueError(f'the detector has no DWHead but {type(detector.bbox_head).__name__}')
    data = detector.data_preprocessor(pseudo_collate([dataset[_find(dataset, name)]]))
    objects = data['data_samples'][0].gt_instances.to(data['inputs'].device)
    if not len(objects):
        raise ValueError(f'--image {name} has no objects')
    sizes = (objects.bboxes[:, 2:] - objects.bboxes[:, :2]).prod(1)
    index = int(sizes.argmax()) if index is None else index
    if not 0 <= index < len(objects):
        raise ValueError(f'--object {index} is none of the {len(objects)} objects of the image')
    maps = weight_maps(detector, data['inputs'], objects, index)
    pixels = data['inputs'][0] * detector.data_preprocessor.std + detector.data_preprocessor.mean
    image = pixels.clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    kind = dataset.metainfo['classes'][int(objects.labels[index])]
    title = f'{kind}, {sizes[index].sqrt():.0f} px, stride {maps.stride}'
    return ObjectMaps(image, tuple(objects.bboxes[index].tolist()), title, maps)


def _find(dataset: Any, name: str | None) -> int:
    """Index of the image of that file name, or of the first with objects."""
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if Path(info['img_path']).name == name or (name is None and info['instances']):
            return index
    raise ValueError(f'--image {name} is none of the {len(dataset):,} test images')


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
    logits, distances, centerness = (
        torch.cat([level[0].flatten(1).T for level in levels]) for levels in (cls_scores, bbox_preds, centernesses)
    )
    points = torch.cat(head.prior_generator.grid_priors(sizes, device=inputs.device))
    point, gt = candidates.point, candidates.gt
    score = logits[point, objects.labels[gt]].sigmoid() * centerness[point, 0].sigmoid()
    boxes = torch.cat([points - distances[:, :2], points + distances[:, 2:]], 1)[point]
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
