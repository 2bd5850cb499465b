"""What a model makes of its samples: IoUs by hand, sums over batches, and the families of detectors."""

import copy
import json

import pytest
import torch
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.utils import register_all_modules
from test_configs import DEMO, batch, build, build_small
from torch import nn

from nwd_mmdet.analysis.imbalance.detector_sections import foreground_background
from nwd_mmdet.analysis.imbalance.loss_calls import ClassificationSamples, LossCall, regression_samples
from nwd_mmdet.analysis.imbalance.trained_statistics import ClassificationStatistics, TrainedStatistics
from nwd_mmdet.config import read_config
from nwd_mmdet.overlaps import aligned


class Head(nn.Module):
    def __init__(self, stds: list[float], loss: str, reg_decoded_bbox: bool = False) -> None:
        super().__init__()
        register_all_modules()
        self.bbox_coder = TASK_UTILS.build(dict(type='DeltaXYWHBBoxCoder', target_stds=stds))
        self.loss_bbox = MODELS.build(dict(type=loss))
        self.reg_decoded_bbox = reg_decoded_bbox


def test_ious_of_deltas_do_not_need_the_priors() -> None:
    priors = torch.tensor([[10.0, 10, 30, 50], [100, 40, 108, 46], [0, 0, 9, 9]])
    objects = torch.tensor([[12.0, 14, 31, 45], [101, 40, 112, 47], [5, 5, 9, 9]])
    found = torch.tensor([[11.0, 12, 33, 44], [101, 42, 110, 47], [4, 5, 10, 9]])
    head = Head([0.1, 0.1, 0.2, 0.2], 'L1Loss')
    target, pred = (head.bbox_coder.encode(priors, boxes) for boxes in (objects, found))
    weight = torch.tensor([[1.0] * 4, [1.0] * 4, [0.0] * 4])
    samples = regression_samples(LossCall('x', head.loss_bbox, pred, target, weight), head)
    assert torch.allclose(samples.before, aligned('iou', priors, objects)[:2], atol=1e-5)
    assert torch.allclose(samples.after, aligned('iou', found, objects)[:2], atol=1e-5)
    assert torch.allclose(samples.loss, (pred - target).abs().sum(1)[:2])


def test_ious_of_boxes() -> None:
    """Losses on boxes, whether the head or the loss says so; the priors are not known then."""
    boxes, target = torch.tensor([[0.0, 0, 10, 10], [5, 5, 9, 9]]), torch.tensor([[0.0, 0, 10, 20], [5, 5, 9, 9]])
    for head in (Head([1.0] * 4, 'AlphaIoULoss'), Head([1.0] * 4, 'GIoULoss'), Head([1.0] * 4, 'L1Loss', True)):
        samples = regression_samples(LossCall('x', head.loss_bbox, boxes, target, None), head)
        assert samples.before is None and samples.after.tolist() == pytest.approx([0.5, 1])
    classes = LossCall('x', head.loss_bbox, boxes[:, :2], target[:, :2], None)
    assert regression_samples(classes, head) is None


def cut(name: str, **changes: object) -> nn.Module:
    """A detector of mmdet with a narrow backbone, from scratch."""
    config = read_config(name)
    small = {'backbone.depth': 18, 'backbone.base_channels': 16, 'neck.in_channels': [16, 32, 64, 128]}
    config.merge_from_dict({f'model.{key}': value for key, value in {**small, **changes}.items()})
    config.model.backbone.init_cfg = None
    return build(config)


FAMILIES = {
    'faster rcnn': (lambda: build_small(DEMO), {'rpn_head.loss_cls', 'roi_head.bbox_head.loss_cls'}, 2),
    'cascade rcnn': (
        lambda: build_small('nwd/cascade-rcnn_r50_fpn_rpn-nwd_1x_aitod'),
        {'rpn_head.loss_cls', *(f'roi_head.bbox_head.{stage}.loss_cls' for stage in range(3))},
        4,
    ),
    'fcos': (lambda: build_small('fcos/fcos_r18-small_fpn_synthetic'), {'bbox_head.loss_cls'}, 1),
    'retinanet': (lambda: cut('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'), {'bbox_head.loss_cls'}, 1),
    'atss': (lambda: cut('mmdet::atss/atss_r50_fpn_1x_coco.py'), {'bbox_head.loss_cls'}, 1),
    'dual weighting': (lambda: build_small('dw/dw_r18-small_fpn_synthetic'), set(), 1),
}


@pytest.mark.parametrize('family', FAMILIES)
def test_families(family: str) -> None:
    make, classification, regressions = FAMILIES[family]
    model = make()
    before = copy.deepcopy(model.state_dict())
    statistics = TrainedStatistics(model)
    for without_objects in (0, 2):
        data = model.data_preprocessor(batch(2, without_objects), training=True)
        statistics.add(data['inputs'], data['data_samples'])
    found = statistics.as_dict()
    json.dumps(found, allow_nan=False)
    assert found['images'] == 4 and found['tasks']['batches'] == 2
    assert set(found['classification']) == classification and len(found['regression']) == regressions
    for part in found['classification'].values():
        assert sum(part['counts']['negative']) > sum(part['counts']['positive']) > 0
        assert sum(part['losses']['positive']) > 0 and sum(part['gradients']['counts']) > 0
        assert all(0 < numbers['positive'] <= 1 for numbers in part['methods'].values())
    for part in found['regression'].values():
        assert sum(part['after']) > 0 and sum(part['losses']) > 0
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    section = foreground_background([{'label': family, 'trained': found, 'priors': {'absent': 'not looked at'}}])
    assert any('without a label' in reason for reason in section.absent) == (not classification)


def test_before_and_after_regression() -> None:
    """In an RPN, whose positives overlap by 0.7, or are the best for an object that they overlap by 0.3."""
    model = build_small('demo/faster-rcnn_r18-small_fpn_synthetic')
    statistics = TrainedStatistics(model)
    data = model.data_preprocessor(batch(2), training=True)
    statistics.add(data['inputs'], data['data_samples'])
    rpn = statistics.as_dict()['regression']['rpn_head.loss_bbox']
    assert sum(rpn['before']) == sum(rpn['after']) == sum(map(sum, rpn['joint'])) > 0
    assert sum(rpn['before'][12:]) > 0 == sum(rpn['before'][:6]), 'positives have an IoU of 0.3 at least'
    for count, mean in zip(rpn['before'], rpn['mean_after']):
        assert (mean is None) == (count == 0)
        assert mean is None or 0 <= mean <= 1


def test_methods_on_the_toy_example_of_the_review() -> None:
    """Table 3's six boxes, in two parts as of two levels: whose cross-entropy counts."""
    p_s = torch.tensor([0.8, 0.2, 0.1, 0.3, 0.6, 1.0])
    positive = torch.tensor([True, True, False, False, False, False])
    loss = -p_s.log()
    statistics = ClassificationStatistics()
    labels = torch.zeros(6, dtype=torch.long)
    statistics.add_batch(
        [
            ClassificationSamples(p_s[rows], loss[rows], 1 - p_s[rows], positive[rows], labels[rows])
            for rows in (slice(0, 3), slice(3, 6))
        ]
    )
    found = statistics.as_dict()['methods']
    focal = (1 - p_s) ** 2 * loss
    assert found['all alike']['positive'] == pytest.approx((loss[:2].sum() / loss.sum()).item(), abs=1e-6)
    assert found['focal loss, γ = 2']['positive'] == pytest.approx((focal[:2].sum() / focal.sum()).item(), abs=1e-6)
    assert found['focal loss, γ = 2']['hard'] == pytest.approx((focal[1:4].sum() / focal.sum()).item(), abs=1e-6)
    assert found['SSD, hardest negatives, 1 : 3'] == pytest.approx(found['all alike']), (
        'six negatives wanted, four there'
    )
    assert ClassificationStatistics().as_dict()['methods']['all alike'] is None
