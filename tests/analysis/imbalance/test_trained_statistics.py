"""What a model makes of its samples: sums over batches, and the families of detectors."""

import copy
import json

import pytest
import torch
from detectors import DEMO, batch, build_small

from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector
from nwd_mmdet.analysis.imbalance.loss_calls import ClassificationSamples
from nwd_mmdet.analysis.imbalance.page.class_sections import foreground_background
from nwd_mmdet.analysis.imbalance.page.section import Missing
from nwd_mmdet.analysis.imbalance.trained_statistics import ClassificationStatistics, TrainedStatistics

NARROW = dict(backbone__depth=18, backbone__base_channels=16, neck__in_channels=[16, 32, 64, 128])
NARROW_CASCADE = dict(
    train_cfg__rpn_proposal__max_per_img=200,
    **{f'train_cfg__rcnn__{stage}__sampler__num': 64 for stage in range(3)},
    **{f'roi_head__bbox_head__{stage}__fc_out_channels': 32 for stage in range(3)},
)
FAMILIES = {
    'faster rcnn': (lambda: build_small(DEMO), {'rpn_head.loss_cls', 'roi_head.bbox_head.loss_cls'}, 2),
    'cascade rcnn': (
        lambda: build_small('nwd/cascade-rcnn_r50_fpn_rpn-nwd_1x_aitod', **NARROW, **NARROW_CASCADE),
        {'rpn_head.loss_cls', *(f'roi_head.bbox_head.{stage}.loss_cls' for stage in range(3))},
        4,
    ),
    'fcos': (lambda: build_small('fcos/fcos_r18-small_fpn_synthetic'), {'bbox_head.loss_cls'}, 1),
    'retinanet': (
        lambda: build_small('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py', **NARROW),
        {'bbox_head.loss_cls'},
        1,
    ),
    'atss': (lambda: build_small('mmdet::atss/atss_r50_fpn_1x_coco.py', **NARROW), {'bbox_head.loss_cls'}, 1),
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
    detector = MeasuredDetector(family, 'x.py', 'x.pth', data={}, trained=found)
    missing = [part for part in foreground_background([detector]) if isinstance(part, Missing)]
    assert any('without a label' in reason for reason in missing) == (not classification)


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
    statistics.add_batch(
        [
            ClassificationSamples(p_s[rows], loss[rows], 1 - p_s[rows], positive[rows])
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
    assert found['RefineDet, hardest negatives of p_s ≤ 0.99, 1 : 3'] == pytest.approx(found['all alike'])
    # One positive and three negatives: those of 0.2, 0.1, 0.3 and 0.6.
    ohem = loss[1:5]
    assert found['OHEM, hardest half of the positives, 1 : 3']['positive'] == pytest.approx(
        (ohem[0] / ohem.sum()).item(), abs=1e-6
    )
    assert found['OHEM, hardest half of the positives, 1 : 3']['hard'] == pytest.approx(
        (ohem[:3].sum() / ohem.sum()).item(), abs=1e-6
    )
    halved = loss[:2].sum() + loss[2:].sum() / 2
    assert found['YOLO, negatives × 0.5']['positive'] == pytest.approx((loss[:2].sum() / halved).item(), abs=1e-6)
    assert ClassificationStatistics().as_dict()['methods']['all alike'] is None
