"""Any overlap in mmdet's assigners."""

import pytest
import torch
from boxes import draw_boxes
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData

from nwd_mmdet.assigners import OverlapCalculator
from nwd_mmdet.overlaps import pairwise


def test_in_mmdet_assigners() -> None:
    generator = AnchorGenerator(scales=[2], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16])
    priors = torch.cat(generator.grid_priors([(64, 64), (32, 32), (16, 16)], device='cpu'))
    gts = InstanceData(bboxes=draw_boxes(30, size=256), labels=torch.arange(30) % 8)
    ignored = InstanceData(bboxes=gts.bboxes[:3])
    for config in (
        dict(type='MaxIoUAssigner', pos_iou_thr=0.7, neg_iou_thr=0.3, ignore_iof_thr=0.5),
        dict(type='GridAssigner', pos_iou_thr=0.7, neg_iou_thr=0.3),
    ):
        assigner = TASK_UTILS.build(dict(config, iou_calculator=dict(type='OverlapCalculator', metric='nwd')))
        if config['type'] == 'MaxIoUAssigner':
            assert (assigner.assign(InstanceData(priors=priors), gts, ignored).gt_inds > 0).any()


def test_modes() -> None:
    calculator = OverlapCalculator('nwd', constant=20.0)
    boxes1, boxes2 = draw_boxes(5, 1), draw_boxes(6, 2)
    assert torch.equal(calculator(boxes1, boxes2), pairwise('nwd', boxes1, boxes2, constant=20.0))
    assert torch.equal(calculator(boxes1, boxes2, mode='iof'), pairwise('iof', boxes1, boxes2))
    assert calculator(boxes1, boxes2[:5], is_aligned=True).shape == (5,)
    scored = torch.cat([boxes1, torch.ones(5, 1)], 1)
    assert torch.equal(calculator(scored, HorizontalBoxes(boxes2)), calculator(boxes1, boxes2))
    with pytest.raises(ValueError, match="mode='giou'"):
        calculator(boxes1, boxes2, mode='giou')
    with pytest.raises(TypeError, match='constant'):
        OverlapCalculator('iou', constant=12.8)
    with pytest.raises(KeyError, match='choose one of'):
        OverlapCalculator('wasserstein')
    assert repr(calculator) == "OverlapCalculator(metric='nwd', constant=20.0)"
