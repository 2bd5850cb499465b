"""Test a detector: metrics, and on request detections as a file and as pictures."""

import argparse
import copy
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nwd_mmdet.commands.arguments import add_run

if TYPE_CHECKING:
    from mmengine.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments, named as mmdet's tools/test.py names them."""
    add_run(parser)
    parser.add_argument('checkpoint', help='checkpoint file, or a URL')
    parser.add_argument('--out', metavar='FILE.pkl', help='write all detections to this file')
    parser.add_argument('--show', action='store_true', help='show pictures in a window')
    parser.add_argument(
        '--show-dir', metavar='DIR', help='write pictures there; a relative path is one below work folder/time of start'
    )
    parser.add_argument('--wait-time', type=float, default=2, metavar='S', help='seconds to show each; default: 2')
    parser.add_argument('--tta', action='store_true', help="the config's tta_model and tta_pipeline, by default a flip")


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be, before anything is loaded."""
    if args.out and not args.out.endswith(('.pkl', '.pickle')):
        args.error(f'--out writes a pickle file, so its name ends in .pkl or .pickle, got {args.out}')
    if args.show and sys.platform == 'linux' and not {'DISPLAY', 'WAYLAND_DISPLAY'} & os.environ.keys():
        args.error('--show needs a display, and there is none; --show-dir writes the pictures to files')


def show(cfg: 'Config', args: argparse.Namespace) -> None:
    """Have the visualization hook draw, in a way in which tiny objects can be seen unless the config has its own."""
    from mmengine.config import ConfigDict

    if cfg.get('visualizer', {}).get('type', 'DetLocalVisualizer') == 'DetLocalVisualizer':
        cfg.visualizer = {**cfg.get('visualizer', {}), 'type': 'TinyObjectVisualizer'}
    hooks = cfg.setdefault('default_hooks', ConfigDict())
    hook = hooks.setdefault('visualization', ConfigDict(type='DetVisualizationHook'))
    hook.update(draw=True, show=args.show, wait_time=args.wait_time, test_out_dir=args.show_dir)


def augment(cfg: 'Config') -> None:
    """Wrap the model in mmdet's DetTTAModel; without settings in the config, images are tested as is and flipped.

    The two sets of detections are then merged by the model's own NMS up to its own number per image.
    """
    from mmengine.config import ConfigDict

    dataset = cfg.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    if 'tta_model' not in cfg:
        test_cfg = cfg.model.get('test_cfg') or {}
        test_cfg = test_cfg.get('rcnn', test_cfg)
        nms = test_cfg.get('nms', dict(type='nms', iou_threshold=0.5))
        cfg.tta_model = dict(
            type='DetTTAModel', tta_cfg=dict(nms=copy.deepcopy(nms), max_per_img=test_cfg.get('max_per_img', 100))
        )
    if 'tta_pipeline' not in cfg:
        *steps, pack = copy.deepcopy(dataset.pipeline)
        keys = pack.get('meta_keys', ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))
        pack.meta_keys = tuple(dict.fromkeys((*keys, 'flip', 'flip_direction')))
        # As is first: of the views, the first gives the ground truth of pictures and metrics.
        flips = [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)]
        cfg.tta_pipeline = [*steps, dict(type='TestTimeAug', transforms=[flips, [pack]])]
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    dataset.pipeline = cfg.tta_pipeline


def configure(args: argparse.Namespace) -> 'Config':
    """Load the config and write the arguments into it."""
    from nwd_mmdet import launch

    launch.check_checkpoint(args.checkpoint)
    cfg = launch.configure(args)
    if not args.work_dir:
        # Beside the training, whose config in the work folder has to stay as it was trained.
        cfg.work_dir = str(Path(cfg.work_dir, 'test'))
    cfg.load_from, cfg.resume = args.checkpoint, False
    if args.show or args.show_dir:
        show(cfg, args)
    if args.tta:
        augment(cfg)
    return cfg


def run(args: argparse.Namespace) -> None:
    """Test, and say where what was asked for is."""
    from mmdet.evaluation import DumpDetResults
    from mmdet.registry import RUNNERS
    from mmengine.dist import is_main_process

    from nwd_mmdet import launch

    with launch.explained_errors(lambda: 'There are no metrics of a part of the images; start again.'):
        runner = RUNNERS.build(configure(args))
        if args.out:
            runner.test_evaluator.metrics.append(DumpDetResults(out_file_path=args.out))
        runner.test()
    if is_main_process():
        if args.out:
            print(f'Detections: {args.out}')
        if args.show_dir:
            print(f'Pictures: {launch.relative_path(Path(runner.work_dir, runner.timestamp, args.show_dir))}')
