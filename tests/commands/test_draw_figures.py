"""draw_figures.py through its command line."""

import runpy
import sys
from pathlib import Path

import pytest
from conftest import ROOT

TOOL = str(ROOT / 'tools/analysis_tools/draw_figures.py')


def test_all_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, 'argv', [TOOL, '--out-dir', str(tmp_path / 'new'), '--format', 'png'])
    runpy.run_path(TOOL, run_name='__main__')
    written, printed = sorted((tmp_path / 'new').glob('*.png')), capsys.readouterr().out
    assert len(written) == 5
    for path in written:
        assert str(path) in printed and path.stat().st_size > 10_000
        assert (ROOT / 'docs' / 'figures' / f'{path.stem}.svg').is_file(), 'the documentation shows it'
