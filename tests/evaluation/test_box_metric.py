"""The metrics inside mmengine's Evaluator."""

import json

import pytest
from coco_data import CLASSES, arrays, draw_data, run_metric, samples, write
from mmdet.registry import METRICS

from nwd_mmdet.evaluation import AITODMetric, COCOBoxMetric, VisDroneMetric, evaluate, evaluate_json


@pytest.mark.parametrize('metric_type', [AITODMetric, COCOBoxMetric, VisDroneMetric])
def test_metric_equals_the_tool_on_what_it_writes(tmp_path, metric_type):
    dataset, results = draw_data(2)
    ann_file, prefix = write(tmp_path / 'gt.json', dataset), str(tmp_path / 'new/results')
    metric = METRICS.build(
        {'type': metric_type.__name__, 'ann_file': ann_file, 'outfile_prefix': prefix, 'classwise': True}
    )
    assert isinstance(metric, metric_type)
    found = run_metric(metric, samples(dataset, results))
    name = metric_type.protocol
    from_file = evaluate_json(ann_file, f'{prefix}.bbox.json', name)
    expected = {f'{name}/{key}': value for key, value in metric.metrics_of(from_file).items()}
    assert found == pytest.approx(expected, abs=1e-12)
    assert found[f'{name}/AP'] == pytest.approx(evaluate(*arrays(dataset, results), name).metrics['AP'], abs=1e-9)
    assert 0 < found[f'{name}/AP'] < 1


def test_metric_without_annotation_file(tmp_path):
    dataset, results = draw_data(2)
    for annotation in dataset['annotations']:  # the instances carry no area
        annotation['area'] = annotation['bbox'][2] * annotation['bbox'][3]
    from_file = run_metric(AITODMetric(write(tmp_path / 'gt.json', dataset)), samples(dataset, results))
    assert run_metric(AITODMetric(), samples(dataset, results, with_instances=True)) == pytest.approx(from_file)
    with pytest.raises(ValueError, match='instances'):
        run_metric(AITODMetric(), samples(dataset, results))


def test_metric_can_be_used_again_and_detect_nothing(tmp_path):
    dataset, results = draw_data(2)
    metric = AITODMetric(write(tmp_path / 'gt.json', dataset))
    first = run_metric(metric, samples(dataset, results))
    assert run_metric(metric, samples(dataset, []))['aitod/AP'] == 0
    assert run_metric(metric, samples(dataset, results)) == first


def test_metric_evaluates_only_the_classes_of_the_data_set(tmp_path):
    dataset, results = draw_data(2)
    twos = [result for result in results if result['category_id'] == 2]  # label 0 with all classes and with this alone
    metric = AITODMetric(write(tmp_path / 'gt.json', dataset))
    found = run_metric(metric, samples(dataset, twos), classes=['class 2'])
    expected = evaluate(*arrays(dataset, results)).classwise['class 2']
    assert found['aitod/AP'] == pytest.approx(expected['AP'], abs=1e-9)
    assert found['aitod/oLRP'] == pytest.approx(expected['oLRP'], abs=1e-9)


def test_format_only_writes_and_computes_nothing(tmp_path):
    dataset, results = draw_data(2)
    dataset.pop('annotations')  # a test split without annotations
    ann_file, prefix = write(tmp_path / 'gt.json', dataset), str(tmp_path / 'results')
    dataset['annotations'] = []
    metric = AITODMetric(ann_file, format_only=True, outfile_prefix=prefix)
    assert run_metric(metric, samples(dataset, results)) == {}
    written = json.loads((tmp_path / 'results.bbox.json').read_text())
    keys = ('image_id', 'category_id')
    assert sorted([r[k] for k in keys] for r in written) == sorted([r[k] for k in keys] for r in results)
    with pytest.raises(ValueError, match='outfile_prefix'):
        AITODMetric(ann_file, format_only=True)


def test_metric_refuses_what_does_not_belong_together(tmp_path):
    dataset, results = draw_data(2)
    ann_file = write(tmp_path / 'gt.json', dataset)
    other = {**dataset, 'images': [{'id': 500}]}
    with pytest.raises(ValueError, match=r'ids \[500\].*gt\.json'):
        run_metric(AITODMetric(ann_file), samples(other, results))
    with pytest.raises(ValueError, match='num_classes'):
        run_metric(AITODMetric(ann_file), samples(dataset, results), classes=CLASSES[:2])
    with pytest.raises(ValueError, match='zeppelin'):
        run_metric(AITODMetric(ann_file), samples(dataset, results), classes=['zeppelin'])
