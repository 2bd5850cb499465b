"""Boxes for the tests: drawn ones, and a hypothesis strategy."""

import math

import torch
from hypothesis import strategies as st
from torch import Tensor


def draw_boxes(count: int, seed: int = 0, size: float = 320.0, integer: bool = False) -> Tensor:
    """Tiny-object boxes, sizes around 11 px, shape [count, 4]; with whole coordinates if ``integer``."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.rand(count, 2, generator=generator) * size
    sizes = (torch.randn(count, 2, generator=generator) * 0.45 + 2.4).exp()
    boxes = torch.cat([centres - sizes / 2, centres + sizes / 2], 1)
    return boxes.round() if integer else boxes


def draw_clusters(count: int, seed: int = 0, size: float = 320.0) -> tuple[Tensor, Tensor]:
    """Boxes as a detector gives them before NMS, some 20 an object, and scores with ties."""
    generator = torch.Generator().manual_seed(seed)
    objects = draw_boxes(count // 20 + 1, seed, size)
    boxes = objects[torch.randint(len(objects), (count,), generator=generator)]
    boxes = boxes + torch.randn(count, 4, generator=generator)
    boxes[:, 2:] = torch.maximum(boxes[:, :2], boxes[:, 2:])
    return boxes, (torch.rand(count, generator=generator) * 50).round() / 50


@st.composite
def boxes_strategy(draw: st.DrawFn, min_size: int = 1, max_size: int = 12) -> Tensor:
    """Boxes of any place and size, zero-area ones included."""
    coordinate = st.floats(-500, 1500, width=32)
    length = st.one_of(st.just(0.0), st.floats(0, 300, width=32))
    rows = draw(st.lists(st.tuples(coordinate, coordinate, length, length), min_size=min_size, max_size=max_size))
    boxes = torch.tensor(rows).reshape(-1, 4)
    return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


def spoil(boxes: Tensor, scores: Tensor, data: st.DataObject) -> tuple[Tensor, Tensor, Tensor]:
    """Copies of boxes and scores with NaN and infinite numbers in drawn places, and the rows without any."""
    everything = torch.cat([boxes, scores[:, None]], 1)
    value = st.sampled_from([math.nan, math.inf, -math.inf])
    place = st.integers(0, max(everything.numel() - 1, 0))
    for index, bad in data.draw(st.dictionaries(place, value, max_size=8)).items() if len(boxes) else ():
        everything.view(-1)[index] = bad
    return everything[:, :4], everything[:, 4], everything.isfinite().all(1).nonzero().squeeze(1)
