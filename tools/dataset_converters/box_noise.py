"""Print how far NoisyBoxes takes the boxes of a data set: their mean IoU with the clean ones.

Usage: python tools/dataset_converters/box_noise.py ANNOTATIONS.json [--rates 0.1 0.2 0.3] [--seed 0]
"""

import argparse
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from terminaltables import AsciiTable

from nwd_mmdet import launch
from nwd_mmdet.datasets.annotation_files import read_json
from nwd_mmdet.datasets.transforms import mean_overlap_with_noise

_PUBLISHED = {0.1: 0.833, 0.2: 0.710, 0.3: 0.613}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
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
    args = parser.parse_args()
    if wrong := [rate for rate in args.rates if not 0 <= rate < 1]:
        parser.error(f'--rates {wrong[0]:g} must be in [0, 1), e.g. 0.1')
    return args


def main() -> None:
    """Move the boxes and print a row for each rate."""
    args = parse_args()
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


if __name__ == '__main__':
    main()
