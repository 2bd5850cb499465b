import pytest
import torch
from boxes import draw_boxes
from mmdet.models.task_modules.assigners import IoUCost
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

from nwd_mmdet.assigners import OverlapCost
from nwd_mmdet.overlaps import pairwise


def instances(count: int, seed: int) -> InstanceData:
    return InstanceData(bboxes=draw_boxes(count, seed), labels=torch.arange(count) % 3, scores=torch.rand(count, 3))


@pytest.mark.parametrize('metric', ['iou', 'giou'])
def test_is_the_cost_of_mmdet(metric: str) -> None:
    pred, gt = instances(20, 1), instances(7, 2)
    expected = IoUCost(iou_mode=metric, weight=2.0)(pred, gt, img_meta=dict(img_shape=(320, 320)))
    torch.testing.assert_close(OverlapCost(metric, weight=2.0)(pred, gt), expected, atol=1e-5, rtol=1e-5)


def test_power_and_parameters() -> None:
    pred, gt = instances(20, 1), instances(7, 2)
    cost = OverlapCost('nwd', alpha=3, constant=30.0)(pred, gt)
    torch.testing.assert_close(cost, -(pairwise('nwd', pred.bboxes, gt.bboxes, constant=30.0) ** 3))
    assert (OverlapCost('giou', alpha=2)(pred, gt) <= 0).all()


def test_in_the_hungarian_assigner() -> None:
    """Objects moved a little and shuffled find their boxes again."""
    gt = InstanceData(bboxes=draw_boxes(9, 3, size=2000), labels=torch.zeros(9, dtype=torch.long))
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    pred = InstanceData(bboxes=gt.bboxes[order] + 1, scores=torch.zeros(9, 1))
    costs = [dict(type='OverlapCost', metric='nwd', constant=12.8)]
    assigner = TASK_UTILS.build(dict(type='HungarianAssigner', match_costs=costs))
    result = assigner.assign(pred, gt, img_meta=dict(img_shape=(2000, 2000)))
    assert torch.equal(result.gt_inds - 1, order)


def test_errors_name_the_argument() -> None:
    with pytest.raises(KeyError, match='unknown overlap'):
        OverlapCost('wasserstein')
    with pytest.raises(ValueError, match='alpha=0 must be positive'):
        OverlapCost(alpha=0)
