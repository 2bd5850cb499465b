"""The losses of dual weighting in every head that has them: finite, reaching every parameter, in any precision."""

import pytest
import torch
from dw_heads import HEADS, build, losses, objects
from mmengine.structures import InstanceData

from nwd_mmdet.dense_heads.dual_weighting import focal_of_log_scores

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize('counts', [(5, 40), (0, 7), (0, 0)], ids=str)
def test_loss_is_finite_and_reaches_every_parameter(name: str, counts: tuple[int, int], device: str) -> None:
    head = build(name).to(device)
    result = losses(head, objects(*counts, device=device))
    sum(result.values()).backward()
    assert all(value.isfinite() for value in result.values())
    assert result['loss_cls_neg'] > 0 and (result['loss_loc'] > 0) == (sum(counts) > 0)
    for parameter_name, parameter in head.named_parameters():
        assert parameter.grad is not None, f'{parameter_name}: several processes would wait for it'
        assert parameter.grad.isfinite().all(), parameter_name


@pytest.mark.parametrize('name', ['plain', 'tood'])
def test_ignored_regions_are_no_negatives(name: str) -> None:
    head = build(name)
    instances = objects(6, 6)
    everything = torch.tensor([[0.0, 0, 160, 128]])
    nothing = [InstanceData(bboxes=everything[:0])] * 2
    plain, same, less = (
        losses(head, instances, ignored)
        for ignored in (None, nothing, [InstanceData(bboxes=everything), InstanceData(bboxes=everything[:0])])
    )
    assert same == plain
    assert less['loss_cls_neg'] < 0.8 * plain['loss_cls_neg'], 'the first image counts half'
    assert less['loss_cls_pos'] == plain['loss_cls_pos'] and less['loss_loc'] == plain['loss_loc']


def test_normalisers_are_means_over_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    head = build('plain')
    # as large as the boxes of stride 8 are at the start, so that there are good candidates
    instances = [InstanceData(bboxes=torch.tensor([[30.0, 30, 94, 94]]), labels=torch.tensor([0]))] * 2
    alone = losses(head, instances)
    # other processes with so many objects and candidates that the means are a hundred times as large
    monkeypatch.setattr('nwd_mmdet.dense_heads.dual_weighting.reduce_mean', lambda value: value * 100)
    for key, value in losses(head, instances).items():
        torch.testing.assert_close(value, alone[key] / 100)


@pytest.mark.parametrize('name', ['refined', 'paper', 'tood'])
def test_mixed_precision(name: str) -> None:
    head = build(name)
    expected = losses(head, objects(5, 9))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        result = losses(head, objects(5, 9))
        sum(result.values()).backward()
    for key, value in expected.items():
        assert result[key].dtype == torch.float32
        torch.testing.assert_close(result[key], value, rtol=0.1, atol=0.02)


def test_saturated_scores_have_finite_losses_and_gradients() -> None:
    head = build('plain')
    instances = objects(8, 8)
    for logit in (-200.0, -30.0, 30.0, 200.0):
        scores = [torch.full((2, 4, 128 // s, 160 // s), logit, requires_grad=True) for s in (8, 16, 32)]
        centerness = [torch.full((2, 1, 128 // s, 160 // s), logit, requires_grad=True) for s in (8, 16, 32)]
        boxes = [torch.full((2, 4, 128 // s, 160 // s), 6.0, requires_grad=True) for s in (8, 16, 32)]
        total = sum(head.loss_by_feat(scores, boxes, centerness, instances, [{}, {}]).values())
        total.backward()
        assert total.isfinite() and all(t.grad.isfinite().all() for t in (*scores, *centerness, *boxes))


def test_gradient_of_the_focal_part_is_that_of_autograd() -> None:
    log_s = -torch.rand(200, dtype=torch.float64).mul(20).exp().mul(1e-6).clamp(1e-7, 30).requires_grad_()
    plain = -torch.exp(2 * log_s) * torch.log(-torch.expm1(log_s))
    torch.testing.assert_close(focal_of_log_scores(log_s), plain)
    (expected,) = torch.autograd.grad(plain.sum(), log_s)
    (found,) = torch.autograd.grad(focal_of_log_scores(log_s).sum(), log_s)
    torch.testing.assert_close(found, expected)
