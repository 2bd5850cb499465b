"""What parts of a detector know of an overlap."""

import pytest

from nwd_mmdet.enabling.metric import Metric
from nwd_mmdet.overlaps import OVERLAPS


def test_overlaps_fall_into_kinds() -> None:
    assert {name for name in OVERLAPS if Metric(name).in_pixels} == {'nwd', 'dotd', 'nwd_iou'}
    assert {name for name in OVERLAPS if Metric(name).below_zero} == {'giou', 'diou', 'ciou'}
    assert {name for name in OVERLAPS if Metric(name).is_a_distance} == {'nwd', 'dotd'}


def test_unknown_overlaps_are_named() -> None:
    with pytest.raises(KeyError, match="unknown overlap 'nvd'; choose one of ciou"):
        Metric('nvd')


def test_constants_stand_in_the_parts_where_no_knob_fills_them_in() -> None:
    assert Metric('nwd', 8.0).calculator() == dict(type='OverlapCalculator', metric='nwd')
    assert Metric('nwd_iou', 8.0).loss() == dict(type='OverlapLoss', metric='nwd_iou')
    assert Metric('dotd', 8.0).loss() == dict(type='OverlapLoss', metric='dotd', constant=8.0)
    assert Metric('dotd').calculator()['constant'] == 'auto'


@pytest.mark.parametrize(
    ('name', 'proposals', 'soft', 'expected'),
    [
        ('nwd', True, False, dict(type='nwd_nms', iou_threshold=0.85)),
        ('nwd', False, False, dict(type='nwd_nms', iou_threshold=0.5)),
        ('nwd', False, True, dict(type='soft_overlap_nms', iou_threshold=0.5, metric='nwd')),
        ('giou', True, False, dict(type='overlap_nms', iou_threshold=0.6, metric='giou')),
        ('nwd_iou', False, False, dict(type='overlap_nms', iou_threshold=0.6, metric='nwd_iou')),
    ],
)
def test_thresholds_are_kept_where_they_mean_the_same(name: str, proposals: bool, soft: bool, expected: dict) -> None:
    assert Metric(name).nms(0.6, proposals, soft) == expected
