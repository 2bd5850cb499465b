"""The formulas of the IoU kind; every law they share stands in test_overlaps.py."""

import math

import pytest
import torch
from boxes import draw_boxes

from nwd_mmdet.overlaps import aligned, aspect_penalty, distance_penalty, hull_penalty


def test_iof_is_the_share_of_the_first_box() -> None:
    small, large = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[0.0, 0, 10, 10]])
    assert aligned('iof', small, large).item() == 1
    assert aligned('iof', large, small).item() == pytest.approx(0.04)


def test_penalties_by_hand() -> None:
    # boxes of 4 x 2 and 2 x 4 px, 4 px apart along x: the box around both is 8 x 4 px
    boxes1, boxes2 = torch.tensor([[0.0, 1, 4, 3]]), torch.tensor([[6.0, 0, 8, 4]])
    assert hull_penalty(boxes1, boxes2).item() == pytest.approx((32 - 16) / 32)
    assert distance_penalty(boxes1, boxes2).item() == pytest.approx(5**2 / (8**2 + 4**2))
    aspect = 4 / math.pi**2 * (math.atan(2) - math.atan(0.5)) ** 2
    assert aspect_penalty(boxes1, boxes2).item() == pytest.approx(aspect**2 / (1 + aspect))
    assert aspect_penalty(boxes1, boxes2, min_iou=0.5).item() == 0


def test_each_overlap_is_iou_minus_its_penalties() -> None:
    boxes1, boxes2 = draw_boxes(200, seed=1, size=60), draw_boxes(200, seed=2, size=60)
    iou = aligned('iou', boxes1, boxes2)
    torch.testing.assert_close(aligned('giou', boxes1, boxes2), iou - hull_penalty(boxes1, boxes2))
    diou = iou - distance_penalty(boxes1, boxes2)
    torch.testing.assert_close(aligned('diou', boxes1, boxes2), diou)
    torch.testing.assert_close(aligned('ciou', boxes1, boxes2), (diou - aspect_penalty(boxes1, boxes2)).clamp(min=-1))
