"""List the experiments of the papers: published, logged and measured results, and commands."""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        'collections', nargs='*', metavar='COLLECTION', help='folders that nwd-mmdet configs names; default: all'
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


def run(args: argparse.Namespace) -> None:
    """Print the tables."""
    from nwd_mmdet.analysis.experiment_tables import tables, to_json, update_readme
    from nwd_mmdet.analysis.experiments import find_runs, match_runs, read_experiments
    from nwd_mmdet.shipped_configs import ROOT, SCOPE, metafiles

    known = metafiles()
    if unknown := sorted(set(args.collections) - set(known)):
        args.error(f'COLLECTION {", ".join(unknown)} has no experiments; there are {", ".join(known)}')
    chosen = [known[name] for name in args.collections or known]
    if args.update_readmes:
        for readme in filter(None, map(update_readme, chosen)):
            print(f'Updated {readme.relative_to(ROOT)}')
        return
    experiments = [experiment for metafile in chosen for experiment in read_experiments(metafile)]
    if args.commands:
        here = Path('configs').is_dir()  # in a checkout they go by their path
        commands = (experiment.command for experiment in experiments)
        print('\n'.join(command if here else command.replace(' configs/', f' {SCOPE}') for command in commands))
        return
    experiments, others = match_runs(experiments, find_runs(args.work_dirs), ROOT)
    if args.json:
        print(json.dumps(to_json(experiments), indent=2))
        return
    print(tables(experiments))
    print(f'\nRuns are looked for in {args.work_dirs}/.')
    if others and len(chosen) > 1:
        print(f'Runs whose settings are those of no experiment: {", ".join(run.source for run in others)}')
