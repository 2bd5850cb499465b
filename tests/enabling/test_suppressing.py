"""Which NMS takes an overlap, and with which threshold."""

import pytest
from places import changes_and_left

from nwd_mmdet.enabling.suppressing import nms_places

FASTER = 'faster_rcnn/faster-rcnn_r50_fpn_1x_coco'


def test_proposals_and_detections_have_thresholds_of_their_own() -> None:
    changes, left = changes_and_left(nms_places, FASTER)
    assert not left
    assert {change.path: change.settings['iou_threshold'] for change in changes} == {
        'model.train_cfg.rpn_proposal.nms': 0.85,
        'model.test_cfg.rpn.nms': 0.85,
        'model.test_cfg.rcnn.nms': 0.5,
    }
    assert changes[0].before == 'nms above 0.7' and changes[0].after == 'nwd_nms above 0.85'


def test_soft_nms_stays_soft() -> None:
    changes, _ = changes_and_left(nms_places, 'faster_rcnn/faster-rcnn_r50_fpn_soft-nms_1x_coco')
    assert changes[-1].settings == dict(type='soft_overlap_nms', iou_threshold=0.5, metric='nwd')


def test_settings_without_a_type_are_an_nms() -> None:
    changes, _ = changes_and_left(nms_places, FASTER, test_cfg__rcnn__nms=dict(iou_threshold=0.4, _delete_=True))
    assert changes[-1].before == 'nms above 0.4'


def test_an_own_nms_of_the_package_is_changed_or_done() -> None:
    nms = dict(type='nwd_nms', iou_threshold=0.7)
    changes, (left,) = changes_and_left(nms_places, FASTER, test_cfg__rcnn__nms=nms)
    assert left.done and left.place == 'model.test_cfg.rcnn.nms' and len(changes) == 2
    changes, _ = changes_and_left(nms_places, FASTER, 'giou', test_cfg__rcnn__nms=nms)
    assert changes[-1].settings['type'] == 'overlap_nms'


@pytest.mark.parametrize(
    ('config', 'place', 'reason'),
    [
        ('detr/detr_r50_8xb2-150e_coco', 'DETR', 'predicts a set without doubles'),
        ('sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco', 'SparseRCNN', 'predicts a set without doubles'),
        ('yolact/yolact_r50_1xb8-55e_coco', 'YOLACT', 'has a fast NMS of its own'),
        ('centernet/centernet_r18_8xb16-crop512-140e_coco', 'CenterNet', 'keeps the peaks of its heat map'),
        ('guided_anchoring/ga-rpn_r50_fpn_1x_coco', 'model.test_cfg.rpn.nms', 'takes the NMS by IoU alone'),
        ('ddq/ddq-detr-4scale_r50_8xb2-12e_coco', 'model.dqs_cfg', 'boxes in parts of the image'),
    ],
)
def test_what_is_left_and_why(config: str, place: str, reason: str) -> None:
    changes, (left,) = changes_and_left(nms_places, config)
    assert not changes and left.place == place and reason in left.reason


def test_boxes_in_parts_of_the_image_are_fine_for_overlaps_without_a_unit() -> None:
    (change,), left = changes_and_left(nms_places, 'ddq/ddq-detr-4scale_r50_8xb2-12e_coco', 'diou')
    assert change.settings == dict(type='overlap_nms', iou_threshold=0.8, metric='diou') and not left


def test_the_set_nms_of_crowddet_is_left() -> None:
    changes, (left,) = changes_and_left(nms_places, 'crowddet/crowddet-rcnn_r50_fpn_8xb2-30e_crowdhuman')
    assert len(changes) == 2 and left.place == 'model.test_cfg.rcnn.nms' and 'set NMS of its own' in left.reason


def test_an_nms_that_has_no_like_is_left() -> None:
    changes, (left,) = changes_and_left(nms_places, FASTER, test_cfg__rcnn__nms__type='nms_quadri')
    assert 'is nms_quadri' in left.reason
