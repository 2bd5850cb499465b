"""List every experiment of the papers: published, logged and measured results, and the command for each.

Usage: python tools/analysis_tools/experiments.py [COLLECTION …] [--work-dirs DIR] [--json | --commands]
"""

import argparse
import json
import re
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from nwd_mmdet.analysis.experiments import find_runs, match_runs, read_experiments, tables, to_json

ROOT = Path(__file__).parents[2]
MARKERS = re.compile('(<!-- table: begin -->\n).*(<!-- table: end -->)', re.DOTALL)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    metafiles = sorted(path.parent.name for path in ROOT.glob('configs/*/metafile.yml'))
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument(
        'collections', nargs='*', metavar='COLLECTION', help=f'folders of configs/: {", ".join(metafiles)}; default all'
    )
    parser.add_argument(
        '--work-dirs',
        type=Path,
        default=Path('work_dirs'),
        metavar='DIR',
        help='where finished runs lie, at any depth; default: %(default)s',
    )
    parser.add_argument('--json', action='store_true', help='print JSON instead of tables')
    parser.add_argument('--commands', action='store_true', help='print the command of every experiment instead')
    parser.add_argument(
        '--update-readmes',
        action='store_true',
        help="write the tables, with the metafiles' results, between the markers in configs/*/README.md",
    )
    args = parser.parse_args()
    if unknown := sorted(set(args.collections) - set(metafiles)):
        parser.error(f'COLLECTION {", ".join(unknown)} has no configs/*/metafile.yml; there are {", ".join(metafiles)}')
    args.collections = args.collections or metafiles
    return args


def update_readme(collection: str) -> None:
    """Write the table into the folder's README, if that has the markers."""
    readme = ROOT / 'configs' / collection / 'README.md'
    text = readme.read_text(encoding='utf-8')
    experiments = read_experiments(readme.with_name('metafile.yml'))
    updated = MARKERS.sub(lambda match: f'{match[1]}{tables(experiments, markdown=True)}\n{match[2]}', text)
    if updated != text:
        readme.write_text(updated, encoding='utf-8')
        print(f'Updated {readme.relative_to(ROOT)}')


def main() -> None:
    """Print the tables."""
    args = parse_args()
    if args.update_readmes:
        for collection in args.collections:
            update_readme(collection)
        return
    experiments = [
        experiment
        for collection in args.collections
        for experiment in read_experiments(ROOT / 'configs' / collection / 'metafile.yml')
    ]
    if args.commands:
        print('\n'.join(experiment.command for experiment in experiments))
        return
    others = match_runs(experiments, find_runs(args.work_dirs), ROOT)
    if args.json:
        print(json.dumps(to_json(experiments), indent=2))
        return
    print(tables(experiments))
    print(f'\nRuns are looked for in {args.work_dirs}/.')
    if others and len(args.collections) > 1:
        print(f'Runs whose settings are those of no experiment: {", ".join(run.source for run in others)}')


if __name__ == '__main__':
    main()
