"""Count the objects that detectors find by each IoU or more, and draw it.

The Alpha-IoU paper's Figure 2.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('gt', type=Path, metavar='GT.json', help='COCO annotation file')
    parser.add_argument(
        'results', nargs='+', metavar='NAME=DT.json', help="detections in COCO's result format, two files or more"
    )
    parser.add_argument('--score-thr', type=float, default=0.05, metavar='S', help='lowest score; default: %(default)s')
    parser.add_argument('--out', type=Path, metavar='OUT', help='picture to write: .svg, .png or .pdf')
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for the counts')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    pairs = [result.rpartition('=') for result in args.results]
    for result, (name, _, path) in zip(args.results, pairs):
        if not name or not path:
            args.error(f'{result} is no NAME=DT.json, such as IoU={result.strip("=")}')
    if not 2 <= len(pairs) <= 5:
        args.error(f'{len(pairs)} NAME=DT.json given; it takes two to compare, and five can be told apart')
    args.results = {name: path for name, _, path in pairs}
    if len(args.results) < len(pairs):
        args.error('two results have the same NAME; give each its own')
    if not 0 <= args.score_thr <= 1:
        args.error(f'--score-thr {args.score_thr:g} must lie between 0 and 1')
    if args.out and args.out.suffix not in ('.svg', '.png', '.pdf'):
        args.error(f'--out {args.out} must end in .svg, .png or .pdf')


def run(args: argparse.Namespace) -> None:
    """Count, print and draw."""
    from nwd_mmdet.analysis.figures.alpha_iou import draw_iou_distribution
    from nwd_mmdet.analysis.iou_distribution import THRESHOLDS, counts_at_least, found_overlaps, table
    from nwd_mmdet.datasets.annotation_files import read_json, write_json
    from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
    from nwd_mmdet.launch import explained_errors

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
