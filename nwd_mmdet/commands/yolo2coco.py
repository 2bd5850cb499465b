"""Convert YOLO's text files to COCO's format, one JSON file a split.

SOURCE is a data.yaml as Ultralytics has it, or a folder of images with text files beside them (or in labels/ where they
are in images/), whose classes are named by --names or --classes.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('source', type=Path, metavar='SOURCE', help='data.yaml, or a folder with images')
    parser.add_argument('out', type=Path, metavar='OUT_DIR', help='folder for train.json …; all.json without splits')
    names = parser.add_mutually_exclusive_group()
    names.add_argument('--names', type=Path, metavar='FILE', help='names of the classes, one a line; for a folder')
    names.add_argument('--classes', nargs='+', metavar='NAME', help='names of the classes; for a folder')
    parser.add_argument(
        '--skip-unlabelled', action='store_true', help='leave out images without a text file; else they have no objects'
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    described, named = args.source.suffix in ('.yaml', '.yml'), bool(args.names or args.classes)
    if described and named:
        args.error(f'--names and --classes are for a folder: {args.source} names the classes itself')
    if not described and not named:
        near = sorted([*args.source.glob('*.names'), *args.source.glob('classes.txt')])
        hint = f' Is it --names {near[0]}?' if near else ''
        args.error(f'the classes of a folder have to be named: --names FILE or --classes NAME …{hint}')


def run(args: argparse.Namespace) -> None:
    """Convert each split, and print what was met."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.datasets.yolo_conversion import convert
    from nwd_mmdet.datasets.yolo_files import read_data_yaml, read_folder, read_names

    with launch.explained_errors(lambda: 'Splits that are not said to be written were not.', OSError, ValueError):
        if args.names or args.classes:
            dataset = read_folder(args.source, args.classes or read_names(args.names), args.names)
        else:
            dataset = read_data_yaml(args.source)
        for split in dataset.splits:
            conversion = convert(dataset, split, args.skip_unlabelled)
            write_json(conversion.dataset, args.out / f'{split.name}.json')
            print(f'{split.name}:\n{conversion.summary()}')
            print(f'Written to {args.out / split.name}.json. Its images are in {launch.relative_path(dataset.root)}')
