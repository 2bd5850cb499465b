"""What is installed without a checkout: configs and tools are in it, and it trains."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

CONFIG = 'nwd_mmdet::demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic.py'
SMALL = ['model.backbone.base_channels=8', 'model.neck.in_channels=[8,16,32,64]', 'train_cfg.max_epochs=1']


@pytest.fixture(scope='module')
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package is installed to, as setuptools fills it."""
    folder = tmp_path_factory.mktemp('site-packages')
    command = [sys.executable, 'setup.py', '-q', 'build', '--build-base', str(folder / 'build'), '--build-lib']
    subprocess.run([*command, str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


def typed(installed: Path, folder: Path, *words: str) -> str:
    """Run the command line of the installed package."""
    environment = {**os.environ, 'PYTHONPATH': str(installed), 'OMP_NUM_THREADS': '1', 'SYNTHETIC_ROOT': 'drawn'}
    command = [sys.executable, '-m', 'nwd_mmdet', *words]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_is_in_it(installed: Path) -> None:
    carried = installed / 'nwd_mmdet/.mim'
    for folder in ('configs', 'tools'):
        files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob('*.*') if '__pycache__' not in path.parts}
        assert files == {path.relative_to(carried) for path in (carried / folder).rglob('*.*')}
    assert (carried / 'model-index.yml').read_text() == (ROOT / 'model-index.yml').read_text()
    modules = {path.relative_to(ROOT) for path in (ROOT / 'nwd_mmdet').rglob('*.py')}
    assert modules == {path.relative_to(installed) for path in installed.glob('nwd_mmdet/**/*.py')} - {
        path.relative_to(installed) for path in carried.rglob('*.py')
    }


def test_it_trains_and_tests_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    typed(installed, tmp_path, 'draw-synthetic', 'drawn', '--train', '4', '--val', '2', '--size', '128')
    log = typed(installed, tmp_path, 'train', CONFIG, '--cfg-options', *SMALL)
    assert '"nwd_mmdet" in the' not in log, 'a registry without the scope of the configs'
    (command,) = re.findall('  (nwd-mmdet test .*)', log)
    assert 'aitod/AP' in typed(installed, tmp_path, *command.split()[1:])
    mine = typed(installed, tmp_path, 'configs', '--copy', CONFIG, '--out', 'mine.py').rpartition('nwd-mmdet ')[2]
    log = typed(installed, tmp_path, *mine.split(), '--cfg-options', *SMALL)
    assert 'work_dirs/mine/epoch_1.pth' in log and '"nwd_mmdet" in the' not in log
