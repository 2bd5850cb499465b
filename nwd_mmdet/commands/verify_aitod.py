"""Check AI-TOD: what is missing, doubled or of another size than published."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('root', type=Path, metavar='AITOD_DIR', help='folder with annotations/ and images')
    parser.add_argument(
        '--list', action='store_true', help='name every file that is missing, extra, mis-sized, doubled'
    )
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for everything')


def run(args: argparse.Namespace) -> None:
    """Print the table; exit with 1 if something is wrong."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.aitod_files import find_annotation_files
    from nwd_mmdet.datasets.aitod_verification import table, to_json, verify
    from nwd_mmdet.datasets.annotation_files import write_json

    with launch.explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        reports, shared = verify(args.root, find_annotation_files(args.root))
    print(table(reports))
    print('boxes: annotations under 1 px wide or high, or out of their image; AITODDataset clips or drops them')
    for what, names in shared.items():
        print(f'{len(names):,} images are in both {what}, which should have none in common: {", ".join(names[:5])}')
    if args.list:
        for report in reports:
            for what in ('missing', 'extra', 'wrong_size', 'doubled'):
                for name in getattr(report, what):
                    print(f'{report.file}: {what} {name}')
    if args.json:
        write_json(to_json(reports, shared), args.json, indent=2)
        print(f'Everything: {args.json}')
    if shared or not all(report.right for report in reports):
        raise SystemExit(1)
    print('All is as published.')
