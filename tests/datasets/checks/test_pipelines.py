"""What is said of pipelines is what they do."""

from pathlib import Path
from typing import Any

import pytest
import torch
from broken_data import CLASSES, good
from broken_sets import BOXES, LOAD, PACK, RESIZE, data_set, good_config
from mmdet.registry import DATASETS, MODELS
from mmdet.utils import register_all_modules

from nwd_mmdet.datasets.checks.boxes import handed_on
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.findings import Reader
from nwd_mmdet.datasets.checks.image_contents import Loader
from nwd_mmdet.datasets.checks.pipelines import (
    check_model,
    check_testing_steps,
    check_training_steps,
    loader_of,
    skips_unreadable,
)

MASKS = {**BOXES, 'with_mask': True}


def training_keys(steps: list[dict[str, Any]]) -> dict[str, int]:
    columns = CocoColumns.of(good(), 'a.json')
    kept = handed_on(columns, CLASSES, Reader.CHECKED)
    return {f.check.key: f.count for f in check_training_steps(columns, kept, steps, Reader.CHECKED)}


def sample(root: Path, steps: list[dict[str, Any]]) -> Any:
    register_all_modules()
    good_config(root)
    return DATASETS.build(data_set(root, 'train.json', pipeline=steps))[0]['data_samples']


def test_training_pipelines(tmp_path: Path) -> None:
    assert training_keys([LOAD, BOXES, RESIZE, PACK]) == {} == training_keys([])
    assert training_keys([LOAD, RESIZE, PACK]) == {'no-load-annotations': 1}
    assert training_keys([LOAD, dict(type='RandomChoice', transforms=[[BOXES], [BOXES]]), PACK]) == {}
    with pytest.raises(AttributeError):
        assert sample(tmp_path, [LOAD, RESIZE, PACK]).gt_instances.bboxes
    assert 'bboxes' in sample(tmp_path, [LOAD, BOXES, RESIZE, PACK]).gt_instances
    assert training_keys([LOAD, MASKS, PACK]) == {'no-masks': 4}
    with pytest.raises(KeyError, match='mask'):
        sample(tmp_path, [LOAD, MASKS, PACK])


@pytest.mark.parametrize(
    ('steps', 'lacking'),
    [
        ([LOAD, RESIZE, PACK], ''),
        ([LOAD, PACK], 'scale_factor'),
        ([LOAD, RESIZE, {**PACK, 'meta_keys': ('img_id', 'img_shape')}], 'ori_shape, scale_factor'),
        ([LOAD, dict(type='RandomChoiceResize', scales=[(9, 9)]), PACK], ''),
    ],
)
def test_testing_pipelines(steps: list, lacking: str, tmp_path: Path) -> None:
    findings = list(check_testing_steps('a.json', steps))
    assert [finding.first for finding in findings] == ([lacking] if lacking else [])
    packed = sample(tmp_path, steps).metainfo
    assert {'img_id', 'img_shape', 'ori_shape', 'scale_factor'} - set(packed) == set(filter(None, lacking.split(', ')))


def test_how_images_are_read() -> None:
    steps = [{**LOAD, 'color_type': 'unchanged', 'imdecode_backend': 'pillow', 'ignore_empty': True}]
    assert loader_of(steps) == Loader('unchanged', 'pillow') and skips_unreadable(steps)
    assert loader_of([]) == Loader() and not skips_unreadable([LOAD])


def test_numbers_of_classes() -> None:
    heads = [dict(type='Shared2FCBBoxHead', num_classes=n) for n in (2, 3)]
    model = dict(rpn_head=dict(num_classes=1), roi_head=dict(bbox_head=heads), backbone=dict(num_classes=1000))
    (finding,) = check_model(model, CLASSES)
    assert finding.count == 1 and finding.first.startswith('model.roi_head.bbox_head.1.num_classes=3')
    assert list(check_model(None, CLASSES)) == []
    with pytest.raises(IndexError):  # a head of two classes and the background
        MODELS.build(dict(type='CrossEntropyLoss'))(torch.zeros(1, 3), torch.tensor([3]))
