"""Write a config that puts NWD, or another overlap, into every place of any mmdet detector.

It inherits CONFIG and changes what compares boxes: assigners, NMS, box losses. What was set is printed place by place,
and what was left with the reason. docs/enable.md has the table of detectors.

nwd-mmdet enable mmdet::retinanet/retinanet_r50_fpn_1x_coco.py --out mine.py
nwd-mmdet enable your_config.py --out mine.py --parts assign
"""

import argparse
from pathlib import Path


def constant(text: str) -> float | str:
    """Read ``--constant``."""
    return text if text == 'auto' else float(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', help='config file; mmdet:: before the path takes one that mmdet brings')
    parser.add_argument('--out', type=Path, required=True, metavar='MINE.py', help='config to write')
    parser.add_argument('--metric', default='nwd', help='the overlap: nwd, nwd_iou, dotd, giou, … (docs/overlaps.md)')
    parser.add_argument(
        '--parts',
        nargs='+',
        choices=['assign', 'nms', 'loss'],
        help='change these alone, each of which the detector must have; default: all that it has',
    )
    parser.add_argument(
        '--constant',
        type=constant,
        default='auto',
        metavar='auto|C',
        help="C in px of the network input; 'auto', the default: the mean object size of the training set",
    )
    parser.add_argument('--overwrite', action='store_true', help='replace MINE.py if it exists')


def run(args: argparse.Namespace) -> None:
    """Write the config, and say what is in it and what comes next."""
    from nwd_mmdet import launch
    from nwd_mmdet.enabling.enable import enable
    from nwd_mmdet.enabling.metric import Metric

    try:
        metric = Metric(args.metric, args.constant)
    except KeyError as error:
        args.error(f'--metric: {error.args[0]}')
    with launch.explained_errors(lambda: 'Nothing was written.', ValueError, ImportError):
        enabled = enable(args.config, args.out, metric, args.parts, args.overwrite)
    print(
        f'{enabled.report()}\n\nWritten: {args.out}\nTrain it with:\n  {launch.other_command("train", str(args.out))}'
    )
