"""The floating-point type in which the operators compute."""

import functools

import torch
from torch import Tensor

__all__ = ['widen']


def widen(*tensors: Tensor) -> list[Tensor]:
    """The tensors in one dtype: float32, or float64 where one of them is."""
    dtype = functools.reduce(torch.promote_types, (tensor.dtype for tensor in tensors), torch.float32)
    return [tensor.to(dtype) for tensor in tensors]
