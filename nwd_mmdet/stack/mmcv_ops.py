"""mmcv's compiled operators, served by torchvision and torch where mmcv was installed without them.

mmcv's Python code reaches its C++ and CUDA code through one module, ``mmcv._ext``. The wheels of package indexes lack
it, and building it takes a compiler and many minutes. :func:`install` puts a stand-in there. It serves what mmdet's
detectors call, on CPU and CUDA, with the results of mmcv's kernels (:mod:`nwd_mmdet.stack.mmcv_operators`). Every other
operator resolves to a function that says, when called, what it needs. mmcv's own operators, where they exist and
load, stay in place.
"""

import importlib
import sys
import types
import warnings
from collections.abc import Callable
from importlib import abc, machinery, metadata, util
from typing import Any, NoReturn

import mmcv
import torch

from nwd_mmdet.stack.mmcv_operators import OPERATORS

__all__ = ['build_remedy', 'install', 'load_error', 'operator_origin']

load_error = ''  # why mmcv's own operators, though present, are not used; set by install()


# Every distribution that provides mmcv, and the one to build it from.
_SOURCES = {'onedl-mmcv': 'onedl-mmcv', 'mmcv': 'mmcv', 'mmcv-lite': 'mmcv'}


def build_remedy() -> str:
    """How to get mmcv's own operators in place of the installed mmcv distribution."""
    versions = {dist.name: dist.version for dist in metadata.distributions() if dist.name in _SOURCES}
    installed, version = next(iter(versions.items()), ('mmcv', '2.1.0'))
    source = _SOURCES[installed]
    return (
        f'To build them for this torch (a C++ compiler, for CUDA also nvcc; many minutes):\n'
        f"  pip install 'setuptools>=77,<82' wheel && pip uninstall -y {installed}\n"
        f'  MMCV_WITH_OPS=1 pip install --no-cache-dir --no-build-isolation --no-binary {source} {source}=={version}\n'
        f'or install the wheel that the makers of {source} publish for your torch and CUDA, if there is one.'
    )


def _needs_compiled(name: str) -> Callable[..., NoReturn]:
    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"'{name}' needs mmcv's compiled operators, which are not there. {build_remedy()}")

    return operator


class _StandIn(types.ModuleType):
    """``mmcv._ext`` with our operators; any other name is an operator that raises when called."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('_'):  # what Python itself looks for in a module
            raise AttributeError(f"module 'mmcv._ext' has no attribute '{name}'")
        setattr(self, name, _needs_compiled(name))  # now dir() tells operator_origin() which names mmcv asks for
        return getattr(self, name)


class _StandInLoader(abc.Loader):
    """Gives the stand-in a proper spec: mmcv and mmengine look for the operators by ``find_spec``."""

    def create_module(self, spec: machinery.ModuleSpec) -> types.ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        for operator in (operator for operators in OPERATORS.values() for operator in operators):
            setattr(module, operator.__name__, operator)


def install() -> None:
    """Make ``import mmcv.ops`` work: put the stand-in for ``mmcv._ext`` in place unless mmcv's own one loads.

    To be called before ``mmdet.models`` is imported. Cheap, and without effect from the second call on.

    Warns:
        UserWarning: mmcv's compiled operators are there but do not load, as when they were built for another torch.
    """
    global load_error
    if 'mmcv._ext' in sys.modules:
        return
    compiled = util.find_spec('mmcv._ext')
    if compiled is not None:
        try:
            importlib.import_module('mmcv._ext')
            return
        except (ImportError, OSError) as error:
            load_error = (
                f"mmcv's compiled operators do not load with torch {torch.__version__}; they were most likely built "
                f'for another one ({compiled.origin}: {error}).'
            )
            warnings.warn(f'{load_error} torchvision serves the common ones instead. {build_remedy()}', stacklevel=2)
    loader = _StandInLoader()
    module = util.module_from_spec(machinery.ModuleSpec('mmcv._ext', loader, origin=__file__))
    loader.exec_module(module)
    sys.modules['mmcv._ext'] = mmcv._ext = module


def operator_origin() -> dict[str, str]:
    """Where each operator that ``mmcv.ops`` uses comes from.

    Returns:
        The operators' names, and for each 'mmcv (compiled)', 'torchvision', 'torch' or 'missing'.
    """
    install()
    importlib.import_module('mmcv.ops')  # looks every operator up
    module = sys.modules['mmcv._ext']
    names = [name for name in dir(module) if not name.startswith('_')]
    if not isinstance(module, _StandIn):
        return dict.fromkeys(names, 'mmcv (compiled)')
    served = {operator.__name__: origin for origin, operators in OPERATORS.items() for operator in operators}
    return {name: served.get(name, 'missing') for name in names}
