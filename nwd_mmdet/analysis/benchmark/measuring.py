"""Time and memory of a function."""

import contextlib
import ctypes
import io
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import torch
import torchvision

_CLEAR_REFS = Path('/proc/self/clear_refs')  # Linux alone can reset the peak of a process


@dataclass(frozen=True)
class Cost:
    """What a call costs.

    Attributes:
        seconds: Median of the calls.
        megabytes: The peak above what was in use before; 0 where it cannot be measured.
    """

    seconds: float
    megabytes: float


def measure(function: Callable[[], object], device: str, repeats: int) -> Cost:
    """Call it ``repeats`` times; what it prints is dropped.

    Args:
        function: What to measure.
        device: 'cpu' or 'cuda', whose memory counts.
        repeats: Number of calls, from 1 on.
    """
    times = []
    with contextlib.redirect_stdout(io.StringIO()):
        before = _reset_peak(device)
        for _ in range(repeats):
            start = time.perf_counter()
            function()
            if device == 'cuda':
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
        memory = _peak(device) - before
    return Cost(statistics.median(times), memory / 1e6)


def _reset_peak(device: str) -> int:
    """Bytes in use now, from which the peak counts."""
    if device == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    elif _CLEAR_REFS.exists():
        ctypes.CDLL(None).malloc_trim(0)  # hand back what earlier runs freed, or it would not count when used again
        _CLEAR_REFS.write_text('5')
    return _peak(device)


def _peak(device: str) -> int:
    """Bytes at the peak since :func:`_reset_peak`."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated()
    if not _CLEAR_REFS.exists():
        return 0
    status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())
    return int(status['VmHWM'].split()[0]) * 1024


def environment(device: str) -> str:
    """What is measured on: the processor and the versions of what counts."""
    processor = torch.cuda.get_device_name() if device == 'cuda' else f'{torch.get_num_threads()} CPU threads'
    return (
        f'{processor}, {platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}, '
        f'torchvision {torchvision.__version__}, numba {numba.__version__}, numpy {np.__version__}'
    )
