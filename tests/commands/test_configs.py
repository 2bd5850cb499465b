"""``nwd-mmdet configs``: lists and copies."""

import sys
from pathlib import Path

import pytest

from nwd_mmdet.__main__ import main


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture):
    """Run the command in a folder of its own; return what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, 'argv', ['nwd-mmdet', 'configs', *words])
        main()
        return capsys.readouterr().out

    return run


def test_lists(typed) -> None:
    assert '75 configs  NWD on AI-TOD, VisDrone and SIRST' in typed()
    text = typed('demo')
    assert 'faster-rcnn_r18-small_fpn_rpn-nwd_synthetic' in text
    assert 'nwd-mmdet train nwd_mmdet::demo/faster-rcnn' in text


def test_copies(typed, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert 'nwd-mmdet train fcos_r18-small_fpn_synthetic.py' in typed('--copy', 'fcos_r18-small_fpn_synthetic')
    assert 'nwd_mmdet::_base_/' in (tmp_path / 'fcos_r18-small_fpn_synthetic.py').read_text()
    typed('--copy', 'fcos_r18-small_fpn_synthetic', '--out', 'new/mine.py')
    assert (tmp_path / 'new/mine.py').is_file()
    with pytest.raises(SystemExit):
        typed('--copy', 'fcos_r18-small_fpn_synthetic')
    assert 'exists already; --out FILE' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['nwd', '--copy', 'a'], 'either a folder'),
        (['--out', 'a.py'], '--out goes with --copy'),
        (['nowhere'], 'there are alpha_iou, demo'),
        (['--copy', 'nothing'], 'close are'),
    ],
)
def test_mistakes(typed, capsys: pytest.CaptureFixture, words: list[str], message: str) -> None:
    with pytest.raises(SystemExit):
        typed(*words)
    assert message in capsys.readouterr().err
