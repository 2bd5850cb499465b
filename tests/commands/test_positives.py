"""positives.py through its command line, on real annotations."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SIRST = str(ROOT / 'configs/nwd/faster-rcnn_r18-small_fpn_12e_sirst.py')
TOOL = str(ROOT / 'tools/analysis_tools/positives.py')


def test_tool_on_real_targets(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    annotations, out = str(shared / 'real/sirst_v2/train.json'), tmp_path / 'new'
    options = ['--max-images', '40', '--overlaps', 'iou', 'nwd', '--anchor-scales', '8', '2']
    files = ['--json', str(out / 'positives.json'), '--figure', str(out / 'positives.svg')]
    monkeypatch.setattr(sys, 'argv', [TOOL, SIRST, '--ann-file', annotations, *options, *files])
    runpy.run_path(TOOL, run_name='__main__')
    assert 'smallest anchor 32 px' in capsys.readouterr().out
    rows = {(row['smallest_anchor'], row['overlap']): row for row in json.loads((out / 'positives.json').read_text())}
    assert rows[32, 'iou']['vt']['without'] == rows[32, 'nwd']['vt']['without'] == 1.0
    assert rows[8, 'nwd']['all']['without'] == 0.0 < rows[8, 'iou']['all']['without']
    assert '<svg' in (out / 'positives.svg').read_text()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--constant', '0'], 'must be positive'),
        (['--scale', '100', '100'], '--scale goes with --ann-file'),
        (['--ann-file', 'nowhere.json'], 'nowhere.json does not exist'),
        (
            ['--cfg-options', 'model.train_cfg.rpn.assigner.type=ATSSAssigner'],
            'positives.py: the assigner of model.rpn_head is ATSSAssigner',
        ),
    ],
)
def test_wrong_arguments_are_named(
    options: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, 'argv', [TOOL, SIRST, *options])
    with pytest.raises(SystemExit) as failed:
        runpy.run_path(TOOL, run_name='__main__')
    assert message in f'{failed.value.code}{capsys.readouterr().err}'
