"""C for NWD from a training set: estimate, table, 'auto' in a config."""

import json
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from nwd_mmdet.config import resolve_auto_constants
from nwd_mmdet.datasets.input_boxes import ImageBoxes, InputBoxes
from nwd_mmdet.datasets.nwd_constant import ConstantEstimate, SizeStatistics


def image(*sides_and_labels: tuple[float, int]) -> ImageBoxes:
    sides = torch.tensor([float(side) for side, _ in sides_and_labels])
    boxes = torch.stack([torch.zeros_like(sides), torch.zeros_like(sides), 2 * sides, sides / 2], 1)
    labels = torch.tensor([label for _, label in sides_and_labels], dtype=torch.long)
    return ImageBoxes((64, 64), boxes, labels, sides, boxes[:0])


def test_statistics() -> None:
    statistics = SizeStatistics.of(torch.tensor([1.0, 2.0, 3.0, 4.0, 10.0]))
    assert (statistics.count, statistics.mean, statistics.quartiles) == (5, 4.0, (2.0, 3.0, 4.0))
    assert statistics.std == pytest.approx(math.sqrt(10))


def test_estimate_in_all_and_per_class() -> None:
    data = InputBoxes([image((8, 0), (12, 0)), image(), image((40, 2))], ('ship', 'person', 'bridge'))
    estimate = ConstantEstimate.of(data)
    assert estimate.constant == 20.0
    assert estimate.classwise_constants == [10.0, 20.0, 40.0]  # no person: that of all
    assert [part.count for part in estimate.classwise.values()] == [2, 0, 1]
    assert 'person' in ''.join(estimate.remarks()) and 'DOTA' not in ''.join(estimate.remarks())
    assert '| ship   | 2       | 10.0' in estimate.table()
    json.dumps(estimate.to_json(), allow_nan=False)


@pytest.mark.parametrize(('side', 'warns'), [(30, False), (34, True)])
def test_large_objects_are_no_case_for_nwd(side: int, warns: bool) -> None:
    remarks = ConstantEstimate.of(InputBoxes([image((side, 0))], ('ship',))).remarks()
    assert ('DOTA' in ''.join(remarks)) == warns


def test_no_objects() -> None:
    with pytest.raises(ValueError, match='2 images without any object'):
        ConstantEstimate.of(InputBoxes([image(), image()], ('ship',)))


def test_constants_never_reach_zero() -> None:
    assert ConstantEstimate.of(InputBoxes([image((0.01, 0))], ('ship',))).constant == 0.1


def test_auto_in_a_config(two_ships: Path) -> None:
    resize = dict(type='Resize', scale=(300, 300), keep_ratio=True)
    dataset = dict(
        type='CocoDataset', ann_file=str(two_ships), metainfo=dict(classes=('ship', 'person')), pipeline=[resize]
    )
    model = dict(
        train_cfg=dict(rpn=dict(assigner=dict(type='NWDAssigner', constant='auto')), rcnn=[dict(constant=9.0)]),
        heads=[dict(loss_bbox=dict(type='NWDLoss', constant='auto'))],
    )
    cfg = Config(dict(model=model, train_dataloader=dict(dataset=dataset)))
    assert resolve_auto_constants(cfg) == 15.0
    assert cfg.model.train_cfg.rpn.assigner.constant == cfg.model.heads[0].loss_bbox.constant == 15.0
    assert cfg.model.train_cfg.rcnn[0].constant == 9.0
    assert "'auto'" not in cfg.dump()  # what is saved trains without the data set


def test_without_auto_no_data_is_read() -> None:
    cfg = Config(dict(model=dict(train_cfg=dict(assigner=dict(constant=12.8)))))
    assert resolve_auto_constants(cfg) is None
