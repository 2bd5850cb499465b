"""What tools/train.py and tools/test.py share: arguments, config, processes on the CPU, errors in a sentence."""

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
from mmengine.hub import get_config

from nwd_mmdet.analysis.constants import resolve_auto_constants
from nwd_mmdet.auto_classes import resolve_auto_classes

__all__ = ['argument_parser', 'check_checkpoint', 'explained_errors', 'load_config', 'read_config', 'shown']


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


def load_config(args: argparse.Namespace) -> Config:
    """Load the config and apply the shared arguments to it.

    The work folder is ``--work-dir``, else the config's ``work_dir``, else ``work_dirs/`` and the config's name.
    ``constant='auto'`` in the model becomes the mean object size of the training set, ``classes='auto'`` in the data
    sets the names in their files, ``num_classes='auto'`` in the model their number.
    A run by torchrun on a machine without GPUs joins its process group here, with gloo.

    Args:
        args: What a parser of :func:`argument_parser` returned.

    Raises:
        FileNotFoundError: If the config file or one of its bases does not exist.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    _refuse_class_constants_in_rpn(cfg)
    resolve_auto_classes(cfg)
    resolve_auto_constants(cfg)
    cfg.launcher = args.launcher
    cfg.default_scope = cfg.get('default_scope') or 'mmdet'
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or str(Path('work_dirs', Path(args.config).stem))
    if args.launcher == 'pytorch' and get_device() == 'cpu':
        _join_on_cpu(cfg)
    return cfg


def read_config(path: str | Path) -> Config:
    """Read a config file, or with ``mmdet::`` before its path one that mmdet brings.

    Raises:
        FileNotFoundError: If there is none.
    """
    if '::' in str(path):
        return get_config(str(path))
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no config file {path.absolute()}. Its path is relative to the working directory.')
    return Config.fromfile(path)


def _refuse_class_constants_in_rpn(cfg: Config) -> None:
    """End the program where an RPN, to which all objects are of one class, has an NWD constant for each class."""
    assigner = ((cfg.get('model', {}).get('train_cfg') or {}).get('rpn') or {}).get('assigner') or {}
    if isinstance(assigner.get('constant'), (list, tuple)):
        raise SystemExit(
            f'model.train_cfg.rpn.assigner.constant={assigner["constant"]} has one number for each class, but an RPN '
            'does not know the classes: give it a single number. The R-CNN stage and one-stage detectors take a list.'
        )


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


def shown(path: str | Path) -> str:
    """Return the path as short as it can be given in the working directory."""
    path = Path(path).absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@contextlib.contextmanager
def explained_errors(after_interrupt: Callable[[], str]) -> Iterator[None]:
    """End the program with one message where a file is missing or Ctrl-C was pressed, and no stack trace.

    Args:
        after_interrupt: Returns what to say after Ctrl-C.
    """
    try:
        yield
    except FileNotFoundError as error:
        hint = ''
        if error.filename is not None:  # the system's own message; those that are raised on purpose say what to do
            hint = f'\nPaths are relative to {Path.cwd()}. docs/datasets.md tells how to name the folder of a data set.'
        raise SystemExit(f'{Path(sys.argv[0]).name}: {error}{hint}') from None
    except KeyboardInterrupt:
        if is_main_process():
            print(f'\nInterrupted. {after_interrupt()}', file=sys.stderr)
        raise SystemExit(128 + 2) from None  # as shells report a process ended by SIGINT
