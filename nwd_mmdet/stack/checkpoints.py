"""mmengine's checkpoints under torch.load's safe default.

From 2.6 on torch.load builds nothing that is not on its list of safe globals, since a pickle can call any function.
Beside tensors a checkpoint of mmengine holds the history of its log as HistoryBuffers of NumPy arrays. mmengine 0.10.7
does not put them on that list, so it cannot load what it saved. onedl-mmengine loads whatever is refused once more,
without the list, and so runs what was refused.
"""

import contextlib
import functools
import importlib
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from mmengine.utils import digit_version

__all__ = ['RefusedCheckpoint', 'allow_mmengine_globals', 'refuse_code', 'trust']

_trusted = False


class RefusedCheckpoint(ValueError):
    """A checkpoint that asks for more than data while it is loaded, or that is none."""


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


def trust() -> None:
    """Let all checkpoints of this process run what they ask for, as torch did before 2.6."""
    global _trusted
    _trusted = True


def refuse_code() -> None:
    """Have mmengine load nothing from checkpoints but data, unless :func:`trust` was called.

    Without effect before torch 2.6, and from the second call on.
    """
    original = CheckpointLoader.load_checkpoint.__func__
    if hasattr(original, '__wrapped__') or digit_version(torch.__version__) < digit_version('2.6'):
        return

    @functools.wraps(original)
    def load(cls: type, filename: str, *args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint.

        Raises:
            RefusedCheckpoint: It asks for a function, it is no checkpoint, or there are no weights in it.
        """
        try:
            with _torch_load(weights_only=not _trusted):
                checkpoint = original(cls, filename, *args, **kwargs)
        except pickle.UnpicklingError as error:
            raise RefusedCheckpoint(f'{filename} was not loaded: {_reason(error)}') from error
        except (EOFError, RuntimeError) as error:  # empty, cut short
            raise RefusedCheckpoint(f'{filename} cannot be read as a checkpoint: {error or "it is empty"}') from error
        if not _has_weights(checkpoint):
            raise RefusedCheckpoint(f'{filename} holds no weights')
        return checkpoint

    CheckpointLoader.load_checkpoint = classmethod(load)


@contextlib.contextmanager
def _torch_load(weights_only: bool) -> Iterator[None]:
    """Inside, mmengine loads so, whatever it asks torch for."""
    module: Any = importlib.import_module('mmengine.runner.checkpoint')
    places = {torch: 'load', module: '_safe_torch_load'}  # the second of onedl-mmengine alone
    before = {place: getattr(place, name) for place, name in places.items() if hasattr(place, name)}

    @functools.wraps(torch.load)
    def load(*args: Any, **kwargs: Any) -> Any:
        return before[torch](*args, **{**kwargs, 'weights_only': weights_only})

    for place in before:
        setattr(place, places[place], load)
    try:
        yield
    finally:
        for place, function in before.items():
            setattr(place, places[place], function)


def _reason(error: pickle.UnpicklingError) -> str:
    asked = re.search(r'(?:GLOBAL|global:?|Unsupported class) ([\w.]+\.[\w.]+)', str(error))
    if asked is None:
        return f'it is no checkpoint, or it asks for more than data. {str(error).splitlines()[0]}'
    return (
        f'it asks for {asked[1]}, which weights have no need of, and which could do anything here. If you know and '
        'trust its maker: --trust-checkpoint, or in a script nwd_mmdet.stack.checkpoints.trust()'
    )


def _has_weights(checkpoint: Any) -> bool:
    """Whether there are tensors by name, in a dictionary of their own or not."""
    parts = [checkpoint, *checkpoint.values()] if isinstance(checkpoint, dict) else []
    named = (part for part in parts if isinstance(part, dict))
    return any(isinstance(value, torch.Tensor) for part in named for value in part.values())
