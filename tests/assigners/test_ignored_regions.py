import pytest
import torch
from boxes import draw_boxes
from mmdet.structures.bbox import bbox_overlaps

from nwd_mmdet.assigners import ignored_regions
from nwd_mmdet.assigners.ignored_regions import priors_in_regions


@pytest.mark.parametrize('wrt_candidates', [True, False])
def test_the_rule_of_mmdet_in_blocks(wrt_candidates: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignored_regions, '_MAX_BLOCK', 64)
    priors, regions = draw_boxes(300, seed=1, size=100), draw_boxes(7, seed=2, size=100)
    regions[:, 2:] += 25
    if wrt_candidates:
        share = bbox_overlaps(priors, regions, mode='iof').amax(1)
    else:
        share = bbox_overlaps(regions, priors, mode='iof').amax(0)
    inside = priors_in_regions(priors, regions, 0.02, wrt_candidates)
    assert torch.equal(inside, share > 0.02) and inside.any() and not inside.all()


def test_no_regions_and_no_threshold() -> None:
    priors = draw_boxes(5)
    assert not priors_in_regions(priors, torch.zeros(0, 4), 0.5).any()
    assert not priors_in_regions(priors, priors, -1).any()
    assert priors_in_regions(priors[:0], priors, 0.5).shape == (0,)
