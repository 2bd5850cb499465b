"""Starting and ending a run: arguments, processes on the CPU, errors in a sentence."""

import argparse
import contextlib
import datetime
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.dist import is_main_process

from nwd_mmdet.config import load_config

__all__ = ['argument_parser', 'check_checkpoint', 'configure', 'explained_errors', 'relative_path']


def argument_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of the arguments that training and testing have in common, named as mmdet names them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='config file; mmdet:: before the path takes one that mmdet brings')
    parser.add_argument('--work-dir', metavar='DIR', help='folder for what is written; default: work_dirs/CONFIG')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='settings that replace those of the config: optim_wrapper.optimizer.lr=0.005 '
        'model.rpn_head.anchor_generator.scales=[2]; quote values with brackets or spaces',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of a distributed run; dist_*.sh and slurm_*.sh set it',
    )
    # torch.distributed.launch passes it, spelt either way; torchrun sets the environment variable instead.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser


def configure(args: argparse.Namespace) -> Config:
    """Load the config and apply the shared arguments to it.

    The work folder is ``--work-dir``, else the config's ``work_dir``, else ``work_dirs/`` and the config's name.
    A run by torchrun on a machine without GPUs joins its process group here, with gloo.

    Args:
        args: What a parser of :func:`argument_parser` returned.

    Raises:
        FileNotFoundError: As :func:`~nwd_mmdet.config.load_config`.
        SystemExit: A config that cannot be resolved.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = load_config(args.config, args.cfg_options)
    except ValueError as error:
        raise SystemExit(f'{Path(sys.argv[0]).name}: {error}') from None
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or str(Path('work_dirs', Path(args.config).stem))
    if args.launcher == 'pytorch' and get_device() == 'cpu':
        _join_on_cpu(cfg)
    return cfg


def _join_on_cpu(cfg: Config) -> None:
    """Join the processes of torchrun where mmengine cannot: it selects a GPU in each, and for the model as well."""
    seconds = cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout', 1800)
    torch.distributed.init_process_group('gloo', timeout=datetime.timedelta(seconds=seconds))
    cfg.model_wrapper_cfg = {
        'type': 'MMDistributedDataParallel',
        'broadcast_buffers': False,
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
        **(cfg.get('model_wrapper_cfg') or {}),
        'device_ids': None,
    }


def check_checkpoint(path: str) -> None:
    """Raise FileNotFoundError where a checkpoint is neither a file nor a URL, before data sets and model are built."""
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(
            f'no checkpoint {Path(path).absolute()}. tools/train.py prints the path of its last one, '
            'which is also written in last_checkpoint in its work folder.'
        )


def relative_path(path: str | Path) -> str:
    """Return the path as short as it can be given in the working directory."""
    path = Path(path).absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@contextlib.contextmanager
def explained_errors(after_interrupt: Callable[[], str], *expected: type[Exception]) -> Iterator[None]:
    """End the program with one message where a file is missing or Ctrl-C was pressed, and no stack trace.

    Args:
        after_interrupt: Returns what to say after Ctrl-C.
        *expected: Further errors whose message is enough for the user, such as ``ValueError``.
    """
    try:
        yield
    except expected as error:
        raise SystemExit(f'{Path(sys.argv[0]).name}: {error}') from None
    except FileNotFoundError as error:
        hint = ''
        if error.filename is not None:  # the system's own message; those that are raised on purpose say what to do
            hint = f'\nPaths are relative to {Path.cwd()}. docs/datasets.md tells how to name the folder of a data set.'
        raise SystemExit(f'{Path(sys.argv[0]).name}: {error}{hint}') from None
    except KeyboardInterrupt:
        if is_main_process():
            print(f'\nInterrupted. {after_interrupt()}', file=sys.stderr)
        raise SystemExit(128 + 2) from None  # as shells report a process ended by SIGINT
