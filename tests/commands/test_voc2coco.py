"""The tool that converts Pascal VOC's XML files."""

import json
from pathlib import Path

import pytest
from tool_runs import run_tool
from voc_data import write_devkit

TOOL = 'dataset_converters/voc2coco.py'


def test_a_devkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    root, out = write_devkit(tmp_path), tmp_path / 'out'
    run_tool(monkeypatch, TOOL, root, out)
    content = json.loads((out / 'train.json').read_text())
    assert [image['file_name'] for image in content['images']] == ['a.jpg', 'b.jpg']
    printed = capsys.readouterr().out
    assert '2 classes, as found: car, traffic light' in printed and '1 objects marked difficult' in printed
    assert f'Its images are in {root / "JPEGImages"}' in printed
    run_tool(monkeypatch, TOOL, root, out, '--classes', 'traffic light', '--zero-based', '--splits', 'train')
    (annotation,) = json.loads((out / 'train.json').read_text())['annotations']
    assert annotation['category_id'] == 1 and annotation['bbox'] == [1, 1, 99, 79]


def test_other_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, out = write_devkit(tmp_path), tmp_path / 'out'
    run_tool(monkeypatch, TOOL, root / 'Annotations', out, '--images', root / 'JPEGImages')
    assert len(json.loads((out / 'all.json').read_text())['images']) == 2
    with pytest.raises(SystemExit, match='voc2coco.py: --splits test: no file'):
        run_tool(monkeypatch, TOOL, root, out, '--splits', 'test')
