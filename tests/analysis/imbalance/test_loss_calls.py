"""What the losses are computed from: recorded calls, probabilities and gradients of each sample, IoUs of each box."""

import pytest
import torch
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.utils import register_all_modules
from torch import nn

from nwd_mmdet.analysis.imbalance.loss_calls import (
    LossCall,
    classification_samples,
    recorded_losses,
    regression_samples,
)
from nwd_mmdet.overlaps import aligned


def loss(kind: str, **settings: object) -> nn.Module:
    register_all_modules()
    return MODELS.build(dict(type=kind, **settings))


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.loss_cls = loss('CrossEntropyLoss')
        self.loss_bbox = loss('L1Loss')

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        weight = torch.tensor([1.0, 1, 0])
        first = self.loss_cls(scores, torch.tensor([0, 2, 1]), weight, avg_factor=2)
        return first + self.loss_bbox(scores, target=scores.detach() + 1)


def test_calls_are_recorded_while_the_context_lasts() -> None:
    model = nn.ModuleDict({'bbox_head': Head()})
    scores = torch.randn(3, 3, requires_grad=True)
    with recorded_losses(model) as calls:
        value = model['bbox_head'](scores)
    assert [call.name for call in calls] == ['bbox_head.loss_cls', 'bbox_head.loss_bbox']
    assert calls[0].weight.tolist() == [1, 1, 0] and not calls[0].pred.requires_grad
    assert torch.equal(calls[1].target, scores.detach() + 1) and calls[1].weight is None
    value.backward()
    assert scores.grad.any()
    model['bbox_head'](scores)
    assert len(calls) == 2


def test_softmax() -> None:
    """Two classes and background; the last sample has no weight."""
    scores = torch.tensor([[2.0, 0, 0], [0, 0, 3], [1, 1, 1]])
    module = loss('CrossEntropyLoss')
    samples = classification_samples(LossCall('x', module, scores, torch.tensor([0, 2, 1]), torch.tensor([1.0, 1, 0])))
    probability = scores.softmax(1)
    assert samples.truth.tolist() == pytest.approx([probability[0, 0].item(), probability[1, 2].item()])
    assert torch.allclose(samples.loss, -samples.truth.log())
    assert torch.allclose(samples.gradient, 1 - samples.truth)
    assert samples.positive.tolist() == [True, False]


@pytest.mark.parametrize(
    ('kind', 'settings'), [('CrossEntropyLoss', {'use_sigmoid': True}), ('FocalLoss', {'use_sigmoid': True})]
)
def test_sigmoids(kind: str, settings: dict) -> None:
    """Of each class; the truth of background is that no class is there."""
    scores, labels = torch.tensor([[1.0, -2.0], [0.5, -1.0], [-4.0, -3.0]]), torch.tensor([0, 1, 2])
    module = loss(kind, **settings)
    samples = classification_samples(LossCall('x', module, scores, labels, None))
    p = scores.sigmoid()
    assert samples.truth.tolist() == pytest.approx([p[0, 0].item(), p[1, 1].item(), 1 - p[2, 1].item()])
    assert samples.positive.tolist() == [True, True, False]
    expected = torch.stack([1 - p[0, 0], p[0, 1], p[1, 0], 1 - p[1, 1], p[2, 0], p[2, 1]])
    assert torch.allclose(samples.gradient, expected)
    assert samples.loss.sum().item() == pytest.approx(module(scores, labels, avg_factor=1).item(), rel=1e-5)


def test_others_have_no_samples() -> None:
    module, scores = loss('CrossEntropyLoss', use_sigmoid=True), torch.zeros(4)
    assert classification_samples(LossCall('x', module, scores, torch.zeros(4), None)) is None
    assert classification_samples(LossCall('x', module, scores[:, None], (scores, scores), None)) is None


def test_no_sample_at_all() -> None:
    empty = LossCall('x', loss('CrossEntropyLoss'), torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), None)
    assert len(classification_samples(empty).loss) == 0


class BoxHead(nn.Module):
    def __init__(self, stds: list[float], kind: str, reg_decoded_bbox: bool = False) -> None:
        super().__init__()
        self.loss_bbox = loss(kind)
        self.bbox_coder = TASK_UTILS.build(dict(type='DeltaXYWHBBoxCoder', target_stds=stds))
        self.reg_decoded_bbox = reg_decoded_bbox


def test_ious_of_deltas_do_not_need_the_priors() -> None:
    priors = torch.tensor([[10.0, 10, 30, 50], [100, 40, 108, 46], [0, 0, 9, 9]])
    objects = torch.tensor([[12.0, 14, 31, 45], [101, 40, 112, 47], [5, 5, 9, 9]])
    found = torch.tensor([[11.0, 12, 33, 44], [101, 42, 110, 47], [4, 5, 10, 9]])
    head = BoxHead([0.1, 0.1, 0.2, 0.2], 'L1Loss')
    target, pred = (head.bbox_coder.encode(priors, boxes) for boxes in (objects, found))
    weight = torch.tensor([[1.0] * 4, [1.0] * 4, [0.0] * 4])
    samples = regression_samples(LossCall('x', head.loss_bbox, pred, target, weight), head)
    assert torch.allclose(samples.before, aligned('iou', priors, objects)[:2], atol=1e-5)
    assert torch.allclose(samples.after, aligned('iou', found, objects)[:2], atol=1e-5)
    assert torch.allclose(samples.loss, (pred - target).abs().sum(1)[:2])


def test_ious_of_boxes() -> None:
    """Losses on boxes, whether the head or the loss says so; the priors are not known then."""
    boxes, target = torch.tensor([[0.0, 0, 10, 10], [5, 5, 9, 9]]), torch.tensor([[0.0, 0, 10, 20], [5, 5, 9, 9]])
    for head in (
        BoxHead([1.0] * 4, 'AlphaIoULoss'),
        BoxHead([1.0] * 4, 'GIoULoss'),
        BoxHead([1.0] * 4, 'L1Loss', True),
    ):
        samples = regression_samples(LossCall('x', head.loss_bbox, boxes, target, None), head)
        assert samples.before is None and samples.after.tolist() == pytest.approx([0.5, 1])
    classes = LossCall('x', head.loss_bbox, boxes[:, :2], target[:, :2], None)
    assert regression_samples(classes, head) is None
