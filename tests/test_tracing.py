"""When a graph may be made of NMS; what is refused to whom is in test_overlap_nms.py."""

import pytest
import torch

from nwd_mmdet.tracing import refuse_tracing, traced_to_be_counted


def twice(value: torch.Tensor) -> torch.Tensor:
    refuse_tracing()
    return value * 2


def test_only_graphs_that_are_counted() -> None:
    example = torch.ones(1)
    refuse_tracing()
    with traced_to_be_counted():
        assert torch.jit.trace(twice, example)(torch.tensor([3.0])) == 6
    with pytest.raises(RuntimeError, match='docs/deployment.md'):
        torch.jit.trace(twice, example)
