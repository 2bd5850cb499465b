"""The command line as a user types it: help and listings at once, every command found, mistakes named."""

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import nwd_mmdet
from nwd_mmdet.__main__ import COMMANDS, command_module, main

NAMES = [name for names in COMMANDS.values() for name in names]


def typed(*words: str, code: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, '-X', 'importtime', '-m', 'nwd_mmdet', *words], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize('words', [['--help'], ['configs', 'nwd'], ['train', '--help'], ['--version'], []])
def test_what_only_prints_does_not_wait_for_torch(words: list[str]) -> None:
    done = typed(*words)
    imported = {line.rpartition('|')[2].strip() for line in done.stderr.splitlines()}
    assert 'argparse' in imported and not imported & {'torch', 'mmengine', 'mmcv', 'mmdet', 'numpy'}
    assert done.stdout


def test_the_help_lists_every_command_in_a_line() -> None:
    text = typed('help').stdout
    files = {path.stem for path in (ROOT / 'nwd_mmdet/commands').glob('*.py')} - {'__init__', 'arguments'}
    assert {name.replace('-', '_') for name in NAMES} == files
    for name in NAMES:
        (line,) = (line for line in text.splitlines() if line.startswith(f'  {name} '))
        assert len(line) <= 120 and line.endswith('.')
        assert inspect.getdoc(command_module(name)).splitlines()[0] in line


@pytest.mark.parametrize('name', NAMES)
def test_every_command_has_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, 'argv', ['nwd-mmdet', name.replace('-', '_'), '--help'])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert f'usage: nwd-mmdet {name}' in capsys.readouterr().out


@pytest.mark.parametrize('tool', sorted(ROOT.glob('tools/**/*.py')), ids=lambda path: path.stem)
def test_the_tools_of_a_checkout_are_commands(tool: Path) -> None:
    name = tool.stem.replace('_', '-')
    assert name in NAMES
    text = tool.read_text()
    assert f"run_command('{name}', sys.argv[1:])" in text and len(text.splitlines()) == 8


def test_mistakes_are_named() -> None:
    assert 'Did you mean train?' in typed('trian', code=2).stderr
    assert 'unrecognized arguments: --amq' in typed('train', 'a.py', '--amq', code=2).stderr
    gone = typed('train', 'gone.py', code=1).stderr
    assert 'nwd-mmdet: no config file' in gone and 'Traceback' not in gone


def test_version() -> None:
    assert typed('--version').stdout == f'nwd-mmdet {nwd_mmdet.__version__}\n'


@pytest.fixture
def plugin(tmp_path: Path):
    """Whether a process has loaded the plugin after importing the package, by the words after python."""
    report = 'import nwd_mmdet, sys; print("nwd_mmdet.plugin" in sys.modules)\n'
    shutil.copytree(ROOT / 'nwd_mmdet', tmp_path / 'nwd_mmdet', symlinks=True)
    for name in ('nwd_mmdet/__main__.py', 'nwd_mmdet/doctor.py', 'nwd-mmdet', 'script.py'):
        (tmp_path / name).write_text(report)

    def run(*words: str) -> str:
        words = tuple(report if word == 'REPORT' else word for word in words)
        return subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path, check=True).stdout

    return run


@pytest.mark.parametrize('words', [['-m', 'nwd_mmdet'], ['-W', 'ignore', '-m', 'nwd_mmdet.doctor', 'x'], ['nwd-mmdet']])
def test_the_command_loads_its_plugin_when_it_comes_to_need_it(plugin, words: list[str]) -> None:
    assert plugin(*words) == 'False\n'


@pytest.mark.parametrize('words', [['script.py', '-m', 'nwd_mmdet'], ['-c', 'REPORT', 'nwd-mmdet']])
def test_every_other_program_loads_it_at_once(plugin, words: list[str]) -> None:
    assert plugin(*words) == 'True\n'
