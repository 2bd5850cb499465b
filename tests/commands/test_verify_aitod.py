"""The tool that checks AI-TOD's files."""

import json
from pathlib import Path

import pytest
from aitod_data import draw_sources
from tool_runs import run_tool

TOOL = 'dataset_converters/verify_aitod.py'


def test_it_names_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    _, root = draw_sources(tmp_path)
    out = tmp_path / 'report' / 'aitod.json'
    with pytest.raises(SystemExit) as error:
        run_tool(monkeypatch, TOOL, root, '--list', '--json', out)
    assert error.value.code == 1
    assert 'aitod_trainval_v1.json: missing P0001__1__0___0.png' in capsys.readouterr().out
    report = json.loads(out.read_text())
    assert report['shared'] == {} and {split['split'] for split in report['splits']} == {'train', 'trainval', 'test'}


def test_it_needs_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match='verify_aitod.py: no annotation file of AI-TOD'):
        run_tool(monkeypatch, TOOL, tmp_path)
