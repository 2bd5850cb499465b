"""Run one of mmdet's own tools with NWD and everything else of this package.

nwd-mmdet mmdet                                          the tools there are
nwd-mmdet mmdet analysis_tools/confusion_matrix.py …     runs one; … are its arguments, --help too

An 'auto' in the config that a tool reads is resolved, and what mmdet's tools lack here is served.
"""

import argparse
import difflib
import importlib.util
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('tool', nargs='?', help='its path below mmdet/.mim/tools, or its name alone')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, metavar='…', help='what the tool takes')


def run(args: argparse.Namespace) -> None:
    """List the tools, or run one."""
    if args.tool is None:
        print('\n'.join(tools()))
        print('\nRun one: nwd-mmdet mmdet analysis_tools/confusion_matrix.py --help')
        return
    try:
        path = find_tool(args.tool)
    except ValueError as error:
        args.error(str(error))
    import nwd_mmdet

    nwd_mmdet.load()
    from nwd_mmdet import launch
    from nwd_mmdet.mmdet_tools import run_tool

    with launch.explained_errors(lambda: f'{path.name} did not come to its end.'):
        run_tool(path, args.arguments)


def _folder() -> Path:
    """Where mmdet's distribution has its tools; found without importing mmdet, which takes long."""
    spec = importlib.util.find_spec('mmdet')
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError('mmdet is not installed; nwd-mmdet doctor says how to install it')
    return Path(spec.origin).parent / '.mim' / 'tools'


def tools() -> list[str]:
    """Names of mmdet's tools: their paths below its folder of tools, those in no folder first."""
    folder = _folder()
    names = [path.relative_to(folder).as_posix() for path in folder.rglob('*.py')]
    return sorted(names, key=lambda name: (name.count('/'), name))


def find_tool(name: str) -> Path:
    """The file of a tool.

    Args:
        name: As :func:`tools` returns it; ``.py`` can be left out, and the folder where only one has such a tool.

    Raises:
        ValueError: An unknown tool, with names that are like it.
    """
    known = tools()
    wanted = name.removeprefix('tools/').removesuffix('.py') + '.py'
    named = [tool for tool in known if f'/{tool}'.endswith(f'/{wanted}')]
    if wanted in known or len(named) == 1:
        return _folder() / (wanted if wanted in known else named[0])
    by_last_word = {Path(tool).name: tool for tool in known}
    alike = difflib.get_close_matches(Path(wanted).name, by_last_word, cutoff=0.7)
    close = ' or '.join(named or [by_last_word[word] for word in alike])
    hint = f'Did you mean {close}? ' if close else ''
    raise ValueError(f'mmdet has no tool {name!r}. {hint}nwd-mmdet mmdet lists them.')
