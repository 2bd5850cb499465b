"""Overlaps of boxes that move away from an object."""

import pytest
import torch

from nwd_mmdet.analysis.overlap_curves import deviation_curve


def test_paper_figure_1() -> None:
    """A 6 px object loses its IoU with 1 and 4 px of deviation, a 36 px one hardly does (NWD paper, section 1)."""
    small, normal = deviation_curve('iou', 6, [1, 4]), deviation_curve('iou', 36, [1, 4])
    assert small.tolist() == pytest.approx([0.53, 0.06], abs=0.005)
    assert normal.tolist() == pytest.approx([0.90, 0.65], abs=0.005)


def test_nwd_does_not_depend_on_the_size() -> None:
    curves = [deviation_curve('nwd', size, torch.arange(20), constant=12.8) for size in (4, 12, 32, 48)]
    for curve in curves[1:]:
        torch.testing.assert_close(curve, curves[0])


def test_box_of_half_the_size() -> None:
    curve = deviation_curve('iou', 8, [0, 2, 4], scale=0.5)
    assert curve.tolist() == pytest.approx([0.25, 0.25, 0.25 / 4 / (1.25 - 0.25 / 4)], abs=1e-3)
