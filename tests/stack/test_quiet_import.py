import subprocess
import sys

import pytest

from nwd_mmdet.stack.quiet_import import quiet_import


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
