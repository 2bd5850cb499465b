"""The candidate bags and weights of dual weighting, against their definitions on all points and objects."""

import math

import pytest
import torch
from boxes import boxes_strategy, draw_boxes
from hypothesis import given, settings

from nwd_mmdet.assigners.dw_assigner import Candidates, DWAssigner

SIZES, STRIDES = [(16, 20), (8, 10), (4, 5)], [(8, 8), (16, 16), (32, 32)]


def points(offset: float = 0.5) -> tuple[torch.Tensor, torch.Tensor]:
    """All points of the levels, and their strides."""
    parts, strides = [], []
    for (height, width), stride in zip(SIZES, STRIDES):
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
        parts.append(torch.stack([x.flatten() + offset, y.flatten() + offset], 1) * stride[0])
        strides.append(torch.full((height * width,), float(stride[0])))
    return torch.cat(parts), torch.cat(strides)


def dense(gts: torch.Tensor, offset: float = 0.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether each point is inside each object, and its distance from the centre in strides; shape [P, G]."""
    point, stride = points(offset)
    inside = ((point[:, None] > gts[:, :2]) & (point[:, None] < gts[:, 2:])).all(-1)
    centre = (gts[:, :2] + gts[:, 2:]) / 2
    return inside, (point[:, None] - centre).norm(dim=-1) / stride[:, None]


def pairs(candidates: Candidates) -> set[tuple[int, int]]:
    result = list(zip(candidates.point.tolist(), candidates.gt.tolist()))
    assert len(result) == len(set(result)), 'a pair came twice'
    return set(result)


def expected(mask: torch.Tensor) -> set[tuple[int, int]]:
    return set(map(tuple, mask.nonzero().tolist()))


@pytest.mark.parametrize('offset', [0.5, 0.0])
@given(gts=boxes_strategy(min_size=0, max_size=8))
@settings(deadline=None, max_examples=60)
def test_bag_is_the_points_inside(gts: torch.Tensor, offset: float) -> None:
    candidates = DWAssigner().candidates(SIZES, STRIDES, [gts], offset)
    inside, distance = dense(gts, offset)
    assert pairs(candidates) == expected(inside)
    prior = torch.exp(-(distance[candidates.point, candidates.gt] ** 2) / (2 * 1.11**2))
    torch.testing.assert_close(candidates.prior, prior, atol=1e-5, rtol=1e-4)


def test_points_on_the_border_are_outside() -> None:
    gts = torch.tensor([[4.0, 4, 12, 12], [3.9, 3.9, 12.1, 12.1]])  # the first four points are at 4 and 12
    level = DWAssigner().candidates(SIZES[:1], STRIDES[:1], [gts])
    assert pairs(level) == {(0, 1), (1, 1), (20, 1), (21, 1)}


def test_images_of_a_batch_do_not_touch() -> None:
    first, second = draw_boxes(5, 1, 100) * 1.5, draw_boxes(9, 2, 100) * 1.5
    alone = [DWAssigner().candidates(SIZES, STRIDES, [gts]) for gts in (first, second)]
    total = sum(height * width for height, width in SIZES)
    batch = DWAssigner().candidates(SIZES, STRIDES, [first, first[:0], second])
    shifted = {(point + 2 * total, gt + 5) for point, gt in pairs(alone[1])}
    assert pairs(batch) == pairs(alone[0]) | shifted


def test_bag_by_distance() -> None:
    gts = draw_boxes(12, 3, 120) * 2
    inside, distance = dense(gts)
    candidates = DWAssigner(bag='threshold', radius=1.3).candidates(SIZES, STRIDES, [gts])
    assert pairs(candidates) == expected(inside & (distance < 1.3)) and (candidates.prior == 1).all()


def test_bag_by_rank_on_each_level() -> None:
    gts = draw_boxes(12, 4, 120) * 3
    inside, distance = dense(gts)
    wanted, start = set(), 0
    for height, width in SIZES:
        level = slice(start, start + height * width)
        for gt in range(len(gts)):
            nearest = distance[level, gt].masked_fill(~inside[level, gt], math.inf).sort(stable=True)
            wanted |= {(start + point, gt) for d, point in zip(*(x[:4].tolist() for x in nearest)) if math.isfinite(d)}
        start += height * width
    assert pairs(DWAssigner(bag='topk', topk=4).candidates(SIZES, STRIDES, [gts])) == wanted


def test_how_many_tiny_objects_the_released_code_leaves_without_a_point() -> None:
    """A third of all 6 px squares contain no point of strides 8, 16 and 32."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.rand(4000, 2, generator=generator) * torch.tensor([150.0, 118.0]) + 5
    gts = torch.cat([centres - 3, centres + 3], 1)
    without = torch.ones(4000, dtype=torch.bool)
    without[DWAssigner().candidates(SIZES, STRIDES, [gts]).gt] = False
    assert 0.32 < without.float().mean() < 0.37
    candidates = DWAssigner(nearest_point=True).candidates(SIZES, STRIDES, [gts])
    assert len(candidates.gt.unique()) == 4000
    point, gt = candidates.point[without[candidates.gt]], candidates.gt[without[candidates.gt]]
    assert len(gt) == without.sum()
    assert torch.equal(point, dense(gts[gt])[1][: SIZES[0][0] * SIZES[0][1]].argmin(0))


def weigh(assigner: DWAssigner, gts: torch.Tensor) -> tuple[Candidates, torch.Tensor, torch.Tensor, tuple]:
    candidates = assigner.candidates(SIZES, STRIDES, [gts])
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(len(candidates.gt), generator=generator)
    boxes = gts[candidates.gt] + torch.randn(len(scores), 4, generator=generator) * 5
    overlaps = assigner.overlap.aligned(boxes, gts[candidates.gt])
    return candidates, scores, overlaps, assigner.assign(candidates, scores, boxes, gts, 1 - overlaps)


def test_paper_weights() -> None:
    """Equations 3 to 8, object by object."""
    gts = draw_boxes(6, 5, 100) * 3
    assigner = DWAssigner(preset='paper', beta=4.0, mu=6.0, gamma1=3.0, gamma2=1.5)
    candidates, scores, ious, weights = weigh(assigner, gts)
    k = 1 / (0.95**3 - 0.5**3)
    for gt in candidates.gt.unique():
        rows = (candidates.gt == gt).nonzero().squeeze(1).tolist()
        raw, expected_neg = [], []
        for row in rows:
            s, iou = scores[row].item(), ious[row].item()
            t = s * iou**4
            raw.append(math.exp(6 * t) * t * candidates.prior[row].item())
            p_neg = 1.0 if iou < 0.5 else 0.0 if iou > 0.95 else k * (0.95**3 - iou**3)
            expected_neg.append(p_neg * s**1.5)
        torch.testing.assert_close(weights.w_pos[rows], torch.tensor(raw) / sum(raw), rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(weights.w_neg[rows], torch.tensor(expected_neg), rtol=1e-4, atol=1e-5)
    assert torch.equal(weights.w_reg, weights.w_pos)


def test_released_weights() -> None:
    gts = draw_boxes(6, 5, 100) * 3
    candidates, scores, ious, weights = weigh(DWAssigner(), gts)
    for gt in candidates.gt.unique():
        rows = candidates.gt == gt
        s, iou, prior = scores[rows], ious[rows], candidates.prior[rows]
        t = s * torch.exp(-5 * (1 - iou))
        w_pos = torch.exp(5 * t) * t * prior / (torch.exp(3 * t) * t * prior).sum()
        torch.testing.assert_close(weights.w_pos[rows], w_pos)
        falling = (1 - iou**2) / 0.75
        stretched = (falling - falling.min()) / (falling.max().clamp(max=1) - falling.min()).clamp(min=1e-12)
        if len(iou) > 1:
            torch.testing.assert_close(weights.p_neg[rows], torch.where(iou < 0.5, 1.0, stretched))
    torch.testing.assert_close(weights.w_neg, weights.p_neg * scores**2)


@pytest.mark.parametrize('negative', ['p_neg', 'i_neg', 'none', '1-w_pos'])
def test_negative_weights_of_table_5(negative: str) -> None:
    candidates, scores, _, weights = weigh(DWAssigner(preset='paper', negative=negative), draw_boxes(6, 5, 100) * 3)
    wanted = {
        'p_neg': weights.p_neg,
        'i_neg': scores**2,
        'none': torch.zeros_like(scores),
        '1-w_pos': 1 - weights.w_pos,
    }
    torch.testing.assert_close(weights.w_neg, wanted[negative], atol=1e-6, rtol=1e-6)


def test_any_overlap() -> None:
    gts = draw_boxes(20, 6, 100)
    assigner = DWAssigner(preset='paper', overlap='nwd', overlap_params=dict(constant=8.0), nearest_point=True)
    candidates, scores, nwd, weights = weigh(assigner, gts)
    t = scores * nwd**5
    best = torch.zeros(20).scatter_reduce(0, candidates.gt, weights.w_pos, 'amax')
    top = (weights.w_pos == best[candidates.gt]) & (torch.exp(5 * t) * t * candidates.prior > 0)
    assert len(candidates.gt[top].unique()) == 20 and (weights.p_neg[nwd < 0.5] == 1).all()


def test_small_objects_spread_their_weight() -> None:
    """With lower β and μ more points of a small object take part; objects of the size and up are as before."""
    gts = torch.tensor([[20.0, 20, 44, 44], [60.0, 20, 124, 84]])
    plain = weigh(DWAssigner(preset='paper'), gts)
    softer = weigh(DWAssigner(preset='paper', small_objects=dict(size=64, beta=1.0, mu=1.0)), gts)
    small = plain[0].gt == 0
    assert softer[3].w_pos[small].max() < plain[3].w_pos[small].max()
    torch.testing.assert_close(softer[3].w_pos[~small], plain[3].w_pos[~small])


def test_nothing_to_assign() -> None:
    gts = torch.zeros(0, 4)
    for bag in ('soft_prior', 'threshold', 'topk'):
        for nearest in (False, True):
            assigner = DWAssigner(bag=bag, nearest_point=nearest)
            assert all(len(column) == 0 for column in weigh(assigner, gts)[3])


def test_weights_are_constants() -> None:
    gts = draw_boxes(3, 1, 90) * 3
    assigner = DWAssigner()
    candidates = assigner.candidates(SIZES, STRIDES, [gts])
    scores = torch.rand(len(candidates.gt), requires_grad=True)
    boxes = gts[candidates.gt].requires_grad_()
    assert not any(w.requires_grad for w in assigner.assign(candidates, scores, boxes, gts, boxes.sum(1) * 0 + 0.1))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(preset='best'), "preset='best' must be one of 'paper', 'released'"),
        (dict(bag='all'), "bag='all' must be one of"),
        (dict(negative='both'), "negative='both' must be one of"),
        (dict(theta=(0.9, 0.5)), r'theta=\(0.9, 0.5\)'),
        (dict(small_objects=dict(size=32)), 'small_objects=.*must have size'),
    ],
)
def test_errors_name_the_argument(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DWAssigner(**arguments)
    with pytest.raises(KeyError, match='unknown overlap'):
        DWAssigner(overlap='wasserstein')
