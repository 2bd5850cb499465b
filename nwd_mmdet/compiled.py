"""Compiled functions."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec('P')
R = TypeVar('R')


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call (numba) and keep the machine code on disk for the next process.

    Where no folder can be written, as in a read-only container without a home, every process compiles for itself.
    """
    machine_code: Callable[P, R]
    try:
        machine_code = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available"
        machine_code = njit(nogil=True)(function)
    return machine_code


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile into the compiled functions that call it."""
    machine_code: Callable[P, R] = njit(nogil=True, inline='always')(function)
    return machine_code
