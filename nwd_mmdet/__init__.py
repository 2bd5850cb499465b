"""NWD, Dual Weighting, alpha-IoU and imbalance analysis for MMDetection 3.x.

Importing the package registers every component with mmdet, so one line in a config is enough::

    custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
"""

import importlib
import sys
from pathlib import Path

__version__ = '0.1.0'

__all__ = [
    'alpha_iou_losses',
    'assigners',
    'classwise_bbox_head',
    'config',
    'datasets',
    'dense_heads',
    'evaluation',
    'hooks',
    'load',
    'losses',
    'neighbors',
    'nms',
    'overlap_nms',
    'overlaps',
    'visualizer',
    'yolov5_pafpn',
]


def load() -> None:
    """Import :mod:`nwd_mmdet.plugin`, which registers everything. Loading again does nothing.

    Raises:
        ImportError: The mm stack is missing or broken; the message is the doctor's whole report.
    """
    try:
        importlib.import_module('nwd_mmdet.plugin')
    except Exception as error:  # a broken stack fails in many ways: ImportError, AssertionError, OSError, RuntimeError
        from nwd_mmdet import doctor

        message = f'nwd_mmdet needs a working MMDetection 3.x: {error}'
        raise ImportError(f'{message}\n\n{doctor.diagnosis()}') from error


def _is_command_line() -> bool:
    """Whether this process is the package's own command, which loads the plugin when it comes to need it.

    Its help and its listings would take seconds otherwise, and the doctor has to run where nothing else does. Processes
    that such a command starts are none: they load it.
    """
    words = iter(sys.orig_argv[1:])
    for word in words:
        if word == '-m':
            return next(words, '') in ('nwd_mmdet', 'nwd_mmdet.doctor')
        if word in ('-W', '-X'):
            next(words, '')
        elif word == '-c' or not word.startswith('-'):
            return Path(word).stem == 'nwd-mmdet'
    return False


if not _is_command_line():
    load()
