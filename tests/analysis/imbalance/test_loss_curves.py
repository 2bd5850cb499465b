"""Loss and gradient against error: by the losses' formulas, and for every box loss there is."""

import math

import pytest
import torch
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from nwd_mmdet.analysis.imbalance.loss_curves import curves_of_model, errors_of_ious, loss_curve
from nwd_mmdet.config import read_config
from nwd_mmdet.overlaps import aligned

DELTA_LOSSES = ('L1Loss', 'SmoothL1Loss', 'BalancedL1Loss', 'MSELoss', 'GHMR')
BOX_LOSSES = (
    *('IoULoss', 'BoundedIoULoss', 'GIoULoss', 'DIoULoss', 'CIoULoss', 'EIoULoss', 'SIoULoss'),
    *('AlphaIoULoss', 'AlphaGIoULoss', 'AlphaDIoULoss', 'AlphaCIoULoss', 'NWDLoss', 'L1Loss', 'GHMR'),
)


@pytest.mark.parametrize(
    ('config', 'errors', 'size', 'decoded', 'std', 'losses', 'gradients'),
    [
        # Two coordinates differ, by 1 and by 2 of the object's size.
        (dict(type='L1Loss'), [8, 16], 8, False, 1.0, [2, 4], [1 / 4, 1 / 4]),
        (dict(type='L1Loss', loss_weight=3.0), [8], 8, False, 0.1, [60], [7.5]),
        (dict(type='L1Loss'), [8], 8, True, 1.0, [32], [4]),  # boxes: all four, in px
        (dict(type='MSELoss'), [4, 16], 8, False, 1.0, [0.5, 8], [1 / 4, 1]),
        (dict(type='SmoothL1Loss', beta=1.0), [4, 16], 8, False, 1.0, [0.25, 3], [1 / 8, 1 / 4]),  # eq. 9
        # eq. 10: α ln(b|x| + 1) of the deltas 1/2 and 2, b = e³ - 1.
        (dict(type='BalancedL1Loss'), [4, 16], 8, False, 1.0, None, [math.log((math.e**3 + 1) / 2) / 8, 1.5 / 4]),
        (dict(type='IoULoss', mode='linear'), [4], 8, True, 1.0, [6 / 7], None),
        (dict(type='NWDLoss', constant=8.0), [4], 8, True, 1.0, [1 - math.exp(-(2**0.5) / 2)], None),
        (dict(type='NWDLoss', mode='sqrt'), [4, 9], 8, True, 1.0, [4 * 2**0.5, 9 * 2**0.5], [2**0.5, 2**0.5]),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else '',
)
def test_by_formula(config, errors, size, decoded, std, losses, gradients):
    loss, gradient = loss_curve(config, errors, size, decoded, std)
    if losses is not None:
        torch.testing.assert_close(loss, torch.tensor(losses, dtype=torch.float64), rtol=1e-5, atol=1e-6)
    if gradients is not None:
        torch.testing.assert_close(gradient, torch.tensor(gradients, dtype=torch.float64), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ('name', 'decoded'), [*((name, False) for name in DELTA_LOSSES), *((name, True) for name in BOX_LOSSES)]
)
def test_every_box_loss(name, decoded):
    errors = torch.arange(0, 20, 0.5)
    options = dict(neg_gamma=True) if name == 'SIoULoss' else {}
    loss, gradient = loss_curve(dict(type=name, **options), errors, 10, decoded)
    assert loss.shape == gradient.shape == errors.shape
    assert loss.isfinite().all() and gradient.isfinite().all() and (gradient >= -1e-6).all()
    assert loss[0].item() == pytest.approx(0, abs=1e-4)
    if name != 'GHMR':  # its weights fall where samples are many
        assert (loss.diff() >= -1e-6).all()
    assert not loss.requires_grad and errors.grad is None


def test_a_loss_that_rewards_the_error_shows():
    assert (loss_curve(dict(type='SIoULoss'), [9.0, 15.0], 10, decoded=True)[1] < 0).all()


def test_slope_is_that_of_the_curve():
    errors = torch.linspace(1, 9, 4001, dtype=torch.float64)
    loss, gradient = loss_curve(dict(type='AlphaIoULoss'), errors, 10, decoded=True)
    slope = loss.diff() / errors.diff()
    torch.testing.assert_close(slope, (gradient[1:] + gradient[:-1]) / 2, rtol=1e-4, atol=1e-5)


def test_alpha_favours_good_boxes():
    errors = errors_of_ious([0.5, 0.9], 16.0)
    plain, alpha = (loss_curve(dict(type='AlphaIoULoss', alpha=a), errors, 16.0, True)[1] for a in (1.0, 3.0))
    assert alpha[1] / alpha[0] > plain[1] / plain[0]


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.floats(0.1, 1000))
def test_iou_of_an_error(iou, size):
    (error,) = errors_of_ious([iou], size).tolist()
    assert 0 <= error <= size
    box = torch.tensor([[0, 0, size, size]], dtype=torch.float64)
    assert aligned('iou', box, box + error).item() == pytest.approx(iou, abs=1e-6 + 1e-6 / size**2)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 3), st.floats(0.5, 100), st.sampled_from(['IoULoss', 'GIoULoss', 'L1Loss', 'SmoothL1Loss']))
def test_relative_losses_do_not_depend_on_the_size(relative, size, name):
    decoded = name.endswith('IoULoss')
    small, large = (loss_curve(dict(type=name), [relative * s], s, decoded) for s in (10.0, 10.0 * size))
    torch.testing.assert_close(small[0], large[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ('config', 'arguments', 'message'),
    [
        ('L1Loss', ([[1.0]], 8, False), 'shape'),
        ('L1Loss', ([], 8, False), 'shape'),
        ('L1Loss', ([math.nan], 8, False), 'finite'),
        ('L1Loss', ([1.0], 0, False), 'size=0'),
        ('IoULoss', ([1.0], 8, False), 'compares boxes'),
        ('NWDLoss', ([1.0], 8, False), 'compares boxes'),
    ],
)
def test_refused(config, arguments, message):
    with pytest.raises(ValueError, match=message):
        loss_curve(dict(type=config), *arguments)


def test_unknown_loss_and_iou():
    with pytest.raises(KeyError, match='NoLoss'):
        loss_curve(dict(type='NoLoss'), [1.0], 8, True)
    with pytest.raises(ValueError, match=r'in \[0, 1\]'):
        errors_of_ious([1.5], 8)


@pytest.mark.parametrize(
    ('name', 'losses'),
    [
        ('configs/demo/faster-rcnn_r18-small_fpn_synthetic.py', {'model.rpn_head': 'L1Loss'}),
        ('configs/alpha_iou/yolov5-s_alpha-diou_300e_coco.py', {'model.bbox_head': 'AlphaDIoULoss'}),
        ('mmdet::cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py', {'model.roi_head.bbox_head.2': 'SmoothL1Loss'}),
    ],
)
def test_losses_of_configs(name: str, losses: dict[str, str]) -> None:
    found = curves_of_model(read_config(name if '::' in name else ROOT / name))
    for head, kind in losses.items():
        part = found[f'{head}.loss_bbox']
        assert part['type'] == kind
        assert part['loss'] == sorted(part['loss']) and part['iou'] == sorted(part['iou'], reverse=True)
