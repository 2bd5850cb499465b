"""Count the positive priors of each object of a training set, for any overlap.

Count how many positive priors the objects of a config's training set get from the RPN's assigner or a one-stage
head's, by object size, and how many objects get none. No image is read.
"""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('config', help='config file, for its training set, resize, anchors and assigner')
    add_config_options(parser)
    parser.add_argument(
        '--ann-file', metavar='JSON', help="COCO annotation file, in place of the config's training set and resize"
    )
    parser.add_argument(
        '--scale', nargs=2, type=int, metavar=('WIDTH', 'HEIGHT'), help='with --ann-file: resize into it, as configs do'
    )
    parser.add_argument(
        '--overlaps',
        nargs='+',
        default=['iou', 'giou', 'diou', 'ciou', 'nwd'],
        metavar='NAME',
        help="overlaps to put in the assigner's place, of the table in docs/overlaps.md; default: %(default)s",
    )
    parser.add_argument(
        '--constant', type=float, metavar='C', help="C of NWD in network-input px; default: the config's, or 12.8"
    )
    parser.add_argument(
        '--anchor-scales',
        nargs='+',
        type=float,
        metavar='S',
        help="count with anchors of S x stride for each S; default: the config's anchors",
    )
    parser.add_argument('--max-images', type=int, metavar='N', help='only the first N images; default: all')
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for all numbers')
    parser.add_argument('--figure', type=Path, metavar='OUT', help='picture of the numbers: .svg, .png or .pdf')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if args.constant is not None and args.constant <= 0:
        args.error(f'--constant {args.constant:g} is a size in px and must be positive; 12.8 suits AI-TOD')
    if args.scale and not args.ann_file:
        args.error('--scale goes with --ann-file; a config has its own, which --cfg-options changes')


def run(args: argparse.Namespace) -> None:
    """Count, print, and write what was asked for."""
    from nwd_mmdet import launch
    from nwd_mmdet.analysis.figures.positives import draw_positives
    from nwd_mmdet.analysis.positives import Matching, count_positives, table, to_json
    from nwd_mmdet.config import load_config
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.datasets.input_boxes import InputBoxes
    from nwd_mmdet.overlaps import OVERLAPS

    with launch.explained_errors(lambda: 'Nothing was written; --max-images takes fewer images.', ValueError):
        if unknown := sorted(set(args.overlaps) - set(OVERLAPS)):
            raise ValueError(f'--overlaps {" ".join(unknown)}: choose of {", ".join(sorted(OVERLAPS))}')
        cfg = load_config(args.config, args.cfg_options)
        matchings = [Matching.from_config(cfg, scale) for scale in args.anchor_scales or [None]]
        if args.ann_file:
            images = InputBoxes.from_json(args.ann_file, args.scale, args.max_images).images
        else:
            images = InputBoxes.from_config(cfg, args.max_images).images
        results = {}
        for matching in matchings:
            counts = count_positives(images, matching, args.overlaps, args.constant)
            title = f'Positives per object (objects without any), smallest anchor {matching.smallest_anchor:g} px'
            print(f'{table(counts, title)}\n')
            results[matching.smallest_anchor] = counts
    print('Sizes: absolute size in the original image, AI-TOD bins (vt < 8, t < 16, s < 32 px, m). Before sampling.')
    if args.json:
        write_json(to_json(results), args.json, indent=2)
        print(f'All numbers: {args.json}')
    if args.figure:
        draw_positives(args.figure, results)
        print(f'Picture: {args.figure}')
