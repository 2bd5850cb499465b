"""COCO data sets on disk and in memory, and detections, drawn for the tests of data sets and evaluation."""

import contextlib
import io
import json

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from nwd_mmdet.evaluation import Detections, GroundTruth


def draw_data(seed, images=8, objects=30, detections=60, classes=4):
    """A COCO data set and detections with crowds, tied scores and IoUs, and gaps of every kind."""
    rng = np.random.default_rng(seed)
    annotations, results = [], []
    for image in range(1, images + 1):
        for _ in range(0 if image == 1 else rng.integers(objects)):  # image 1 has no objects
            box = [*rng.integers(0, 60, 2).tolist(), *rng.integers(2, 40, 2).tolist()]
            category = int(rng.integers(1, classes))  # the last class has no objects
            crowd = int(rng.random() < 0.1)
            entry = {'image_id': image, 'category_id': category, 'bbox': box}
            annotations.append({**entry, 'id': len(annotations), 'area': box[2] * box[3] * 0.9, 'iscrowd': crowd})
            if image == 2:  # image 2 has no detections
                continue
            for _ in range(rng.integers(4)):
                moved = (np.array(box) + rng.integers(-2, 3, 4)).clip(1).tolist()
                results.append({**entry, 'bbox': moved, 'score': float(rng.integers(8)) / 8})
        for _ in range(0 if image == 2 else rng.integers(detections)):
            box = [*rng.integers(0, 60, 2).tolist(), *rng.integers(2, 40, 2).tolist()]
            category = int(rng.integers(2, classes + 1))
            results.append({'image_id': image, 'category_id': category, 'bbox': box, 'score': float(rng.random())})
    # Class 0 has objects but no detections.
    annotations.append(
        {'id': len(annotations), 'image_id': 3, 'category_id': 0, 'bbox': [1, 1, 9, 9], 'area': 81, 'iscrowd': 0}
    )
    dataset = {
        'images': [{'id': image} for image in range(images, 0, -1)],
        'categories': [{'id': c, 'name': f'class {c}'} for c in (*range(classes, 0, -1), 0)],
        'annotations': annotations,
    }
    return dataset, results


def arrays(dataset, results):
    gt = GroundTruth.from_coco(dataset, 'gt.json')
    return gt, Detections.from_coco(results, gt, 'dt.json')


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


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


def entry(category_id, *bbox, **more):
    """An annotation of image 1."""
    return dict(image_id=1, category_id=category_id, bbox=list(bbox), area=bbox[2] * bbox[3], iscrowd=0, **more)


def write_set(root, classes, name='train.json', annotations=None, folder='train', images=2, **coco):
    """Write a set of 48 x 40 px images with one object; annotations are numbered here, images are 1.png, 2.png, ..."""
    content = dict(
        images=[dict(id=i, file_name=f'{i}.png', width=48, height=40) for i in range(1, images + 1)],
        annotations=[dict(id=i, **a) for i, a in enumerate(annotations or [entry(1, 5, 6, 7, 8)], 1)],
        categories=[dict(id=i, name=name) for i, name in enumerate(classes, 1)],
    )
    (root / 'annotations').mkdir(parents=True, exist_ok=True)
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / 'annotations' / name).write_text(json.dumps(content | coco))
    for image in content['images']:
        cv2.imwrite(str(root / folder / image['file_name']), np.zeros((40, 48, 3), np.uint8))


def pycocotools_oracle(dataset, results, max_dets=(1, 100, 1500)):
    """Plain pycocotools with AI-TOD's parameters, annotation ids from 1 (it takes a match with id 0 for none)."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {**dataset, 'annotations': [{**a, 'id': a['id'] + 1} for a in dataset['annotations']]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes([dict(result) for result in results]), 'bbox')
        evaluation.params.areaRng = [[0, 1e10], [0, 64], [64, 256], [256, 1024], [1024, 1e10]]
        evaluation.params.areaRngLbl = list('avtsm')
        evaluation.params.maxDets = list(max_dets)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def numbers(result):
    """All numbers of an evaluation's result, flat, by path."""

    def walk(path, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(f'{path}/{key}', inner)
        else:
            yield path, value

    content = result.to_json()
    del content['protocol'], content['max_dets']
    return dict(walk('', content))
