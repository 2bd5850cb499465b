"""oLRP by its definition and by hand."""

import numpy as np
import pytest
from coco_data import arrays, draw_data, pycocotools_oracle

from nwd_mmdet.evaluation import evaluate
from nwd_mmdet.evaluation.lrp import optimal_lrp


def olrp_oracle(evaluation, category):
    """oLRP of one class from pycocotools' own matches at IoU 0.5, by the definition, threshold by threshold."""
    found, num_objects = [], 0
    for image in (e for e in evaluation.evalImgs if e is not None):
        if image['category_id'] != category or image['aRng'] != [0, 1e10]:
            continue
        num_objects += int((np.array(image['gtIgnore']) == 0).sum())
        gts, dts = evaluation.cocoGt.anns, evaluation.cocoDt.anns
        for d, match, ignored in zip(image['dtIds'], image['dtMatches'][0], image['dtIgnore'][0]):
            if not ignored:
                found.append((dts[d]['score'], iou(dts[d]['bbox'], gts[int(match)]['bbox']) if match else None))
    if not num_objects:
        return None
    found.sort(key=lambda pair: -pair[0])
    errors = []
    for k in range(1, len(found) + 1):
        ious = [value for _, value in found[:k] if value is not None]
        tp, fp, fn = len(ious), k - len(ious), num_objects - len(ious)
        errors.append((sum(1 - value for value in ious) / 0.5 + fp + fn) / (tp + fp + fn))
    return min(errors, default=1.0)


def iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


@pytest.mark.parametrize('seed', range(6))
def test_equals_its_definition_on_the_matches_of_pycocotools(seed):
    dataset, results = draw_data(seed)
    result = evaluate(*arrays(dataset, results))
    oracle = pycocotools_oracle(dataset, results)
    for category in dataset['categories']:
        expected = olrp_oracle(oracle, category['id'])
        assert result.classwise[category['name']]['oLRP'] == (expected and pytest.approx(expected, abs=1e-12))


def test_by_hand():
    dataset = {
        'images': [{'id': 1}],
        'categories': [{'id': 1, 'name': 'ship'}],
        'annotations': [
            {'image_id': 1, 'category_id': 1, 'bbox': [x, 0, 10, 10], 'area': 100, 'iscrowd': 0} for x in (0, 50, 90)
        ],
    }
    entry = {'image_id': 1, 'category_id': 1}
    results = [
        {**entry, 'bbox': [0, 0, 10, 8], 'score': 0.9},  # IoU 0.8
        {**entry, 'bbox': [50, 0, 10, 10], 'score': 0.7},  # IoU 1
        {**entry, 'bbox': [20, 0, 10, 10], 'score': 0.5},  # false
        {**entry, 'bbox': [90, 0, 10, 6], 'score': 0.4},  # IoU 0.6
    ]
    ship = evaluate(*arrays(dataset, results)).classwise['ship']
    # LRP at the four scores: (.4 + 2)/3, (.4 + 1)/3, (.4 + 2)/4, (.4 + .8 + 1)/4; the second is the smallest.
    parts = {key: ship[f'oLRP{key}'] for key in ('', '_loc', '_fp', '_fn', '_threshold')}
    assert parts == pytest.approx({'': 1.4 / 3, '_loc': 0.1, '_fp': 0, '_fn': 1 / 3, '_threshold': 0.7})


@pytest.mark.parametrize(
    ('annotations', 'results', 'expected'),
    [
        ([], [([0, 0, 9, 9], 0.5)], [np.nan] * 5),  # no objects
        ([([0, 0, 9, 9], 1)], [([0, 0, 9, 9], 0.5)], [np.nan] * 5),  # no objects but a crowd
        ([([0, 0, 9, 9], 0)], [], [1, np.nan, np.nan, 1, np.nan]),
        ([([0, 0, 9, 9], 0)], [([50, 0, 9, 9], 0.5)], [1, np.nan, np.nan, 1, np.nan]),  # no true positive
        ([([0, 0, 9, 9], 0)], [([0, 0, 9, 9], 0.5)], [0, 0, 0, 0, 0.5]),
    ],
)
def test_undefined_parts(annotations, results, expected):
    dataset = {
        'images': [{'id': 1}],
        'categories': [{'id': 1, 'name': 'ship'}],
        'annotations': [{'image_id': 1, 'category_id': 1, 'bbox': box, 'iscrowd': crowd} for box, crowd in annotations],
    }
    detections = [{'image_id': 1, 'category_id': 1, 'bbox': box, 'score': score} for box, score in results]
    assert optimal_lrp(*arrays(dataset, detections)) == pytest.approx(expected, nan_ok=True)
