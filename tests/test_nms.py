import pytest
import torch
from boxes import boxes_strategy, draw_clusters, spoil
from detectors import batch, build_small
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nwd_mmdet.nms import batched_nwd_nms, nwd_nms
from nwd_mmdet.overlaps import pairwise

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]
NMS = dict(type='nwd_nms', iou_threshold=0.85, constant=12.8)


def greedy(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    threshold: float,
    idxs: torch.Tensor | None = None,
    constant: float = 12.8,
) -> list[int]:
    """Greedy NMS as the paper tells it, on the full matrix in float64."""
    suppresses = pairwise('nwd', boxes.double(), boxes.double(), constant=constant) > threshold
    if idxs is not None:
        suppresses &= idxs[:, None] == idxs[None]
    dead, keep = torch.zeros(len(boxes), dtype=torch.bool), []
    for index in scores.argsort(descending=True, stable=True).tolist():
        if not dead[index]:
            keep.append(index)
            dead |= suppresses[index]
    return keep


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('threshold', [0, 0.3, 0.5, 0.7, 0.85, 0.99, 1])
@pytest.mark.parametrize('count', [0, 1, 20, 1500])
def test_is_greedy_nms(count: int, threshold: float, device: str) -> None:
    boxes, scores = draw_clusters(count) if count else (torch.zeros(0, 4), torch.zeros(0))
    dets, keep = nwd_nms(boxes.to(device), scores.to(device), threshold)
    assert keep.device.type == device and keep.tolist() == greedy(boxes, scores, threshold)
    assert torch.equal(dets.cpu(), torch.cat([boxes, scores[:, None]], 1)[keep.cpu()])
    assert (dets[1:, 4] <= dets[:-1, 4]).all()


@given(boxes=boxes_strategy(min_size=0, max_size=30), data=st.data(), constant=st.sampled_from([1.0, 12.8, 60.0]))
@settings(deadline=None, max_examples=60)
def test_any_boxes(boxes: torch.Tensor, data: st.DataObject, constant: float) -> None:
    scores = torch.tensor(
        data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=len(boxes), max_size=len(boxes)))
    )
    idxs = torch.arange(len(boxes)) % 3
    _, keep = batched_nwd_nms(boxes, scores, idxs, 0.6, constant=constant)
    assert keep.tolist() == greedy(boxes, scores, 0.6, idxs, constant)


@given(boxes=boxes_strategy(min_size=0, max_size=20), data=st.data())
@settings(deadline=None, max_examples=60)
def test_boxes_that_are_not_finite_are_left_out(boxes: torch.Tensor, data: st.DataObject) -> None:
    scores, idxs = torch.linspace(0, 1, len(boxes)), torch.arange(len(boxes)) % 3
    bad_boxes, bad_scores, finite = spoil(boxes, scores, data)
    constants = [9.0, 12.8, 20.0]
    dets, keep = batched_nwd_nms(bad_boxes, bad_scores, idxs, 0.6, constants, max_num=9)
    expected, rows = batched_nwd_nms(boxes[finite], scores[finite], idxs[finite], 0.6, constants, max_num=9)
    assert torch.equal(dets, expected) and keep.tolist() == finite[rows].tolist()


def test_mmdet_goes_on_with_an_image_that_overflows() -> None:
    """One NaN box makes mmcv's own NMS keep all boxes; with the types of here it is as if it were not there."""
    from mmcv.ops import batched_nms

    boxes, scores = draw_clusters(200)
    idxs = torch.arange(200) % 5
    boxes[7, 2] = float('nan')
    rest = torch.arange(200) != 7
    assert len(batched_nms(boxes, scores, idxs, dict(type='nms', iou_threshold=0.5))[1]) == 200
    _, keep = batched_nms(boxes, scores, idxs, NMS)
    expected = batched_nms(boxes[rest], scores[rest], idxs[rest], NMS)[1]
    assert torch.equal(keep, torch.arange(200)[rest][expected])


@pytest.mark.parametrize('class_agnostic', [False, True])
@pytest.mark.parametrize('count', [200, 12000])  # from 10,000 boxes on mmcv takes another way
def test_by_name_in_mmcv(count: int, class_agnostic: bool) -> None:
    from mmcv.ops import batched_nms

    boxes, scores = draw_clusters(count, size=2000)
    idxs = torch.arange(count) % 5
    inherited = dict(**NMS, class_agnostic=class_agnostic, _scope_='nwd_mmdet')  # as a config has it from a package
    dets, keep = batched_nms(boxes, scores, idxs, inherited)
    expected = nwd_nms(boxes, scores, 0.85) if class_agnostic else batched_nwd_nms(boxes, scores, idxs, 0.85)
    assert torch.equal(keep, expected[1]) and torch.equal(dets, expected[0])


def test_classes_in_opposite_corners_do_not_touch() -> None:
    """mmcv shifts classes apart by the largest coordinate + 1 px, which puts these two boxes side by side."""
    from mmcv.ops import batched_nms
    from mmdet.models.dense_heads.rpn_head import batched_nms as rpn_nms
    from mmdet.models.layers.bbox_nms import batched_nms as rcnn_nms

    boxes = torch.tensor([[796.0, 796, 800, 800], [0.0, 0, 4, 4]])
    scores, idxs = torch.tensor([0.9, 0.8]), torch.tensor([0, 1])
    shifted = boxes + idxs[:, None] * 801
    assert pairwise('nwd', shifted, shifted)[0, 1] > 0.5, 'the shift would not have hurt'
    for function in (batched_nms, rpn_nms, rcnn_nms):
        assert len(function(boxes, scores, idxs, dict(type='nwd_nms', iou_threshold=0.5))[1]) == 2


def test_other_types_take_the_way_of_mmcv() -> None:
    from mmcv.ops import batched_nms

    boxes, scores = draw_clusters(300)
    idxs = torch.zeros(300, dtype=torch.long)
    import torchvision

    _, keep = batched_nms(boxes, scores, idxs, dict(type='nms', iou_threshold=0.5))
    assert torch.equal(keep, torchvision.ops.nms(boxes, scores, 0.5))
    assert len(batched_nms(boxes, scores, idxs, None)[1]) == 300


def test_score_threshold_and_max_num() -> None:
    boxes, scores = draw_clusters(500)
    keep = greedy(boxes, scores, 0.85)
    _, above = nwd_nms(boxes, scores, 0.85, score_threshold=0.5)
    assert above.tolist() == [index for index in keep if scores[index] > 0.5]
    assert nwd_nms(boxes, scores, 0.85, max_num=7)[1].tolist() == keep[:7]


def test_half_precision_boxes() -> None:
    boxes, scores = draw_clusters(300)
    dets, keep = nwd_nms(boxes.half(), scores.half(), 0.85)
    assert dets.dtype == torch.float16
    dets, _ = nwd_nms(boxes.half(), scores + 1e-5, 0.85)
    assert dets.dtype == torch.float32 and dets[0, 4] == scores.max() + 1e-5
    assert nwd_nms(boxes.long(), scores, 0.85)[0][0, 4] == scores.max()
    assert keep.tolist() == greedy(boxes.half().float(), scores.half(), 0.85)


def test_errors_name_the_argument() -> None:
    boxes, scores = draw_clusters(20)
    with pytest.raises(ValueError, match='iou_threshold=1.5'):
        nwd_nms(boxes, scores, 1.5)
    with pytest.raises(ValueError, match='constant=0'):
        nwd_nms(boxes, scores, 0.5, constant=0)
    with pytest.raises(ValueError, match=r'\[N, 4\], \[N\] and \[N\]'):
        nwd_nms(boxes, scores[:3], 0.5)


def test_a_constant_for_each_class() -> None:
    boxes, scores = draw_clusters(600)
    idxs, constants = torch.arange(600) % 3, [6.0, 12.8, 30.0]
    _, keep = batched_nwd_nms(boxes, scores, idxs, 0.6, constant=constants)
    for group, constant in enumerate(constants):
        rows = (idxs == group).nonzero().squeeze(1)
        expected = rows[nwd_nms(boxes[rows], scores[rows], 0.6, constant=constant)[1]]
        assert keep[idxs[keep] == group].tolist() == expected.tolist()
    with pytest.raises(ValueError, match='there is an object of class 2'):
        batched_nwd_nms(boxes, scores, idxs, 0.6, constant=[6.0, 12.8])
    with pytest.raises(ValueError, match='constant=-1'):
        batched_nwd_nms(boxes, scores, idxs, 0.6, constant=[6.0, -1.0, 3.0])


class Network(nn.Module):
    """Images in, the maps of a one-stage head out: what can be exported."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(level for levels in self.model(images, mode='tensor') for level in levels)


class Detector(Network):
    """Images in, boxes out."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model(images, batch(1)['data_samples'], mode='predict')[0].pred_instances.bboxes


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning')
def test_a_network_can_be_traced_and_its_nms_cannot() -> None:
    model = build_small('fcos/fcos_r18-small_fpn_synthetic', test_cfg__nms=NMS, test_cfg__score_thr=0.0).eval()
    example, images = torch.rand(1, 3, 128, 128), torch.rand(2, 3, 192, 160)
    with torch.no_grad():
        traced = torch.jit.trace(Network(model), example)
        for exported, eager in zip(traced(images), Network(model)(images), strict=True):
            torch.testing.assert_close(exported, eager)
        assert len(Detector(model)(example))
        with pytest.raises(RuntimeError, match='docs/deployment.md'):
            torch.jit.trace(Detector(model), example)
