"""Figures of the Alpha-IoU paper: the curves, and trainings from a metafile."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT

from nwd_mmdet.analysis.figures.alpha_iou import (
    AlphaResult,
    draw_alpha_sensitivity,
    draw_iou_distribution,
    draw_power_losses,
    power_curve,
    read_alpha_results,
)


@pytest.mark.parametrize('alpha', [0.5, 1, 2, 3, 10])
def test_curves_are_the_formulas(alpha: float) -> None:
    ious = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.99], dtype=torch.float64)
    loss, gradient = power_curve(alpha, ious)
    assert torch.allclose(loss, 1 - ious**alpha, atol=1e-6)
    assert torch.allclose(gradient, alpha * ious ** (alpha - 1), rtol=1e-4)


def test_pictures_are_written(tmp_path: Path) -> None:
    draw_power_losses(tmp_path / 'losses.png')
    rng = np.random.default_rng(0)
    results = [
        AlphaResult(alpha, noise, {key: rng.uniform(10, 60) for key in ('AP', 'AP_50', 'AP_75', 'AP_75_95')})
        for alpha in (1, 2, 3)
        for noise in (0, 0.1)
        for _ in range(2)
    ]
    draw_alpha_sensitivity(tmp_path / 'alpha.png', results)
    draw_iou_distribution(tmp_path / 'found.png', {'IoU': rng.uniform(0.5, 1, 90), 'α-IoU': rng.uniform(0.5, 1, 99)})
    assert all((tmp_path / name).stat().st_size > 5000 for name in ('losses.png', 'alpha.png', 'found.png'))


def test_trainings_of_the_metafile() -> None:
    """Every training has its own α and noise, and there are two seeds at least."""
    results = read_alpha_results(ROOT / 'configs/alpha_iou/metafile.yml', 'Synthetic set, FCOS')
    settings = [(result.alpha, result.noise) for result in results]
    assert set(settings) == {(alpha, noise) for alpha in (1, 2, 3) for noise in (0, 0.1, 0.2, 0.3)}
    assert all(settings.count(setting) >= 2 for setting in settings)
