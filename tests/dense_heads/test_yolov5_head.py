"""YOLOv5: published sizes, its assignment and losses against loops over the rule, detections, and learning."""

import math

import pytest
import torch
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn
from yolov5 import ANCHORS, STRIDES, matches

from nwd_mmdet.dense_heads import YOLOv5Head
from nwd_mmdet.overlaps import aligned

BALANCE = [4.0, 1.0, 0.4]


def head(num_classes: int = 4, **kwargs: object) -> YOLOv5Head:
    register_all_modules()
    torch.manual_seed(0)
    settings = dict(
        num_classes=num_classes,
        in_channels=[3, 4, 5],
        anchor_generator=dict(type='YOLOAnchorGenerator', strides=STRIDES, base_sizes=ANCHORS),
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=0.5),
        loss_bbox=dict(type='AlphaIoULoss', alpha=1.0, loss_weight=0.05),
        loss_obj=dict(type='CrossEntropyLoss', use_sigmoid=True),
        test_cfg=ConfigDict(nms_pre=1000, score_thr=0.1, nms=dict(type='nms', iou_threshold=0.6), max_per_img=20),
    )
    return YOLOv5Head(**{**settings, **kwargs})


def maps(batch: int = 2, num_classes: int = 4, size: tuple[int, int] = (64, 96)) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(batch, 3 * (5 + num_classes), size[0] // stride, size[1] // stride, generator=generator)
        for stride in STRIDES
    ]


def instances(boxes: list[list[float]], labels: list[int]) -> InstanceData:
    return InstanceData(bboxes=torch.tensor(boxes).reshape(-1, 4), labels=torch.tensor(labels, dtype=torch.long))


TWO_IMAGES = [
    instances([[10, 10, 30, 26], [40, 20, 95, 60], [41.5, 20, 90, 64], [0, 0, 6, 5]], [0, 3, 1, 2]),
    instances([[60, 30, 72, 50], [200, 200, 220, 230]], [2, 2]),  # the second lies outside the image
]


def losses_by_loops(outputs: list[Tensor], gts: list[InstanceData], num_classes: int) -> dict[str, float]:
    """The released loss, anchor by anchor: IoU loss, objectness that learns the IoU, one-hot classes."""
    sums = {'loss_cls': 0.0, 'loss_bbox': 0.0, 'loss_obj': 0.0}
    for level, output in enumerate(outputs):
        stride, (rows, columns) = STRIDES[level], output.shape[-2:]
        predictions = output.view(len(gts), 3, 5 + num_classes, rows, columns).double()
        fit = torch.zeros(len(gts), 3, rows, columns, dtype=torch.float64)
        boxes, classes = [], []
        for image, gt in enumerate(gts):
            for box, label in zip(gt.bboxes.tolist(), gt.labels.tolist()):
                for prior in matches(box, level, (rows, columns)):
                    cell, anchor = divmod(prior, 3)
                    row, column = divmod(cell, columns)
                    vector = predictions[image, anchor, :, row, column].sigmoid()
                    x, y = (2 * vector[0] - 0.5 + column) * stride, (2 * vector[1] - 0.5 + row) * stride
                    w, h = ((2 * vector[2 + side]) ** 2 * ANCHORS[level][anchor][side] for side in range(2))
                    decoded = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2])[None]
                    iou = aligned('iou', decoded, torch.tensor([box], dtype=torch.float64))[0]
                    boxes.append(1 - iou)
                    fit[image, anchor, row, column] = max(fit[image, anchor, row, column], iou)
                    target = nn.functional.one_hot(torch.tensor(label), num_classes).double()
                    classes.append(nn.functional.binary_cross_entropy(vector[5:], target))
        if boxes:
            sums['loss_bbox'] += 0.05 * torch.stack(boxes).mean().item()
            sums['loss_cls'] += 0.5 * torch.stack(classes).mean().item()
        objectness = nn.functional.binary_cross_entropy(predictions[:, :, 4].sigmoid(), fit)
        sums['loss_obj'] += BALANCE[level] * objectness.item()
    return sums


@pytest.mark.parametrize('objectness', ['loss', 'iou'])
def test_losses_are_those_of_the_rule(objectness: str) -> None:
    losses = head(objectness=objectness).loss_by_feat(maps(), TWO_IMAGES, [{}] * 2)
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
        losses_by_loops(maps(), TWO_IMAGES, 4), rel=1e-4
    )


def test_objectness_learns_the_power_or_the_iou() -> None:
    """As released it learns what is taken from 1, so IoU^3; the loss of boxes is the same."""
    alpha = dict(type='AlphaIoULoss', alpha=3.0, loss_weight=0.05)
    released, plain, iou = (
        head(loss_bbox=loss, objectness=objectness).loss_by_feat(maps(), TWO_IMAGES, [{}] * 2)
        for loss, objectness in ((alpha, 'loss'), (alpha, 'iou'), (dict(alpha, alpha=1.0), 'loss'))
    )
    assert released['loss_bbox'] == plain['loss_bbox'] != iou['loss_bbox']
    assert plain['loss_obj'] == iou['loss_obj'] != released['loss_obj']


@pytest.mark.parametrize(
    'gts', [[instances([], [])] * 2, [TWO_IMAGES[0], instances([], [])]], ids=['none', 'one of two']
)
def test_images_without_objects(gts: list[InstanceData]) -> None:
    model = head()
    features = [torch.randn(2, channels, 64 // s, 96 // s) for channels, s in zip((3, 4, 5), STRIDES)]
    losses = model.loss_by_feat(*model(tuple(features)), gts, [{}] * 2)
    sum(losses.values()).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


def test_one_class_has_no_class_loss() -> None:
    gts = [instances([[10, 10, 30, 26]], [0]), instances([], [])]
    assert head(num_classes=1).loss_by_feat(maps(num_classes=1), gts, [{}] * 2)['loss_cls'] == 0


def test_finite_where_logits_are_huge_and_in_half_precision() -> None:
    for factor, dtype in ((1e4, torch.float32), (1.0, torch.bfloat16)):
        outputs = [(factor * output).to(dtype).requires_grad_() for output in maps()]
        losses = head().loss_by_feat(outputs, TWO_IMAGES, [{}] * 2)
        sum(losses.values()).backward()
        assert all(output.grad.isfinite().all() for output in outputs)


def test_starts_from_few_objects() -> None:
    model = head()
    model.init_weights()
    outputs = model(tuple(torch.zeros(1, c, 640 // s, 640 // s) for c, s in zip((3, 4, 5), STRIDES)))[0]
    objects = [output.view(3, 9, -1)[:, 4].sigmoid().sum().item() for output in outputs]
    assert objects == pytest.approx([24] * 3, rel=0.02), '8 for each of three anchors'


def test_detections_are_where_the_logits_say() -> None:
    """One anchor of the middle map, shifted by half a cell to the right and doubled in height."""
    outputs = [torch.full((1, 27, 64 // s, 96 // s), -10.0) for s in STRIDES]
    vector = outputs[1].view(1, 3, 9, 4, 6)[0, 1, :, 2, 3]
    vector[:9] = torch.tensor([math.log(3), 0, 0, math.log(math.sqrt(0.5) / (1 - math.sqrt(0.5))), 9, -9, 9, -9, -9])
    meta = dict(img_shape=(64, 96), scale_factor=(0.5, 0.5))
    (found,) = head().predict_by_feat(outputs, [meta], rescale=False)
    centre = 3.5 * 16 + 8, 2.5 * 16  # the anchor of 62 x 45 px becomes 62 x 90
    expected = [centre[0] - 31, max(centre[1] - 45, 0), centre[0] + 31, min(centre[1] + 45, 64)]
    assert found.bboxes.tolist() == [pytest.approx(expected, abs=1e-3)] and found.labels.tolist() == [1]
    assert found.scores.item() == pytest.approx((1 / (1 + math.exp(-9))) ** 2)
    (rescaled,) = head().predict_by_feat(outputs, [meta], rescale=True)
    assert torch.allclose(rescaled.bboxes, found.bboxes * 2)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="objectness='giou'"):
        head(objectness='giou')
    with pytest.raises(ValueError, match='balance'):
        head(balance=[1.0, 1.0])


def test_learns_one_image() -> None:
    model = head(num_classes=2)
    features = tuple(torch.randn(1, c, 64 // s, 96 // s) for c, s in zip((3, 4, 5), STRIDES))
    parameters = [output.detach().requires_grad_() for output in model(features)[0]]
    optimizer = torch.optim.Adam(parameters, lr=0.3)
    gt = instances([[20, 12, 52, 40], [60, 30, 75, 60]], [0, 1])
    for _ in range(150):
        optimizer.zero_grad()
        sum(model.loss_by_feat(parameters, [gt], [{}]).values()).backward()
        optimizer.step()
    (found,) = model.predict_by_feat(parameters, [dict(img_shape=(64, 96))], rescale=False)
    best = found[found.scores > 0.5]
    assert sorted(best.labels.tolist()) == [0, 1]
    assert aligned('iou', best.bboxes[best.labels.argsort()], gt.bboxes).min() > 0.9
