"""Estimate the constant C of NWD: the mean object size in network-input pixels.

Print the mean object size of a training set in network-input pixels, in all and per class: the constant C of NWD. No
image is read.
"""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', nargs='?', help='config file, for its training set and resize')
    add_config_options(parser)
    parser.add_argument('--ann-file', metavar='JSON', help='COCO annotation file, in place of a config')
    parser.add_argument(
        '--scale', nargs=2, type=int, metavar=('WIDTH', 'HEIGHT'), help='with --ann-file: resize into it, as configs do'
    )
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for all numbers')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if (args.config is None) == (args.ann_file is None):
        args.error('give either a config or --ann-file')
    if args.config and args.scale:
        args.error('--scale goes with --ann-file; a config has its own, which --cfg-options changes')


def run(args: argparse.Namespace) -> None:
    """Print table and constants."""
    from nwd_mmdet import launch
    from nwd_mmdet.config import load_config
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.datasets.input_boxes import InputBoxes
    from nwd_mmdet.datasets.nwd_constant import ConstantEstimate

    with launch.explained_errors(lambda: 'Nothing was written.', ValueError):
        if args.config:
            data = InputBoxes.from_config(load_config(args.config, args.cfg_options))
        else:
            data = InputBoxes.from_json(args.ann_file, args.scale)
        estimate = ConstantEstimate.of(data)
    print(estimate.table())
    for remark in estimate.remarks():
        print(f'Note: {remark}')
    print(
        f'\nC for all objects: constant={estimate.constant}\n'
        "(the mean size, as in the NWD paper; in the authors' runs on AI-TOD, with a mean of 12.8 px, any C from 12 to "
        '20 px\nis within 0.8 AP of the best, 8 px loses 2.4)\n'
        f'C for each class, where the class is known: constant={estimate.classwise_constants}'
    )
    if args.json:
        write_json(estimate.to_json(), args.json, indent=2)
        print(f'All numbers: {args.json}')
