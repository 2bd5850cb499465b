"""What a trained detector makes of its samples: whose loss counts, which gradients they send, how boxes improve.

Imbalance review (Oksuz et al., "Imbalance Problems in Object Detection"), sections 4.1, 6.1, 6.2 and 7.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from nwd_mmdet.analysis.imbalance.balance import Histogram, Histogram2d
from nwd_mmdet.analysis.imbalance.loss_calls import (
    ClassificationSamples,
    RegressionSamples,
    classification_samples,
    recorded_losses,
    regression_samples,
)
from nwd_mmdet.analysis.imbalance.sample_weights import (
    fixed_coefficients,
    focal,
    ghm,
    negative_anchor_filtering,
    ohem,
    random_sampling,
    ssd_sampling,
)
from nwd_mmdet.analysis.imbalance.task_balance import TaskBalance, shared_features

_TENTHS = np.linspace(0, 1, 11)
_FINE = np.linspace(0, 1, 21)
_HARD = 0.5  # p_s below which a sample is called hard

#: Weights of samples by method, from whether they are positive, p_s and the cross-entropy (review, section 4.1).
#: Hard sampling takes all positives, OHEM the harder half of them, and three times as many negatives.
METHODS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    'all alike': lambda positive, p_s, loss: np.ones(len(positive)),
    'random, 1 : 3': lambda positive, p_s, loss: random_sampling(positive, *_one_to_three(positive)),
    'SSD, hardest negatives, 1 : 3': lambda positive, p_s, loss: ssd_sampling(positive, loss, *_one_to_three(positive)),
    'OHEM, hardest half of the positives, 1 : 3': lambda positive, p_s, loss: ohem(
        positive, loss, *_one_to_three(positive, 0.5)
    ),
    'RefineDet, hardest negatives of p_s ≤ 0.99, 1 : 3': lambda positive, p_s, loss: negative_anchor_filtering(
        positive, p_s, loss, *_one_to_three(positive), threshold=0.99
    ),
    'YOLO, negatives × 0.5': lambda positive, p_s, loss: fixed_coefficients(positive, negative_weight=0.5),
    'focal loss, γ = 2': lambda positive, p_s, loss: focal(p_s, gamma=2.0),
    'GHM, ε = 0.1': lambda positive, p_s, loss: ghm(1 - p_s, epsilon=0.1),
}


def _one_to_three(positive: np.ndarray, share: float = 1.0) -> tuple[int, int]:
    """Numbers of positives, of which a share is wanted, and of negatives."""
    wanted = math.ceil(share * int(positive.sum()))
    return wanted, 3 * wanted


class ClassificationStatistics:
    """Samples and their losses by p_s, the probability that the model gives the truth, and gradient norms (GHM)."""

    def __init__(self) -> None:
        self.counts = {part: Histogram(_TENTHS) for part in ('positive', 'negative')}
        self.losses = {part: Histogram(_TENTHS) for part in ('positive', 'negative')}
        self.gradients = Histogram(_FINE)
        self._methods = {name: np.zeros(3) for name in METHODS}

    def add_batch(self, parts: Sequence[ClassificationSamples]) -> None:
        """Take the samples of a batch, which a head with several levels hands over in parts."""
        for part in parts:
            self.add(part)
        p_s = np.concatenate([part.truth.double().cpu().numpy() for part in parts])
        p_s = np.nan_to_num(p_s).clip(0, 1)
        positive = np.concatenate([part.positive.cpu().numpy() for part in parts])
        loss = -np.log(p_s.clip(1e-12))
        for name, weigh in METHODS.items():
            weighted = weigh(positive, p_s, loss) * loss
            self._methods[name] += [weighted.sum(), weighted[positive].sum(), weighted[p_s < _HARD].sum()]

    def add(self, samples: ClassificationSamples) -> None:
        """Take the samples of a call."""
        for part, mask in (('positive', samples.positive), ('negative', ~samples.positive)):
            truth = samples.truth[mask].cpu().numpy()
            self.counts[part].add(truth)
            self.losses[part].add(truth, samples.loss[mask].double().cpu().numpy())
        self.gradients.add(samples.gradient.cpu().numpy())

    def as_dict(self) -> dict[str, Any]:
        """``edges`` of p_s, ``counts`` and ``losses`` of positives and negatives in them, and ``gradients``.

        ``methods``: for each of :data:`METHODS`, the share of the weighted cross-entropy that positives and hard
        samples would have; None where there is no loss.
        """
        shares = {name: sums[1:] / sums[0] if sums[0] else None for name, sums in self._methods.items()}
        return {
            'edges': _TENTHS.tolist(),
            'counts': {part: histogram.counts.tolist() for part, histogram in self.counts.items()},
            'losses': {part: histogram.counts.tolist() for part, histogram in self.losses.items()},
            'gradients': self.gradients.as_dict(),
            'methods': {
                name: None if part is None else {'positive': float(part[0]), 'hard': float(part[1])}
                for name, part in shares.items()
            },
        }


class RegressionStatistics:
    """IoUs of positives before and after regression (Fig. 12), and the loss they have."""

    def __init__(self) -> None:
        self.before, self.after, self.losses = Histogram(_FINE), Histogram(_FINE), Histogram(_FINE)
        self.joint = Histogram2d(_FINE, _FINE)
        self._sum_after = Histogram(_FINE)

    def add(self, samples: RegressionSamples) -> None:
        """Take the samples of a call."""
        after, loss = (values.double().cpu().numpy() for values in (samples.after, samples.loss))
        self.after.add(after)
        self.losses.add(after, np.nan_to_num(loss))
        if samples.before is not None:
            before = samples.before.double().cpu().numpy()
            self.before.add(before)
            self.joint.add(before, after)
            self._sum_after.add(before, np.nan_to_num(after))

    def as_dict(self) -> dict[str, Any]:
        """``edges`` of the IoU; numbers of positives ``before`` and ``after``; ``losses`` by the IoU after;
        ``joint``, rows by the IoU after and columns by that before; ``mean_after`` of each bin of the IoU before.
        """
        with np.errstate(invalid='ignore'):
            means = self._sum_after.counts / self.before.counts
        return {
            'edges': _FINE.tolist(),
            'before': self.before.counts.tolist(),
            'after': self.after.counts.tolist(),
            'losses': self.losses.counts.tolist(),
            'joint': self.joint.counts.tolist(),
            'mean_after': [None if np.isnan(mean) else mean for mean in means.tolist()],
        }


class TrainedStatistics:
    """Statistics of a model over training batches, one after the other.

    Args:
        model: An mmdet detector with its weights; its layers of batch normalisation are put into evaluation mode, so
            that nothing in it changes.

    Attributes:
        images: Number of images taken.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model.train()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        self.images = 0
        self.tasks = TaskBalance()
        self.classification: dict[str, ClassificationStatistics] = {}
        self.regression: dict[str, RegressionStatistics] = {}

    def add(self, inputs: Tensor, samples: Sequence[DetDataSample]) -> None:
        """Take a batch, as the model's data preprocessor returns it."""
        with recorded_losses(self.model) as calls, shared_features(self.model) as features, torch.enable_grad():
            losses = self.model(inputs, samples, mode='loss')
        if len(features) == 1 and any(feature.requires_grad for feature in features[0]):
            self.tasks.add(losses, features[0])
        by_name: dict[str, list[ClassificationSamples]] = {}
        for call in calls:
            if (classification := classification_samples(call)) is not None:
                by_name.setdefault(call.name, []).append(classification)
            head = self.model.get_submodule(call.name.rpartition('.')[0])
            if (regression := regression_samples(call, head)) is not None:
                self.regression.setdefault(call.name, RegressionStatistics()).add(regression)
        for name, parts in by_name.items():
            self.classification.setdefault(name, ClassificationStatistics()).add_batch(parts)
        self.images += len(samples)

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for ``json.dump``; losses by their name in the model."""
        return {
            'images': self.images,
            'tasks': self.tasks.as_dict(),
            'classification': {name: part.as_dict() for name, part in self.classification.items()},
            'regression': {name: part.as_dict() for name, part in self.regression.items()},
        }
