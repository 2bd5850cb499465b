"""The assigner without the matrix of all pairs: against mmdet's, and with nothing to assign."""

import pytest
import torch
from boxes import draw_boxes
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmengine.structures import InstanceData

from nwd_mmdet.assigners.one_by_one_assigner import OneByOneAssigner

RULES = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)


@pytest.mark.parametrize(
    'rules',
    [
        RULES,
        dict(pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0.0),  # RetinaNet's
        dict(**RULES, gt_max_assign_all=False),
        dict(pos_iou_thr=0.35, neg_iou_thr=0.35, match_low_quality=False),
        dict(**RULES, ignore_iof_thr=0.4),
        dict(**RULES, ignore_iof_thr=0.4, ignore_wrt_candidates=False),
    ],
    ids=str,
)
@pytest.mark.parametrize('overlap', ['iou', 'giou', 'diou', 'ciou', 'dotd', 'nwd_iou'])
def test_assigns_as_max_iou_assigner_does(overlap: str, rules: dict) -> None:
    (priors,) = AnchorGenerator(strides=[4], ratios=[1.0], scales=[2]).grid_priors([(40, 56)], device='cpu')
    gts = InstanceData(
        bboxes=torch.cat(
            [
                draw_boxes(40, seed=1, size=160.0),
                torch.tensor([[20.0, 20, 36, 36], [20, 20, 36, 36], [18, 18, 20, 20], [900, 900, 910, 910]]),
            ]
        ),
        labels=torch.zeros(44, dtype=torch.long),
    )
    ignored = InstanceData(bboxes=torch.tensor([[0.0, 0, 60, 40], [90, 90, 95, 95]]))
    params = {'constant': 9.0} if overlap in ('dotd', 'nwd_iou') else {}
    theirs = MaxIoUAssigner(**rules, iou_calculator=dict(type='OverlapCalculator', metric=overlap, **params))
    expected = theirs.assign(InstanceData(priors=priors), gts, ignored).gt_inds.clamp(min=0)
    ours = OneByOneAssigner(overlap, params, **rules).assign(InstanceData(priors=priors), gts, ignored).gt_inds
    assert (expected > 0).sum() > 10
    torch.testing.assert_close(ours, expected)


def test_nothing_to_assign() -> None:
    assigner = OneByOneAssigner('iou', {}, **RULES)
    nothing = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
    assert assigner.assign(InstanceData(priors=draw_boxes(5)), nothing).gt_inds.tolist() == [0] * 5
    one = InstanceData(bboxes=draw_boxes(1), labels=torch.zeros(1, dtype=torch.long))
    assert len(assigner.assign(InstanceData(priors=torch.zeros(0, 4)), one).gt_inds) == 0
