import subprocess
import sys
from pathlib import Path

import pytest
from mmdet.datasets.api_wrappers import COCO

from nwd_mmdet.stack.quiet import quiet_import


def test_known_notes_are_dropped_and_the_rest_goes_to_stderr(capsys: pytest.CaptureFixture) -> None:
    with quiet_import():
        print('Could not import OneDL. Skipping OneDL datasets.')
        print('a warning that counts')
    with pytest.raises(ImportError), quiet_import():
        print('said before it failed')
        raise ImportError
    assert capsys.readouterr() == ('', 'a warning that counts\nsaid before it failed\n')


def test_importing_the_package_says_nothing() -> None:
    result = subprocess.run([sys.executable, '-c', 'import nwd_mmdet'], capture_output=True, text=True, check=True)
    assert 'OneDL' not in result.stdout + result.stderr and not result.stdout


def test_annotation_files_are_read_quietly(two_ships: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert len(COCO(str(two_ships)).getAnnIds()) == 2
    assert capsys.readouterr().out == ''
    (tmp_path / 'list.json').write_text('[]')
    with pytest.raises(AssertionError, match='annotation file format'):
        COCO(str(tmp_path / 'list.json'))


def test_other_lines_of_annotation_files_are_seen(
    two_ships: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(COCO, 'createIndex', lambda self: print('an image twice'))
    COCO(str(two_ships))
    assert capsys.readouterr().err == 'an image twice\n'
