"""The Alpha-IoU paper's Figures 1, 2 and 6."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from nwd_mmdet.alpha_iou_losses import AlphaIoULoss
from nwd_mmdet.analysis.experiments import read_experiments
from nwd_mmdet.analysis.figures.style import COLOURS, DASHES, MARKERS, open_frame, save
from nwd_mmdet.analysis.iou_distribution import THRESHOLDS, counts_at_least

_SIDE = 100.0  # px of the square whose losses are drawn


def power_curve(alpha: float, ious: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and the magnitude of its gradient by the IoU, from :class:`~nwd_mmdet.alpha_iou_losses.AlphaIoULoss`.

    Args:
        alpha: α, positive.
        ious: Shape [N], in (0, 1).

    Returns:
        Loss, and magnitude of its gradient with respect to the IoU, shape [N] each.
    """
    right = (ious.double() * _SIDE).requires_grad_()  # a square, and the part of it left of this edge
    zero, side = torch.zeros_like(right), torch.full_like(right, _SIDE)
    pred, target = torch.stack([zero, zero, right, side], 1), torch.stack([zero, zero, side, side], 1)
    loss = AlphaIoULoss(alpha=alpha).loss_per_box(pred, target)
    (gradient,) = torch.autograd.grad(loss.sum(), right)
    return loss.detach(), gradient.abs() * _SIDE


def draw_power_losses(path: Path, alphas: Sequence[float] = (0.5, 1, 2, 3)) -> None:
    """Figure 1: loss and gradient against the IoU; dots where the gradient is that of the plain loss.

    Args:
        path: File to write; its ending says the format.
        alphas: Powers, at most five.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout='constrained')
    ious = torch.linspace(0.01, 0.999, 200)  # at 1 the derivative of the smaller of two equal sides is undefined
    for alpha, colour, dash in zip(alphas, COLOURS, DASHES):
        for axis, values in zip(axes, power_curve(alpha, ious)):
            axis.plot(ious, values, color=colour, linestyle=dash, label=f'α = {alpha:g}')
        if alpha != 1:
            turning = torch.tensor([alpha ** (1 / (1 - alpha))])
            axes[1].plot(turning, power_curve(alpha, turning)[1], 'o', color=colour, markersize=5)
    axes[0].set(xlabel='IoU', ylabel='loss 1 - IoU^α', xlim=(0, 1), ylim=(0, 1))
    axes[1].set(xlabel='IoU', ylabel='|gradient| with respect to IoU', xlim=(0, 1), ylim=(0, 3.1))
    axes[0].legend(frameon=False)
    open_frame(*axes)
    save(figure, path)


def draw_iou_distribution(path: Path, overlaps: Mapping[str, np.ndarray]) -> None:
    """Figure 2: how many objects are found by each IoU or more, and how many by an IoU between two thresholds.

    Args:
        path: File to write; its ending says the format.
        overlaps: Name of the detector → IoUs of its detections with the objects they find, at most five.
    """
    figure, (axis, histogram) = plt.subplots(1, 2, figsize=(11, 3.4), layout='constrained')
    width = 0.8 / len(overlaps)
    places = np.arange(len(THRESHOLDS))
    for index, ((name, values), colour) in enumerate(zip(overlaps.items(), COLOURS)):
        counts = counts_at_least(values)
        offset = (index - (len(overlaps) - 1) / 2) * width
        axis.bar(places + offset, counts, width, color=colour, label=name)
        histogram.bar(places + 0.5 + offset, -np.diff([*counts, 0]), width, color=colour)
    axis.set_xticks(places, [f'{threshold:.2f}' for threshold in THRESHOLDS])
    axis.set(xlabel='IoU of at least', ylabel='objects found')
    histogram.set_xticks([*places, len(places)], [f'{edge:.2f}' for edge in (*THRESHOLDS, 1.0)])
    histogram.set(xlabel='IoU between', ylabel='objects found')
    open_frame(axis, histogram)
    axis.legend(frameon=False)
    save(figure, path)


@dataclass(frozen=True)
class AlphaResult:
    """One training.

    Attributes:
        alpha: α of the loss.
        noise: Noise rate η of the training boxes.
        metrics: AP and so on, in per cent.
    """

    alpha: float
    noise: float
    metrics: Mapping[str, float]


def read_alpha_results(metafile: Path, table: str) -> list[AlphaResult]:
    """The measured trainings of a table of the metafile, each with its α and noise as its config has them.

    Args:
        metafile: ``configs/alpha_iou/metafile.yml``.
        table: Name of the table.
    """
    results = []
    for experiment in read_experiments(metafile):
        if experiment.runs and any(str(row['Table']) == table for row in experiment.rows):
            config = experiment.load(metafile.parents[2])
            alpha = float(config.model.bbox_head.loss_bbox.alpha)
            noise = _noise(config.train_dataloader.dataset)
            results += [AlphaResult(alpha, noise, run.metrics) for run in experiment.runs]
    return results


def _noise(dataset: Mapping[str, Any]) -> float:
    steps = [*dataset.get('pipeline', []), *dataset.get('dataset', {}).get('pipeline', [])]
    return float(next((step['rate'] for step in steps if step['type'] == 'NoisyBoxes'), 0))


def draw_alpha_sensitivity(
    path: Path, results: Sequence[AlphaResult], metrics: Sequence[str] = ('AP', 'AP_50', 'AP_75', 'AP_75_95')
) -> None:
    """Figure 6: metrics against α under each noise rate; a mark for each training, a line through their means.

    Thin dashed lines go on at the height of α = 1, the plain loss.

    Args:
        path: File to write; its ending says the format.
        results: Of one detector on one data set.
        metrics: One panel each.
    """
    figure, axes = plt.subplots(1, len(metrics), figsize=(2.6 * len(metrics), 3.2), layout='constrained')
    for axis, metric in zip(axes, metrics):
        noises = sorted({result.noise for result in results})
        for noise, colour, marker in zip(noises, COLOURS, MARKERS):
            part = [result for result in results if result.noise == noise]
            alphas = sorted({result.alpha for result in part})
            means = [np.mean([r.metrics[metric] for r in part if r.alpha == alpha]) for alpha in alphas]
            axis.plot(alphas, means, color=colour)
            style: dict[str, Any] = dict(color=colour, markersize=4, fillstyle='none', label=f'η = {noise:g}')
            axis.plot([r.alpha for r in part], [r.metrics[metric] for r in part], marker, **style)
            if 1 in alphas:
                axis.axhline(means[alphas.index(1)], color=colour, linestyle='--', linewidth=0.7)
        axis.set(title=metric, xlabel='α', ylim=(0, None))
        axis.set_xticks(sorted({result.alpha for result in results}))
    axes[0].set_ylabel('%')
    open_frame(*axes)
    figure.legend(*axes[0].get_legend_handles_labels(), loc='outside upper center', ncols=4, frameon=False)
    save(figure, path)
