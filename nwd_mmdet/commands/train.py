"""Train a detector.

Several processes: torchrun --nproc_per_node 4 -m nwd_mmdet train CONFIG --launcher pytorch
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nwd_mmdet.commands.arguments import add_run

if TYPE_CHECKING:
    from mmengine.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments, named as mmdet's tools/train.py names them."""
    add_run(parser)
    parser.add_argument('--amp', action='store_true', help='mixed precision; needs a GPU')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by (images per step over all processes) / (auto_scale_lr.base_batch_size); '
        'a resumed run keeps the rate of its checkpoint',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint, or from the last one in the work folder; without any, start anew',
    )


def apply_arguments(cfg: 'Config', args: argparse.Namespace) -> None:
    """Write --amp, --auto-scale-lr and --resume into the config."""
    from mmengine.device import get_device

    from nwd_mmdet import launch

    if args.amp:
        if get_device() in ('cpu', 'mps'):
            args.error(f"--amp needs a GPU, mmengine's mixed precision has none for {get_device()}")
        cfg.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            args.error(
                '--auto-scale-lr needs the batch size that the learning rate of the config was chosen for: '
                '--cfg-options auto_scale_lr.base_batch_size=16'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume:
        if args.resume != 'auto':
            launch.check_checkpoint(args.resume)
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume


def last_checkpoint(work_dir: str) -> str | None:
    """Return the path of the checkpoint saved last, as mmengine records it."""
    from nwd_mmdet import launch

    record = Path(work_dir, 'last_checkpoint')
    return launch.relative_path(record.read_text().strip()) if record.is_file() else None


def how_to_go_on(work_dir: str, launcher: str) -> str:
    """Return what to say after Ctrl-C."""
    from nwd_mmdet import launch

    checkpoint = last_checkpoint(work_dir)
    if checkpoint is None:
        return f'No checkpoint was saved in {work_dir} yet, so the same command starts anew.'
    text = f'The last checkpoint is {checkpoint}. To go on from there, give the same command with --resume'
    return f'{text}.' if launcher != 'none' else f'{text}:\n  {launch.same_command("--resume")}'


def run(args: argparse.Namespace) -> None:
    """Train, and say where the result is and how to test it."""
    from mmdet.registry import RUNNERS
    from mmengine.dist import is_main_process

    from nwd_mmdet import launch

    work_dir = args.work_dir or 'the work folder'
    with launch.explained_errors(lambda: how_to_go_on(work_dir, args.launcher)):
        cfg = launch.configure(args)
        work_dir = cfg.work_dir
        apply_arguments(cfg, args)
        runner = RUNNERS.build(cfg)
        launch.check_data(cfg)
        runner.register_hook(launch.RateChecks())
        runner.train()
    if is_main_process() and (checkpoint := last_checkpoint(work_dir)):
        # The config in the work folder is the one that was trained, --cfg-options included.
        config = launch.relative_path(Path(work_dir, os.path.basename(args.config)))
        print(f'Last checkpoint: {checkpoint}\nTest it with:\n  {launch.other_command("test", config, checkpoint)}')
