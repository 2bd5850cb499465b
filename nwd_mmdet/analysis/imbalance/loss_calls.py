"""What a detector's losses are computed from, recorded where the heads call them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from torch import Tensor, nn

from nwd_mmdet.losses import OverlapLoss
from nwd_mmdet.overlaps import aligned


@dataclass(frozen=True)
class LossCall:
    """One call of a loss module.

    Attributes:
        name: Name of the module in the model, such as ``roi_head.bbox_head.loss_cls``.
        module: The loss.
        pred: What it got as its first argument, detached.
        target: What it got as its second argument, detached.
        weight: Weights of the samples, or None.
    """

    name: str
    module: nn.Module
    pred: Tensor
    target: Any
    weight: Tensor | None


@dataclass(frozen=True)
class ClassificationSamples:
    """The samples of a classification loss, without those of weight 0.

    Attributes:
        truth: p_s, the probability that the model gives the truth, in [0, 1], shape [N]: that of the class for a
            positive; for a negative that of background, with sigmoids 1 minus the most probable class.
        loss: Loss of each, not weighted, shape [N].
        gradient: ``|p - target|`` of each probability (GHM's gradient norm), shape [N] after a softmax, else
            [N x classes].
        positive: Whether it is a positive, bool, shape [N].
    """

    truth: Tensor
    loss: Tensor
    gradient: Tensor
    positive: Tensor


@dataclass(frozen=True)
class RegressionSamples:
    """The samples of a box loss, without those of weight 0.

    Attributes:
        before: IoU of the prior with the object, shape [N]; None where the loss compares boxes, as it does not get
            their priors.
        after: IoU of the predicted box with the object, shape [N].
        loss: Loss of each, not weighted, shape [N].
    """

    before: Tensor | None
    after: Tensor
    loss: Tensor


@contextlib.contextmanager
def recorded_losses(model: nn.Module) -> Iterator[list[LossCall]]:
    """Record every call of the modules named ``loss_…`` while the context lasts.

    Heads that compute a loss without such a module, as dual weighting does, leave no call.
    """
    calls: list[LossCall] = []

    def record(name: str, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        values = dict(zip(('pred', 'target', 'weight'), args))
        values = {**kwargs, **values}
        pred = values.get('pred', values.get('cls_score'))
        target = values.get('target', values.get('label'))
        weight = values.get('weight')
        if isinstance(pred, Tensor):
            target = target.detach() if isinstance(target, Tensor) else target
            weight = weight.detach() if isinstance(weight, Tensor) else None
            calls.append(LossCall(name, module, pred.detach(), target, weight))

    handles = [
        module.register_forward_pre_hook(
            lambda module, args, kwargs, name=name: record(name, module, args, kwargs), with_kwargs=True
        )
        for name, module in model.named_modules()
        if name.rpartition('.')[2].startswith('loss_')
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def classification_samples(call: LossCall) -> ClassificationSamples | None:
    """The samples of a call with whole-numbered labels; None for any other loss.

    Sigmoids with one column per class and softmaxes with a last column for background, as mmdet's heads have them.
    """
    labels = call.target
    if not isinstance(labels, Tensor) or labels.dtype != torch.long or call.pred.ndim != 2 or labels.ndim != 1:
        return None
    scores = call.pred.float()
    if call.weight is not None:
        keep = (call.weight if call.weight.ndim == 1 else call.weight.amax(1)) > 0
        scores, labels = scores[keep], labels[keep]
    use_sigmoid = bool(getattr(call.module, 'use_sigmoid', False))
    classes = scores.shape[1] if use_sigmoid else scores.shape[1] - 1
    positive = (labels >= 0) & (labels < classes)
    loss = call.module(scores, labels, reduction_override='none')
    loss = loss.flatten(1).sum(1) if loss.ndim > 1 else loss
    probability = scores.sigmoid() if use_sigmoid else scores.softmax(1)
    if not use_sigmoid:
        truth = probability.gather(1, labels.clamp(0, classes)[:, None]).squeeze(1)
        return ClassificationSamples(truth, loss, 1 - truth, positive)
    target = nn.functional.one_hot(labels.clamp(0, classes), classes + 1)[:, :classes].to(probability)
    true_class = (probability * target).sum(1)
    background = 1 - probability.amax(1) if classes else true_class
    truth = torch.where(positive, true_class, background)
    return ClassificationSamples(truth, loss, (probability - target).abs().flatten(), positive)


@torch.no_grad()
def regression_samples(call: LossCall, head: nn.Module) -> RegressionSamples | None:
    """The samples of a call with four numbers for each box; None for any other loss, and for deltas of another kind.

    Deltas are decoded on one and the same prior: stretching and moving along the axes leaves IoUs as they are, so they
    do not depend on the priors.

    Args:
        call: Of a loss on boxes in px, or on deltas.
        head: Whose loss it is; its ``bbox_coder`` decodes deltas.
    """
    target = call.target
    if not isinstance(target, Tensor) or call.pred.shape != target.shape or target.shape[-1:] != (4,):
        return None
    pred, target = call.pred.reshape(-1, 4).float(), target.reshape(-1, 4).float()
    if call.weight is not None:
        weight = call.weight.reshape(len(pred), -1).amax(1)
        pred, target = pred[weight > 0], target[weight > 0]
    if not len(pred):  # some losses answer with a scalar
        loss = pred.new_zeros(0)
    else:
        loss = call.module(pred, target, reduction_override='none').reshape(len(pred), -1).sum(1)
    before = None
    compares_boxes = isinstance(call.module, OverlapLoss) or type(call.module).__name__.endswith('IoULoss')
    if not (compares_boxes or getattr(head, 'reg_decoded_bbox', False)):
        coder = getattr(head, 'bbox_coder', None)
        if not isinstance(coder, DeltaXYWHBBoxCoder):
            return None
        prior = pred.new_tensor([0, 0, 256, 256]).expand_as(pred)
        pred, target = (coder.decode(prior, deltas).reshape(-1, 4) for deltas in (pred, target))
        before = aligned('iou', prior, target)
    return RegressionSamples(before, aligned('iou', pred, target), loss)
