"""Train a detector.

Usage: python tools/train.py CONFIG [--amp] [--resume] [--auto-scale-lr] [--work-dir DIR] [--cfg-options KEY=VALUE …]
"""

import argparse
import shlex
import sys
from pathlib import Path

import nwd_mmdet  # noqa: F401  isort: skip  before mmdet.models, whose operators it may have to serve
from mmdet.registry import RUNNERS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process

from nwd_mmdet import launch


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = launch.argument_parser('Train a detector.')
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
    return parser.parse_args()


def apply_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Write --amp, --auto-scale-lr and --resume into the config."""
    if args.amp:
        if get_device() in ('cpu', 'mps'):
            raise SystemExit(f"train.py: --amp needs a GPU, mmengine's mixed precision has none for {get_device()}")
        cfg.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise SystemExit(
                'train.py: --auto-scale-lr needs the batch size that the learning rate of the config was chosen for: '
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
    record = Path(work_dir, 'last_checkpoint')
    return launch.relative_path(record.read_text().strip()) if record.is_file() else None


def how_to_go_on(work_dir: str, launcher: str) -> str:
    """Return what to say after Ctrl-C."""
    checkpoint = last_checkpoint(work_dir)
    if checkpoint is None:
        return f'No checkpoint was saved in {work_dir} yet, so the same command starts anew.'
    text = f'The last checkpoint is {checkpoint}. To go on from there, give the same command with --resume'
    return f'{text}.' if launcher != 'none' else f'{text}:\n  {shlex.join(["python", *sys.argv, "--resume"])}'


def main() -> None:
    """Train, and say where the result is and how to test it."""
    args = parse_args()
    work_dir = args.work_dir or 'the work folder'
    with launch.explained_errors(lambda: how_to_go_on(work_dir, args.launcher)):
        cfg = launch.configure(args)
        work_dir = cfg.work_dir
        apply_arguments(cfg, args)
        runner = RUNNERS.build(cfg)
        runner.register_hook(launch.RateChecks())
        runner.train()
    if is_main_process() and (checkpoint := last_checkpoint(work_dir)):
        # The config in the work folder is the one that was trained, --cfg-options included.
        config = launch.relative_path(Path(work_dir, Path(args.config).name))
        test = launch.relative_path(Path(__file__).with_name('test.py'))
        print(f'Last checkpoint: {checkpoint}\nTest it with:\n  {shlex.join(["python", test, config, checkpoint])}')


if __name__ == '__main__':
    main()
