"""Say which files of a public data set are there, and where the missing ones come from.

Nothing is read. For each part of the set the first of its known names that is there is printed; for what is missing all
names that were looked for. The exit status is 1 where no part has both annotations and images.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('name', metavar='SET', help='AI-TOD, SODA-D, TinyPerson, SIRST-v2 or VisDrone-DET')
    parser.add_argument('root', type=Path, metavar='DIR', help='folder of the set')


def run(args: argparse.Namespace) -> None:
    """Print a row for each part, then what is missing."""
    from terminaltables import AsciiTable

    from nwd_mmdet.datasets.public_sets import set_called

    try:
        data = set_called(args.name)
    except ValueError as error:
        args.error(str(error))
    found = list(data.find(args.root))
    rows = [['part', 'annotations', 'images']]
    rows += [[each.part.name, str(each.file or 'missing'), str(each.images or 'missing')] for each in found]
    print(f'{data.name} in {args.root.absolute()}')
    print(AsciiTable(rows).table)
    for each in found:
        for what, path, names in (
            ('annotations', each.file, each.part.files),
            ('images', each.images, each.part.images),
        ):
            if not path:
                print(f'{each.part.name}, {what}: none of {", ".join(names)}')
    if unknown := data.unknown_files(args.root):
        print(f'Under another name than those: {", ".join(map(str, unknown))}')
    if not all(each.file and each.images for each in found):
        print(data.help)
    if not any(each.file and each.images for each in found):
        raise SystemExit(1)
