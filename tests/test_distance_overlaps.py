"""NWD and its kin; every law they share with the other overlaps stands in test_overlaps.py."""

import math

import pytest
import torch
from boxes import draw_boxes

from nwd_mmdet.overlaps import aligned, constants_of, in_one_unit, pairwise, squared_distance, wasserstein


def test_nwd_by_hand() -> None:
    # centres 3 and 4 px apart, sizes 6 and 8 px different: W² = 9 + 16 + (36 + 64) / 4 = 50
    boxes1, boxes2 = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[0.0, 0, 16, 18]])
    torch.testing.assert_close(aligned('nwd', boxes1, boxes2, constant=5.0), torch.tensor([math.exp(-math.sqrt(2))]))


def test_nwd_of_identical_boxes_is_exactly_one() -> None:
    boxes = draw_boxes(100, size=800)
    assert (aligned('nwd', boxes, boxes) == 1).all()


def test_nwd_does_not_depend_on_where_the_boxes_are() -> None:
    boxes1, boxes2 = draw_boxes(50, 1, integer=True), draw_boxes(50, 2, integer=True)
    assert torch.equal(aligned('nwd', boxes1 + 512, boxes2 + 512), aligned('nwd', boxes1, boxes2))


def test_nwd_of_every_pair_with_its_own_constant() -> None:
    boxes1, boxes2, constants = draw_boxes(3, 1), draw_boxes(5, 2), torch.tensor([5.0, 12.8, 40.0])
    values = pairwise('nwd', boxes1, boxes2, constant=constants[:, None])
    for row, constant in enumerate(constants.tolist()):
        torch.testing.assert_close(values[row], pairwise('nwd', boxes1[row : row + 1], boxes2, constant=constant)[0])


@pytest.mark.parametrize(
    ('size1', 'size2', 'weight'), [(6, 60, 0), (16, 16, 0), (20, 90, 0.15625), (24, 24, 0.5), (32, 40, 1), (99, 99, 1)]
)
def test_nwd_iou_goes_by_the_smaller_box(size1: float, size2: float, weight: float) -> None:
    boxes1, boxes2 = torch.tensor([[0.0, 0, size1, size1]]), torch.tensor([[1.0, 2, 1 + size2, 2 + size2]])
    expected = (1 - weight) * aligned('nwd', boxes1, boxes2) + weight * aligned('iou', boxes1, boxes2)
    torch.testing.assert_close(aligned('nwd_iou', boxes1, boxes2), expected)


def test_nwd_iou_is_smooth_in_the_size() -> None:
    sizes = torch.arange(10, 40, 0.01, dtype=torch.float64)
    boxes = torch.stack([torch.zeros_like(sizes), torch.zeros_like(sizes), sizes, sizes], 1)
    values = aligned('nwd_iou', boxes, boxes + 2)
    slopes = values.diff() / 0.01
    assert values.diff().abs().max() < 1e-3 and slopes.diff().abs().max() < 1e-3  # no jump, no kink


def test_corners_tell_the_wasserstein_distance() -> None:
    boxes1, boxes2 = draw_boxes(50, 1).double(), draw_boxes(50, 2).double()
    centres, sizes = (boxes1[:, :2] + boxes1[:, 2:]) / 2, boxes1[:, 2:] - boxes1[:, :2]
    others, other_sizes = (boxes2[:, :2] + boxes2[:, 2:]) / 2, boxes2[:, 2:] - boxes2[:, :2]
    squared = (centres - others).square().sum(1) + (sizes / 2 - other_sizes / 2).square().sum(1)
    torch.testing.assert_close(wasserstein(boxes1, boxes2), squared.sqrt())
    torch.testing.assert_close(squared_distance(boxes1, boxes2), 2 * squared)


def test_in_one_unit_every_class_has_its_constant() -> None:
    boxes1, boxes2, classes = draw_boxes(6, 1).double(), draw_boxes(6, 2).double(), torch.arange(6) % 3
    constants = [5.0, 12.8, 40.0]
    expected = aligned('nwd', boxes1, boxes2, constant=constants_of(classes, constants, torch.float64))
    (scaled1, one), (scaled2, _) = (in_one_unit(boxes, constants, classes) for boxes in (boxes1, boxes2))
    torch.testing.assert_close(aligned('nwd', scaled1, scaled2, constant=one), expected)
    assert in_one_unit(boxes1, 12.8, classes) == (boxes1, 12.8)


@pytest.mark.parametrize('constant', [0, -1.0, math.inf, 'auto', [12.8, 0.0], [12.8]])
def test_constants_that_are_none_are_refused(constant: object) -> None:
    with pytest.raises(ValueError, match='constant='):
        in_one_unit(torch.zeros(2, 4), constant, torch.tensor([0, 1]))
