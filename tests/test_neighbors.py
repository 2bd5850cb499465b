import math

import pytest
import torch
from boxes import boxes_strategy, draw_boxes
from hypothesis import given, settings
from hypothesis import strategies as st

from nwd_mmdet import neighbors
from nwd_mmdet.neighbors import neighbor_pairs, require_finite, search_radius, suppress_neighbors
from nwd_mmdet.overlaps import aligned, squared_distance


def all_pairs(boxes1: torch.Tensor, boxes2: torch.Tensor, radius: float) -> set[tuple[int, int]]:
    pairs = [pair for chunk in neighbor_pairs(boxes1, boxes2, radius) for pair in zip(*(i.tolist() for i in chunk))]
    assert len(pairs) == len(set(pairs)), 'a pair came twice'
    return set(pairs)


@given(boxes1=boxes_strategy(), boxes2=boxes_strategy(), radius=st.floats(0.01, 2000))
@settings(deadline=None)
def test_pairs_are_those_within_the_radius(boxes1: torch.Tensor, boxes2: torch.Tensor, radius: float) -> None:
    distances = squared_distance(boxes1[:, None].double(), boxes2[None].double()).sqrt()
    found = all_pairs(boxes1, boxes2, radius)
    assert {tuple(pair) for pair in (distances <= radius).nonzero().tolist()} <= found
    assert found <= {tuple(pair) for pair in (distances <= radius * 1.0001).nonzero().tolist()}


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes1, boxes2 = draw_boxes(3000), draw_boxes(40, seed=1)
    whole = all_pairs(boxes1, boxes2, 30.0)
    monkeypatch.setattr(neighbors, '_MAX_PAIRS', 100)
    chunks = list(neighbor_pairs(boxes1, boxes2, 30.0))
    assert len(chunks) > 10 and max(len(index) for index, _ in chunks) <= 100
    assert all_pairs(boxes1, boxes2, 30.0) == whole
    rows = [set(index.tolist()) for index, _ in chunks]
    assert not any(first & second for first, second in zip(rows, rows[1:])), 'a box is spread over two chunks'


def test_blocks_of_a_gpu_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes1, boxes2 = draw_boxes(300), draw_boxes(40, seed=1)
    monkeypatch.setattr(neighbors, '_MAX_BLOCK', 1000)
    chunks = list(neighbors._block_pairs(boxes1, boxes2, 30.0))
    assert len(chunks) == 12
    pairs = {pair for chunk in chunks for pair in zip(*(index.tolist() for index in chunk))}
    assert pairs == all_pairs(boxes1, boxes2, 30.0) and len(pairs) > 50


def test_one_box_at_the_end_of_the_world_costs_no_memory() -> None:
    boxes2 = torch.cat([draw_boxes(50), torch.tensor([[1e9, 1e9, 1e9 + 5, 1e9 + 5]])])
    assert (len(boxes2) - 1,) * 2 in all_pairs(boxes2, boxes2, 5.0)


def test_radius_is_the_threshold() -> None:
    radius = search_radius(0.5, 12.8)
    boxes1 = torch.zeros(2, 4, dtype=torch.float64)
    boxes2 = torch.tensor([[radius - 1e-6, 0, 0, 0], [radius + 1e-6, 0, 0, 0]], dtype=torch.float64)
    assert (aligned('nwd', boxes1, boxes2) > 0.5).tolist() == [True, False]
    assert search_radius(0, 12.8) == math.inf
    assert search_radius(1, 12.8) == 0


def test_suppress_neighbors_walks_in_order() -> None:
    boxes = torch.tensor([[0.0, 0, 20, 20], [3.0, 4, 20, 20], [6.0, 8, 20, 20]])
    groups = torch.zeros(3, dtype=torch.long)
    # neighbours are 5 px apart: the first suppresses the second, which then cannot suppress the third
    assert suppress_neighbors(boxes, groups, 5.1).tolist() == [True, False, True]
    assert suppress_neighbors(boxes, groups, 5.0).tolist() == [True, True, True]  # strict
    assert suppress_neighbors(boxes, torch.tensor([0, 1, 0]), 5.1).tolist() == [True, True, True]
    assert suppress_neighbors(boxes[:0], groups[:0], 5.1).tolist() == []


def suppressed_by_all_pairs(boxes: torch.Tensor, groups: torch.Tensor, radius: float) -> list[bool]:
    keep: list[int] = []
    for row, box in enumerate(boxes.double()):
        kept = boxes[[other for other in keep if groups[other] == groups[row]]].double()
        if not (squared_distance(box[None], kept) < radius * radius).any():
            keep.append(row)
    return [row in keep for row in range(len(boxes))]


@given(
    boxes=boxes_strategy(),
    far=st.lists(st.sampled_from([-1e12, -1e9, -3e7, 0.0, 2e8, 1e9, 1e12, 1e30]), min_size=2, max_size=2),
    share=st.integers(1, 10),
    radius=st.floats(1e-4, 2000),
)
@settings(deadline=None)
def test_boxes_far_away_change_nothing(boxes: torch.Tensor, far: list[float], share: int, radius: float) -> None:
    boxes = boxes.double()
    boxes[::share] += torch.tensor(far * 2, dtype=torch.float64)
    groups = torch.arange(len(boxes)) % 2
    assert suppress_neighbors(boxes, groups, radius).tolist() == suppressed_by_all_pairs(boxes, groups, radius)


def test_a_box_far_away_does_not_make_all_others_neighbours() -> None:
    boxes = draw_boxes(100_000, size=20_000.0)
    boxes[7] = torch.tensor([1e9, 1e9, 1e9 + 64, 1e9 + 64])
    assert suppress_neighbors(boxes, torch.zeros(len(boxes), dtype=torch.long), 2.0)[7]  # minutes if it did


def test_bad_values_are_named() -> None:
    boxes = draw_boxes(5)
    boxes[3, 2] = float('nan')
    with pytest.raises(ValueError, match='priors holds NaN.*row 3'):
        require_finite('priors', boxes)
    with pytest.raises(ValueError, match='scores holds NaN or infinite.*row 1'):
        require_finite('scores', torch.tensor([0.0, float('inf')]))
    require_finite('priors', boxes[:3])
