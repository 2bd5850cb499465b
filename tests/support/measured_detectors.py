"""Detectors with numbers made by hand, for the tests of the imbalance report's sections."""

from typing import Any

import numpy as np
import torch

from nwd_mmdet.analysis.imbalance.batch_statistics import classes_per_batch
from nwd_mmdet.analysis.imbalance.dataset_statistics import ImageObjects, statistics_of_images
from nwd_mmdet.analysis.imbalance.detectors import MeasuredDetector
from nwd_mmdet.analysis.imbalance.loss_calls import ClassificationSamples, RegressionSamples
from nwd_mmdet.analysis.imbalance.prior_samples import IGNORED, NEGATIVE, PriorSamples
from nwd_mmdet.analysis.imbalance.prior_statistics import PriorStatistics
from nwd_mmdet.analysis.imbalance.task_balance import TaskBalance, pace
from nwd_mmdet.analysis.imbalance.trained_statistics import ClassificationStatistics, RegressionStatistics
from nwd_mmdet.datasets.input_boxes import ImageBoxes

# Two objects of class a, 6 and 20 px wide, and one of class b of 4 px.
BOXES, LABELS = [[0.0, 0, 6, 6], [32, 32, 52, 52], [60, 4, 64, 8]], [0, 0, 1]


def data(classes: tuple[str, ...] = ('a', 'b'), width: float | None = 64) -> dict[str, Any]:
    """One image with three objects, and one without any."""
    labels = np.array(LABELS) % len(classes)
    images = [
        ImageObjects(width, 64, np.array(BOXES), labels),
        ImageObjects(width, 64, np.zeros((0, 4)), np.zeros(0, int)),
    ]
    *_, statistics = statistics_of_images(images, classes)
    return statistics.as_dict()


def batches() -> dict[str, Any]:
    """Two batches, of which one has no objects."""
    labels = [np.array(LABELS), np.zeros(0, int)]
    return {'batch_size': 1, **classes_per_batch(labels, [[0], [1]], 2).as_dict()}


def priors(classes: int = 2) -> dict[str, Any]:
    """Of three objects one has a positive on the first of two levels, one has two on the second, one has none."""
    boxes = torch.tensor([BOXES[0], BOXES[1], [42.0, 32, 62, 52], [8, 8, 16, 16], [16, 16, 24, 24], [0, 0, 64, 64]])
    samples = PriorSamples(
        boxes,
        torch.tensor([0, 1, 1, 0, 0, 1]),
        torch.tensor([0, 1, 1, NEGATIVE, NEGATIVE, IGNORED]),
        torch.tensor([True, True, False, True, False, False]),
    )
    sizes, labels = torch.tensor([6.0, 20, 4]), torch.tensor(LABELS) % classes
    statistics = PriorStatistics(levels=2, classes=classes)
    statistics.add(samples, ImageBoxes((64, 64), torch.tensor(BOXES), labels, sizes, torch.zeros(0, 4)))
    return {'stage': 'rpn_head', **statistics.as_dict()}


def trained(levels: int = 2, before: bool = True) -> dict[str, Any]:
    """One classification loss of the review's toy example, one box loss, and their gradients.

    Args:
        levels: Of the pyramid.
        before: Whether the box loss gets the priors.
    """
    truth = torch.tensor([0.8, 0.2, 0.1, 0.3, 0.6, 1.0])
    positive = torch.tensor([True, True, False, False, False, False])
    classification = ClassificationStatistics()
    classification.add_batch([ClassificationSamples(truth, -truth.log(), 1 - truth, positive)])
    regression = RegressionStatistics()
    ious = torch.tensor([0.52, 0.91])
    regression.add(RegressionSamples(ious if before else None, torch.tensor([0.72, 0.83]), 1 - ious))
    features = tuple(torch.ones(1, 2, requires_grad=True) for _ in range(levels))
    tasks = TaskBalance()
    tasks.add({'loss_cls': 3 * features[0].sum(), 'loss_bbox': (3 - features[0]).sum()}, features)
    return {
        'images': 2,
        'tasks': tasks.as_dict(),
        'classification': {'rpn_head.loss_cls': classification.as_dict()},
        'regression': {'rpn_head.loss_bbox': regression.as_dict()},
    }


def evaluation() -> dict[str, Any]:
    """Class a is found, class b is not; no object is of medium size."""
    by_size = {f'{key}_{size}': 0.5 for key in ('AP', 'AR') for size in ('vt', 't', 's')}
    return {'images': 2, **by_size, 'AP_m': -1, 'AR_m': -1, 'classwise': {'a': {'AP': 0.75}, 'b': {'AP': None}}}


def log() -> dict[str, Any]:
    """Two losses, of which the first is recorded twice."""
    losses = {'loss_cls': [(1, 2.0), (2, 1.0)], 'loss_bbox': [(1, 1.0)]}
    return {'losses': losses, 'pace': pace(losses)}


def measured(label: str = 'one', **parts: Any) -> MeasuredDetector:
    """A detector of which the data alone are measured, and the parts that are given."""
    detector = MeasuredDetector(label, f'{label}.py', None, data=parts.pop('data', None) or data())
    for name, numbers in parts.items():
        detector = detector.with_part(name, numbers)
    return detector


def fully_measured(label: str = 'one') -> MeasuredDetector:
    """A detector of which everything is measured."""
    curve = {'type': 'L1Loss', 'error': [1.0, 2], 'iou': [0.9, 0.5], 'loss': [0.5, 1], 'gradient': [1.0, 1]}
    return measured(
        label,
        batches=batches(),
        regression_loss={'model.rpn_head.loss_bbox': curve},
        priors=priors(),
        trained=trained(),
        evaluation=evaluation(),
        log=log(),
    )
