"""The tool that says which files of a public set are there."""

from pathlib import Path

import pytest
from tool_runs import run_tool

TOOL = 'dataset_converters/find_data.py'


def test_what_is_there_and_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'trainval/images').mkdir(parents=True)
    for name in ('small_trainval_v1_1.0.json', 'mine.json'):
        (tmp_path / 'annotations' / name).touch()
    run_tool(monkeypatch, TOOL, 'aitod', tmp_path)
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line for line in lines if line.startswith('| trainval, v1'))
    assert 'annotations/small_trainval_v1_1.0.json' in row and f'{tmp_path / "trainval"} ' in row
    assert 'val, v2, annotations: none of annotations/aitodv2_val.json, annotations/small_val_v2_1.0.json' in lines
    assert f'Under another name than those: {tmp_path / "annotations/mine.json"}' in lines
    assert lines[-1].startswith('AI-TOD: annotations and the images that do not come from xView are released at')


def test_the_status_is_1_where_nothing_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        run_tool(monkeypatch, TOOL, 'soda-d', tmp_path)
    assert ended.value.code == 1


def test_other_sets_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, 'dota', '.')
    assert "'dota' is no set whose files are known; those are AI-TOD, SODA-D" in capsys.readouterr().err
