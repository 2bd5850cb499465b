"""Which box losses take an overlap, with which weight."""

import pytest
from places import changes_and_left

from nwd_mmdet.enabling.losses import loss_places

FASTER = 'faster_rcnn/faster-rcnn_r50_fpn_1x_coco'
RETINANET = 'retinanet/retinanet_r50_fpn_1x_coco'


@pytest.mark.parametrize(
    ('config', 'weights'), [(FASTER, [10, 10]), ('rpn/rpn_r50_fpn_1x_coco', [10]), (RETINANET, [2])]
)
def test_heads_on_deltas_are_told_to_decode(config: str, weights: list[float]) -> None:
    changes, left = changes_and_left(loss_places, config)
    assert not left
    assert [change.settings for change in changes] == [
        dict(reg_decoded_bbox=True, loss_bbox=dict(_delete_=True, type='NWDLoss', loss_weight=weight))
        for weight in weights
    ]
    assert changes[0].before == 'L1Loss on deltas'


@pytest.mark.parametrize(
    ('config', 'settings'),
    [
        ('atss/atss_r50_fpn_1x_coco', dict(loss_bbox=2.0)),
        ('vfnet/vfnet_r50_fpn_1x_coco', dict(loss_bbox=1.5, loss_bbox_refine=2.0)),
        ('dino/dino-4scale_r50_8xb2-12e_coco', dict(loss_iou=2.0)),
        ('cascade_rpn/cascade-rpn_fast-rcnn_r50-caffe_fpn_1x_coco', dict(loss_bbox=10.0)),
    ],
)
def test_losses_on_boxes_keep_their_weight(config: str, settings: dict) -> None:
    changes, _ = changes_and_left(loss_places, config)
    weights = {change.key: change.settings[change.key]['loss_weight'] for change in changes}
    assert weights == settings


def test_the_reduction_is_kept() -> None:
    (change,), _ = changes_and_left(loss_places, 'yolox/yolox_tiny_8xb8-300e_coco', 'giou')
    assert change.settings['loss_bbox'] == dict(
        _delete_=True, type='OverlapLoss', metric='giou', loss_weight=5.0, reduction='sum'
    )


def test_a_default_loss_is_one() -> None:
    """FCOS's head has one; there is nothing in the base to delete."""
    (change,), _ = changes_and_left(
        loss_places,
        'fcos/fcos_r50-caffe_fpn_gn-head_1x_coco',
        bbox_head=dict(type='FCOSHead', num_classes=1, in_channels=256, _delete_=True),
    )
    assert change.settings == dict(loss_bbox=dict(type='NWDLoss', loss_weight=1.0)) and change.before == 'IoULoss'


@pytest.mark.parametrize(
    'config',
    [
        'gfl/gfl_r50_fpn_1x_coco',
        'tood/tood_r50_fpn_1x_coco',
        'fcos/fcos_r50-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco',
        'centernet/centernet-update_r50_fpn_8xb8-amp-lsj-200e_coco',
    ],
)
def test_boxes_in_strides_are_for_overlaps_without_a_unit(config: str) -> None:
    changes, (left,) = changes_and_left(loss_places, config)
    assert not changes and 'boxes in strides, so that C in px' in left.reason
    (change,), left = changes_and_left(loss_places, config, 'ciou')
    assert change.settings['loss_bbox']['metric'] == 'ciou' and not left


@pytest.mark.parametrize(
    ('config', 'place', 'reason'),
    [
        ('ssd/ssd300_coco', 'bbox_head', 'SSDHead computes smooth L1 on deltas itself and has no loss module'),
        ('yolo/yolov3_mobilenetv2_8xb24-320-300e_coco', 'bbox_head', 'YOLOV3Head learns centres and sizes'),
        ('centernet/centernet_r18_8xb16-crop512-140e_coco', 'bbox_head', 'CenterNetHead learns sizes and offsets'),
        ('reppoints/reppoints-moment_r50_fpn_1x_coco', 'bbox_head', 'RepPointsHead hands its losses boxes in parts'),
        ('ghm/retinanet_r50_fpn_ghm-1x_coco', 'bbox_head.loss_bbox', 'GHMR is made for deltas'),
        ('pisa/faster-rcnn_r50_fpn_pisa_1x_coco', 'roi_head.bbox_head.loss_bbox', 'PISARoIHead weighs the classes'),
        (
            'dynamic_rcnn/dynamic-rcnn_r50_fpn_1x_coco',
            'roi_head.bbox_head.loss_bbox',
            'adapts the beta of SmoothL1Loss',
        ),
        ('grid_rcnn/grid-rcnn_r50_fpn_gn-head_1x_coco', 'roi_head.bbox_head.loss_bbox', 'predicts no boxes'),
        ('sabl/sabl-faster-rcnn_r50_fpn_1x_coco', 'roi_head.bbox_head', 'learns buckets'),
    ],
)
def test_what_is_left_and_why(config: str, place: str, reason: str) -> None:
    changes, (left,) = changes_and_left(loss_places, config)
    assert left.place == f'model.{place}' and reason in left.reason
    assert [change.path for change in changes] == ['model.rpn_head'] * place.startswith('roi_head')


def test_without_a_known_head() -> None:
    changes, (left,) = changes_and_left(loss_places, 'solo/solo_r50_fpn_1x_coco')
    assert not changes and left.reason == 'has no head whose box loss is known'


def test_what_has_the_overlap_is_done() -> None:
    changes, (left,) = changes_and_left(
        loss_places,
        RETINANET,
        bbox_head__reg_decoded_bbox=True,
        bbox_head__loss_bbox=dict(type='NWDLoss', _delete_=True),
    )
    assert not changes and left.done
