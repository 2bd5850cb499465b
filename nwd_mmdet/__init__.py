"""NWD, Dual Weighting, alpha-IoU and imbalance analysis for MMDetection 3.x.

Importing the package registers every component with mmdet, so one line in a config is enough::

    custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)
"""

import importlib

__version__ = '0.1.0'

_INSTALL_HELP = (
    "nwd_mmdet is a plugin of MMDetection 3.x and could not import '{name}' ({error}).\n"
    'Install one of the two supported stacks next to torch and torchvision:\n'
    "  pip install 'nwd-mmdet[onedl]'       maintained: onedl-mmengine, onedl-mmcv, onedl-mmdetection\n"
    "  pip install 'nwd-mmdet[openmmlab]'   upstream: mmengine 0.10.7, mmcv-lite 2.1.0, mmdet 3.3.0\n"
    'Then run `python -m nwd_mmdet.doctor` to see what is missing.'
)


def _require_mm_stack() -> None:
    """Raise ImportError, saying what to install, unless mmengine, mmcv and mmdet 3.x can be imported."""
    for name in ('mmengine', 'mmcv', 'mmdet'):
        try:
            module = importlib.import_module(name)
        except (ImportError, AssertionError) as error:  # mmdet asserts on versions of mmcv and mmengine
            raise ImportError(_INSTALL_HELP.format(name=name, error=error)) from error
    if not module.__version__.startswith('3.'):
        raise ImportError(_INSTALL_HELP.format(name='mmdet', error=f'found {module.__version__}, need 3.x'))


_require_mm_stack()

from nwd_mmdet import mmcv_ops  # noqa: E402

mmcv_ops.install()  # must stand in for mmcv._ext before anything imports mmdet.models

from nwd_mmdet import nms  # noqa: E402

nms.bind_in_mmcv()

from nwd_mmdet import assigners, datasets, evaluation, losses  # noqa: E402, F401
