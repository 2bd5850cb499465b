"""Cut the images of AI-TOD that come from xView. An interrupted call is continued by the same command.

Usage: python tools/dataset_converters/build_aitod.py XVIEW_TRAIN_IMAGES AITOD_DIR [--workers N]
"""

import argparse
import os
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from nwd_mmdet import launch
from nwd_mmdet.datasets.aitod_building import build
from nwd_mmdet.datasets.aitod_files import find_annotation_files


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('sources', type=Path, metavar='XVIEW_TRAIN_IMAGES', help='folder with 1038.tif and so on')
    parser.add_argument('root', type=Path, metavar='AITOD_DIR', help='folder with annotations/, such as data/AI-TOD')
    parser.add_argument(
        '--workers', type=int, default=min(4, os.cpu_count() or 1), help='processes; default: %(default)s'
    )
    args = parser.parse_args()
    if not args.sources.is_dir():
        parser.error(f'XVIEW_TRAIN_IMAGES {args.sources.absolute()} is no folder; xviewdataset.org has the images')
    if args.workers < 1:
        parser.error(f'--workers {args.workers} must be at least 1')
    return args


def main() -> None:
    """Cut, and say what is missing."""
    args = parse_args()
    with launch.explained_errors(lambda: 'The same command goes on.', OSError, ValueError):
        report = build(args.sources, args.root, find_annotation_files(args.root), args.workers)
    print('\n'.join(report.lines()))
    if not report.complete:
        raise SystemExit('AI-TOD is not complete. tools/dataset_converters/verify_aitod.py tells what is there.')


if __name__ == '__main__':
    main()
