"""Print how far NoisyBoxes takes boxes: their mean IoU with the clean ones."""

import argparse
from pathlib import Path

_PUBLISHED = {0.1: 0.833, 0.2: 0.710, 0.3: 0.613}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('annotations', type=Path, metavar='ANNOTATIONS.json', help='COCO annotation file')
    parser.add_argument(
        '--rates',
        type=float,
        nargs='+',
        default=list(_PUBLISHED),
        metavar='η',
        help='noise rates; default: %(default)s',
    )
    parser.add_argument('--seed', type=int, default=0, help='as of the transform; default: %(default)s')


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    if wrong := [rate for rate in args.rates if not 0 <= rate < 1]:
        args.error(f'--rates {wrong[0]:g} must be in [0, 1), e.g. 0.1')


def run(args: argparse.Namespace) -> None:
    """Move the boxes and print a row for each rate."""
    from terminaltables import AsciiTable

    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import read_json
    from nwd_mmdet.datasets.transforms import mean_overlap_with_noise

    with launch.explained_errors(lambda: 'Nothing was computed.', OSError, ValueError):
        coco = read_json(args.annotations)
        try:
            means = {rate: mean_overlap_with_noise(coco, rate, args.seed) for rate in args.rates}
        except KeyError as error:
            raise ValueError(f'{args.annotations} is no COCO annotation file: it lacks {error}') from None
    rows = [
        [f'{rate:g}', f'{mean:.3f}', f'{_PUBLISHED[rate]:.3f}' if rate in _PUBLISHED else '-']
        for rate, mean in means.items()
    ]
    print(AsciiTable([['noise rate', 'mean IoU', 'published on VOC'], *rows]).table)
