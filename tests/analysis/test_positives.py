"""Positives per object: the assigner against mmdet's, the counts by hand, and the tool."""

import copy
import json
import runpy
import sys
from pathlib import Path

import pytest
import torch
from boxes import draw_boxes
from conftest import ROOT
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.positives import Matching, count_positives, table
from nwd_mmdet.assigners.one_by_one_assigner import OneByOneAssigner
from nwd_mmdet.datasets.input_boxes import ImageBoxes

SIRST = str(ROOT / 'configs/nwd/faster-rcnn_r18-small_fpn_12e_sirst.py')
SIRST_CONFIG = Config.fromfile(SIRST)
TOOL = str(ROOT / 'tools/analysis_tools/positives.py')
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
    priors = Matching.from_config(model(), 2).priors((160, 200))
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


def test_tool_on_real_targets(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    annotations, out = str(shared / 'real/sirst_v2/train.json'), tmp_path / 'new'
    options = ['--max-images', '40', '--overlaps', 'iou', 'nwd', '--anchor-scales', '8', '2']
    files = ['--json', str(out / 'positives.json'), '--figure', str(out / 'positives.svg')]
    monkeypatch.setattr(sys, 'argv', [TOOL, SIRST, '--ann-file', annotations, *options, *files])
    runpy.run_path(TOOL, run_name='__main__')
    assert 'smallest anchor 32 px' in capsys.readouterr().out
    rows = {(row['smallest_anchor'], row['overlap']): row for row in json.loads((out / 'positives.json').read_text())}
    assert rows[32, 'iou']['vt']['without'] == rows[32, 'nwd']['vt']['without'] == 1.0
    assert rows[8, 'nwd']['all']['without'] == 0.0 < rows[8, 'iou']['all']['without']
    assert '<svg' in (out / 'positives.svg').read_text()
