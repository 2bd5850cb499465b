"""Objects found by their IoU, by hand."""

import numpy as np
import pytest
from three_objects import DT, GT

from nwd_mmdet.analysis.iou_distribution import THRESHOLDS, counts_at_least, found_overlaps, table
from nwd_mmdet.evaluation import Detections, GroundTruth


def test_objects_found_by_hand() -> None:
    gt = GroundTruth.from_coco(GT, 'gt')
    dt = Detections.from_coco(DT, gt, 'dt')
    assert sorted(found_overlaps(gt, dt, 0.05)) == pytest.approx([0.5, 0.8])
    assert sorted(found_overlaps(gt, dt, 0.0)) == pytest.approx([0.5, 0.8, 1.0])
    assert len(found_overlaps(gt, dt, 1.0)) == 0
    assert counts_at_least(found_overlaps(gt, dt, 0.0)) == [3, 2, 2, 2, 2, 2, 2, 1, 1, 1]


def test_the_surer_box_keeps_the_object() -> None:
    """Also where a less sure one is tighter, which COCO's matching at IoU .9 would take."""
    gt = GroundTruth.from_coco(GT, 'gt')
    assert found_overlaps(gt, Detections.from_coco(DT[:2], gt, 'dt'), 0.0) == pytest.approx([0.8])


def test_table_compares_with_the_first() -> None:
    counts = {'IoU': counts_at_least(np.array([0.5, 0.8])), 'α-IoU': counts_at_least(np.array([0.9]))}
    lines = table(counts, 1234).splitlines()
    assert len(THRESHOLDS) == 10 and 'objects found, of 1,234' in lines[0] and 'α-IoU over IoU' in lines[1]
    assert [cell.strip() for cell in lines[3].split('|')[1:-1]] == ['>= 0.50', '2', '1', '-50.0%']
    assert [cell.strip() for cell in lines[11].split('|')[1:-1]] == ['>= 0.90', '0', '1', '-']
