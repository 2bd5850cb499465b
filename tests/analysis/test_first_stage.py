"""What a config says about the first stage, and the priors of an image."""

import pytest
import torch
from conftest import ROOT
from mmdet.models.task_modules.prior_generators import AnchorGenerator, MlvlPointGenerator
from mmengine.config import Config

from nwd_mmdet.analysis.first_stage import FirstStageConfig, PriorGrid
from nwd_mmdet.config import read_config


def test_rpn() -> None:
    stage = FirstStageConfig.of(read_config(ROOT / 'configs/nwd/faster-rcnn_r50_fpn_1x_aitod.py'))
    assert (stage.name, stage.head['type'], stage.head['num_classes'], stage.size_divisor) == (
        'rpn_head',
        'RPNHead',
        1,
        32,
    )
    assert stage.train_cfg['assigner']['pos_iou_thr'] == 0.7
    assert stage.training_labels(torch.tensor([3, 1])).tolist() == [0, 0], 'an RPN does not know the classes'


def test_one_stage_head() -> None:
    stage = FirstStageConfig.of(read_config(ROOT / 'configs/nwd/retinanet_r50_fpn_1x_aitod.py'))
    assert (stage.name, stage.head['num_classes']) == ('bbox_head', 8)
    assert stage.train_cfg['assigner']['pos_iou_thr'] == 0.5
    assert stage.training_labels(torch.tensor([3, 1])).tolist() == [3, 1]


@pytest.mark.parametrize(
    'model', [dict(), dict(type='FastRCNN', roi_head=dict()), dict(bbox_head=[dict(type='A'), dict(type='B')])]
)
def test_no_first_stage(model: dict) -> None:
    stage = FirstStageConfig.of(Config(dict(model=model)))
    assert (stage.name, stage.head, stage.train_cfg, stage.size_divisor) == ('bbox_head', {}, {}, 1)


def test_grid_of_anchors() -> None:
    generator = AnchorGenerator(strides=[16, 32], ratios=[1.0], scales=[1])
    grid = PriorGrid(generator, (40, 70), 32)  # padded to 64 × 96
    assert grid.sizes == [(4, 6), (2, 3)] and [len(part) for part in grid.by_level] == [24, 6]
    assert grid.levels.tolist() == [0] * 24 + [1] * 6
    assert torch.equal(grid.priors, torch.cat(list(grid.by_level))) and grid.inside(-1).all()
    expected = (grid.priors >= 0).all(1) & (grid.priors < torch.tensor([70, 40, 70, 40])).all(1)
    assert torch.equal(grid.inside(0), expected) and 0 < expected.sum() < 30
    assert grid.inside(0).sum() < grid.inside(8).sum() < 30


def test_grid_of_points() -> None:
    grid = PriorGrid(MlvlPointGenerator([8, 16]), (16, 32), 1)
    assert grid.sizes == [(2, 4), (1, 2)] and grid.priors.shape == (10, 2)
    assert grid.priors[:2].tolist() == [[4, 4], [12, 4]] and grid.priors[-1].tolist() == [24, 8]
