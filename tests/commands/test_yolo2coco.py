"""The tool that converts YOLO's text files."""

import json
from pathlib import Path

import pytest
from PIL import Image
from tool_runs import run_tool

TOOL = 'dataset_converters/yolo2coco.py'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images, one of them with a label."""
    for name in ('a', 'b'):
        (tmp_path / 'set/images' / name).mkdir(parents=True)
        Image.new('RGB', (20, 10)).save(tmp_path / f'set/images/{name}/{name}.png')
    (tmp_path / 'set/labels/a').mkdir(parents=True)
    (tmp_path / 'set/labels/a/a.txt').write_text('1 0.5 0.5 0.2 0.2\n')
    (tmp_path / 'set/my.names').write_text('car\nboat\n')
    return tmp_path / 'set'


def test_a_data_yaml(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (root / 'data.yaml').write_text('train: images/a\nval: images/b\nnames: {0: car, 1: boat}\n')
    monkeypatch.chdir(root.parent)
    run_tool(monkeypatch, TOOL, 'set/data.yaml', 'out')
    train, val = (json.loads((root.parent / f'out/{split}.json').read_text()) for split in ('train', 'val'))
    assert [image['file_name'] for image in train['images'] + val['images']] == ['a/a.png', 'b/b.png']
    assert train['categories'] == val['categories'] and train['annotations'][0]['bbox'] == [8, 4, 4, 2]
    printed = capsys.readouterr().out
    assert 'Its images are in set/images' in printed and '1 images without a text file' in printed


def test_a_folder(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    run_tool(monkeypatch, TOOL, root, root / 'out', '--names', root / 'my.names', '--skip-unlabelled')
    content = json.loads((root / 'out/all.json').read_text())
    assert [image['file_name'] for image in content['images']] == ['a/a.png']
    assert [category['name'] for category in content['categories']] == ['car', 'boat']
    run_tool(monkeypatch, TOOL, root, root / 'out', '--classes', 'car')
    assert '1 rows of a class without a name (names are there for 0 to 0), left out' in capsys.readouterr().out


def test_names_are_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (root / 'data.yaml').write_text('train: images/nowhere\nnames: [car]\n')
    for arguments, message in (
        ([root, 'out'], 'have to be named: --names FILE or --classes NAME … Is it --names .*my.names?'),
        ([root / 'data.yaml', 'out', '--classes', 'car'], 'names the classes itself'),
    ):
        with pytest.raises(SystemExit):
            run_tool(monkeypatch, TOOL, *arguments)
        assert message.partition('.*')[0] in capsys.readouterr().err
    with pytest.raises(SystemExit, match='(?s)yolo2coco.py: .*train=images/nowhere is nowhere'):
        run_tool(monkeypatch, TOOL, root / 'data.yaml', 'out')
