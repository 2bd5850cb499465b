"""Evaluate detections in COCO's JSON format, whichever detector made them.

Evaluate detections in COCO format: AP, AR and oLRP, in all, per class and per IoU threshold.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('gt', type=Path, help='COCO annotation file')
    parser.add_argument('dt', type=Path, help='detections: a JSON list of {image_id, category_id, bbox, score}')
    parser.add_argument('--protocol', default='aitod', help='aitod, coco, visdrone, …; default: %(default)s')
    parser.add_argument('--out', type=Path, help='JSON file for all numbers')


def run(args: argparse.Namespace) -> None:
    """Print the tables, and write all numbers."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.evaluation import JSON_PROTOCOLS, evaluate_json

    if args.protocol not in JSON_PROTOCOLS:
        args.error(f'--protocol {args.protocol}: choose of {", ".join(JSON_PROTOCOLS)}')
    with launch.explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        result = evaluate_json(args.gt, args.dt, args.protocol)
    print(result.classwise_table())
    print(result.table())
    if args.out:
        write_json(result.to_json(), args.out, indent=2)
        print(f'All numbers: {args.out}')
