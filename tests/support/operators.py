"""What the tests of mmcv's operators share."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from nwd_mmdet.stack import mmcv_ops

COMPILED = mmcv_ops.operator_origin()['nms'] == 'mmcv (compiled)'

cuda_only_if_compiled = pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator runs on CUDA alone")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')


def gradients_of_squares(output: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(output.square().sum(), inputs)


def drawn(*shape: int, seed: int = 0, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale
    return values.to(dtype).requires_grad_()


def check_cuda_is_cpu(operator: Callable, inputs: tuple[Tensor, ...], settings: tuple[Any, ...], half: bool) -> None:
    """Check that on CUDA output and gradient of the first input are what they are in float32 on CPU."""
    results = []
    for device, dtype in (('cpu', torch.float32), ('cuda', torch.float16 if half else torch.float32)):
        tensors = [x.detach().to(device, dtype if x.is_floating_point() else None) for x in inputs]
        tensors[0].requires_grad_()
        output = operator(*tensors, *settings)
        assert output.dtype == dtype
        results.append([output.cpu().float(), gradients_of_squares(output.float(), tensors[0])[0].cpu().float()])
    tolerance = {'rtol': 0.02, 'atol': 0.1} if half else {'rtol': 1e-4, 'atol': 1e-4}
    torch.testing.assert_close(*results, **tolerance)
