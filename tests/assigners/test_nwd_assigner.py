import pytest
import torch
from boxes import draw_boxes
from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData

from nwd_mmdet.assigners import NWDAssigner, nwd_assigner
from nwd_mmdet.overlaps import pairwise

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]


SETTINGS = {
    'rpn': dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3),
    'rcnn': dict(pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5, match_low_quality=False),
    'retinanet': dict(pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0.0),
    'negative range': dict(pos_iou_thr=0.7, neg_iou_thr=(0.1, 0.3), min_pos_iou=0.1, gt_max_assign_all=False),
    'one best prior': dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.0, gt_max_assign_all=False),
    'ignore': dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3, ignore_iof_thr=0.5),
    'ignore by region': dict(
        pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.0, ignore_iof_thr=0.5, ignore_wrt_candidates=False
    ),
}


def anchors(scale: float, size: int = 256) -> torch.Tensor:
    strides = [4, 8, 16, 32, 64]
    generator = AnchorGenerator(scales=[scale], ratios=[0.5, 1.0, 2.0], strides=strides)
    return torch.cat(generator.grid_priors([(size // stride,) * 2 for stride in strides], device='cpu'))


def objects(count: int, integer: bool) -> torch.Tensor:
    boxes = draw_boxes(count, seed=count, size=256, integer=integer)
    if count > 5:
        boxes[0] = torch.tensor([5.0, 5, 5, 5])  # no area
        boxes[1] = torch.tensor([-5000.0, 0, -4990, 9])  # far out: its NWD with every prior is 0 in float32
        boxes[2] = torch.tensor([-40.0, -40, -30, -30])  # a little out
        boxes[3] = boxes[4]  # twice the same
    return boxes


def assign(assigner: MaxIoUAssigner, priors: torch.Tensor, gts: torch.Tensor, ignored: torch.Tensor) -> AssignResult:
    labels = torch.arange(len(gts), device=gts.device) % 8
    return assigner.assign(
        InstanceData(priors=priors), InstanceData(bboxes=gts, labels=labels), InstanceData(bboxes=ignored)
    )


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('name', SETTINGS)
@pytest.mark.parametrize('integer', [False, True], ids=['drawn', 'whole pixels'])
@pytest.mark.parametrize('count', [0, 1, 120])
@pytest.mark.parametrize('scale', [2, 8])
def test_equals_max_iou_assigner_to_the_last_bit(scale: int, count: int, integer: bool, name: str, device: str) -> None:
    priors, gts = anchors(scale).to(device), objects(count, integer).to(device)
    ignored = draw_boxes(10, seed=9, size=200).to(device)
    ignored[:, 2:] += 40
    calculator = dict(type='OverlapCalculator', metric='nwd', constant=12.8)
    expected = assign(MaxIoUAssigner(**SETTINGS[name], iou_calculator=calculator), priors, gts, ignored)
    assigner = NWDAssigner(**SETTINGS[name], constant=12.8)
    result = assign(assigner, priors, gts, ignored)
    assert torch.equal(result.gt_inds, expected.gt_inds)
    assert torch.equal(result.labels, expected.labels)
    decided = expected.max_overlaps >= assigner.lowest_threshold
    assert torch.equal(result.max_overlaps[decided], expected.max_overlaps[decided])
    assert (result.max_overlaps[~decided] <= expected.max_overlaps[~decided]).all()
    assert result.num_gts == expected.num_gts == count
    if count > 100:
        assert (expected.gt_inds > 0).any(), 'the case tests nothing'


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    priors, gts, ignored = anchors(8), objects(120, True), draw_boxes(10, seed=9)
    assigner = NWDAssigner(**SETTINGS['ignore by region'])
    whole = assign(assigner, priors, gts, ignored)
    monkeypatch.setattr(nwd_assigner, '_MAX_BLOCK', 500)
    monkeypatch.setattr('nwd_mmdet.neighbors._MAX_PAIRS', 200)
    assert torch.equal(assign(assigner, priors, gts, ignored).gt_inds, whole.gt_inds)


def test_no_priors() -> None:
    result = assign(NWDAssigner(0.7, 0.3), torch.zeros(0, 4), objects(6, False), torch.zeros(0, 4))
    assert result.gt_inds.shape == result.labels.shape == result.max_overlaps.shape == (0,)


def test_priors_in_ignored_regions_are_neither() -> None:
    priors = torch.tensor([[0.0, 0, 8, 8], [100.0, 100, 108, 108]])
    result = assign(
        NWDAssigner(0.7, 0.3, ignore_iof_thr=0.5), priors, priors[:1] + 1, torch.tensor([[90.0, 90, 120, 120]])
    )
    assert result.gt_inds.tolist() == [1, -1]


def test_paper_example_of_the_smallest_anchor() -> None:
    """A 12.8 px object is no positive for 32 px anchors by IoU, and a low-quality one by NWD."""
    gt = torch.tensor([[93.6, 93.6, 106.4, 106.4]])
    priors = anchors(8)
    empty = torch.zeros(0, 4)
    iou = assign(MaxIoUAssigner(0.7, 0.3, 0.3), priors, gt, empty)
    nwd = assign(NWDAssigner(0.7, 0.3, 0.3), priors, gt, empty)
    assert (iou.gt_inds > 0).sum() == 0 and (nwd.gt_inds > 0).sum() >= 1
    assert pairwise('nwd', gt, priors).max() < 0.35


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_bad_coordinates_are_named(bad: float) -> None:
    priors, gts = anchors(8), objects(6, False)
    broken = gts.clone()
    broken[2, 1] = bad
    with pytest.raises(ValueError, match=r'gt_instances.bboxes holds NaN or infinite.*row 2'):
        assign(NWDAssigner(0.7, 0.3), priors, broken, torch.zeros(0, 4))
    with pytest.raises(ValueError, match='priors holds NaN'):
        assign(NWDAssigner(0.7, 0.3), broken, gts, torch.zeros(0, 4))


def test_box_structures_and_double_precision() -> None:
    priors, gts = anchors(2), objects(30, False)
    expected = assign(NWDAssigner(0.7, 0.3), priors, gts, torch.zeros(0, 4)).gt_inds
    labels = torch.arange(30) % 8
    result = NWDAssigner(0.7, 0.3).assign(
        InstanceData(priors=priors), InstanceData(bboxes=HorizontalBoxes(gts.double()), labels=labels)
    )
    assert torch.equal(result.gt_inds, expected)


def test_a_constant_for_each_class() -> None:
    """Every object is treated as an assigner with the constant of its class would treat it alone."""
    priors, gts, constants = anchors(2), objects(60, False), [6.0, 12.8, 30.0]
    labels, settings = torch.arange(60) % 3, dict(pos_iou_thr=0.6, neg_iou_thr=0.3, min_pos_iou=0.3)
    result = NWDAssigner(**settings, constant=constants).assign(
        InstanceData(priors=priors), InstanceData(bboxes=gts, labels=labels)
    )
    overlaps = torch.stack([pairwise('nwd', gts, priors, constant=c) for c in constants])[labels, torch.arange(60)]

    class Given:
        def __call__(self, *args: object, **kwargs: object) -> torch.Tensor:
            return overlaps

    expected = MaxIoUAssigner(**settings)
    expected.iou_calculator = Given()
    expected = assign(expected, priors, gts, torch.zeros(0, 4))
    assert torch.equal(result.gt_inds, expected.gt_inds) and (result.gt_inds > 0).any()
    with pytest.raises(ValueError, match='object of class 2'):
        NWDAssigner(0.7, 0.3, constant=[6.0, 12.8]).assign(
            InstanceData(priors=priors), InstanceData(bboxes=gts, labels=labels)
        )


def test_a_threshold_that_prunes_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match='pos_iou_thr=0'):
        NWDAssigner(0, 0.3)


@pytest.mark.parametrize('constant', [0, [12.8, -1.0]])
def test_constants_that_are_no_sizes_are_refused(constant: object) -> None:
    with pytest.raises(ValueError, match='constant='):
        NWDAssigner(0.7, 0.3, constant=constant)


def test_arguments_of_other_assigners_are_named() -> None:
    with pytest.raises(TypeError, match=r"'topk'.*keep that one and set its iou_calculator=dict\("):
        TASK_UTILS.build(dict(type='NWDAssigner', topk=9))  # ATSS's, with another type
    with pytest.raises(TypeError, match='pos_iou_thr'):
        NWDAssigner()
