"""The command that checks data, and training that begins with the same checks."""

import json
from pathlib import Path

import pytest
from broken_data import annotation, instances, write
from broken_sets import broken_config, good_config, named
from conftest import ROOT
from tool_runs import run_tool

TOOL = 'analysis_tools/check_data.py'
DEMO = ROOT / 'configs/demo/faster-rcnn_r18-small_fpn_rpn-nwd_synthetic.py'


def test_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    good_config(tmp_path).dump(str(tmp_path / 'config.py'))
    run_tool(monkeypatch, TOOL, str(tmp_path / 'config.py'))
    assert 'train.json: 2 of 2 images, 4 of 4 boxes' in capsys.readouterr().out


def test_errors_are_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    broken_config(tmp_path).dump(str(tmp_path / 'config.py'))
    out = tmp_path / 'new/out.json'
    with pytest.raises(SystemExit) as end:
        run_tool(monkeypatch, TOOL, str(tmp_path / 'config.py'), '--no-images', '--json', str(out))
    assert end.value.code == 1
    printed = capsys.readouterr().out
    assert 'ERROR: boxes with text where numbers belong: 1 [text-in-boxes]' in printed and 'remedy: ' in printed
    content = json.loads(out.read_text())
    assert content['errors'] > 20 and content['findings'][0]['level'] == 'error'


def test_annotation_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    good_config(tmp_path)
    files = [str(tmp_path / 'train.json'), str(tmp_path / 'val.json')]
    run_tool(monkeypatch, TOOL, *files, '--images', str(tmp_path / 'images'))
    assert 'ERROR: 0, left out: 0, hint: 0' in capsys.readouterr().out
    (tmp_path / 'images/train_1.png').write_bytes((tmp_path / 'images/val_1.png').read_bytes())
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, *files)
    assert 'images of the same bytes in two sets: 1 [shared-content]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['a.py', 'b.json'], 'one config, or annotation files'),
        (['a.py', '--images', 'x'], '--images goes with annotation files'),
        (['a.json', '--cfg-options', 'a=1'], '--cfg-options goes with a config'),
    ],
)
def test_it_refuses(
    arguments: list, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, *arguments)
    assert message in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r'nowhere\.json'):
        run_tool(monkeypatch, TOOL, str(tmp_path / 'nowhere.json'))


def train(root: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Train the demo's detector on what lies in a folder; ends with an error where it would begin."""
    sets = [f'{part}_dataloader.dataset' for part in ('train', 'val', 'test')]
    options = [
        *(f'{path}.metainfo.classes=[ship,buoy]' for path in sets),
        *(f'{path}.data_prefix.img={root / "images"}' for path in sets),
        *(f'{path}.ann_file={root / name}.json' for path, name in zip(sets, ('train', 'val', 'val'))),
        *(f'{part}_evaluator.ann_file={root / "val.json"}' for part in ('val', 'test')),
        'model.roi_head.bbox_head.num_classes=2',
        f'experiment_name={root.name}',  # the logger of a second is found again by it
    ]
    work_dir = ('--work-dir', str(root / 'work'))
    run_tool(monkeypatch, 'train.py', str(DEMO), *work_dir, '--cfg-options', *options, *more)


def test_a_training_stops_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good_config(tmp_path)
    content = named('train')
    content['annotations'].append(annotation(1, ['60', 40, 10, 10]))
    write(tmp_path / 'train.json', content)
    with pytest.raises(SystemExit, match=r'(?s)go wrong:.*text where numbers belong: 1.*Remedy: write numbers.*=False'):
        train(tmp_path, monkeypatch)


def test_a_training_says_how_many_boxes_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Begun(Exception):
        """What training would do next."""

    def begin(runner: object) -> None:
        raise Begun

    good_config(tmp_path)
    content = named('train')
    content['annotations'].append(annotation(1, [60, 40, 10, 10], category_id=7))
    write(tmp_path / 'train.json', content)
    monkeypatch.setattr('mmengine.runner.Runner.train', begin)
    with pytest.raises(Begun):
        train(tmp_path, monkeypatch)
    (log,) = (tmp_path / 'work').rglob('*.log')
    text = log.read_text()
    assert 'train.json: 2 of 2 images, 4 of 5 boxes (1 left out)' in text
    assert 'a category that the file does not list: 1, first: annotation 1' in text
    assert instances(tmp_path / 'train.json', 'CheckedCocoDataset') == 4
    (tmp_path / 'images/train_1.png').unlink()
    with pytest.raises(SystemExit, match='images without a file: 1'):
        train(tmp_path, monkeypatch)
    with pytest.raises(Begun):
        train(tmp_path, monkeypatch, 'stop_on_data_errors=False')
