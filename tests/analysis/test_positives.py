"""Positives per object: the counts by hand, the rules of a config, and what is refused."""

import copy

import pytest
import torch
from conftest import ROOT
from mmengine.config import Config

from nwd_mmdet.analysis.positives import Matching, count_positives, table, to_json
from nwd_mmdet.datasets.input_boxes import ImageBoxes

SIRST_CONFIG = Config.fromfile(ROOT / 'configs/nwd/faster-rcnn_r18-small_fpn_12e_sirst.py')
RULES = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)


def model(**changes: object) -> Config:
    """The SIRST detector with an anchor of 16 px in every fourth pixel, if nothing is changed."""
    cfg = copy.deepcopy(SIRST_CONFIG)
    generator = dict(type='AnchorGenerator', scales=[4], ratios=[1.0], strides=[4])
    cfg.merge_from_dict({'model.rpn_head.anchor_generator': dict(_delete_=True, **generator), **changes})
    return cfg


def image(boxes: torch.Tensor, shape: tuple[int, int] = (64, 64), **parts: torch.Tensor) -> ImageBoxes:
    boxes = boxes.float()
    sizes = (boxes[:, 2:] - boxes[:, :2]).prod(1).sqrt()
    default = dict(labels=torch.zeros(len(boxes), dtype=torch.long), original_sizes=sizes, ignored=boxes[:0])
    return ImageBoxes(shape, boxes, **{**default, **parts})


def test_counts_by_hand() -> None:
    boxes = torch.tensor([[8, 8, 24, 24], [26, 26, 30, 30]])  # an anchor itself, and 4 px inside several anchors
    counts = count_positives([image(boxes)], Matching.from_config(model()), ['iou', 'nwd'])
    # IoU: only the anchor itself, its neighbours 4 px away reach .6. NWD of the 4 px object: (16 - 4) / √2 / 12.8 at
    # best, from (2, 2) px beside the centre.
    assert counts['iou'].counts.tolist() == [1, 0]
    assert counts['nwd'].counts[0] == 5  # the anchor and four at 4 px: exp(-4 / 12.8) = .73
    assert counts['nwd'].counts[1] == 1
    summary = counts['iou'].by_size()
    assert summary['all'] == {'objects': 2, 'positives': 0.5, 'without': 0.5}
    assert summary['vt'] == {'objects': 1, 'positives': 0.0, 'without': 1.0}
    assert summary['s'] == {'objects': 1, 'positives': 1.0, 'without': 0.0}
    assert summary['t']['positives'] is None and summary['m']['objects'] == 0
    (row, _) = to_json({16.0: counts})
    assert row == {'smallest_anchor': 16.0, 'overlap': 'iou', **summary}
    assert '| iou     | 0.50 (50%) | 0.00 (100%) | - | 1.00 (0%) | - |' in table(counts, 'title')


@pytest.mark.parametrize(('side', 'positives'), [(10.0, 0), (10.1, 0), (10.3, 1), (12.0, 1)])
def test_anchors_of_32_px_and_nwd_of_a_tiny_object(side: float, positives: int) -> None:
    # At the centre of an anchor |xyxy - xyxy| is 32 - s, so NWD >= .3 takes 32 - s <= √2 · 12.8 · ln(1 / .3) = 21.8.
    corner = torch.tensor([64.0, 64.0])
    boxes = torch.cat([corner - side / 2, corner + side / 2])[None]
    counts = count_positives([image(boxes, (128, 128))], Matching.from_config(model(), 8), ['nwd'])
    assert counts['nwd'].counts.tolist() == [positives]


def test_priors_of_a_padded_image() -> None:
    priors = Matching.from_config(model()).priors((40, 70))  # padded to 64 × 96
    assert len(priors) == 16 * 24
    inside = Matching.from_config(model(**{'model.train_cfg.rpn.allowed_border': 0})).priors((40, 70))
    assert len(inside) and (inside[:, :2] >= 0).all() and (inside[:, 2:] < torch.tensor([70, 40])).all()


def test_ignored_regions_take_priors_away() -> None:
    boxes, ignored = torch.tensor([[8, 8, 24, 24]]), torch.tensor([[0.0, 0, 64, 64]])
    matching = Matching.from_config(model(**{'model.train_cfg.rpn.assigner.ignore_iof_thr': 0.5}))
    counts = count_positives([image(boxes, ignored=ignored), image(boxes)], matching, ['iou', 'nwd'])
    assert counts['iou'].counts.tolist() == [0, 1]
    assert counts['nwd'].counts.tolist() == [0, 5]


def test_rules_and_constant_come_from_the_config() -> None:
    boxes = torch.tensor([[8, 8, 24, 24]])
    thresholds = {'model.train_cfg.rpn.assigner.pos_iou_thr': 0.55}
    assert count_positives([image(boxes)], Matching.from_config(model(**thresholds)), ['iou'])['iou'].counts == 5
    assigner = dict(_delete_=True, type='NWDAssigner', **RULES, constant=2.0)
    matching = Matching.from_config(model(**{'model.train_cfg.rpn.assigner': assigner}))
    assert matching.constant == 2.0
    assert count_positives([image(boxes)], matching, ['nwd'])['nwd'].counts == 1  # exp(-4 / 2) is far from .7
    assert count_positives([image(boxes)], matching, ['nwd'], constant=12.8)['nwd'].counts == 5


def test_one_stage_detector() -> None:
    cfg = Config(dict(default_scope='mmdet', model=dict(type='RetinaNet')))
    generator = dict(type='AnchorGenerator', octave_base_scale=4, scales_per_octave=3, ratios=[1.0], strides=[8, 16])
    cfg.model.bbox_head = dict(type='RetinaHead', anchor_generator=generator)
    cfg.model.train_cfg = dict(assigner=dict(type='NWDAssigner', **RULES, constant=[12.8, 2.0]), allowed_border=-1)
    matching = Matching.from_config(cfg)
    assert matching.smallest_anchor == 32
    boxes = torch.tensor([[4, 4, 36, 36], [68, 68, 100, 100]])  # at 4 px from an anchor; class 1 has the smaller C
    counts = count_positives([image(boxes, (128, 128), labels=torch.tensor([0, 1]))], matching, ['nwd'])['nwd'].counts
    assert counts[0] > counts[1]
    with pytest.raises(ValueError, match='an anchor_generator with scales'):
        Matching.from_config(cfg, 2)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'model.rpn_head.anchor_generator.type': 'MlvlPointGenerator'}, 'has not an anchor_generator'),
        ({'model.rpn_head': dict(_delete_=True, type='StageCascadeRPNHead')}, 'StageCascadeRPNHead'),
        ({'model.train_cfg.rpn.assigner.type': 'ATSSAssigner'}, 'is ATSSAssigner'),
    ],
)
def test_other_detectors_are_refused(changes: dict, message: str) -> None:
    cfg = model(**changes)
    if 'anchor_generator' in cfg.model.rpn_head:
        for key in ('scales', 'ratios') if 'Point' in str(changes) else ():
            cfg.model.rpn_head.anchor_generator.pop(key)
    with pytest.raises(ValueError, match=message):
        Matching.from_config(cfg)
