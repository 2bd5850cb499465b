"""List the configs of the package, or copy one to edit.

nwd-mmdet configs            the folders
nwd-mmdet configs nwd        the configs of one, with a line on each
nwd-mmdet configs --copy NAME
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('folder', nargs='?', help='list the configs of this folder')
    parser.add_argument('--copy', metavar='NAME', help='write a copy of this config that can lie anywhere')
    parser.add_argument(
        '--out', type=Path, metavar='FILE', help='with --copy: file to write; default: its own name, in this folder'
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if args.copy and args.folder:
        args.error('give either a folder to list or --copy NAME')
    if args.out and not args.copy:
        args.error('--out goes with --copy NAME')


def run(args: argparse.Namespace) -> None:
    """List or copy."""
    from nwd_mmdet import shipped_configs

    try:
        if args.copy:
            _copy(args)
        elif args.folder:
            configs = shipped_configs.configs_in(args.folder)
            width = max(len(config.path.stem) for config in configs)
            for config in configs:
                print(f'{config.path.stem:{width}}  {config.summary}'.rstrip())
            first = shipped_configs.SCOPE + configs[0].name
            print(f'\nTrain one: nwd-mmdet train {first}\nTo change one: nwd-mmdet configs --copy NAME')
        else:
            for folder in shipped_configs.folders():
                count = len(shipped_configs.configs_in(folder))
                print(f'{folder:10} {count:3} configs  {shipped_configs.title(folder)}')
            print('\nnwd-mmdet configs FOLDER lists them.')
    except ValueError as error:
        args.error(str(error))


def _copy(args: argparse.Namespace) -> None:
    from nwd_mmdet import shipped_configs

    config = shipped_configs.find(args.copy)
    out = args.out or Path(config.path.name)
    if out.exists():
        args.error(f'{out} exists already; --out FILE takes another name')
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(shipped_configs.copy_text(config), encoding='utf-8')
    print(f'{out}: change it, then nwd-mmdet train {out}')
