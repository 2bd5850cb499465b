"""Arguments that several commands have."""

import argparse
from typing import Any


class ConfigOptions(argparse.Action):
    """mmengine's ``DictAction``, ``KEY=VALUE`` to a dictionary, imported when it is needed: it brings torch along."""

    def __call__(self, parser: argparse.ArgumentParser, *args: Any) -> None:
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest)(parser, *args)


def add_config(parser: argparse.ArgumentParser, options: str) -> None:
    """Add CONFIG and ``--cfg-options``.

    Args:
        parser: Of the command.
        options: Help of ``--cfg-options``.
    """
    parser.add_argument(
        'config', help='config file; mmdet:: or nwd_mmdet:: before the path takes one that the package brings'
    )
    add_config_options(parser, options)


def add_config_options(parser: argparse.ArgumentParser, options: str = 'settings that replace those of CONFIG') -> None:
    """Add ``--cfg-options``."""
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions, metavar='KEY=VALUE', help=options)


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add ``--trust-checkpoint``, which the command line acts on before a command runs."""
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='let checkpoints run code while they are loaded: only if you know who made them',
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add what training and testing have in common, named as mmdet names it."""
    add_config(
        parser,
        'settings that replace those of CONFIG: optim_wrapper.optimizer.lr=0.005 '
        'model.rpn_head.anchor_generator.scales=[2]; quote values with brackets or spaces',
    )
    add_trust(parser)
    parser.add_argument('--work-dir', metavar='DIR', help='folder for what is written; default: work_dirs/CONFIG')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of a distributed run; dist_*.sh and slurm_*.sh set it',
    )
    # torch.distributed.launch passes it, spelt either way; torchrun sets the environment variable instead.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
