import pytest
import torch

from nwd_mmdet.stack.precision import widen


@pytest.mark.parametrize(
    ('dtypes', 'expected'),
    [
        ((torch.float16, torch.float16), torch.float32),
        ((torch.bfloat16, torch.float32), torch.float32),
        ((torch.float16, torch.float64), torch.float64),
    ],
)
def test_widest_but_at_least_float32(dtypes, expected):
    assert [tensor.dtype for tensor in widen(*(torch.ones(2, dtype=dtype) for dtype in dtypes))] == [expected] * 2
