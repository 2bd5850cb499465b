"""Check data before training: every defect of annotations and images, counted.

For a config: its data sets with wrappers, classes, pipelines, evaluators and the number of classes of the model. For
annotation files in COCO's format: each, and against each other. The exit status is 1 where something is an error.
docs/check_data.md lists what is looked for, and what training does with it.
"""

import argparse
from pathlib import Path

from nwd_mmdet.commands.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('paths', nargs='+', metavar='CONFIG_OR_JSON', help='one config, or COCO annotation files')
    parser.add_argument('--images', type=Path, metavar='DIR', help='folder of the images of the annotation files')
    parser.add_argument('--no-images', action='store_true', help='do not read the images, only look whether they exist')
    parser.add_argument('--json', type=Path, metavar='OUT', help='JSON file for everything')
    add_config_options(parser)


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be."""
    files = [Path(path).suffix.lower() == '.json' for path in args.paths]
    if not all(files) and len(files) > 1:
        args.error('give one config, or annotation files whose names end in .json')
    if not all(files) and args.images:
        args.error('--images goes with annotation files; a config names its own folders')
    if all(files) and args.cfg_options:
        args.error('--cfg-options goes with a config')


def run(args: argparse.Namespace) -> None:
    """Print the report; exit with 1 if something is an error."""
    from nwd_mmdet import launch
    from nwd_mmdet.config import read_config, resolve_auto_classes
    from nwd_mmdet.data_check import check_annotation_files, check_config
    from nwd_mmdet.datasets.annotation_files import write_json

    with launch.explained_errors(lambda: 'Nothing was checked to its end.', ValueError):
        if args.paths[0].lower().endswith('.json'):
            report = check_annotation_files([Path(path) for path in args.paths], args.images, not args.no_images)
        else:
            cfg = read_config(args.paths[0])
            cfg.merge_from_dict(args.cfg_options or {})
            resolve_auto_classes(cfg)  # constants are left: boxes that are to be checked make them
            report = check_config(cfg, not args.no_images)
    print(report.text())
    if args.json:
        write_json(report.to_json(), args.json, indent=2)
        print(f'Everything: {args.json}')
    if report.unread:
        print(f'Interrupted: {report.unread:,} images were not read.')
    if report.errors:
        raise SystemExit(1)
