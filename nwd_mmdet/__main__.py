"""``nwd-mmdet COMMAND`` or ``python -m nwd_mmdet COMMAND``: every tool of the package, with a checkout and without.

A command is a module of :mod:`nwd_mmdet.commands` of that name, whose docstring begins with its help. It has
``add_arguments(parser)`` and ``run(args)``, and where arguments can be wrong ``check(args)``, which is called before
anything is loaded. ``args.error(message)`` ends the program as argparse does. Modules of commands import nothing at
their top that takes long, so that help and errors come at once.
"""

import argparse
import difflib
import importlib
import inspect
import sys
from types import ModuleType
from typing import NoReturn

import nwd_mmdet

#: What commands are for → their names, in the order of the help.
COMMANDS = {
    'Train and test': ('train', 'test', 'mmdet'),
    'Put an overlap into your detector': ('enable',),
    'Find your way': ('configs', 'doctor', 'experiments'),
    'Know your data': ('check-data', 'estimate-constant', 'positives', 'imbalance'),
    'Know your detector': ('eval-json', 'draw-detections', 'draw-iou-distribution', 'draw-weights'),
    'Data sets': (
        *('find-data', 'yolo2coco', 'voc2coco', 'visdrone2coco', 'subset-coco', 'draw-synthetic'),
        *('build-aitod', 'verify-aitod', 'box-noise'),
    ),
    'This package itself': ('benchmark', 'draw-figures'),
}
_NAMES = [name for names in COMMANDS.values() for name in names]
_WITHOUT_PLUGIN = ('configs', 'doctor', 'mmdet')


def command_module(name: str) -> ModuleType:
    """The module of a command."""
    return importlib.import_module(f'nwd_mmdet.commands.{name.replace("-", "_")}')


def run_command(name: str, words: list[str], prog: str | None = None) -> None:
    """Read the arguments of a command, load the plugin, and run it.

    Args:
        name: Of the command.
        words: What stands after it.
        prog: How the help spells the command; None takes the name of the program.
    """
    command = command_module(name)
    parser = argparse.ArgumentParser(
        prog=prog, description=inspect.getdoc(command), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_arguments(parser)
    args = parser.parse_args(words)
    args.error = parser.error
    if hasattr(command, 'check'):
        command.check(args)
    if name not in _WITHOUT_PLUGIN:
        nwd_mmdet.load()
    if getattr(args, 'trust_checkpoint', False):
        _trust_checkpoints()
    command.run(args)


def _trust_checkpoints() -> None:
    from nwd_mmdet.stack.checkpoints import trust

    trust()


def help_text() -> str:
    """The commands, each with the first line of its help."""
    lines = ['usage: nwd-mmdet COMMAND …     (or python -m nwd_mmdet COMMAND …)', '']
    for purpose, names in COMMANDS.items():
        lines.append(purpose)
        for name in names:
            summary = (inspect.getdoc(command_module(name)) or '').partition('\n')[0]
            lines.append(f'  {name:22} {summary}')
        lines.append('')
    lines.append('nwd-mmdet COMMAND --help tells more of each. --version prints the version.')
    return '\n'.join(lines)


def _refuse(name: str) -> NoReturn:
    similar = difflib.get_close_matches(name, _NAMES, n=3)
    hint = f'Did you mean {" or ".join(similar)}? ' if similar else ''
    print(f'nwd-mmdet: there is no command {name!r}. {hint}nwd-mmdet --help lists them.', file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Run the command that the command line names."""
    sys.argv[0] = 'nwd-mmdet'  # as which it shows in messages, however it was started
    name, *words = sys.argv[1:] or ['--help']
    if name in ('-h', '--help', 'help'):
        print(help_text())
    elif name in ('-V', '--version'):
        print(f'nwd-mmdet {nwd_mmdet.__version__}')
    elif (name := name.replace('_', '-')) in _NAMES:
        run_command(name, words, f'nwd-mmdet {name}')
    else:
        _refuse(name)


if __name__ == '__main__':
    main()
