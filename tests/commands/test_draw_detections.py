"""draw_detections.py through its command line, on four drawn images."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import pytest
from conftest import ROOT
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = str(ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_anchor2_synthetic.py')
TOOL = str(ROOT / 'tools/analysis_tools/draw_detections.py')


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four drawn test images of 128 px, and the objects themselves as detections, the first of an image left out."""
    folder = tmp_path_factory.mktemp('data')
    draw_set(folder, dict(train=1, val=4), (128, 128))
    annotations = json.loads((folder / 'annotations/val.json').read_text())['annotations']
    keys = ('image_id', 'category_id', 'bbox')
    perfect = [{**{key: annotation[key] for key in keys}, 'score': 0.9} for annotation in annotations]
    (folder / 'all.bbox.json').write_text(json.dumps(perfect))
    first = {annotation['image_id']: i for i, annotation in reversed(list(enumerate(annotations)))}
    (folder / 'some.bbox.json').write_text(json.dumps([r for i, r in enumerate(perfect) if i not in first.values()]))
    return folder


def run(data: Path, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setenv('SYNTHETIC_ROOT', str(data))
    monkeypatch.setattr(sys, 'argv', [TOOL, CONFIG, *map(str, arguments)])
    runpy.run_path(TOOL, run_name='__main__')


def test_tool_with_results(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    count = len(json.loads((data / 'all.bbox.json').read_text()))
    missed = count - len(json.loads((data / 'some.bbox.json').read_text()))
    run(data, monkeypatch, '--results', data / 'all.bbox.json', data / 'some.bbox.json', '--out', tmp_path)
    printed = capsys.readouterr().out
    assert f'all: TP {count}  FP 0  FN 0 in 4 images' in printed
    assert f'some: TP {count - missed}  FP 0  FN {missed} in 4 images' in printed
    pictures = sorted(tmp_path.glob('*.png'))
    assert len(pictures) == 4
    assert cv2.imread(str(pictures[0])).shape == (128 * 7 + 72, 2 * 128 * 7 + 6, 3)


def test_tool_with_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules

    register_all_modules()
    monkeypatch.setenv('SYNTHETIC_ROOT', str(data))
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({'model.backbone.base_channels': 8, 'model.neck.in_channels': [8, 16, 32, 64]})
    # Another model than in the config: the one in the checkpoint counts.
    checkpoint = {'state_dict': MODELS.build(cfg.model).state_dict(), 'meta': {'cfg': cfg.pretty_text}}
    save_checkpoint(checkpoint, str(tmp_path / 'small.pth'))
    options = ['--cfg-options', 'model.test_cfg.rcnn.score_thr=0.0', 'test_dataloader.num_workers=0']
    options += ['test_dataloader.persistent_workers=False']
    out = tmp_path / 'out'
    name = json.loads((data / 'annotations/val.json').read_text())['images'][2]['file_name']
    run(data, monkeypatch, '--checkpoints', tmp_path / 'small.pth', '--out', out, '--images', name, *options)
    (results,) = out.glob('*.bbox.json')
    assert {result['image_id'] for result in json.loads(results.read_text())} == {3}
    assert [path.name for path in out.glob('*.png')] == [name]
    assert 'in 1 images' in capsys.readouterr().out


def test_most_misses_first(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads((data / 'annotations/val.json').read_text())
    per_image = {image['id']: 0 for image in content['images']}
    for annotation in content['annotations']:
        per_image[annotation['image_id']] += 1
    (data / 'none.bbox.json').write_text('[]')
    run(
        data,
        monkeypatch,
        '--results',
        data / 'none.bbox.json',
        '--out',
        tmp_path,
        '--sort',
        'misses',
        '--max-images',
        1,
    )
    fullest = max(content['images'], key=lambda image: per_image[image['id']])
    assert [path.name for path in tmp_path.glob('*.png')] == [fullest['file_name']]


def test_tool_names_what_is_wrong(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r'--images nowhere.png: no such image in .*val.json'):
        run(data, monkeypatch, '--results', data / 'all.bbox.json', '--out', tmp_path, '--images', 'nowhere.png')
    with pytest.raises(SystemExit, match='nowhere.json'):
        run(data, monkeypatch, '--results', data / 'nowhere.json', '--out', tmp_path)
    with pytest.raises(SystemExit, match='no checkpoint'):
        run(data, monkeypatch, '--checkpoints', data / 'nowhere.pth', '--out', tmp_path)


def test_metrics_that_write_nothing_are_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ['--checkpoints', 'some.pth', '--out', tmp_path, '--cfg-options', 'test_evaluator.type=VOCMetric']
    with pytest.raises(SystemExit, match='draw_detections.py: test_evaluator must be one of AITODMetric'):
        run(data, monkeypatch, *arguments)
