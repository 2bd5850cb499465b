"""Which assigners take an overlap, and how."""

from typing import Any

import pytest
from places import changes_and_left

from nwd_mmdet.enabling.assigning import assigner_places
from nwd_mmdet.enabling.places import Change, Left

RETINANET = 'retinanet/retinanet_r50_fpn_1x_coco'
ATSS = 'atss/atss_r50_fpn_1x_coco'
CALCULATOR = dict(type='OverlapCalculator', metric='nwd')


def places(config: str, metric: str = 'nwd', **model: Any) -> tuple[list[Change], list[Left]]:
    return changes_and_left(assigner_places, config, metric, **model)


def test_max_iou_becomes_nwd_with_the_thresholds_of_the_base() -> None:
    (change,), left = places(RETINANET)
    assert (change.path, change.settings) == ('model.train_cfg.assigner', dict(type='NWDAssigner')) and not left
    assert change.after == 'NWDAssigner, thresholds 0.5 and 0.4 as before'


def test_arguments_that_nwd_assigner_does_not_take_are_dropped() -> None:
    (change,), _ = places(RETINANET, train_cfg__assigner__iou_calculator=dict(type='BboxOverlaps2D'))
    assert change.settings == dict(
        _delete_=True, type='NWDAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0, ignore_iof_thr=-1
    )


def test_overlaps_below_zero_need_another_threshold() -> None:
    (change,), _ = places(RETINANET, 'giou')
    assert change.settings == dict(
        iou_calculator=dict(type='OverlapCalculator', metric='giou'), neg_iou_thr=(-2.0, 0.4)
    )
    (change,), _ = places(RETINANET, 'giou', train_cfg__assigner__neg_iou_thr=(0.1, 0.4))
    assert change.settings['neg_iou_thr'] == (0.1, 0.4)  # what lies below it was left out before


@pytest.mark.parametrize(
    ('config', 'count'),
    [
        (ATSS, 1),
        ('tood/tood_r50_fpn_1x_coco', 2),
        ('yolox/yolox_tiny_8xb8-300e_coco', 1),
        ('rtmdet/rtmdet_tiny_8xb32-300e_coco', 1),
        ('yolo/yolov3_mobilenetv2_8xb24-320-300e_coco', 1),
        ('yolof/yolof_r50-c5_8xb8-1x_coco', 1),
        ('sabl/sabl-retinanet_r50_fpn_1x_coco', 1),
    ],
)
def test_other_assigners_take_a_calculator(config: str, count: int) -> None:
    changes, left = places(config)
    assert [change.settings for change in changes] == [dict(iou_calculator=CALCULATOR)] * count and not left


@pytest.mark.parametrize(
    ('config', 'bears'),
    [
        (ATSS, True),
        ('ddod/ddod_r50_fpn_1x_coco', False),  # a power of the overlap
        ('yolox/yolox_tiny_8xb8-300e_coco', False),
        ('rtmdet/rtmdet_tiny_8xb32-300e_coco', False),
    ],
)
def test_assigners_that_compute_with_the_overlap_are_left_by_those_below_zero(config: str, bears: bool) -> None:
    changes, left = places(config, 'giou')
    assert bool(changes) == bears and all('from 0 on, giou falls below' in place.reason for place in left)


def test_matching_keeps_the_other_costs() -> None:
    (change,), _ = places('detr/detr_r50_8xb2-150e_coco', 'dotd')
    assert change.settings['match_costs'] == [
        dict(type='ClassificationCost', weight=1.0),
        dict(type='BBoxL1Cost', weight=5.0, box_format='xywh'),
        dict(type='OverlapCost', metric='dotd', constant='auto', weight=2.0),
    ]
    assert change.place == 'model.train_cfg.assigner.match_costs.2'


@pytest.mark.parametrize(
    'config', ['dynamic_rcnn/dynamic-rcnn_r50_fpn_1x_coco', 'libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco']
)
def test_who_reads_low_overlaps_gets_all_of_them(config: str) -> None:
    (rpn, rcnn), _ = places(config)
    assert rpn.settings == dict(type='NWDAssigner') and rcnn.settings == dict(iou_calculator=CALCULATOR)
    assert 'so no NWDAssigner' in rcnn.after


@pytest.mark.parametrize(
    ('config', 'place', 'reason'),
    [
        ('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', 'FCOS', 'takes the points inside a box'),
        ('centernet/centernet_r18_8xb16-crop512-140e_coco', 'CenterNet', 'assigns by its heat map of centres'),
        ('solo/solo_r50_fpn_1x_coco', 'SOLO', 'has no assigner'),
        ('nas_fcos/nas-fcos_r50-caffe_fpn_nashead-gn-head_4xb4-1x_coco', 'model.train_cfg.assigner', 'never reads it'),
        ('free_anchor/freeanchor_r50_fpn_1x_coco', 'model.train_cfg.assigner', 'makes bags of the anchors'),
        ('fsaf/fsaf_r50_fpn_1x_coco', 'model.train_cfg.assigner', 'intersection over foreground alone'),
        ('mask2former/mask2former_r50_8xb2-lsj-50e_coco', 'model.train_cfg.assigner', 'no IoUCost among its costs'),
    ],
)
def test_what_is_left_and_why(config: str, place: str, reason: str) -> None:
    changes, (left,) = places(config)
    assert not changes and left.place == place and reason in left.reason


@pytest.mark.parametrize(
    'assigner',
    [
        dict(type='NWDAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4),
        dict(type='ATSSAssigner', topk=9, iou_calculator=CALCULATOR),
    ],
)
def test_what_has_the_overlap_is_done(assigner: dict) -> None:
    changes, (left,) = places(ATSS, train_cfg__assigner=dict(assigner, _delete_=True))
    assert not changes and left.done and left.reason == 'compares by nwd already'


def test_assigners_of_the_package_take_the_overlap_by_its_name() -> None:
    head = dict(type='DWHead', num_classes=8, in_channels=256, assigner=dict(type='DWAssigner'), _delete_=True)
    (change,), _ = places('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', bbox_head=head)
    assert (change.path, change.settings) == ('model.bbox_head.assigner', dict(overlap='nwd', overlap_params={}))
    changes, (left,) = places('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco', 'giou', bbox_head=head)
    assert not changes and 'DWAssigner needs overlaps from 0 on' in left.reason
