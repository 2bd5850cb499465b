"""Cut the images of AI-TOD that come from xView.

An interrupted call is continued by the same command.
"""

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('sources', type=Path, metavar='XVIEW_TRAIN_IMAGES', help='folder with 1038.tif and so on')
    parser.add_argument('root', type=Path, metavar='AITOD_DIR', help='folder with annotations/, such as data/AI-TOD')
    parser.add_argument(
        '--workers', type=int, default=min(4, os.cpu_count() or 1), help='processes; default: %(default)s'
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if not args.sources.is_dir():
        args.error(f'XVIEW_TRAIN_IMAGES {args.sources.absolute()} is no folder; xviewdataset.org has the images')
    if args.workers < 1:
        args.error(f'--workers {args.workers} must be at least 1')


def run(args: argparse.Namespace) -> None:
    """Cut, and say what is missing."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.aitod_building import build
    from nwd_mmdet.datasets.aitod_files import find_annotation_files

    with launch.explained_errors(lambda: 'The same command goes on.', OSError, ValueError):
        report = build(args.sources, args.root, find_annotation_files(args.root), args.workers)
    print('\n'.join(report.lines()))
    if not report.complete:
        raise SystemExit('AI-TOD is not complete. tools/dataset_converters/verify_aitod.py tells what is there.')
