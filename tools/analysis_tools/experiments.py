"""List every experiment of the papers: published, logged and measured results, and the command for each.

Usage: python tools/analysis_tools/experiments.py [COLLECTION …] [--work-dirs DIR] [--json | --commands]
"""

import argparse
import json
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from nwd_mmdet.analysis.experiment_tables import tables, to_json, update_readme
from nwd_mmdet.analysis.experiments import find_runs, match_runs, read_experiments

ROOT = Path(__file__).parents[2]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    metafiles = {path.parent.name: path for path in sorted(ROOT.glob('configs/*/metafile.yml'))}
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
    args.metafiles = [metafiles[name] for name in args.collections or metafiles]
    return args


def main() -> None:
    """Print the tables."""
    args = parse_args()
    if args.update_readmes:
        for readme in filter(None, map(update_readme, args.metafiles)):
            print(f'Updated {readme.relative_to(ROOT)}')
        return
    experiments = [experiment for metafile in args.metafiles for experiment in read_experiments(metafile)]
    if args.commands:
        print('\n'.join(experiment.command for experiment in experiments))
        return
    experiments, others = match_runs(experiments, find_runs(args.work_dirs), ROOT)
    if args.json:
        print(json.dumps(to_json(experiments), indent=2))
        return
    print(tables(experiments))
    print(f'\nRuns are looked for in {args.work_dirs}/.')
    if others and len(args.metafiles) > 1:
        print(f'Runs whose settings are those of no experiment: {", ".join(run.source for run in others)}')


if __name__ == '__main__':
    main()
