"""NWD, Dual Weighting, alpha-IoU and imbalance analysis for MMDetection 3.x.

Importing the package registers every component with mmdet, so one line in a config is enough::

    custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
"""

import sys

__version__ = '0.1.0'  # above the imports: the doctor reads it when one of them fails

try:
    import mmdet

    from nwd_mmdet.stack import checkpoints, mmcv_ops
    from nwd_mmdet.stack.quiet_import import quiet_import

    if not mmdet.__version__.startswith('3.'):
        raise ImportError(f'found mmdet {mmdet.__version__}')
    mmcv_ops.install()  # must stand in for mmcv._ext before anything imports mmdet.models

    with quiet_import():
        from nwd_mmdet import (
            alpha_iou_losses,
            assigners,
            classwise_bbox_head,
            config,
            datasets,
            dense_heads,
            entry_points,
            evaluation,
            hooks,
            losses,
            neighbors,
            nms,
            overlap_nms,
            overlaps,
            settings,
            visualizer,
            yolov5_pafpn,
        )

    checkpoints.allow_mmengine_globals()
    nms.bind_in_mmcv()
    settings.check_models_when_built()
    entry_points.resolve_in_entry_points()
except Exception as error:  # a broken stack fails in many ways: ImportError, AssertionError, OSError, RuntimeError
    if 'nwd_mmdet.doctor' not in sys.orig_argv:  # `python -m nwd_mmdet.doctor` itself has to start whatever is broken
        from nwd_mmdet import doctor

        message = f'nwd_mmdet needs a working MMDetection 3.x: {error}'
        raise ImportError(f'{message}\n\n{doctor.diagnosis()}') from error

__all__ = [
    'alpha_iou_losses',
    'assigners',
    'classwise_bbox_head',
    'config',
    'datasets',
    'dense_heads',
    'evaluation',
    'hooks',
    'losses',
    'neighbors',
    'nms',
    'overlap_nms',
    'overlaps',
    'visualizer',
    'yolov5_pafpn',
]
