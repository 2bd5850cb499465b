"""AITODMetric and VisDroneMetric inside mmengine's Evaluator."""

import json

import pytest
import torch
from coco_data import arrays, draw_data, write
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from nwd_mmdet.evaluation import AITODMetric, COCOBoxMetric, VisDroneMetric, evaluate, evaluate_json

CLASSES = ['class 2', 'class 1', 'class 3', 'class 0', 'class 4']  # labels 0, 1, …: not the order of the JSON file


def samples(dataset, results, with_instances=False):
    """What the Evaluator hands to a metric, one sample per image; the labels index CLASSES."""
    label = {category['id']: CLASSES.index(category['name']) for category in dataset['categories']}

    def corners(box):
        return [box[0], box[1], box[0] + box[2], box[1] + box[3]]

    for image in dataset['images']:
        found = [result for result in results if result['image_id'] == image['id']]
        sample = DetDataSample(metainfo={'img_id': image['id']})
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor([corners(r['bbox']) for r in found]).float().reshape(-1, 4),
            scores=torch.tensor([r['score'] for r in found]).float(),
            labels=torch.tensor([label[r['category_id']] for r in found], dtype=torch.long),
        )
        if with_instances:
            instances = [
                {'bbox': corners(a['bbox']), 'bbox_label': label[a['category_id']], 'ignore_flag': a['iscrowd']}
                for a in dataset['annotations']
                if a['image_id'] == image['id']
            ]
            sample.set_metainfo({'instances': instances})
        yield sample


def run_metric(metric, samples_, classes=CLASSES):
    """What the Runner's validation loop does, with one image per batch."""
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'classes': classes}
    count = 0
    for sample in samples_:
        evaluator.process([sample])
        count += 1
    return evaluator.evaluate(count)


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
