"""Convert the annotations of a VisDrone2019-DET split to COCO's format."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('split_dir', type=Path, metavar='SPLIT_DIR', help='folder with annotations/ and images/')
    parser.add_argument('out', type=Path, metavar='OUT.json', help='file to write')
    parser.add_argument(
        '--sizes', type=Path, metavar='CSV', help='file_name,width,height of the images, where images/ is not there'
    )
    parser.add_argument('--skip-missing', action='store_true', help='leave out images whose size is not known')


def run(args: argparse.Namespace) -> None:
    """Convert, and print what was met."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.datasets.visdrone_conversion import convert, image_sizes, read_sizes

    with launch.explained_errors(lambda: 'Nothing was written.', OSError, ValueError):
        sizes = read_sizes(args.sizes) if args.sizes else image_sizes(args.split_dir / 'images')
        conversion = convert(args.split_dir, sizes, args.skip_missing)
        write_json(conversion.dataset, args.out)
    print(conversion.summary())
    if conversion.unsized:
        print(f'Left out: {", ".join(conversion.unsized)}')
    print(f'Written to {args.out}')
