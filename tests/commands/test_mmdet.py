"""``nwd-mmdet mmdet``: lists mmdet's tools and runs them."""

import subprocess
import sys

import pytest

from nwd_mmdet.__main__ import main
from nwd_mmdet.commands.mmdet import find_tool, tools


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, 'argv', ['nwd-mmdet', 'mmdet', *words])
    main()


def test_it_lists(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    typed(monkeypatch)
    printed = capsys.readouterr().out.splitlines()
    assert {'train.py', 'analysis_tools/confusion_matrix.py', 'model_converters/publish_model.py'} <= set(printed)
    assert printed[: len(tools())] == tools()


def test_listing_imports_neither_torch_nor_mmdet() -> None:
    command = [sys.executable, '-X', 'importtime', '-m', 'nwd_mmdet', 'mmdet']
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition('|')[2].strip() for line in result.stderr.splitlines()}
    assert 'test.py' in result.stdout and 'argparse' in imported
    assert not imported & {'torch', 'numpy', 'mmdet', 'mmengine'}


def test_names() -> None:
    assert find_tool('analysis_tools/confusion_matrix.py') == find_tool('confusion_matrix')
    assert find_tool('tools/test.py') == find_tool('test') and find_tool('test').name == 'test.py'


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('analysis_tools/confusion_matrx.py', r'Did you mean analysis_tools/confusion_matrix\.py\?'),
        (
            'browse_dataset',
            r'Did you mean analysis_tools/browse_dataset\.py or .*/mot/browse_dataset\.py\?',
        ),
        ('zzz', r"has no tool 'zzz'\. nwd-mmdet mmdet lists them"),
    ],
)
def test_names_of_no_tool(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(ValueError, match=message):
        find_tool(name)
    with pytest.raises(SystemExit, match='2'):
        typed(monkeypatch, name, '--whatever')
    assert f'has no tool {name!r}' in capsys.readouterr().err


def test_arguments_go_to_the_tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match='0'):
        typed(monkeypatch, 'misc/print_config.py', '--help')
    assert capsys.readouterr().out.startswith('usage: print_config.py')
    with pytest.raises(SystemExit, match='mmdet: .*gone.py'):
        typed(monkeypatch, 'misc/print_config.py', 'gone.py')
