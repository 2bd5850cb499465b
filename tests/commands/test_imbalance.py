"""The arguments of imbalance.py; tests/analysis/imbalance/test_report.py has its reports."""

from pathlib import Path

import pytest
from conftest import ROOT
from tool_runs import run_tool

TOOL = 'analysis_tools/imbalance.py'
IOU = 'demo/faster-rcnn_r18-small_fpn_synthetic'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['{config}', '--labels', 'a', 'b'], 'there are 1 configs'),
        (['{config}', '--compare', 'a.py', 'b.pth', 'c'], 'repeat --compare'),
        (['{config}', '--max-images', '0'], '--max-images 0'),
        (['{config}', '--checkpoint', 'nowhere.pth'], 'no checkpoint'),
        (['{config}', '--compare', '{config}'], 'name them with --labels'),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    config, out = str(ROOT / f'configs/{IOU}.py'), tmp_path / 'report'
    with pytest.raises(SystemExit) as failed:
        run_tool(monkeypatch, TOOL, *(part.format(config=config) for part in arguments), '--out', out)
    assert message in f'{failed.value.code}{capsys.readouterr().err}' and not out.exists()
