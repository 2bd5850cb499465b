"""The command that writes an override."""

import sys
from pathlib import Path

import pytest

from nwd_mmdet.__main__ import main
from nwd_mmdet.config import read_config

RETINANET = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'


def typed(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, 'argv', ['nwd-mmdet', 'enable', *map(str, words)])
    main()


def test_it_writes_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / 'new' / 'mine.py'
    typed(monkeypatch, RETINANET, '--out', out, '--constant', '12.8', '--parts', 'assign', 'loss')
    printed = capsys.readouterr().out
    assert (
        'assign  model.train_cfg.assigner   MaxIoUAssigner -> NWDAssigner, thresholds 0.5 and 0.4 as before' in printed
    )
    assert printed.endswith(f'Written: {out}\nTrain it with:\n  nwd-mmdet train {out}\n')
    cfg = read_config(out)
    assert cfg.nwd_constant == 12.8
    assert cfg.model.train_cfg.assigner.type == 'NWDAssigner' and cfg.model.test_cfg.nms.type == 'nms'


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--metric', 'nvd'], "--metric: unknown overlap 'nvd'; choose one of ciou, "),
        (['--constant', 'big'], "argument --constant: invalid constant value: 'big'"),
        (['--parts', 'neck'], "invalid choice: 'neck'"),
    ],
)
def test_mistakes_are_named(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    with pytest.raises(SystemExit):
        typed(monkeypatch, RETINANET, '--out', tmp_path / 'mine.py', *words)
    assert message in capsys.readouterr().err


def test_what_cannot_be_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'mine.py').touch()
    with pytest.raises(SystemExit, match=r'mine\.py exists already; --overwrite replaces it'):
        typed(monkeypatch, RETINANET, '--out', tmp_path / 'mine.py')
