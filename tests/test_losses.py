import numpy as np
import pytest
import torch
from boxes import boxes_strategy, draw_boxes
from hypothesis import given, settings
from mmdet.registry import MODELS

from nwd_mmdet.losses import NWDLoss, OverlapLoss
from nwd_mmdet.overlaps import aligned

MODES = ['exp', 'sqrt', 'log', 'norm_sqrt', 'w2']
LOSSES = [dict(type='NWDLoss', mode=mode) for mode in MODES] + [
    dict(type='OverlapLoss', metric=metric) for metric in ('iou', 'giou', 'diou', 'ciou', 'nwd', 'dotd')
]


@pytest.mark.parametrize('mode', MODES)
def test_released_implementation_agrees(mode: str, shared) -> None:
    golden = np.load(shared / 'golden' / 'nwd_loss.npz')
    pred = torch.from_numpy(golden['pred']).requires_grad_()
    loss = NWDLoss(constant=12.8, mode=mode, gamma=2, reduction='none')(pred, torch.from_numpy(golden['target']))
    loss.sum().backward()
    torch.testing.assert_close(loss, torch.from_numpy(golden[f'loss_{mode}']), atol=2e-4, rtol=2e-5)
    torch.testing.assert_close(pred.grad, torch.from_numpy(golden[f'grad_{mode}']), atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize('config', LOSSES, ids=lambda config: '-'.join(config.values()))
class TestEveryLoss:
    def test_identical_boxes(self, config: dict) -> None:
        loss = MODELS.build(dict(config, reduction='none'))
        boxes = draw_boxes(30).requires_grad_()
        values = loss(boxes, boxes.detach())
        values.sum().backward()
        expected = 0.5 if config.get('mode') == 'norm_sqrt' else 0.0  # 1 - 1/γ
        torch.testing.assert_close(values, torch.full((30,), expected), atol=1e-5, rtol=0)
        assert boxes.grad.isfinite().all()

    def test_moving_apart_costs(self, config: dict) -> None:
        loss = MODELS.build(dict(config, reduction='none'))
        target = draw_boxes(30)
        losses = torch.stack([loss(target + shift, target) for shift in (0.0, 0.5, 1.0, 2.0)])
        assert (losses.diff(dim=0) > 0).all()

    @given(boxes=boxes_strategy(min_size=2))
    @settings(deadline=None, max_examples=20)
    def test_gradients_are_finite(self, config: dict, boxes: torch.Tensor) -> None:
        pred = boxes.clone().requires_grad_()
        MODELS.build(config)(pred, boxes.flip(0)).backward()
        assert pred.grad.isfinite().all()

    def test_empty_backpropagates(self, config: dict) -> None:
        pred = torch.zeros(0, 4, requires_grad=True)
        loss = MODELS.build(dict(config, reduction='sum'))(pred, torch.zeros(0, 4), torch.zeros(0, 4))
        loss.backward()
        assert loss == 0 and pred.grad.shape == (0, 4)
        assert MODELS.build(config)(pred, torch.zeros(0, 4)) == 0, 'the mean of nothing'

    def test_weights_and_reductions_are_those_of_mmdet(self, config: dict) -> None:
        pred, target = draw_boxes(20, 1), draw_boxes(20, 2)
        weight = torch.arange(20.0)
        none = MODELS.build(dict(config, reduction='none'))(pred, target)
        loss = MODELS.build(dict(config, loss_weight=3.0))
        torch.testing.assert_close(loss(pred, target), 3 * none.mean())
        torch.testing.assert_close(loss(pred, target, weight, avg_factor=7), 3 * (none * weight).sum() / 7)
        torch.testing.assert_close(
            loss(pred, target, weight[:, None].expand(-1, 4), avg_factor=7), 3 * (none * weight).sum() / 7
        )
        torch.testing.assert_close(loss(pred, target, weight, reduction_override='sum'), 3 * (none * weight).sum())

    def test_autocast_and_half_predictions(self, config: dict) -> None:
        pred, target = draw_boxes(20, 1, size=900), draw_boxes(20, 2, size=900)
        loss = MODELS.build(config)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            value = loss(pred.half(), target)
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, loss(pred.half().float(), target))

    def test_deltas_are_refused(self, config: dict) -> None:
        deltas = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * 0.2
        with pytest.raises(ValueError, match='reg_decoded_bbox=True'):
            MODELS.build(config)(deltas, deltas.flip(0), torch.ones(50, 4), avg_factor=50)


def test_background_rows_of_zeros_are_no_deltas() -> None:
    """Anchor heads hand over zero targets with zero weight for background."""
    pred = torch.tensor([[3.0, 3, 9, 9], [0.5, -0.3, 0.1, 0.2]], requires_grad=True)
    target, weight = torch.tensor([[3.0, 3, 9, 10], [0.0, 0, 0, 0]]), torch.tensor([[1.0] * 4, [0.0] * 4])
    loss = NWDLoss()(pred, target, weight, avg_factor=1)
    torch.testing.assert_close(loss, 1 - aligned('nwd', pred[:1], target[:1])[0])


@pytest.mark.parametrize('decoded', [False, True])
def test_rpn_head_with_and_without_decoding(decoded: bool) -> None:
    """Two published NWD configs computed NWD on encoded deltas."""
    from mmdet.utils import register_all_modules
    from mmengine.config import Config
    from mmengine.structures import InstanceData

    register_all_modules()
    head = MODELS.build(
        Config(
            dict(
                type='RPNHead',
                in_channels=4,
                feat_channels=4,
                anchor_generator=dict(type='AnchorGenerator', scales=[2], ratios=[0.5, 1.0, 2.0], strides=[4, 8]),
                reg_decoded_bbox=decoded,
                loss_bbox=dict(type='NWDLoss', loss_weight=10.0),
                train_cfg=dict(
                    assigner=dict(type='NWDAssigner', pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3),
                    sampler=dict(
                        type='RandomSampler', num=64, pos_fraction=0.5, neg_pos_ub=-1, add_gt_as_proposals=False
                    ),
                    allowed_border=-1,
                    pos_weight=-1,
                ),
            )
        )
    )
    boxes = draw_boxes(12, size=60).clamp(0, 64)
    outputs = head([torch.rand(1, 4, 16, 16), torch.rand(1, 4, 8, 8)])
    arguments = (*outputs, [InstanceData(bboxes=boxes, labels=torch.zeros(12, dtype=torch.long))])
    metas = [dict(img_shape=(64, 64), pad_shape=(64, 64))]
    if not decoded:
        with pytest.raises(ValueError, match='reg_decoded_bbox=True'):
            head.loss_by_feat(*arguments, metas)
        return
    losses = head.loss_by_feat(*arguments, metas)
    total = sum(losses['loss_rpn_bbox'])
    assert 0 < total < 10
    total.backward()


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (dict(type='NWDLoss', mode='linear'), 'exp, sqrt, log, norm_sqrt, w2'),
        (dict(type='NWDLoss', reduction='average'), "reduction='average'"),
        (dict(type='NWDLoss', constant=-1), 'constant=-1'),
        (dict(type='OverlapLoss', metric='nope'), "unknown overlap 'nope'"),
    ],
)
def test_bad_settings_fail_when_built(config: dict, message: str) -> None:
    with pytest.raises((ValueError, KeyError), match=message):
        MODELS.build(config)


def test_shapes_are_checked() -> None:
    boxes = draw_boxes(4)
    for mode in MODES:
        with pytest.raises(ValueError, match='same shape'):
            NWDLoss(mode=mode)(boxes, boxes[:1])
        with pytest.raises(ValueError, match=r'pred has shape \(4, 5\)'):
            NWDLoss(mode=mode)(torch.zeros(4, 5), boxes)
        assert NWDLoss(mode=mode)(boxes.double(), boxes.double()).dtype == torch.float64


def test_nwd_loss_is_the_overlap_loss_of_nwd() -> None:
    pred, target = draw_boxes(20, 1), draw_boxes(20, 2)
    assert torch.equal(NWDLoss(constant=20)(pred, target), OverlapLoss('nwd', constant=20)(pred, target))
