"""The tool that cuts AI-TOD's images from xView."""

from pathlib import Path

import pytest
from aitod_data import draw_sources
from tool_runs import run_tool

TOOL = 'dataset_converters/build_aitod.py'


def test_it_cuts_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    xview, root = draw_sources(tmp_path)
    with pytest.raises(SystemExit, match='AI-TOD is not complete'):
        run_tool(monkeypatch, TOOL, xview, root, '--workers', 2)
    assert '5 files written' in capsys.readouterr().out


def test_it_refuses_what_it_cannot_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    xview, root = draw_sources(tmp_path)
    for arguments, message in (
        ((tmp_path / 'nowhere', root), 'is no folder'),
        ((xview, root, '--workers', 0), '0 must'),
    ):
        with pytest.raises(SystemExit, match='2'):
            run_tool(monkeypatch, TOOL, *arguments)
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit, match='build_aitod.py: no annotation file of AI-TOD'):
        run_tool(monkeypatch, TOOL, xview, tmp_path)
