"""Figures of the Alpha-IoU paper: the curves, the objects found by hand, and trainings from a metafile."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from coco_data import write
from conftest import ROOT

from nwd_mmdet.analysis.figures.alpha_iou import (
    THRESHOLDS,
    AlphaResult,
    counts_at_least,
    draw_alpha_sensitivity,
    draw_power_losses,
    found_overlaps,
    power_curve,
    read_alpha_results,
)
from nwd_mmdet.evaluation import Detections, GroundTruth

TOOL = ROOT / 'tools' / 'analysis_tools' / 'draw_iou_distribution.py'
GT = {
    'images': [{'id': 1}, {'id': 2}],
    'categories': [{'id': 1, 'name': 'a'}, {'id': 2, 'name': 'b'}],
    'annotations': [
        {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 10], 'area': 100, 'iscrowd': 0},
        {'image_id': 1, 'category_id': 2, 'bbox': [50, 0, 10, 10], 'area': 100, 'iscrowd': 0},
        {'image_id': 2, 'category_id': 1, 'bbox': [0, 0, 20, 20], 'area': 400, 'iscrowd': 0},
    ],
}
# IoU .8 on the first object, a second box on it, the wrong class on the second, IoU .5 on the third, and one unsure.
DT = [
    {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 8], 'score': 0.9},
    {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 10, 10], 'score': 0.8},
    {'image_id': 1, 'category_id': 1, 'bbox': [50, 0, 10, 10], 'score': 0.7},
    {'image_id': 2, 'category_id': 1, 'bbox': [0, 0, 20, 10], 'score': 0.6},
    {'image_id': 1, 'category_id': 2, 'bbox': [50, 0, 10, 10], 'score': 0.01},
]


@pytest.mark.parametrize('alpha', [0.5, 1, 2, 3, 10])
def test_curves_are_the_formulas(alpha: float) -> None:
    ious = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.99], dtype=torch.float64)
    loss, gradient = power_curve(alpha, ious)
    assert torch.allclose(loss, 1 - ious**alpha, atol=1e-6)
    assert torch.allclose(gradient, alpha * ious ** (alpha - 1), rtol=1e-4)


def test_objects_found_by_hand() -> None:
    gt = GroundTruth.from_coco(GT, 'gt')
    dt = Detections.from_coco(DT, gt, 'dt')
    assert sorted(found_overlaps(gt, dt, 0.05)) == pytest.approx([0.5, 0.8])
    assert sorted(found_overlaps(gt, dt, 0.0)) == pytest.approx([0.5, 0.8, 1.0])
    assert len(found_overlaps(gt, dt, 1.0)) == 0
    assert counts_at_least(found_overlaps(gt, dt, 0.0)) == [3, 2, 2, 2, 2, 2, 2, 1, 1, 1]


def test_the_surer_box_keeps_the_object() -> None:
    """Also where a less sure one is tighter, which COCO's matching at IoU .9 would take."""
    gt = GroundTruth.from_coco(GT, 'gt')
    assert found_overlaps(gt, Detections.from_coco(DT[:2], gt, 'dt'), 0.0) == pytest.approx([0.8])


def run_tool(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """In this process: a new one takes seconds to import torch."""
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    """Ground truth, all detections, and the first alone."""
    return tuple(write(tmp_path / name, content) for name, content in (('gt', GT), ('good', DT), ('bad', DT[:1])))


def test_the_tool(files: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    gt, good, bad = files
    figure, numbers = tmp_path / 'new' / 'figure.svg', tmp_path / 'new' / 'counts.json'
    run_tool(monkeypatch, gt, f'bad={bad}', f'good={good}', '--out', figure, '--json', numbers)
    output = capsys.readouterr().out
    assert 'of 3' in output and '+100.0%' in output and figure.stat().st_size > 1000
    counts = json.loads(numbers.read_text())
    assert counts['found']['good'] == [2, 1, 1, 1, 1, 1, 1, 0, 0, 0] and counts['thresholds'] == list(THRESHOLDS)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['{good}'], 'is no NAME=DT.json'),
        (['={good}', 'b={bad}'], 'is no NAME=DT.json'),
        (['a={good}'], 'two to compare'),
        (['a={good}', 'a={bad}'], 'same NAME'),
        (['a={good}', 'b=nowhere.json'], 'nowhere.json'),
        (['a={good}', 'b={bad}', '--score-thr', '7'], 'between 0 and 1'),
        (['a={good}', 'b={bad}', '--out', 'figure.foo'], 'must end in .svg'),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str],
    message: str,
    files: tuple,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    gt, good, bad = files
    with pytest.raises(SystemExit) as failed:
        run_tool(monkeypatch, gt, *(argument.format(good=good, bad=bad) for argument in arguments))
    assert message in f'{failed.value.code}{capsys.readouterr().err}'


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
    assert all((tmp_path / name).stat().st_size > 5000 for name in ('losses.png', 'alpha.png'))


def test_trainings_of_the_metafile() -> None:
    """Every training has its own α and noise, and there are two seeds at least."""
    results = read_alpha_results(ROOT / 'configs/alpha_iou/metafile.yml', 'Synthetic set, FCOS')
    settings = [(result.alpha, result.noise) for result in results]
    assert set(settings) == {(alpha, noise) for alpha in (1, 2, 3) for noise in (0, 0.1, 0.2, 0.3)}
    assert all(settings.count(setting) >= 2 for setting in settings)
