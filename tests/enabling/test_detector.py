"""A detector's settings and what is built from them."""

import pytest
import torch
from mmengine.config import Config

from nwd_mmdet.config import read_config
from nwd_mmdet.enabling.detector import Detector, class_names, detectors_of


def only(config: str) -> Detector:
    (detector,) = detectors_of(read_config(f'mmdet::{config}.py'))
    return detector


def test_nothing_is_allocated() -> None:
    detector = only('retinanet/retinanet_r50_fpn_1x_coco')
    assert detector.name == 'RetinaNet' and detector.path == 'model'
    assert all(weight.is_meta for weight in detector.built.parameters())


def test_backbones_that_compute_while_they_are_built_are_built_elsewhere() -> None:
    detector = only('swin/retinanet_swin-t-p4-w7_fpn_1x_coco')
    assert detector.name == 'RetinaNet'
    assert {weight.device for weight in detector.built.parameters()} == {torch.device('cpu')}


def test_a_detector_in_a_semi_supervised_model_is_the_one() -> None:
    detector = only('soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.01-coco')
    assert (detector.name, detector.path) == ('FasterRCNN', 'model.detector')


def test_what_data_and_other_processes_decide_on_needs_no_data_and_no_processes() -> None:
    cfg = read_config('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py')
    cfg.model.bbox_head.num_classes = 'auto'
    cfg.model.train_cfg.assigner = dict(type='NWDAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, constant='auto')
    cfg.model.neck.norm_cfg = dict(type='MMSyncBN')
    assert detectors_of(cfg)
    assert cfg.model.bbox_head.num_classes == 'auto' and cfg.model.neck.norm_cfg.type == 'MMSyncBN'


def test_classes_of_settings_and_stages() -> None:
    detector = only('cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco')
    assert detector.is_a('roi_head', 'CascadeRoIHead') and not detector.is_a('rpn_head', 'GARPNHead')
    assert detector.is_a('roi_head.bbox_head', 'BBoxHead')
    assert {'RPNHead', 'AnchorHead', 'Shared2FCBBoxHead'} <= set(detector.head_classes)
    assert class_names(dict(type='Unknown')) == []


@pytest.mark.parametrize(
    ('config', 'unread'),
    [
        ('nas_fcos/nas-fcos_r50-caffe_fpn_nashead-gn-head_4xb4-1x_coco', {'train_cfg.assigner'}),
        # its RPN head is FCOS's; both assigners are of one class
        ('faster_rcnn/faster-rcnn_r50_fpn_fcos-rpn_1x_coco', {'train_cfg.rpn.assigner', 'train_cfg.rpn.sampler'}),
        ('tood/tood_r50_fpn_1x_coco', set()),
    ],
)
def test_unread_settings(config: str, unread: set[str]) -> None:
    assert only(config).unread == unread


def test_a_model_that_is_no_detector_is_refused() -> None:
    with pytest.raises(ValueError, match='has no detector of mmdet as its model'):
        detectors_of(Config(dict(model=dict(type='ResNet', depth=18))))


def test_a_model_that_cannot_be_built_is_named() -> None:
    cfg = read_config('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py')
    cfg.model.bbox_head.anchor_generator.type = 'NoGenerator'
    with pytest.raises(ValueError, match='the model of type RetinaNet cannot be built'):
        detectors_of(cfg)
