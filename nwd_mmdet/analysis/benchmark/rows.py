"""The comparisons, on drawn boxes whose sizes are those of AI-TOD and COCO."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
import torchvision
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.registry import HOOKS, MODELS
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.analysis.benchmark.baselines import (
    dense_dual_weighting_loss,
    published_nwd,
    pycocotools_evaluation,
)
from nwd_mmdet.assigners import NWDAssigner
from nwd_mmdet.config import read_config
from nwd_mmdet.datasets.synthetic import draw
from nwd_mmdet.dense_heads import DWHead
from nwd_mmdet.evaluation import Detections, GroundTruth, evaluate
from nwd_mmdet.losses import NWDLoss
from nwd_mmdet.nms import nwd_nms

CONSTANT = 12.8


@dataclass(frozen=True)
class Row:
    """One comparison: ours against a baseline, each a function to time; or ours alone."""

    what: str
    ours: Callable[[], object]
    baseline_name: str = '–'
    baseline: Callable[[], object] | None = None
    repeats: int = 5


def _draw_boxes(count: int, extent: Sequence[float] = (800, 800), mean: float = 2.4, std: float = 0.45) -> Tensor:
    """Boxes whose sizes are log-normal; by default as AI-TOD's: 12 px, most between 4 and 32."""
    centres = torch.rand(count, 2) * torch.tensor([float(side) for side in extent])
    sizes = (torch.randn(count, 2) * std + mean).exp()
    return torch.cat([centres - sizes / 2, centres + sizes / 2], 1)


def _moved(boxes: Tensor, noise: Tensor) -> Tensor:
    """Boxes as a detector finds them, of 1 px at least."""
    boxes = boxes + noise
    return torch.cat([boxes[:, :2], torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)], 1)


def _backward(leaves: Sequence[Tensor], loss: Callable[[], Tensor]) -> None:
    """Compute a loss and its gradients."""
    for leaf in leaves:
        leaf.grad = None
    loss().backward()


def assigner_rows(device: str, objects: int = 2667) -> list[Row]:
    """AI-TOD's fullest image: 2,667 objects, the 159,882 anchors of 800 x 800 px at 2 x stride."""
    generator = AnchorGenerator(scales=[2], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16, 32, 64])
    shapes = [(-(-800 // stride),) * 2 for stride in (4, 8, 16, 32, 64)]
    priors = InstanceData(priors=torch.cat(generator.grid_priors(shapes, device=device)))
    labels = torch.zeros(objects, dtype=torch.long, device=device)
    gts = InstanceData(bboxes=_draw_boxes(objects).to(device), labels=labels)
    thresholds: dict[str, Any] = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)
    published = MaxIoUAssigner(**thresholds)
    published.iou_calculator = lambda gts, priors: published_nwd(gts[:, None], priors[None], CONSTANT)
    return [
        Row(
            f'NWDAssigner, {objects:,} gts × {len(priors):,} anchors',
            partial(NWDAssigner(**thresholds, constant=CONSTANT).assign, priors, gts),
            'published formula in MaxIoUAssigner',
            partial(published.assign, priors, gts),
            repeats=3,
        )
    ]


def nms_rows(device: str) -> list[Row]:
    """torchvision's IoU NMS on the same boxes, some 20 an object, at the same threshold."""
    rows = []
    for count in (3_000, 30_000):
        objects = _draw_boxes(count // 20)
        noise = torch.randn(count, 4) * 1.5
        boxes = _moved(objects[torch.randint(len(objects), (count,))], noise).to(device)
        scores = (-noise.abs().mean(1) + 0.3 * torch.randn(count)).sigmoid().to(device)
        rows += [
            Row(
                f'nwd_nms, {count:,} boxes, threshold {threshold}',
                partial(nwd_nms, boxes, scores, threshold, CONSTANT),
                "torchvision's IoU nms",
                partial(torchvision.ops.nms, boxes, scores, threshold),
            )
            for threshold in (0.5, 0.85)
        ]
    return rows


def loss_rows(device: str) -> list[Row]:
    """Forward and backward."""
    target = _draw_boxes(20_000).to(device)
    pred = (target + torch.randn_like(target)).requires_grad_()
    return [
        Row(
            'NWDLoss forward + backward, 20,000 pairs',
            partial(_backward, [pred], partial(NWDLoss(CONSTANT), pred, target)),
            'published formula',
            partial(_backward, [pred], lambda: (1 - published_nwd(pred, target, CONSTANT)).mean()),
            repeats=50,
        )
    ]


def evaluation_rows(device: str) -> list[Row]:
    """The AI-TOD protocol; ours includes oLRP, which pycocotools does not have."""
    images, gts, detections, classes = 200, 300, 1500, 8
    objects = _draw_boxes(images * gts)
    found = objects.reshape(images, gts, 4).repeat(1, detections // gts, 1).reshape(-1, 4)
    found = _moved(found, torch.randn(len(found), 4) * 2)
    labels = torch.randint(1, classes + 1, (images, gts))
    found_labels = labels.repeat(1, detections // gts).flatten()
    scores = torch.rand(len(found))

    def xywh(boxes: Tensor) -> list[list[float]]:
        return torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).tolist()

    gt = dict(
        images=[dict(id=i, width=800, height=800) for i in range(images)],
        categories=[dict(id=c, name=f'class {c}') for c in range(1, classes + 1)],
        annotations=[
            dict(id=i + 1, image_id=i // gts, category_id=label, bbox=box, area=box[2] * box[3], iscrowd=0)
            for i, (box, label) in enumerate(zip(xywh(objects), labels.flatten().tolist()))
        ],
    )
    dt = [
        dict(image_id=i // detections, category_id=label, bbox=box, score=score)
        for i, (box, label, score) in enumerate(zip(xywh(found), found_labels.tolist(), scores.tolist()))
    ]
    truth = GroundTruth.from_coco(gt, 'drawn')
    return [
        Row(
            f'evaluation, {images} images × {gts} objects × {detections:,} detections',
            partial(evaluate, truth, Detections.from_coco(dt, truth, 'drawn'), 'aitod'),
            'pycocotools',
            partial(pycocotools_evaluation, gt, dt),
            repeats=1,
        )
    ]


def dual_weighting_rows(device: str, counts: Sequence[int] = (10, 100, 300, 1000, 3000)) -> list[Row]:
    """Forward and backward of the loss for one image of 1333 x 800 px, COCO's 80 classes, objects of 33 px and more.

    The baseline only for 300 objects: its matrices of points by objects would fill the memory with 3,000.
    """
    strides = [8, 16, 32, 64, 128]
    shapes = [(-(-800 // s), -(-1333 // s)) for s in strides]
    head = DWHead(80, 256, strides=strides, reg_refine=False).to(device)
    classes, centerness = (
        [(torch.randn(1, channels, *shape) - shift).to(device).requires_grad_() for shape in shapes]
        for channels, shift in ((80, 4.0), (1, 0.0))
    )
    distances = [(torch.rand(1, 4, *shape) * 4 * s).to(device).requires_grad_() for shape, s in zip(shapes, strides)]
    points = torch.cat(head.prior_generator.grid_priors(shapes, device=device, with_stride=True))[:, :3]
    backward = partial(_backward, [*classes, *centerness, *distances])

    def flat(maps: list[Tensor]) -> Tensor:
        return torch.cat([level[0].flatten(1).T for level in maps])

    def dense(gts: Tensor, labels: Tensor) -> Tensor:
        sides = flat(distances)
        boxes = torch.cat([points[:, :2] - sides[:, :2], points[:, :2] + sides[:, 2:]], 1)
        return dense_dual_weighting_loss(flat(classes), flat(centerness), boxes, points, gts, labels)

    def ours(gts: Tensor, labels: Tensor) -> Tensor:
        instances = [InstanceData(bboxes=gts, labels=labels)]
        return sum(head.loss_by_feat(classes, distances, centerness, instances, [{}]).values())

    rows = []
    for count in counts:
        # 33 px in the median, two thirds between 13 and 81
        gts, labels = _draw_boxes(count, (1333, 800), 3.5, 0.9).to(device), torch.randint(80, (count,)).to(device)
        pairs = len(head.assigner.candidates(shapes, head.prior_generator.strides, [gts]).gt)
        what = f'dual weighting forward + backward, {len(points):,} points, {count:,} objects, {pairs:,} pairs'
        baseline = partial(backward, partial(dense, gts, labels)) if count == 300 else None
        name = 'dense formulation' if baseline else '–'
        rows.append(Row(what, partial(backward, partial(ours, gts, labels)), name, baseline, repeats=3))
    return rows


def hook_rows(device: str) -> list[Row]:
    """A training step of a small detector that ImbalanceHook records against one that it does not."""
    init_default_scope('mmdet')
    model = _small_faster_rcnn().to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    samples = []
    for index in range(4):
        drawing = draw(seed=0, split='train', index=index, size=(256, 256))
        boxes, labels = torch.from_numpy(drawing.boxes).float(), torch.from_numpy(drawing.labels)
        sample = DetDataSample(metainfo=dict(img_shape=(256, 256), ori_shape=(256, 256), scale_factor=(1.0, 1.0)))
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=labels[:0])
        samples.append(sample)
    images = [torch.randint(0, 256, (3, 256, 256), dtype=torch.uint8) for _ in samples]
    batch = dict(inputs=images, data_samples=samples)

    def step() -> None:
        data = model.data_preprocessor(copy.deepcopy(batch), training=True)
        optimizer.zero_grad()
        model.parse_losses(model(**data, mode='loss'))[0].backward()
        optimizer.step()

    hook = HOOKS.build(dict(type='ImbalanceHook', interval=1))
    runner: Any = SimpleNamespace(model=model, iter=0, visualizer=SimpleNamespace(add_scalars=lambda *_, **__: None))

    def recorded_step() -> None:
        hook.before_train_iter(runner, 0)
        step()
        hook.after_train_iter(runner, 0, batch)

    return [Row('training step with a record of ImbalanceHook', recorded_step, 'the step without', step, repeats=15)]


def _small_faster_rcnn() -> TwoStageDetector:
    """mmdet's Faster R-CNN at the size of the demo's: ResNet-18 at half width, 64 channels, from scratch."""
    config = read_config('mmdet::_base_/models/faster-rcnn_r50_fpn.py')
    size = dict(
        backbone=dict(depth=18, base_channels=32, frozen_stages=-1, norm_eval=False, init_cfg=None),
        neck=dict(in_channels=[32, 64, 128, 256], out_channels=64),
        rpn_head=dict(in_channels=64, feat_channels=64),
        roi_head=dict(
            bbox_roi_extractor=dict(out_channels=64),
            bbox_head=dict(in_channels=64, fc_out_channels=256, num_classes=8),
        ),
        train_cfg=dict(rpn_proposal=dict(nms_pre=1000, max_per_img=500), rcnn=dict(sampler=dict(num=128))),
    )
    config.merge_from_dict(dict(model=size))
    return MODELS.build(config.model)


ROWS: dict[str, Callable[[str], list[Row]]] = dict(
    assigner=assigner_rows,
    nms=nms_rows,
    loss=loss_rows,
    evaluation=evaluation_rows,
    dual_weighting=dual_weighting_rows,
    hook=hook_rows,
)
