"""Starting and ending a run: processes on the CPU, learning rates nobody asked for, errors in a sentence."""

import argparse
import contextlib
import datetime
import math
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from nwd_mmdet.config import load_config
from nwd_mmdet.data_check import check_before_training
from nwd_mmdet.stack.checkpoints import RefusedCheckpoint

__all__ = [
    *(
        'RateChecks',
        'check_checkpoint',
        'check_data',
        'configure',
        'explained_errors',
        'other_command',
        'relative_path',
    ),
    *('same_command', 'warm_ups_too_long'),
]


def configure(args: argparse.Namespace) -> Config:
    """Load the config and apply the shared arguments to it.

    The work folder is ``--work-dir``, else the config's ``work_dir``, else ``work_dirs/`` and the config's name.
    A run by torchrun on a machine without GPUs joins its process group here, with gloo.

    Args:
        args: Arguments that ``nwd_mmdet.commands.arguments.add_run`` added.

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


def check_data(cfg: Config) -> None:
    """Log what is wrong with the data of a training, in its first process, and end it in all where it would go wrong.

    ``stop_on_data_errors=False`` in the config lets it go on.
    """
    errors = [check_before_training(cfg).errors if is_main_process() else []]
    broadcast_object_list(errors)
    if errors[0] and cfg.get('stop_on_data_errors', True):
        found = '\n'.join(f'  {finding}' for finding in errors[0])
        raise SystemExit(
            f'{Path(sys.argv[0]).name}: the data would make this training go wrong:\n{found}\n'
            'docs/check_data.md tells more. To train nevertheless: --cfg-options stop_on_data_errors=False'
        )


def check_checkpoint(path: str) -> None:
    """Raise FileNotFoundError where a checkpoint is neither a file nor a URL, before data sets and model are built."""
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(
            f'no checkpoint {Path(path).absolute()}. Training prints the path of its last one, '
            'which is also written in last_checkpoint in its work folder.'
        )


class RateChecks(Hook):
    """Warn of a training whose learning rate is not the one that its command or config names.

    * Where a warm-up outlasts the training, see :func:`warm_ups_too_long`.
    * Where a resumed run has another number of images per step than the run of the checkpoint had, or another rate.
      Resuming restores the rate of the checkpoint with the state of the optimizer, after ``--auto-scale-lr`` has scaled
      the one of the config and said so: the rate of the checkpoint, scaled or not, is the one that counts.

    Checkpoints get ``meta['images_per_step']``, the batch size times the number of processes.
    """

    def before_train(self, runner: Runner) -> None:
        schedulers = runner.cfg.get('param_scheduler')
        for warning in warm_ups_too_long(schedulers, runner.max_epochs, runner.max_iters):
            runner.logger.warning(warning)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        if images := self._images_per_step(runner):
            checkpoint['meta']['images_per_step'] = images

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        groups = checkpoint.get('optimizer', {}).get('param_groups')
        if not runner.cfg.get('resume') or groups is None:
            return
        kept, given = map(_initial_rates, (groups, runner.optim_wrapper.optimizer.param_groups))
        rate = f'the learning rate of the checkpoint, {kept[0]:.4g}'
        anew = 'start a new training from its weights: --cfg-options load_from=CHECKPOINT without --resume'
        runner.logger.info(f'Going on with {rate}, as it is: nothing is scaled after resuming.')
        different = [(old, new) for old, new in zip(kept, given) if not math.isclose(old, new)]
        if different:
            old, new = different[0]
            runner.logger.warning(
                f'The learning rate stays {old:.4g}, with which the checkpoint was trained. The {new:.4g} of this '
                f'command (config, --cfg-options, --auto-scale-lr) has no effect; to train with it, {anew}.'
            )
        before, now = checkpoint['meta'].get('images_per_step'), self._images_per_step(runner)
        if None not in (before, now) and before != now:
            runner.logger.warning(
                f'The checkpoint was trained with {before} images per step, this run has {now} and keeps {rate}, which '
                f'belongs to {before}. Resume with the batch size and number of processes of before, or {anew}.'
            )

    @staticmethod
    def _images_per_step(runner: Runner) -> int | None:
        """None where a batch sampler alone decides on the batches."""
        batch_size = runner.cfg.train_dataloader.get('batch_size')
        return None if batch_size is None else int(runner.world_size * batch_size)


def _initial_rates(groups: list[dict[str, Any]]) -> list[float]:
    """Learning rate of each parameter group before its schedule."""
    return [group.get('initial_lr', group['lr']) for group in groups]


def warm_ups_too_long(
    schedulers: list[Mapping[str, Any]] | Mapping[str, Any] | None, epochs: int, iterations: int
) -> list[str]:
    """Return a warning for each warm-up of a schedule that ends after the training, which then lacks its learning rate.

    Schedules are written for data sets of some size: 500 iterations are a fifteenth of an epoch of COCO at 16 images a
    step, and more than 12 epochs of 100 images at 4 a step.

    Args:
        schedulers: ``param_scheduler`` of a config.
        epochs: Epochs of the training.
        iterations: Iterations of the training, over all epochs.
    """
    warnings = []
    for index, scheduler in enumerate(schedulers if isinstance(schedulers, list) else [schedulers or {}]):
        unit, length = ('epochs', epochs) if scheduler.get('by_epoch', True) else ('iterations', iterations)
        end = scheduler.get('end', 0)
        if _rises(scheduler) and end > length:
            name = f'param_scheduler.{index}' if isinstance(schedulers, list) else 'param_scheduler'
            warnings.append(
                f'The warm-up is longer than the training: {name} ({scheduler["type"]}) lasts {end:,} {unit}, the '
                f'training {length:,}, which never reaches its learning rate. A tenth of it, for instance: '
                f'--cfg-options {name}.end={max(length // 10, 1)}'
            )
    return warnings


def _rises(scheduler: Mapping[str, Any]) -> bool:
    """Whether a scheduler's config is that of a warm-up, from the first step on."""
    kind = scheduler.get('type')
    rises = kind == 'LinearLR' and scheduler.get('start_factor', 1 / 3) < scheduler.get('end_factor', 1.0)
    return (rises or kind in ('ConstantLR', 'QuadraticWarmupLR')) and scheduler.get('begin', 0) == 0


def relative_path(path: str | Path) -> str:
    """Return the path as short as it can be given in the working directory."""
    path = Path(path).absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def same_command(*more: str) -> str:
    """Return what was typed to start this program, with further words after it."""
    program = sys.argv[0]
    start = ['python', program] if program.endswith('.py') else [Path(program).name]
    return shlex.join([*start, *sys.argv[1:], *more])


def other_command(name: str, *words: str) -> str:
    """Return what to type for another command, in the way in which this program was started.

    Args:
        name: Of a command that is a script beside this one, too.
        *words: What stands after it.
    """
    script = Path(sys.argv[0])
    if script.suffix == '.py':
        return shlex.join(['python', relative_path(script.with_name(f'{name}.py')), *words])
    return shlex.join([script.name, name, *words])


@contextlib.contextmanager
def explained_errors(after_interrupt: Callable[[], str], *expected: type[Exception]) -> Iterator[None]:
    """End the program with one message where a file is missing or Ctrl-C was pressed, and no stack trace.

    Args:
        after_interrupt: Returns what to say after Ctrl-C.
        *expected: Further errors whose message is enough for the user, such as ``ValueError``.
    """
    told: tuple[type[Exception], ...] = (*expected, RefusedCheckpoint)
    try:
        yield
    except told as error:
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
