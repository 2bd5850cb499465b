"""What is said of a metric is what happens when it evaluates."""

from pathlib import Path
from typing import Any

import pytest
import torch
from broken_data import annotation, write
from broken_sets import BOXES, LOAD, PACK, RESIZE, data_set, good_config, named
from mmdet.registry import DATASETS, METRICS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from nwd_mmdet.datasets.checks.data_sets import of_settings, read_columns
from nwd_mmdet.evaluation.metric_fit import check_metric, metrics_of

WITH_INSTANCES = {**PACK, 'meta_keys': ('img_id', 'img_shape', 'ori_shape', 'scale_factor', 'instances')}


def keys(settings: dict[str, Any], metric: dict[str, Any]) -> list[str]:
    """Keys of what is found."""
    data = of_settings(settings, settings['pipeline'], 'val', read_columns)
    return [finding.check.key for finding in check_metric(metric, data, read_columns)]


def evaluate(settings: dict[str, Any], metric: dict[str, Any]) -> dict[str, float]:
    """Evaluate a detector that finds every object, as the Runner does."""
    register_all_modules()
    dataset = DATASETS.build(settings)
    evaluator = Evaluator(METRICS.build(metric))
    evaluator.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        sample: DetDataSample = dataset[index]['data_samples']
        instances = dataset.get_data_info(index)['instances']
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor([i['bbox'] for i in instances], dtype=torch.float32),
            scores=torch.ones(len(instances)),
            labels=torch.tensor([i['bbox_label'] for i in instances]),
        )
        evaluator.process([sample])
    return dict(evaluator.evaluate(len(dataset)))


def other_order(content: dict[str, Any]) -> None:
    content['categories'].reverse()


def other_images(content: dict[str, Any]) -> None:
    content['images'][0]['id'] = 9
    for entry in content['annotations'][:2]:
        entry['image_id'] = 9


def without_crowd(content: dict[str, Any]) -> None:
    del content['annotations'][0]['iscrowd']


def negative(content: dict[str, Any]) -> None:
    content['annotations'].append(annotation(1, [1, 1, -4, 4]))


def mixed_ids(content: dict[str, Any]) -> None:
    content['images'].append({'id': 'a', 'file_name': 'a.png', 'width': 9, 'height': 9})


COCO, CHECKED = 'CocoDataset', 'CheckedCocoDataset'
OWN = 'own'  # the metric's ann_file is that of the data set

# metric, its ann_file, data set class, change of the metric's file, pipeline, key, exception or AP
CASES = [
    ('AITODMetric', OWN, CHECKED, None, None, None, 1.0),
    ('CocoMetric', OWN, COCO, None, None, None, 1.0),
    ('CocoMetric', OWN, CHECKED, None, None, None, 1.0),
    ('AITODMetric', None, CHECKED, None, [LOAD, RESIZE, WITH_INSTANCES], None, 1.0),
    ('VOCMetric', None, CHECKED, None, None, None, 1.0),
    ('AITODMetric', None, CHECKED, None, None, 'metric-without-objects', ValueError),
    ('CocoMetric', None, COCO, None, None, 'metric-without-objects', AssertionError),
    ('VOCMetric', None, COCO, None, [LOAD, RESIZE, PACK], 'metric-without-gt-instances', (KeyError, AttributeError)),
    ('AITODMetric', 'other', CHECKED, other_images, None, 'metric-other-images', ValueError),
    ('CocoMetric', 'other', CHECKED, other_images, None, 'metric-other-images', AssertionError),
    ('CocoMetric', OWN, CHECKED, other_order, None, 'metric-labels', 0.0),
    ('AITODMetric', OWN, COCO, other_order, None, 'metric-labels', 0.0),
    ('AITODMetric', OWN, CHECKED, other_order, None, None, 1.0),
    ('CocoMetric', OWN, COCO, without_crowd, None, 'metric-without-iscrowd', KeyError),
    ('AITODMetric', OWN, CHECKED, without_crowd, None, None, 1.0),
    ('AITODMetric', OWN, CHECKED, negative, None, 'metric-refuses-file', ValueError),
    ('AITODMetric', 'other', CHECKED, mixed_ids, None, 'metric-refuses-file', TypeError),
]


@pytest.mark.parametrize(('metric', 'file', 'kind', 'change', 'steps', 'key', 'outcome'), CASES)
def test_metrics(
    metric: str, file: str, kind: str, change: Any, steps: list, key: str | None, outcome: Any, tmp_path: Path
) -> None:
    good_config(tmp_path)
    own, other = tmp_path / 'val.json', tmp_path / 'other.json'
    content = named('val')
    if change:
        change(content)
    write(own if file == OWN else other, content)
    settings = data_set(tmp_path, 'val.json', kind, pipeline=steps or [LOAD, BOXES, RESIZE, PACK], test_mode=True)
    chosen = {'type': metric}
    if file:
        chosen['ann_file'] = str(own if file == OWN else other)
    assert keys(settings, chosen) == ([key] if key else [])
    if isinstance(outcome, float):
        numbers = evaluate(settings, chosen)
        (ap,) = (value for name, value in numbers.items() if name.rpartition('/')[2] in ('AP', 'bbox_mAP', 'mAP'))
        assert ap == pytest.approx(outcome, abs=0.02)
    else:
        with pytest.raises(outcome):
            evaluate(settings, chosen)


def test_coco_metric_takes_the_match_with_id_0_for_none(tmp_path: Path) -> None:
    good_config(tmp_path)
    content = named('val')
    content['annotations'][0]['id'] = 0
    write(tmp_path / 'val.json', content)
    settings = data_set(tmp_path, 'val.json', test_mode=True)
    ann_file = str(tmp_path / 'val.json')
    assert evaluate(settings, dict(type='CocoMetric', ann_file=ann_file))['coco/bbox_mAP'] < 0.9
    assert evaluate(settings, dict(type='COCOBoxMetric', ann_file=ann_file))['coco/AP'] == pytest.approx(1)


def test_metrics_in_any_spelling() -> None:
    one = dict(type='AITODMetric')
    assert metrics_of(one) == metrics_of([one]) == metrics_of(dict(type='Evaluator', metrics=[one])) == [one]
    assert metrics_of(None) == []
