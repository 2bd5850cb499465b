"""The alpha-IoU losses: the released numbers, mmdet's losses at α = 1, and the paper's five properties."""

import math

import numpy as np
import pytest
import torch
from boxes import boxes_strategy, draw_boxes
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.losses import CIoULoss, DIoULoss, GIoULoss, IoULoss
from mmdet.registry import MODELS

from nwd_mmdet.overlaps import aligned

KINDS = ('IoU', 'GIoU', 'DIoU', 'CIoU')
ALPHAS = st.one_of(st.floats(0.1, 0.95), st.floats(1.05, 10))
IOUS = st.floats(0.01, 0.99)


def build(kind: str, **kwargs: object) -> torch.nn.Module:
    return MODELS.build(dict(type=f'Alpha{kind}Loss', **kwargs))


def pairs(count: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    target = draw_boxes(count, seed=1)
    noise = torch.randn(count, 4, generator=torch.Generator().manual_seed(2))
    pred = target + noise * torch.linspace(0.1, 6, count)[:, None]
    return torch.cat([torch.minimum(pred[:, :2], pred[:, 2:] - 1), pred[:, 2:]], 1).requires_grad_(), target


def gradient(loss: torch.Tensor, pred: torch.Tensor) -> torch.Tensor:
    (grad,) = torch.autograd.grad(loss.sum(), pred)
    return grad


@pytest.mark.parametrize('alpha', ['0.5', '1', '2', '3', '4'])
@pytest.mark.parametrize('kind', KINDS)
def test_the_released_values_and_gradients(kind: str, alpha: str, shared) -> None:
    golden = np.load(shared / 'golden' / 'alpha_iou.npz')
    pred, target = (torch.from_numpy(golden[name]) for name in ('pred', 'target'))
    pred.requires_grad_()
    loss = build(kind, alpha=float(alpha))(pred, target, reduction_override='none')
    far = aligned('iou', pred, target) > 0.01  # below, the eps of the released code shows
    key = f'{kind.lower()}_{alpha}'
    # its eps of 1e-9 is 3e-5 to the power of a half
    torch.testing.assert_close(loss[far], torch.from_numpy(golden[f'loss_{key}'])[far], atol=5e-5, rtol=1e-5)
    expected = torch.from_numpy(golden[f'grad_{key}'])
    torch.testing.assert_close(gradient(loss, pred)[far], expected[far], atol=2e-5, rtol=2e-3)


@pytest.mark.parametrize(
    ('kind', 'theirs', 'extra'),
    [
        ('IoU', IoULoss(mode='linear'), {}),
        ('GIoU', GIoULoss(), {}),
        ('DIoU', DIoULoss(), {}),
        ('CIoU', CIoULoss(), {'min_aspect_iou': 0.5}),
    ],
)
def test_alpha_of_1_is_the_loss_of_mmdet(kind: str, theirs: torch.nn.Module, extra: dict) -> None:
    pred, target = pairs()
    weight = torch.rand(300, generator=torch.Generator().manual_seed(0))
    for options in (dict(), dict(weight=weight), dict(weight=weight, avg_factor=77.0), dict(reduction_override='sum')):
        ours = build(kind, alpha=1, loss_weight=2.5, **extra)(pred, target, **options)
        expected = theirs(pred, target, **options) * 2.5
        torch.testing.assert_close(ours, expected)
        torch.testing.assert_close(gradient(ours, pred), gradient(expected, pred), atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize('alpha', [0.5, 1.0, 3.0])
@pytest.mark.parametrize('kind', KINDS)
@given(pred=boxes_strategy(min_size=3, max_size=3), target=boxes_strategy(min_size=3, max_size=3))
@settings(max_examples=25, deadline=None)
def test_gradients_are_finite(kind: str, alpha: float, pred: torch.Tensor, target: torch.Tensor) -> None:
    for other in (target, pred.clone()):  # anywhere, and identical
        leaf = pred.clone().requires_grad_()
        loss = build(kind, alpha=alpha)(leaf, other, reduction_override='none')
        assert loss.isfinite().all() and (loss >= -1e-6).all() and gradient(loss, leaf).isfinite().all()


def test_a_separate_alpha_for_the_penalty() -> None:
    pred, target = pairs()
    plain = build('DIoU', alpha=3, penalty_alpha=1)(pred, target, reduction_override='none')
    iou, diou = aligned('iou', pred, target), aligned('diou', pred, target)
    torch.testing.assert_close(plain, 1 - iou**3 + (iou - diou), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('alpha', [1e-4, 0.5, 2.0])
def test_box_cox_form_and_its_limit(alpha: float) -> None:
    pred, target = pairs()
    near = aligned('iou', pred, target) > 0.05
    iou = aligned('iou', pred, target)[near]
    loss = build('IoU', alpha=alpha, box_cox=True)(pred, target, reduction_override='none')[near]
    torch.testing.assert_close(loss, (1 - iou**alpha) / alpha)
    limit = build('IoU', alpha=0, box_cox=True)(pred, target, reduction_override='none')[near]
    torch.testing.assert_close(limit, -iou.log())
    if alpha < 0.01:
        torch.testing.assert_close(loss, limit, atol=2e-3, rtol=2e-3)


def test_a_power_of_nwd() -> None:
    pred, target = pairs()
    loss = build('IoU', alpha=2, metric='nwd', constant=9.0)(pred, target, reduction_override='none')
    torch.testing.assert_close(loss, 1 - aligned('nwd', pred, target, constant=9.0) ** 2)


def loss_of(iou: float, alpha: float) -> tuple[float, float]:
    """α-IoU loss of two boxes with that IoU, and its derivative by the IoU: the share of 10 px covered is the IoU."""
    width = torch.tensor(10 * iou, dtype=torch.float64, requires_grad=True)
    zero, ten = torch.zeros_like(width), torch.full_like(width, 10.0)
    pred = torch.stack([zero, zero, width, ten])[None]
    loss = build('IoU', alpha=alpha)(pred, torch.tensor([[0.0, 0, 10, 10]], dtype=torch.float64))
    (slope,) = torch.autograd.grad(loss, width)
    return loss.item(), slope.item() * 10


@given(low=IOUS, high=IOUS, alpha=ALPHAS)
@settings(max_examples=60, deadline=None)
def test_property_1_order(low: float, high: float, alpha: float) -> None:
    if abs(low - high) > 1e-6:
        assert (loss_of(low, alpha)[0] > loss_of(high, alpha)[0]) == (low < high)


@given(iou=IOUS, alpha=ALPHAS)
@settings(max_examples=100, deadline=None)
def test_properties_2_to_5_reweighting(iou: float, alpha: float) -> None:
    loss, slope = loss_of(iou, alpha)
    plain, plain_slope = loss_of(iou, 1.0)
    assert loss / plain == pytest.approx(1 + (iou - iou**alpha) / (1 - iou), rel=1e-6)  # 2
    assert min(1, alpha) - 1e-9 <= loss / plain <= max(1, alpha) + 1e-9
    assert slope / plain_slope == pytest.approx(alpha * iou ** (alpha - 1), rel=1e-6)  # 3
    turning = alpha ** (1 / (1 - alpha))
    assert (turning > 1 / math.e) == (alpha > 1) and 0 < turning < 1
    if abs(iou - turning) > 1e-3:
        assert (abs(slope) > abs(plain_slope)) == ((iou > turning) == (alpha > 1))
    assert loss - plain == pytest.approx(iou - iou**alpha, abs=1e-9)  # 4
    assert abs(slope) - abs(plain_slope) == pytest.approx(alpha * iou ** (alpha - 1) - 1, abs=1e-6, rel=1e-6)  # 5


def test_errors_name_the_argument() -> None:
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f'alpha={wrong} must be positive'):
            build('IoU', alpha=wrong)
    with pytest.raises(ValueError, match='penalty_alpha=0 must be positive'):
        build('GIoU', penalty_alpha=0)
    with pytest.raises(KeyError, match='unknown overlap'):
        build('IoU', metric='wasserstein')
    with pytest.raises(ValueError, match='reg_decoded_bbox=True'):
        build('CIoU')(torch.zeros(1, 4), torch.tensor([[0.3, 0.2, -0.4, 0.1]]))
