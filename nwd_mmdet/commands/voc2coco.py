"""Convert Pascal VOC's XML files, of any classes, to COCO's format, one JSON file a split.

SOURCE is a folder with Annotations/, JPEGImages/ and ImageSets/Main/, such as VOC2007, or a folder of XML files. Boxes
are those that mmdet's XMLDataset makes of the files.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('source', type=Path, metavar='SOURCE', help='folder with Annotations/, or of XML files')
    parser.add_argument('out', type=Path, metavar='OUT_DIR', help='folder for train.json …; all.json without splits')
    parser.add_argument('--images', type=Path, metavar='DIR', help='folder of the images; default: JPEGImages/, SOURCE')
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='the classes in their order; default: all that are found, sorted'
    )
    parser.add_argument(
        '--splits',
        nargs='+',
        default=(),
        metavar='NAME',
        help='lists in ImageSets/Main/, or text files with an image a line; default: train, val, trainval, test',
    )
    parser.add_argument(
        '--zero-based', action='store_true', help='coordinates count from 0; VOC, and so mmdet, counts from 1'
    )


def run(args: argparse.Namespace) -> None:
    """Convert each split, and print what was met."""
    from nwd_mmdet import launch
    from nwd_mmdet.datasets.annotation_files import write_json
    from nwd_mmdet.datasets.voc_conversion import classes_of, convert, read_annotations
    from nwd_mmdet.datasets.voc_files import read_set

    with launch.explained_errors(lambda: 'Splits that are not said to be written were not.', OSError, ValueError):
        dataset = read_set(args.source, args.images, args.splits)
        annotations = read_annotations(dataset)
        classes = args.classes or classes_of(annotations)
        print(f'{len(classes)} classes{"" if args.classes else ", as found"}: {", ".join(classes)}')
        for split in dataset.splits:
            conversion = convert(dataset, split, annotations, classes, first_pixel=int(not args.zero_based))
            write_json(conversion.dataset, args.out / f'{split.name}.json')
            print(f'{split.name}:\n{conversion.summary()}')
            print(f'Written to {args.out / split.name}.json. Its images are in {launch.relative_path(dataset.images)}')
