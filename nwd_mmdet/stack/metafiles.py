"""mmengine's look-up of a config by the package that brings it, as in ``_base_ = 'mmdet::…'``.

For each such base mmengine reads all metafiles of the package, a hundred in mmdet, before it tries the path.
"""

import functools

from mmengine.config import utils

__all__ = ['read_metafiles_once']


def read_metafiles_once() -> None:
    """Have mmengine read each metafile once a process. What it reads of them it does not change."""
    if not hasattr(utils.load, 'cache_info'):
        utils.load = functools.cache(utils.load)
