"""What importing the package does."""

import subprocess
import sys

import pytest
from conftest import ROOT

import nwd_mmdet


def test_names_of_the_package_are_there() -> None:
    for name in nwd_mmdet.__all__:
        assert getattr(nwd_mmdet, name)


@pytest.mark.parametrize('version', ['2.28.2', '4.0.0'])
def test_another_mmdet_is_refused(version: str) -> None:
    code = f"import mmdet; mmdet.__version__ = '{version}'; import nwd_mmdet"
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert f'nwd_mmdet needs a working MMDetection 3.x: found mmdet {version}' in done.stderr
