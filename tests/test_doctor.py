"""The doctor on healthy and on broken installations; the broken ones are described, or drawn as fake packages."""

import subprocess
import sys

import pytest

from nwd_mmdet import doctor
from nwd_mmdet.stack import mmcv_ops

ONEDL = {
    'torch': '2.12.1+cu130',
    'torchvision': '0.27.1',
    'onedl-mmengine': '0.10.12',
    'onedl-mmcv': '2.3.6',
    'onedl-mmdetection': '3.5.1',
    'numpy': '2.2.6',
    'numba': '0.68.1',
    'pycocotools': '2.0.11',
    'setuptools': '84.0.0',
}
OPENMMLAB = {
    'torch': '2.1.0',
    'torchvision': '0.16.0',
    'mmengine': '0.10.7',
    'mmcv-lite': '2.1.0',
    'mmdet': '3.3.0',
    'numpy': '1.26.4',
    'numba': '0.60.0',
    'pycocotools': '2.0.8',
    'setuptools': '65.5.0',
}


@pytest.mark.parametrize(
    'installed',
    [ONEDL, OPENMMLAB, ONEDL | {'torch': '2.15.0', 'torchvision': '0.29.2'}],
    ids=['onedl', 'upstream', 'newer'],
)
def test_healthy_stacks(installed):
    assert doctor.check_distributions(installed) == []


@pytest.mark.parametrize(
    ('installed', 'change', 'what', 'remedy'),
    [
        (OPENMMLAB, {'mmcv-lite': '2.2.0'}, 'refuses mmcv 2.2', 'mmcv-lite==2.1.0'),
        (OPENMMLAB, {'mmcv': '2.1.0'}, 'mmcv and mmcv-lite are both installed', 'uninstall -y mmcv mmcv-lite'),
        (ONEDL, {'mmcv': '2.1.0'}, 'two stacks are mixed', 'nwd-mmdet[onedl]'),
        (ONEDL, {'torch': '2.13.0'}, 'torchvision 0.27.1 was not built for torch 2.13.0', 'torch==2.12.1'),
        (ONEDL, {'torch': '2.13.0', 'torchvision': '0.29.2'}, 'torchvision 0.29.2 was not built', 'torch==2.12.1'),
        (ONEDL, {'torchvision': None}, 'not installed: torchvision', 'torchvision==0.27.1'),
        (ONEDL, {'onedl-mmdetection': None, 'onedl-mmcv': None}, 'not installed: mmcv, mmdet', 'nwd-mmdet[onedl]'),
        (ONEDL, {'pycocotools': None}, 'not installed: pycocotools', 'pip install'),
        (OPENMMLAB, {'mmdet': '2.28.2'}, 'is not MMDetection 3.x', 'nwd-mmdet[openmmlab]'),
        (OPENMMLAB, {'setuptools': '82.0.0'}, 'pkg_resources', 'setuptools<82'),
        (OPENMMLAB, {'setuptools': None}, 'pkg_resources', 'setuptools<82'),  # Python 3.12 comes without
    ],
)
def test_broken_stacks(installed, change, what, remedy):
    changed = {name: version for name, version in (installed | change).items() if version}
    problems = doctor.check_distributions(changed)
    assert any(what in problem.what and remedy in problem.remedy for problem in problems), problems


@pytest.mark.parametrize(
    ('driver', 'build', 'available', 'line', 'remedy'),
    [
        (True, '13.0', True, 'sees a GPU', None),
        (False, None, False, 'CPU', None),
        (False, '13.0', False, 'CUDA 13.0', None),
        (True, None, False, 'CPU build', 'reinstall torch'),
        (True, '13.0', False, 'cannot use it', 'update the driver'),
    ],
)
def test_cuda(driver, build, available, line, remedy):
    actual, problems = doctor.check_cuda(driver, build, available)
    assert line in actual
    assert [remedy in problem.remedy for problem in problems] == ([True] if remedy else [])


@pytest.mark.parametrize(
    ('error', 'remedy'),
    [
        (RuntimeError('operator torchvision::nms does not exist'), 'torchvision==0.27.1'),
        (ImportError('A module that was compiled using NumPy 1.x cannot be run in NumPy 2.2'), 'numpy<2'),
        (ValueError('numpy.dtype size changed, may indicate binary incompatibility'), 'numpy<2'),
        (ModuleNotFoundError("No module named 'pkg_resources'", name='pkg_resources'), 'setuptools<82'),
        (AssertionError('MMCV==2.2.0 is used but incompatible. Please install mmcv>=2.0.0rc4, <2.2.0.'), '2.1.0'),
        (ImportError('libGL.so.1: cannot open shared object file'), 'opencv-python-headless'),
        (RuntimeError('nms_impl: implementation for device cuda:0 not found.'), 'without CUDA'),
        (ModuleNotFoundError("No module named 'addict'", name='addict'), "'addict'"),
        (OSError('something new'), 'reinstall'),
    ],
)
def test_explains_errors(error, remedy):
    problem = doctor.explain('import x', error)
    assert remedy in problem.remedy
    assert str(error) in problem.what


def test_report_on_this_installation():
    """Everything here works, or the test suite could not run; versions and drivers are the machine's own affair."""
    lines = []
    doctor.report(lines.append)
    text = '\n'.join(lines)
    assert 'FAILED' not in text
    for expected in ('torchvision', 'nms on cpu', 'deform_conv2d', 'OverlapCalculator', 'CUDA'):
        assert expected in text


def test_report_names_operators_that_do_not_load(monkeypatch):
    monkeypatch.setattr(mmcv_ops, 'load_error', 'built for another torch (undefined symbol)')
    problems = doctor.report(lambda line: None)
    assert any('another torch' in problem.what and '--no-cache-dir' in problem.remedy for problem in problems)


def test_a_failing_check_is_a_problem(monkeypatch):
    def broken():
        raise RuntimeError('Numpy is not available')

    monkeypatch.setattr(doctor, '_try_numpy', broken)
    lines = []
    problems = doctor.report(lines.append)
    assert any('numpy<2' in problem.remedy for problem in problems)
    assert 'FAILED  arrays' in '\n'.join(lines) and 'Problem 1' in lines[-1]


def test_runs_where_nothing_is_installed(root):
    """As a user would call it; -S takes the installed packages away."""
    command = [sys.executable, '-S', '-m', 'nwd_mmdet.doctor']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)
    assert done.returncode == 1 and not done.stderr, done.stderr
    assert 'not installed: mmengine, mmcv, mmdet' in done.stdout
    assert 'nwd-mmdet[onedl]' in done.stdout


def test_a_broken_import_carries_the_report(root):
    command = [sys.executable, '-S', '-c', 'import nwd_mmdet']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)
    assert 'ImportError: nwd_mmdet needs a working MMDetection 3.x' in done.stderr
    assert 'nwd-mmdet[onedl]' in done.stderr
