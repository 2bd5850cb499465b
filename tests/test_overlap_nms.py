import math

import pytest
import torch
from boxes import boxes_strategy, draw_clusters, spoil
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops import batched_nms

from nwd_mmdet import overlap_nms as module
from nwd_mmdet.nms import nwd_nms
from nwd_mmdet.overlap_nms import overlap_nms, soft_overlap_nms
from nwd_mmdet.overlaps import OVERLAPS, pairwise

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]


def greedy(boxes, scores, metric, threshold, idxs, **params):
    """Greedy NMS as it is told, on the full matrix in float64."""
    suppresses = pairwise(metric, boxes.double(), boxes.double(), **params) > threshold
    suppresses &= idxs[:, None] == idxs[None]
    dead, keep = torch.zeros(len(boxes), dtype=torch.bool), []
    for index in scores.argsort(descending=True, stable=True).tolist():
        if not dead[index]:
            keep.append(index)
            dead |= suppresses[index]
    return keep


def soft(boxes, scores, metric, factor, min_score, **params):
    """Soft-NMS as Bodla et al. tell it in Algorithm 1, on Python lists."""
    boxes, scores = boxes.double(), scores.double().tolist()
    overlaps = pairwise(metric, boxes, boxes, **params).tolist()
    left, taken = list(range(len(scores))), []
    while left:
        best = max(left, key=lambda i: (scores[i], -i))
        if scores[best] < min_score:
            break
        left.remove(best)
        taken.append((best, scores[best]))
        for i in left:
            scores[i] *= factor(overlaps[best][i])
    return taken


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('metric', sorted(OVERLAPS))
@pytest.mark.parametrize('count', [0, 1, 900])  # more than one block
def test_is_greedy_nms(metric: str, count: int, device: str) -> None:
    boxes, scores = draw_clusters(count) if count else (torch.zeros(0, 4), torch.zeros(0))
    idxs = torch.arange(count) % 2
    dets, keep = overlap_nms(boxes.to(device), scores.to(device), 0.4, metric, idxs=idxs.to(device))
    assert keep.device.type == device and keep.tolist() == greedy(boxes, scores, metric, 0.4, idxs)
    assert torch.equal(dets.cpu(), torch.cat([boxes, scores[:, None]], 1)[keep.cpu()])


@given(boxes=boxes_strategy(min_size=0, max_size=20))
@settings(deadline=None, max_examples=30)
def test_any_boxes(boxes: torch.Tensor) -> None:
    scores = torch.linspace(0, 1, len(boxes))
    for metric, threshold in (('giou', -0.2), ('ciou', 0.1), ('nwd_iou', 0.5)):
        _, keep = overlap_nms(boxes, scores, threshold, metric)
        assert keep.tolist() == greedy(boxes, scores, metric, threshold, torch.zeros(len(boxes)))


@given(boxes=boxes_strategy(min_size=0, max_size=20), data=st.data())
@settings(deadline=None, max_examples=30)
def test_boxes_that_are_not_finite_are_left_out(boxes: torch.Tensor, data: st.DataObject) -> None:
    scores, idxs = torch.linspace(0, 1, len(boxes)), torch.arange(len(boxes)) % 2
    bad_boxes, bad_scores, finite = spoil(boxes, scores, data)
    for function in (overlap_nms, soft_overlap_nms):
        dets, keep = function(bad_boxes, bad_scores, 0.3, 'nwd', idxs=idxs)
        expected, rows = function(boxes[finite], scores[finite], 0.3, 'nwd', idxs=idxs[finite])
        assert torch.equal(dets, expected) and keep.tolist() == finite[rows].tolist()


def test_what_is_left_out_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(module, 'print_log', lambda message, **_: said.append(message))
    monkeypatch.setattr(module, '_left_out_before', False)
    boxes, scores = draw_clusters(1500)
    overlap_nms(boxes, scores, 0.5)
    assert not said
    boxes[3:5] = math.nan
    scores[4] = math.inf
    overlap_nms(boxes, scores, 0.5)
    soft_overlap_nms(boxes[:9], scores[:9])
    assert len(said) == 1 and said[0].startswith('NMS leaves out 2 of 1,500 boxes')


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning')
@pytest.mark.parametrize('function', [nwd_nms, overlap_nms, soft_overlap_nms])
def test_refuses_to_be_traced_or_exported(function) -> None:
    class Nms(torch.nn.Module):
        def forward(self, boxes, scores):
            return function(boxes, scores, 0.5)

    example = draw_clusters(20)
    Nms()(*example)
    for export in (torch.jit.trace, torch.export.export):
        with pytest.raises(RuntimeError, match='NMS cannot be traced or exported.*docs/deployment.md'):
            export(Nms(), example)


@pytest.mark.parametrize('threshold', [0.3, 0.85])
def test_nwd_decides_as_the_grid_does(threshold: float) -> None:
    boxes, scores = draw_clusters(1000)
    _, keep = overlap_nms(boxes, scores, threshold, 'nwd', constant=9.0)
    assert torch.equal(keep, nwd_nms(boxes, scores, threshold, constant=9.0)[1])


def test_iou_decides_as_torchvision() -> None:
    import torchvision

    boxes, scores = draw_clusters(1000)
    assert torch.equal(overlap_nms(boxes, scores, 0.5)[1], torchvision.ops.nms(boxes.double(), scores.double(), 0.5))


@pytest.mark.parametrize(
    ('method', 'factor'),
    [
        ('linear', lambda o: 1 - o if o > 0.3 else 1.0),
        ('gaussian', lambda o: math.exp(-(o**2) / 0.5)),
        ('naive', lambda o: float(o <= 0.3)),
    ],
)
@pytest.mark.parametrize('metric', ['iou', 'nwd'])
def test_is_soft_nms(metric: str, method: str, factor) -> None:
    boxes, scores = draw_clusters(150)
    dets, keep = soft_overlap_nms(boxes, scores, 0.3, metric, method=method, min_score=0.01)
    expected = soft(boxes, scores, metric, factor, 0.01)
    assert sorted(keep.tolist()) == sorted(index for index, _ in expected)
    assert torch.equal(dets[:, :4], boxes[keep]) and (dets[1:, 4] <= dets[:-1, 4]).all()
    new_scores = dict(expected)
    torch.testing.assert_close(dets[:, 4], torch.tensor([new_scores[i] for i in keep.tolist()]))


def test_soft_nms_without_overlap_changes_nothing() -> None:
    boxes = torch.tensor([[0.0, 0, 4, 4], [500.0, 500, 504, 504]])
    for method in ('linear', 'naive', 'gaussian'):
        dets, keep = soft_overlap_nms(boxes, torch.tensor([0.2, 0.9]), metric='nwd', method=method)
        assert keep.tolist() == [1, 0]
        torch.testing.assert_close(dets[:, 4], torch.tensor([0.9, 0.2]))


@pytest.mark.parametrize('count', [200, 12000])  # from 10,000 boxes on mmcv takes another way
def test_by_name_in_mmcv(count: int) -> None:
    boxes, scores = draw_clusters(count, size=2000)
    idxs = torch.arange(count) % 5
    config = dict(type='overlap_nms', metric='diou', iou_threshold=0.5)
    dets, keep = batched_nms(boxes, scores, idxs, config)
    expected = overlap_nms(boxes, scores, 0.5, 'diou', idxs=idxs)
    assert torch.equal(keep, expected[1]) and torch.equal(dets, expected[0])
    agnostic = batched_nms(boxes, scores, idxs, dict(**config, class_agnostic=True))[1]
    assert torch.equal(agnostic, overlap_nms(boxes, scores, 0.5, 'diou')[1])


def test_soft_nms_by_name_in_mmcv() -> None:
    boxes, scores = draw_clusters(200)
    idxs = torch.arange(200) % 3
    config = dict(type='soft_overlap_nms', metric='nwd', constant=12.8, iou_threshold=0.5, max_num=20)
    dets, keep = batched_nms(boxes, scores, idxs, config)
    expected = soft_overlap_nms(boxes, scores, 0.5, 'nwd', idxs=idxs, max_num=20)
    assert len(keep) == 20 and torch.equal(keep, expected[1]) and torch.equal(dets, expected[0])


def test_score_threshold_and_max_num() -> None:
    boxes, scores = draw_clusters(400)
    keep = greedy(boxes, scores, 'giou', 0.5, torch.zeros(400))
    _, above = overlap_nms(boxes, scores, 0.5, 'giou', score_threshold=0.5)
    assert above.tolist() == [index for index in keep if scores[index] > 0.5]
    assert overlap_nms(boxes, scores, 0.5, 'giou', max_num=7)[1].tolist() == keep[:7]


def test_errors_name_the_argument() -> None:
    boxes, scores = draw_clusters(20)
    empty = torch.zeros(0, 4), torch.zeros(0)
    for function in (overlap_nms, soft_overlap_nms):
        with pytest.raises(KeyError, match="unknown overlap 'wasserstein'"):
            function(*empty, 0.5, 'wasserstein')
        with pytest.raises(TypeError, match='constant'):
            function(*empty, 0.5, 'iou', constant=12.8)
        with pytest.raises(ValueError, match=r'iou_threshold=1.5 must be an overlap in \[-1, 1\]'):
            function(boxes, scores, 1.5)
        with pytest.raises(ValueError, match=r'\[N, 4\], \[N\] and \[N\]'):
            function(boxes, scores[:3], 0.5)
    with pytest.raises(ValueError, match="method='hard' must be one of linear, gaussian, naive"):
        soft_overlap_nms(boxes, scores, method='hard')
    with pytest.raises(ValueError, match='sigma=0'):
        soft_overlap_nms(boxes, scores, sigma=0)
