"""``nwd-mmdet doctor``; tests/test_doctor.py has what it finds."""

import subprocess
import sys

from conftest import ROOT


def test_runs_where_nothing_is_installed() -> None:
    command = [sys.executable, '-S', '-m', 'nwd_mmdet', 'doctor']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 1 and not done.stderr, done.stderr
    assert 'not installed: mmengine, mmcv, mmdet' in done.stdout
