"""mmdet's shipped detectors, small, with an overlap put into them by what ``nwd-mmdet enable`` writes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from detectors import batch
from mmdet.registry import MODELS
from mmdet.structures.bbox import get_box_tensor
from mmdet.structures.mask import BitmapMasks
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from torch import Tensor, nn

from nwd_mmdet.assigners import NWDAssigner, OverlapCalculator, OverlapCost
from nwd_mmdet.config import load_config, read_config
from nwd_mmdet.enabling.enable import Enabled, enable, find_places
from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.enabling.override import Base
from nwd_mmdet.enabling.places import PARTS
from nwd_mmdet.losses import OverlapLoss
from nwd_mmdet.nms import NMS_TYPES

FEW = {
    'train_cfg.rpn_proposal.max_per_img': 100,
    'test_cfg.rpn.max_per_img': 100,
    'test_cfg.rcnn.max_per_img': 10,
    'test_cfg.rcnn.score_thr': 0.0,
}
QUERIES = {'num_queries': 20, 'encoder.num_layers': 1, 'decoder.num_layers': 2, 'test_cfg.max_per_img': 10}
# name → config of mmdet, side of the images in px, and what makes it smaller than `_shrink` does
SHIPPED: dict[str, tuple[str, int, dict[str, Any]]] = {
    'Faster R-CNN': ('faster_rcnn/faster-rcnn_r50_fpn_1x_coco', 128, FEW),
    'Faster R-CNN, soft-NMS': ('faster_rcnn/faster-rcnn_r50_fpn_soft-nms_1x_coco', 128, FEW),
    'Mask R-CNN': ('mask_rcnn/mask-rcnn_r50_fpn_1x_coco', 128, FEW),
    'Cascade R-CNN': ('cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco', 128, FEW),
    'Cascade Mask R-CNN': ('cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco', 128, FEW),
    'HTC': ('htc/htc-without-semantic_r50_fpn_1x_coco', 128, FEW),
    'DetectoRS': ('detectors/detectors_cascade-rcnn_r50_1x_coco', 96, FEW),
    'Libra R-CNN': ('libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco', 128, FEW),
    'Dynamic R-CNN': ('dynamic_rcnn/dynamic-rcnn_r50_fpn_1x_coco', 128, FEW),
    'Sparse R-CNN': ('sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco', 128, {'rpn_head.num_proposals': 20}),
    'RPN': ('rpn/rpn_r50_fpn_1x_coco', 128, {}),
    'Cascade RPN': ('cascade_rpn/cascade-rpn_faster-rcnn_r50-caffe_fpn_1x_coco', 128, FEW),
    'RetinaNet': ('retinanet/retinanet_r50_fpn_1x_coco', 128, {}),
    'FCOS': ('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', 128, {}),
    'FCOS, improved': ('fcos/fcos_r50-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco', 128, {}),
    'ATSS': ('atss/atss_r50_fpn_1x_coco', 128, {}),
    'TOOD': ('tood/tood_r50_fpn_1x_coco', 128, {}),
    'GFL': ('gfl/gfl_r50_fpn_1x_coco', 128, {}),
    'VFNet': ('vfnet/vfnet_r50_fpn_1x_coco', 128, {}),
    'DDOD': ('ddod/ddod_r50_fpn_1x_coco', 128, {}),
    'PAA': ('paa/paa_r50_fpn_1x_coco', 128, {}),
    'YOLOX': ('yolox/yolox_tiny_8xb8-300e_coco', 128, {'data_preprocessor.batch_augments': None}),
    'RTMDet': ('rtmdet/rtmdet_tiny_8xb32-300e_coco', 128, {'data_preprocessor.batch_augments': None}),
    'Deformable DETR': ('deformable_detr/deformable-detr_r50_16xb2-50e_coco', 128, QUERIES),
    'DINO': ('dino/dino-4scale_r50_8xb2-12e_coco', 128, QUERIES),
    'DDQ': ('ddq/ddq-detr-4scale_r50_8xb2-12e_coco', 128, QUERIES),
    'DETR': ('detr/detr_r50_8xb2-150e_coco', 128, QUERIES),
    # mmdet's own head cannot predict since mmdet 3.3
    'SSD': ('ssd/ssd300_coco', 300, {'bbox_head.type': 'PredictingSSDHead'}),
    'YOLOv3': ('yolo/yolov3_mobilenetv2_8xb24-320-300e_coco', 128, {}),
    'CenterNet': ('centernet/centernet_r18_8xb16-crop512-140e_coco', 128, {}),
}


def enable_shipped(name: str, folder: Path, metric: str = 'nwd', **options: Any) -> Enabled:
    """Write the override of a detector of the table, with C = 12.8 px."""
    constant = 12.8 if Metric(metric).in_pixels else 'auto'
    return enable(f'mmdet::{SHIPPED[name][0]}.py', folder / 'mine.py', Metric(metric, constant), **options)


def table_row(name: str) -> str:
    """The row of a detector in the table of docs/enable.md."""
    config = f'mmdet::{SHIPPED[name][0]}.py'
    changes, left = find_places(Base(config, read_config(config)), Metric('nwd'))
    cells = []
    for part in PARTS:
        texts = Counter(change.after.partition(', threshold')[0] for change in changes if change.part == part)
        entries = [text if count == 1 else f'{count} × {text}' for text, count in texts.items()]
        entries += [f'left: {place.reason}' for place in left if place.part == part]
        cells.append('; '.join(entries).replace(' as before', ''))
    return f'| {name} | {" | ".join(cells)} |'


def build_enabled(name: str, out: Path) -> nn.Module:
    """Build what an override says, small, with random weights."""
    config = load_config(out)
    _shrink(config.model)
    config.merge_from_dict({f'model.{key}': value for key, value in SHIPPED[name][2].items()})
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for module in model.modules():
        if type(module).__name__ == 'L2Norm':  # what a checkpoint or the runner would set
            nn.init.constant_(module.weight, module.scale)
        elif hasattr(module, 'level_embed'):  # of deformable DETRs, memory as it was found
            nn.init.normal_(module.level_embed)
        elif hasattr(module, 'weight_gamma'):
            module.load_state_dict({'weight': module.weight}, strict=False)
    return model


def _shrink(model: ConfigDict) -> None:
    """A ResNet-18 at quarter width, and no download."""
    backbone = model.backbone
    backbone.init_cfg = None
    if backbone.type == 'ResNet':
        backbone.update(depth=18, base_channels=16, frozen_stages=-1)
        channels = [16 * 2**stage for stage in backbone.get('out_indices', range(4))]
        first = model.neck[0] if isinstance(model.neck, list) else model.neck
        first.in_channels = channels if isinstance(first.in_channels, list) else channels[-1]
    if 'rfp_backbone' in (model.get('neck') or {}):
        model.neck.rfp_backbone.update(pretrained=None, init_cfg=None)


def drawn(name: str, model: nn.Module) -> dict[str, list]:
    """Two drawn images with objects, with masks for a detector that predicts some."""
    side = SHIPPED[name][1]
    data = batch(2, side=side)
    for sample in data['data_samples']:
        sample.set_metainfo({'batch_input_shape': (side, side), 'pad_shape': (side, side)})
        if getattr(model, 'with_mask', False):
            masks = np.ones((len(sample.gt_instances), side, side), dtype=np.uint8)
            sample.gt_instances.masks = BitmapMasks(masks, side, side)
    return data


class TwoComponents:
    """In the place of scikit-learn's mixture of Gaussians, by which PAA splits its losses: all are of one."""

    GaussianMixture: type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def fit(self, losses: np.ndarray) -> None:
        """Nothing to fit."""

    def predict(self, losses: np.ndarray) -> np.ndarray:
        """Component of each loss."""
        return np.zeros(len(losses), dtype=np.int64)

    def score_samples(self, losses: np.ndarray) -> np.ndarray:
        """Likelihood of each loss."""
        return -losses[:, 0]


TwoComponents.GaussianMixture = TwoComponents


@dataclass
class Uses:
    """Where an overlap was asked for.

    Attributes:
        assigners: Objects that assigned by it.
        losses: Losses that were computed by it.
        nms: Kind and threshold of each NMS in training, and in inference.
        in_pixels: Whether all boxes were in px.
    """

    assigners: set[int] = field(default_factory=set)
    losses: set[int] = field(default_factory=set)
    nms: dict[bool, set[tuple[str, float]]] = field(default_factory=lambda: {True: set(), False: set()})
    in_pixels: bool = True


@contextmanager
def observed(model: nn.Module, data: dict[str, list]) -> Iterator[Uses]:
    """Record who asks for an overlap while a model runs on drawn data."""
    uses = Uses()
    gts = torch.cat([sample.gt_instances.bboxes for sample in data['data_samples']])

    def are_objects(boxes: Tensor) -> bool:
        return not len(boxes) or bool(torch.cdist(boxes.float(), gts).min(1).values.max() < 0.01)

    def recorded(original: Callable[..., Any], record: Callable[..., None]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            record(*args, **kwargs)
            return original(*args, **kwargs)

        return call

    def assigner(self: Any, priors: Any, objects: Any, *args: Any, **kwargs: Any) -> None:
        uses.assigners.add(id(self))

    def calculator(self: Any, boxes1: Any, boxes2: Any, *args: Any, **kwargs: Any) -> None:
        uses.assigners.add(id(self))
        both = [get_box_tensor(boxes)[..., :4] for boxes in (boxes1, boxes2)]
        uses.in_pixels &= any(map(are_objects, both)) and all(boxes.max() > 32 for boxes in both if len(boxes) > 20)

    def cost(self: Any, pred_instances: Any, gt_instances: Any, *args: Any, **kwargs: Any) -> None:
        uses.assigners.add(id(self))
        uses.in_pixels &= are_objects(gt_instances.bboxes)

    def loss(self: Any, pred: Tensor, target: Tensor, weight: Tensor | None = None, *args: Any, **kwargs: Any) -> None:
        uses.losses.add(id(self))
        if weight is not None and len(weight):
            target = target[weight.reshape(len(weight), -1).sum(1) > 0]
        uses.in_pixels &= are_objects(target)

    def nms(kind: str) -> Callable[..., None]:
        def record(boxes: Tensor, scores: Tensor, **params: Any) -> None:
            uses.nms[model.training].add((kind, params['iou_threshold']))

        return record

    with (
        patch.object(NWDAssigner, 'assign', recorded(NWDAssigner.assign, assigner)),
        patch.object(OverlapCalculator, '__call__', recorded(OverlapCalculator.__call__, calculator)),
        patch.object(OverlapCost, '__call__', recorded(OverlapCost.__call__, cost)),
        patch.object(OverlapLoss, 'forward', recorded(OverlapLoss.forward, loss)),
        patch.dict(NMS_TYPES, {kind: recorded(function, nms(kind)) for kind, function in NMS_TYPES.items()}),
    ):
        yield uses
