"""draw_iou_distribution.py through its command line."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from coco_data import write
from conftest import ROOT
from three_objects import DT, GT

from nwd_mmdet.analysis.iou_distribution import THRESHOLDS

TOOL = ROOT / 'tools' / 'analysis_tools' / 'draw_iou_distribution.py'


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
