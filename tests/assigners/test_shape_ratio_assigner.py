"""YOLOv5's assignment against a loop over its rule."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from yolov5 import ANCHORS, STRIDES, matches

from nwd_mmdet.assigners import ShapeRatioAssigner

coordinate = st.integers(-16, 640).map(lambda value: value / 4)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(coordinate, coordinate, st.integers(0, 400).map(lambda v: v / 4), st.integers(0, 400)), max_size=5
    ),
    st.integers(0, 2),
)
def test_assignment_is_the_rule(rows: list[tuple[float, ...]], level: int) -> None:
    boxes = [[x, y, x + width, y + height] for x, y, width, height in rows]
    stride, size = STRIDES[level], (64 // STRIDES[level], 96 // STRIDES[level])
    gt_inds, prior_inds = ShapeRatioAssigner().assign(
        torch.tensor(boxes).reshape(-1, 4), torch.tensor(ANCHORS[level], dtype=torch.float32), (stride, stride), size
    )
    pairs = list(zip(gt_inds.tolist(), prior_inds.tolist()))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {(index, prior) for index, box in enumerate(boxes) for prior in matches(box, level, size)}


def test_no_box_that_is_not_a_number_is_assigned() -> None:
    boxes = torch.tensor([[math.nan, 0, 10, 10], [0, 0, math.inf, 5]])
    gt_inds, _ = ShapeRatioAssigner().assign(boxes, torch.tensor(ANCHORS[0]).float(), (8, 8), (8, 12))
    assert gt_inds.tolist() == []


def test_a_ratio_that_nothing_passes_is_refused() -> None:
    with pytest.raises(ValueError, match='max_ratio=1'):
        ShapeRatioAssigner(max_ratio=1)
