"""mmengine's checkpoints under torch.load's safe default.

From 2.6 on torch.load builds nothing that is not on its list of safe globals, since a pickle can call any function.
Beside tensors a checkpoint of mmengine holds the history of its log as HistoryBuffers of NumPy arrays. mmengine 0.10.7
does not put them on that list, so it cannot load what it saved.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.utils import digit_version

__all__ = ['allow_mmengine_globals']


def _statistic(owner: type, name: str) -> Callable:
    """What a checkpoint may use ``getattr`` for: a HistoryBuffer stores its statistics as ``HistoryBuffer.mean``."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise AttributeError(f"a checkpoint may not ask for attribute '{name}' of {owner}")
    return getattr(owner, name)


def allow_mmengine_globals() -> None:
    """Let ``torch.load`` read checkpoints of mmengine with ``weights_only=True``.

    All that it adds to torch's list builds data and does nothing else; in particular ``getattr`` is admitted only for
    the statistics of HistoryBuffer. Without effect before torch 2.6, whose torch.load reads everything by default.
    """
    if digit_version(torch.__version__) < digit_version('2.6'):
        return
    # Both go by a private module, whose name NumPy 2 changed; a checkpoint holds the name of where it was saved.
    reconstruct, scalar = (value.__reduce__()[0] for value in (np.empty(0), np.float64(0)))
    named: list[Any] = [
        (HistoryBuffer, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_statistic, 'builtins.getattr'),
        (np.ndarray, 'numpy.ndarray'),
        (np.dtype, 'numpy.dtype'),
    ]
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        named += [(reconstruct, f'{module}._reconstruct'), (scalar, f'{module}.scalar')]
    for kind in {type(np.dtype(code)) for code in np.typecodes['All']}:
        named.append((kind, f'numpy.dtypes.{kind.__name__}'))
    # As pairs of object and name throughout: onedl-mmengine adds some of the same objects without a name for the time
    # of a load and then takes them off the list, which would undo ours.
    torch.serialization.add_safe_globals(named)
