"""Count the objects that detectors find by each IoU or more, and draw it: the Alpha-IoU paper's Figure 2.

Usage: python tools/analysis_tools/draw_iou_distribution.py GT.json IoU=A.bbox.json α-IoU=B.bbox.json --out OUT.svg
"""

import argparse
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from nwd_mmdet.analysis.figures.alpha_iou import draw_iou_distribution
from nwd_mmdet.analysis.iou_distribution import THRESHOLDS, counts_at_least, found_overlaps, table
from nwd_mmdet.datasets.annotation_files import read_json, write_json
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.launch import explained_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('gt', type=Path, metavar='GT.json', help='COCO annotation file')
    parser.add_argument(
        'results', nargs='+', metavar='NAME=DT.json', help="detections in COCO's result format, two files or more"
    )
    parser.add_argument('--score-thr', type=float, default=0.05, metavar='S', help='lowest score; default: %(default)s')
    parser.add_argument('--out', type=Path, metavar='OUT', help='picture to write: .svg, .png or .pdf')
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for the counts')
    args = parser.parse_args()
    pairs = [result.rpartition('=') for result in args.results]
    for result, (name, _, path) in zip(args.results, pairs):
        if not name or not path:
            parser.error(f'{result} is no NAME=DT.json, such as IoU={result.strip("=")}')
    if not 2 <= len(pairs) <= 5:
        parser.error(f'{len(pairs)} NAME=DT.json given; it takes two to compare, and five can be told apart')
    args.results = {name: path for name, _, path in pairs}
    if len(args.results) < len(pairs):
        parser.error('two results have the same NAME; give each its own')
    if not 0 <= args.score_thr <= 1:
        parser.error(f'--score-thr {args.score_thr:g} must lie between 0 and 1')
    if args.out and args.out.suffix not in ('.svg', '.png', '.pdf'):
        parser.error(f'--out {args.out} must end in .svg, .png or .pdf')
    return args


def main() -> None:
    """Count, print and draw."""
    args = parse_args()
    with explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        objects = GroundTruth.from_coco(read_json(args.gt), str(args.gt))
        overlaps = {
            name: found_overlaps(objects, Detections.from_coco(read_json(path), objects, path), args.score_thr)
            for name, path in args.results.items()
        }
    counts = {name: counts_at_least(values) for name, values in overlaps.items()}
    print(table(counts, int((~objects.crowd).sum())))
    if args.json:
        write_json({'thresholds': THRESHOLDS, 'found': counts}, args.json, indent=2)
        print(f'All numbers: {args.json}')
    if args.out:
        draw_iou_distribution(args.out, overlaps)
        print(f'Picture: {args.out}')


if __name__ == '__main__':
    main()
