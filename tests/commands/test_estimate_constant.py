"""The tool that estimates C for NWD."""

import json
from pathlib import Path

import pytest
from tool_runs import run_tool

TOOL = 'analysis_tools/estimate_constant.py'


def test_with_annotations(
    two_ships: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / 'new' / 'out.json'
    run_tool(monkeypatch, TOOL, '--ann-file', str(two_ships), '--scale', '200', '200', '--json', str(out))
    printed = capsys.readouterr().out
    assert 'constant=10.0' in printed and 'constant=[10.0, 10.0]' in printed
    assert json.loads(out.read_text())['overall']['std'] == pytest.approx(2.0)


def test_with_a_config(
    two_ships: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    config = tmp_path / 'config.py'
    config.write_text(
        f"train_dataloader = dict(dataset=dict(type='CocoDataset', ann_file={str(two_ships)!r}, "
        "metainfo=dict(classes=('ship', 'person')), pipeline=[dict(type='Resize', scale_factor=2.0)]))"
    )
    run_tool(monkeypatch, TOOL, str(config))
    assert 'constant=10.0' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [([], 'either a config or --ann-file'), (['config.py', '--scale', '8', '8'], '--scale goes with --ann-file')],
)
def test_it_refuses(
    arguments: list, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, *arguments)
    assert message in capsys.readouterr().err


def test_it_names_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match='nowhere.json'):
        run_tool(monkeypatch, TOOL, '--ann-file', str(tmp_path / 'nowhere.json'))
