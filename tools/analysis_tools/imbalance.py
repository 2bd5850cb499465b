"""Measure the eight imbalance problems of object detection, for a data set, a detector and its checkpoint; one report.

Usage: python tools/analysis_tools/imbalance.py CONFIG [--checkpoint PTH] [--compare CONFIG [PTH]] --out DIR
"""

import argparse
import json
from pathlib import Path
from typing import Any

import nwd_mmdet  # noqa: F401  isort: skip  before anything of mmdet
from mmengine.config import DictAction

from nwd_mmdet import launch
from nwd_mmdet.analysis.imbalance.measuring import measure
from nwd_mmdet.analysis.imbalance.page import write_page
from nwd_mmdet.analysis.imbalance.sections import build_sections
from nwd_mmdet.config import load_config

_DATA = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Measure how balanced a data set is, what a detector trains on, and what a trained one makes of '
        'it. Writes report.html, report.json and the pictures as SVG.'
    )
    parser.add_argument('config', help='config file; mmdet:: before the path takes one that mmdet brings')
    parser.add_argument('--checkpoint', metavar='PTH', help='weights, for all that needs a trained model')
    parser.add_argument(
        '--compare',
        nargs='+',
        action='append',
        default=[],
        metavar=('CONFIG', 'PTH'),
        help='another config, with a checkpoint if there is one, to show beside the first; may be repeated',
    )
    parser.add_argument(
        '--same-data', action='store_true', help="with --compare: read the first config's data for all detectors"
    )
    parser.add_argument(
        '--labels', nargs='+', metavar='NAME', help="short names of the detectors; default: the configs' file names"
    )
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train', help='default: %(default)s')
    parser.add_argument(
        '--max-images', type=int, metavar='N', help='images that assigners and models are run on; default: 200'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='as in tools/train.py; for all configs'
    )
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder to write to')
    args = parser.parse_args()
    if too_long := [entry for entry in args.compare if len(entry) > 2]:
        parser.error(f'--compare {" ".join(too_long[0])}: one config and one checkpoint; repeat --compare for more')
    if args.labels and len(args.labels) != 1 + len(args.compare):
        parser.error(f'--labels {" ".join(args.labels)}: there are {1 + len(args.compare)} configs')
    if args.max_images is not None and args.max_images < 1:
        parser.error(f'--max-images {args.max_images} must be at least 1')
    return args


def subjects_of(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The detectors, with their label, config and checkpoint."""
    pairs = [(args.config, args.checkpoint), *((entry[0], entry[1] if entry[1:] else None) for entry in args.compare)]
    names = args.labels or [Path(config).stem for config, _ in pairs]
    return [
        {'label': name, 'config': config, 'checkpoint': checkpoint}
        for name, (config, checkpoint) in zip(names, pairs, strict=True)
    ]


def main() -> None:
    """Measure, and write the report."""
    args = parse_args()
    subjects = subjects_of(args)
    for subject in subjects:
        if [other['label'] for other in subjects].count(subject['label']) > 1:
            raise SystemExit(f'imbalance.py: two detectors are called {subject["label"]}; name them with --labels')
    complete, data = True, {}
    with launch.explained_errors(lambda: 'Nothing was written: not even the annotations were read.'):
        try:
            for subject in subjects:
                if subject['checkpoint']:
                    launch.check_checkpoint(subject['checkpoint'])
            for subject in subjects:
                cfg = load_config(subject['config'], args.cfg_options)
                if args.same_data:
                    cfg.update({key: value for key, value in data.items() if key in cfg} if data else {})
                    data = data or {key: cfg[key] for key in _DATA if key in cfg}
                measure(subject, cfg, subject['checkpoint'], args.split, args.max_images)
        except ValueError as error:
            raise SystemExit(f'imbalance.py: {error}') from None
        except KeyboardInterrupt:
            complete = False
            subjects = [subject for subject in subjects if 'data' in subject]
            if not subjects:
                raise
            print('\nInterrupted: reporting what was read until then.')
    sections = build_sections(subjects)
    args.out.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for picture in section.pictures:
            (args.out / f'{picture.name}.svg').write_text(picture.svg, encoding='utf-8')
    report = {'complete': complete, 'split': args.split, 'detectors': subjects}
    (args.out / 'report.json').write_text(json.dumps(report, indent=1, allow_nan=False) + '\n', encoding='utf-8')
    write_page(args.out / 'report.html', ', '.join(s['label'] for s in subjects), subjects, sections, complete)
    print(f'Report: {args.out / "report.html"}')
    print(f'All numbers: {args.out / "report.json"}')


if __name__ == '__main__':
    main()
