"""Evaluate detections in COCO's JSON format, whichever detector made them.

Usage: python tools/analysis_tools/eval_json.py GT.json DT.json --protocol aitod --out OUT.json
"""

import argparse
from pathlib import Path

from nwd_mmdet import launch
from nwd_mmdet.datasets.annotation_files import write_json
from nwd_mmdet.evaluation import JSON_PROTOCOLS, evaluate_json


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Evaluate detections in COCO format: AP, AR and oLRP, in all, per class and per IoU threshold.'
    )
    parser.add_argument('gt', type=Path, help='COCO annotation file')
    parser.add_argument('dt', type=Path, help='detections: a JSON list of {image_id, category_id, bbox, score}')
    parser.add_argument('--protocol', choices=JSON_PROTOCOLS, default='aitod', help='default: %(default)s')
    parser.add_argument('--out', type=Path, help='JSON file for all numbers')
    return parser.parse_args()


def main() -> None:
    """Print the tables, and write all numbers."""
    args = parse_args()
    with launch.explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        result = evaluate_json(args.gt, args.dt, args.protocol)
    print(result.classwise_table())
    print(result.table())
    if args.out:
        write_json(result.to_json(), args.out, indent=2)
        print(f'All numbers: {args.out}')


if __name__ == '__main__':
    main()
