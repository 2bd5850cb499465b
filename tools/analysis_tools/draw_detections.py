"""Draw what a detector finds and misses: right detections in green, wrong ones in blue, missed objects in red.

Usage: python tools/analysis_tools/draw_detections.py CONFIG --checkpoints A.pth [B.pth] --out DIR
       python tools/analysis_tools/draw_detections.py CONFIG --results A.bbox.json [B.bbox.json] --out DIR
"""

import argparse
import copy
from collections.abc import Sequence
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before mmdet.models, whose operators it may have to serve
import cv2
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS, RUNNERS
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from tqdm import tqdm

from nwd_mmdet import launch
from nwd_mmdet.analysis.detection_outcomes import outcomes
from nwd_mmdet.analysis.figures.outcomes import draw_outcomes
from nwd_mmdet.config import load_config
from nwd_mmdet.datasets.annotation_files import read_json
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth

_WRITING_METRICS = ('AITODMetric', 'VisDroneMetric', 'COCOBoxMetric', 'CocoMetric')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Draw the detections of one or two detectors side by side on the test images of a config: right '
        'ones (TP) in green, wrong ones (FP) in blue, missed objects (FN) in red.'
    )
    parser.add_argument('config', help='config file, for its test set; the model too, where a checkpoint has none')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='as in tools/test.py')
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
    args = parser.parse_args()
    for name, value in (('--score-thr', args.score_thr), ('--iou-thr', args.iou_thr)):
        if not 0 <= value <= 1:
            parser.error(f'{name} {value:g} must lie between 0 and 1')
    return args


def name_of(dataset: CocoDataset, index: int) -> str:
    """File name of an image, with its folders inside the image folder."""
    return str(Path(dataset.get_data_info(index)['img_path']).relative_to(dataset.data_prefix['img']))


def select(dataset: CocoDataset, args: argparse.Namespace) -> list[int]:
    """Indices of the images to look at."""
    indices = list(range(len(dataset)))
    if args.images:
        index_of = {name_of(dataset, index): index for index in indices}
        if unknown := [name for name in args.images if name not in index_of]:
            raise ValueError(
                f'--images {", ".join(unknown)}: no such image in {dataset.ann_file}; its names are like '
                f'{", ".join(list(index_of)[:3])}'
            )
        indices = [index_of[name] for name in args.images]
    return indices if args.sort else indices[: args.max_images]


def detect(cfg: Config, checkpoint: str, indices: Sequence[int], prefix: Path, options: dict | None) -> Path:
    """Run a detector on some images of the test set; return the file with its detections.

    Args:
        cfg: Its test set and evaluator are used; model and pipeline only if the checkpoint carries no config.
        checkpoint: File or URL.
        indices: Of the images.
        prefix: The file is ``{prefix}.bbox.json``.
        options: What --cfg-options sets, for the config in the checkpoint.
    """
    cfg = copy.deepcopy(cfg)
    if saved := CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu').get('meta', {}).get('cfg'):
        trained = Config.fromstring(saved, '.py')
        trained.merge_from_dict(options or {})
        cfg.model, cfg.test_dataloader.dataset.pipeline = trained.model, trained.test_dataloader.dataset.pipeline
    cfg.test_dataloader.dataset.indices = list(indices)
    cfg.load_from, cfg.work_dir = checkpoint, str(prefix.parent / 'logs')
    if not isinstance(cfg.test_evaluator, dict) or cfg.test_evaluator.type not in _WRITING_METRICS:
        raise ValueError(
            f'test_evaluator must be one of {", ".join(_WRITING_METRICS)}: they write detections to a file'
        )
    cfg.test_evaluator.update(format_only=True, outfile_prefix=str(prefix))
    RUNNERS.build(cfg).test()
    return prefix.with_name(f'{prefix.name}.bbox.json')


def results_of(cfg: Config, indices: Sequence[int], args: argparse.Namespace) -> dict[str, Path]:
    """Title of each panel → file with its detections."""
    if args.results:
        titles = [path.name.removesuffix('.json').removesuffix('.bbox') for path in args.results]
        paths = args.results
    else:
        titles = [f'{Path(path).parent.name}_{Path(path).stem}'.lstrip('_') for path in args.checkpoints]
        paths = args.checkpoints
    if len(set(titles)) < len(titles):  # the same name in several folders
        titles = [f'{number}_{title}' for number, title in enumerate(titles, 1)]
    if args.results:
        return dict(zip(titles, paths))
    for path in paths:
        launch.check_checkpoint(path)
    return {title: detect(cfg, path, indices, args.out / title, args.cfg_options) for title, path in zip(titles, paths)}


def draw(args: argparse.Namespace) -> None:
    """Match, print the totals, and write the pictures."""
    cfg = load_config(args.config, args.cfg_options)
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    if not isinstance(dataset, CocoDataset):
        raise ValueError(f'test_dataloader.dataset is a {type(dataset).__name__}; it must be of COCO format, unwrapped')
    indices = select(dataset, args)
    objects = GroundTruth.from_coco(read_json(dataset.ann_file), dataset.ann_file)
    objects = objects.with_classes(dataset.metainfo['classes'])
    results = results_of(cfg, indices, args)
    found = {
        title: outcomes(
            objects, Detections.from_coco(read_json(path), objects, str(path)), args.score_thr, args.iou_thr
        )
        for title, path in results.items()
    }
    img_ids = {index: dataset.get_data_info(index)['img_id'] for index in indices}
    if args.sort:
        indices.sort(key=lambda index: -sum(len(part[img_ids[index]].missed) for part in found.values()))
    for index in tqdm(indices[: args.max_images], 'pictures', unit='img', delay=2):
        path = dataset.get_data_info(index)['img_path']
        image = cv2.imread(path, cv2.IMREAD_COLOR)
        if image is None:
            raise FileNotFoundError(f'no image {Path(path).absolute()}, or not one that OpenCV reads')
        picture = (args.out / name_of(dataset, index)).with_suffix('.png')
        picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(picture), draw_outcomes(image, {t: part[img_ids[index]] for t, part in found.items()}))
    for title, part in found.items():
        tp, fp, fn = (sum(column) for column in zip(*(part[img_id].counts for img_id in img_ids.values())))
        source = launch.relative_path(results[title])
        print(f'{title}: TP {tp:,}  FP {fp:,}  FN {fn:,} in {len(indices):,} images, from {source}')
    print(f'Pictures: {launch.relative_path(args.out)}')


def main() -> None:
    """Draw, or say what is missing."""
    args = parse_args()
    with launch.explained_errors(lambda: f'{args.out} holds the pictures drawn so far.'):
        try:
            draw(args)
        except ValueError as error:
            raise SystemExit(f'draw_detections.py: {error}') from None


if __name__ == '__main__':
    main()
