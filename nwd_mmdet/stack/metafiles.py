"""mmengine's look-up of a config by the package that brings it, as in ``_base_ = 'mmdet::…'``.

For each such base mmengine reads all metafiles of the package, a hundred in mmdet, before it tries the path.
"""

import functools
import importlib
from pathlib import Path
from typing import Any

from mmengine.config import utils

__all__ = ['find_where_imported', 'read_metafiles_once']


def find_where_imported(package: str, folder: Path) -> None:
    """Have mmengine look for a package's configs where the package is imported from.

    It goes by the folder of the distribution, which for an editable installation is another one (mmengine 0.10.7).

    Args:
        package: As in ``_base_ = 'package::…'``.
        folder: That holds ``.mim``.
    """
    for name in ('mmengine.config.config', 'mmengine.hub.hub'):
        module: Any = importlib.import_module(name)
        module.get_installed_path = _with(package, folder, module.get_installed_path)


def _with(package: str, folder: Path, original: Any) -> Any:
    @functools.wraps(original)
    def get_installed_path(name: str) -> str:
        return str(folder) if name == package else original(name)

    return get_installed_path


def read_metafiles_once() -> None:
    """Have mmengine read each metafile once a process. What it reads of them it does not change."""
    if not hasattr(utils.load, 'cache_info'):
        utils.load = functools.cache(utils.load)
