"""Draw what a detector finds and misses, or two of them side by side.

Draw the detections of one or two detectors side by side on the test images of a config: right ones (TP) in green,
wrong ones (FP) in blue, missed objects (FN) in red.
"""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_config_options, add_trust


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_trust(parser)
    parser.add_argument('config', help='config file, for its test set; the model too, where a checkpoint has none')
    add_config_options(parser, 'as for testing')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--checkpoints',
        nargs='+',
        metavar='PTH',
        help='run these detectors, each with the model and test pipeline of the config saved in its checkpoint; their '
        'detections are written to the output folder, ready for --results',
    )
    source.add_argument(
        '--results',
        nargs='+',
        type=Path,
        metavar='JSON',
        help="detections in COCO's result format, *.bbox.json; an image that they leave out counts as one without any",
    )
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder for the pictures')
    parser.add_argument('--score-thr', type=float, default=0.3, metavar='S', help='lowest score; default: %(default)s')
    parser.add_argument(
        '--iou-thr', type=float, default=0.5, metavar='T', help='lowest IoU of a right detection; default: %(default)s'
    )
    parser.add_argument('--images', nargs='+', metavar='NAME', help='file names; default: all, in their order')
    parser.add_argument('--max-images', type=int, metavar='N', help='draw only the first N; default: all')
    parser.add_argument(
        '--sort', choices=['misses'], help='images with most missed objects first, which takes a look at all images'
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    for name, value in (('--score-thr', args.score_thr), ('--iou-thr', args.iou_thr)):
        if not 0 <= value <= 1:
            args.error(f'{name} {value:g} must lie between 0 and 1')


def draw(args: argparse.Namespace) -> None:
    """Match, write the pictures, and print the totals."""
    from nwd_mmdet import launch
    from nwd_mmdet.analysis.detection_outcomes import total_counts
    from nwd_mmdet.analysis.detection_pictures import (
        AnnotatedImages,
        by_title,
        draw_detections,
        most_missed_first,
        run_detectors,
    )
    from nwd_mmdet.config import load_config

    cfg = load_config(args.config, args.cfg_options)
    data = AnnotatedImages.of(cfg)
    images = data.named(args.images) if args.images else data.images
    if not args.sort:
        images = images[: args.max_images]
    results = by_title(args.results or run_detectors(cfg, args.checkpoints, images, args.out, args.cfg_options))
    found = {title: data.outcomes(path, args.score_thr, args.iou_thr) for title, path in results.items()}
    drawn = most_missed_first(images, found)[: args.max_images] if args.sort else images
    draw_detections(drawn, found, args.out)
    for title, part in found.items():
        tp, fp, fn = total_counts(part[image.img_id] for image in images)
        source = launch.relative_path(results[title])
        print(f'{title}: TP {tp:,}  FP {fp:,}  FN {fn:,} in {len(images):,} images, from {source}')
    print(f'Pictures: {launch.relative_path(args.out)}')


def run(args: argparse.Namespace) -> None:
    """Draw, or say what is missing."""
    from nwd_mmdet.launch import explained_errors

    with explained_errors(lambda: f'{args.out} holds the pictures drawn so far.', ValueError):
        draw(args)
