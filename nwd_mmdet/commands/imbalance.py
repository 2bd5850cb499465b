"""Measure the eight imbalance problems of object detection, in one report.

Measure how balanced a data set is, what a detector trains on, and what a trained one makes of it. Writes report.html,
report.json and the pictures as SVG.
"""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_config, add_trust


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_trust(parser)
    add_config(parser, 'settings that replace those of all configs')
    parser.add_argument('--checkpoint', metavar='PTH', help='weights, for all that needs a trained model')
    parser.add_argument(
        '--compare',
        nargs='+',
        action='append',
        default=[],
        metavar=('CONFIG', 'PTH'),
        help='another config, with a checkpoint if there is one, to show beside the first; may be repeated',
    )
    parser.add_argument(
        '--same-data', action='store_true', help="with --compare: read the first config's data for all detectors"
    )
    parser.add_argument(
        '--labels', nargs='+', metavar='NAME', help="short names of the detectors; default: the configs' file names"
    )
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train', help='default: %(default)s')
    parser.add_argument(
        '--max-images', type=int, metavar='N', help='images that assigners and models are run on; default: 200'
    )
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder to write to')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if too_long := [entry for entry in args.compare if len(entry) > 2]:
        args.error(f'--compare {" ".join(too_long[0])}: one config and one checkpoint; repeat --compare for more')
    if args.labels and len(args.labels) != 1 + len(args.compare):
        args.error(f'--labels {" ".join(args.labels)}: there are {1 + len(args.compare)} configs')
    if args.max_images is not None and args.max_images < 1:
        args.error(f'--max-images {args.max_images} must be at least 1')


def run(args: argparse.Namespace) -> None:
    """Measure, and write the report."""
    from nwd_mmdet.analysis.imbalance.detectors import Detector
    from nwd_mmdet.analysis.imbalance.report import measure_detectors, write_report
    from nwd_mmdet.launch import explained_errors

    pairs = [[args.config, args.checkpoint], *args.compare]
    labels = args.labels or [Path(config).stem for config, *_ in pairs]
    detectors = [Detector(label, config, *(rest or [None])) for label, (config, *rest) in zip(labels, pairs)]
    with explained_errors(lambda: 'Nothing was written: not even the annotations were read.', ValueError):
        report = measure_detectors(detectors, args.split, args.max_images, args.cfg_options, args.same_data)
    write_report(args.out, report)
    print(f'Report: {args.out / "report.html"}')
    print(f'All numbers: {args.out / "report.json"}')
