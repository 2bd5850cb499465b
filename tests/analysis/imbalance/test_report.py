"""The imbalance report through its tool: from annotations alone, with checkpoints, compared, and interrupted."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from detectors import build_small

from nwd_mmdet.analysis.imbalance import measuring
from nwd_mmdet.analysis.imbalance.detectors import Detector
from nwd_mmdet.analysis.imbalance.report import Report, measure_detectors, write_report
from nwd_mmdet.datasets.synthetic import draw_set

TOOL = ROOT / 'tools' / 'analysis_tools' / 'imbalance.py'
IOU, NWD = (f'demo/faster-rcnn_r18-small_fpn_{part}synthetic' for part in ('', 'rpn-nwd_'))


@pytest.fixture(scope='module')
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables for the tool, with a set of six training images and two others."""
    data = tmp_path_factory.mktemp('data')
    draw_set(data, dict(train=6, val=2), (128, 128))
    return {**os.environ, 'SYNTHETIC_ROOT': str(data), 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights as a training leaves them, with a log of two records."""
    folder = tmp_path_factory.mktemp('run')
    torch.save({'state_dict': build_small(IOU).state_dict(), 'meta': {}}, folder / 'epoch_1.pth')
    log = folder / '20260101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"loss_cls": 2.0, "loss_bbox": 1.0, "step": 1}\n{"loss_cls": 1.0, "loss_bbox": 0.9, "step": 2}\n')
    return folder / 'epoch_1.pth'


def run(environment: dict[str, str], *arguments: object, code: int = 0) -> str:
    result = subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_two_detectors_with_checkpoints(environment: dict[str, str], checkpoint: Path, tmp_path: Path) -> None:
    configs = [ROOT / f'configs/{name}.py' for name in (IOU, NWD)]
    options = ['--labels', 'IoU', 'NWD', '--max-images', 4, '--out', tmp_path / 'new']
    output = run(environment, configs[0], '--checkpoint', checkpoint, '--compare', configs[1], checkpoint, *options)
    assert 'report.html' in output and 'report.json' in output
    report = json.loads((tmp_path / 'new' / 'report.json').read_text())
    assert (
        report['complete']
        and report['split'] == 'train'
        and [part['label'] for part in report['detectors']] == ['IoU', 'NWD']
    )
    for part in report['detectors']:
        assert part['images'] == 6 and part['looked_at'] == 4
        assert part['objects'] == sum(part['data']['objects_per_class'])
        assert set(part['trained']['tasks']['loss']) == {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox'}
        assert part['evaluation']['images'] == 2 and 'AP_vt' in part['evaluation']
        assert part['log']['pace']['loss_cls'] == [[1, 1.0], [2, 0.5]]
        assert part['batches']['batches'] == 2 and part['batches']['batch_size'] == 4
    text = (tmp_path / 'new' / 'report.html').read_text()
    pictures = {path.stem for path in (tmp_path / 'new').glob('*.svg')}
    assert len(pictures) > 15 and all(f'id="{name}"' in text for name in pictures)


def test_annotations_alone(environment: dict[str, str], tmp_path: Path) -> None:
    run(environment, ROOT / f'configs/{IOU}.py', '--split', 'val', '--out', tmp_path)
    (part,) = json.loads((tmp_path / 'report.json').read_text())['detectors']
    assert part['images'] == 2 and part['looked_at'] == 6 and 'trained' not in part
    assert 'needs a checkpoint' in (tmp_path / 'report.html').read_text()


def test_a_detector_of_mmdet_on_the_same_data(environment: dict[str, str], tmp_path: Path) -> None:
    atss = 'mmdet::atss/atss_r50_fpn_1x_coco.py'
    run(environment, ROOT / f'configs/{IOU}.py', '--compare', atss, '--same-data', '--out', tmp_path)
    first, second = json.loads((tmp_path / 'report.json').read_text())['detectors']
    assert first['data'] == second['data'] and first['images'] == 6
    assert (first['priors']['stage'], second['priors']['stage']) == ('rpn_head', 'bbox_head')
    for part in (first, second):
        assert part['priors']['images'] == 6
        assert sum(part['priors']['positives_per_class']) == pytest.approx(
            6 * sum(part['priors']['before']['positive'])
        )


def test_two_detectors_of_one_name_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='two detectors are called x'):
        measure_detectors([Detector('x', IOU, None), Detector('x', NWD, None)])
    with pytest.raises(FileNotFoundError, match='no checkpoint'):
        measure_detectors([Detector('x', IOU, str(tmp_path / 'nowhere.pth'))])


def interrupted(environment: dict[str, str], patch: pytest.MonkeyPatch, function: str, calls: int) -> Report:
    """Measure two detectors, with Ctrl-C in one of the calls of a function."""
    patch.setenv('SYNTHETIC_ROOT', environment['SYNTHETIC_ROOT'])
    original, count = getattr(measuring, function), itertools.count(1)

    def call(*args: object) -> object:
        if next(count) == calls:
            raise KeyboardInterrupt
        return original(*args)

    patch.setattr(measuring, function, call)
    paths = [str(ROOT / f'configs/{name}.py') for name in (IOU, NWD)]
    return measure_detectors([Detector(path, path, None) for path in paths], max_images=2)


@pytest.mark.parametrize(
    ('function', 'call', 'detectors', 'last'),
    [('batch_part', 1, 1, ()), ('curves_of_model', 2, 2, ('batches',)), ('data_parts', 2, 1, ('priors',))],
    ids=['after the annotations', 'in the second detector', 'before the second detector'],
)
def test_an_interrupt_leaves_what_was_measured(
    function: str,
    call: int,
    detectors: int,
    last: tuple[str, ...],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    report = interrupted(environment, monkeypatch, function, call)
    assert not report.complete and len(report.detectors) == detectors
    assert report.detectors[-1].measured[-1:] == last
    write_report(tmp_path, report)
    content = json.loads((tmp_path / 'report.json').read_text())
    assert not content['complete'] and content['split'] == 'train'
    assert [part['images'] for part in content['detectors']] == [6] * detectors
    text = (tmp_path / 'report.html').read_text()
    assert 'Interrupted' in text and ('not drawn' in text) == (last == ())


def test_an_interrupt_before_anything_was_measured(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(environment, monkeypatch, 'data_parts', 1)
