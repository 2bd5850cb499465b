"""Write a COCO annotation file with part of another's images, and one with the rest.

To train on less data, or to hold images out for testing. The images are drawn at random.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('source', type=Path, metavar='IN.json', help='COCO annotation file')
    parser.add_argument('out', type=Path, metavar='OUT.json', help='file to write')
    parser.add_argument('--fraction', type=float, required=True, help='part of the images to keep, in (0, 1]')
    parser.add_argument('--rest', type=Path, metavar='REST.json', help='file for the images that are left')
    parser.add_argument('--seed', type=int, default=0, help='of the draw; default: %(default)s')


def run(args: argparse.Namespace) -> None:
    """Draw, write, and say how much is left."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import read_json, write_json
    from nwd_mmdet.datasets.subset import take_subset

    with launch.explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        coco = read_json(args.source)
        try:
            subset, rest = take_subset(coco, args.fraction, args.seed)
        except KeyError as error:
            raise ValueError(f'{args.source} is no COCO annotation file: it lacks {error}') from None
        if args.rest and not rest['images']:
            raise ValueError(
                f'--fraction {args.fraction} of {len(coco["images"]):,} images leaves none for {args.rest}'
            )
        written = {args.out: subset, **({args.rest: rest} if args.rest else {})}
        for path, part in written.items():
            write_json(part, path)
    for path, part in written.items():
        sizes = [f'{len(part[key]):,} of {len(coco[key]):,} {key}' for key in ('images', 'annotations')]
        print(f'{path}: {", ".join(sizes)}')
