"""Statistics of data sets: a small one by hand, in parts, of mmdet, and a real one."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from coco_data import draw_data, write
from mmdet.datasets import CocoDataset

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.dataset_statistics import (
    DatasetStatistics,
    ImageObjects,
    images_of,
    statistics_of_images,
)
from nwd_mmdet.datasets.annotation_files import read_json

# Image 7 is 100 × 50, image 3 has no size, image 5 no objects. Classes a, b, c; c has none.
SMALL = {
    'images': [{'id': 7, 'width': 100, 'height': 50}, {'id': 3}, {'id': 5, 'width': 10, 'height': 10}],
    'categories': [{'id': 10, 'name': 'a'}, {'id': 4, 'name': 'b'}, {'id': 9, 'name': 'c'}],
    'annotations': [
        {'image_id': 7, 'category_id': 10, 'bbox': [0, 0, 4, 4], 'area': 16, 'iscrowd': 0},
        {'image_id': 7, 'category_id': 10, 'bbox': [90, 40, 10, 10], 'area': 64, 'iscrowd': 0},  # on AI-TOD's limit
        {'image_id': 7, 'category_id': 4, 'bbox': [50, 25, 0, 10], 'area': 0, 'iscrowd': 0},  # no area
        {'image_id': 7, 'category_id': 4, 'bbox': [0, 0, 50, 50], 'area': 2500, 'iscrowd': 1},
        {'image_id': 99, 'category_id': 4, 'bbox': [0, 0, 5, 5], 'area': 25, 'iscrowd': 0},  # no such image
        {'image_id': 3, 'category_id': 4, 'bbox': [0, 0, 200, 100], 'area': 20000, 'iscrowd': 0},
        {'image_id': 3, 'category_id': 4, 'bbox': [0, 0, 9, 9], 'area': 81, 'iscrowd': 0, 'ignore': 1},
    ],
}


def as_images(dataset):
    """The images of a COCO data set, in its order."""
    labels = {category['id']: label for label, category in enumerate(dataset['categories'])}
    for image in dataset['images']:
        own = [a for a in dataset['annotations'] if a['image_id'] == image['id']]
        boxes = np.array([a['bbox'] for a in own], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        ignored = [a.get('iscrowd') or a.get('ignore') for a in own]
        of_classes = [-1 if ignore else labels[a['category_id']] for a, ignore in zip(own, ignored)]
        yield ImageObjects(image.get('width'), image.get('height'), boxes, np.array(of_classes, int))


def statistics_of(images, classes) -> DatasetStatistics:
    *_, found = statistics_of_images(images, classes)
    return found


def test_small_data_set_by_hand():
    found = statistics_of(as_images(SMALL), ['a', 'b', 'c'])
    assert found.classes == ('a', 'b', 'c')
    assert (found.images, found.images_without_size, found.objects, found.ignored) == (3, 1, 4, 2)
    assert found.without_area == 1
    assert found.objects_per_class.tolist() == [2, 2, 0]
    assert found.images_per_class.tolist() == [1, 2, 0]
    assert found.objects_per_image.tolist() == [1, 1, 0, 1]
    assert found.classes_per_image.tolist() == [1, 1, 1, 0]
    assert found.size_bins == {'aitod': {'vt': 2, 't': 1, 's': 0, 'm': 1}, 'coco': {'s': 3, 'm': 0, 'l': 1}}
    widths, areas = found.lengths['width'], found.lengths['area']
    assert widths.counts[widths.edges[:-1] == 4] == 1 and widths.below == 1 and widths.counts.sum() == 3
    assert areas.counts[areas.edges[:-1] == 16] == 1 and areas.below == 1
    relative = found.relative_lengths['height']  # .08, .2, .2, and one of an image without size
    assert relative.counts.sum() == 3 and relative.undefined == 1
    assert found.centres.counts[2 * 32 // 50, 2 * 32 // 100] == 1  # (2, 2) of 100 × 50
    assert found.centres.counts[45 * 32 // 50, 95 * 32 // 100] == 1
    assert found.centres.counts[30 * 32 // 50, 50 * 32 // 100] == 1
    assert (found.centres.counts.sum(), found.centres.undefined) == (3, 1)
    assert found.relative_sizes.outside == 1  # the one without width
    balance = found.balance()
    assert balance['objects_per_class'] == measure_balance([2, 2, 0])
    assert balance['size_aitod'] == measure_balance([2, 1, 0, 1], ordered=True)


def same(one, other):
    assert json.loads(json.dumps(one.as_dict(), allow_nan=False)) == json.loads(json.dumps(other.as_dict()))


@pytest.mark.parametrize('part', [1, 7])
def test_parts_add_up(part, monkeypatch):
    """Those so far are of the images until then, and stay so."""
    dataset, _ = draw_data(0, images=20)
    for image in dataset['images']:
        image.update(width=90 + image['id'], height=110)
    classes, images = [category['name'] for category in dataset['categories']], list(as_images(dataset))
    whole = statistics_of(images, classes)
    monkeypatch.setattr('nwd_mmdet.analysis.imbalance.dataset_statistics._PART', part)
    parts = list(statistics_of_images(iter(images), classes))
    assert [found.images for found in parts] == [*range(part, 20, part), 20]
    same(parts[-1], whole)
    same(parts[0], statistics_of(images[:part], classes))
    assert whole.objects == whole.size_bins['coco']['s'] + whole.size_bins['coco']['m'] > 50


@pytest.mark.parametrize('classes', [[], ['a']])
def test_nothing(classes):
    empty = statistics_of([], classes)
    assert (empty.images, empty.objects, empty.objects_per_class.tolist()) == (0, 0, [0] * len(classes))
    json.dumps(empty.as_dict(), allow_nan=False)
    no_objects = statistics_of([ImageObjects(4, 4, np.zeros((0, 4)), np.zeros(0))], classes)
    assert no_objects.objects_per_image.tolist() == [1]
    assert no_objects.balance()['centres'].entropy is None
    json.dumps(no_objects.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ('boxes', 'labels', 'message'),
    [
        ([[0, 0, math.nan, 1]], [0], 'not finite'),
        ([[2, 0, 1, 1]], [0], 'x2 < x1'),
        ([[0, 0, 1, 1]], [1], 'one of the 1 classes'),
        ([[0, 0, 1, 1]], [], '0 labels'),
    ],
)
def test_malformed(boxes, labels, message):
    with pytest.raises(ValueError, match=message):
        statistics_of([ImageObjects(4, 4, np.array(boxes), np.array(labels))], ['a'])


def test_mmdet_data_set(tmp_path):
    dataset, _ = draw_data(1)
    for image in dataset['images']:
        image.update(width=100, height=100, file_name=f'{image["id"]}.png')
    for annotation in dataset['annotations']:
        annotation['area'] = annotation['bbox'][2] * annotation['bbox'][3]
    names = [category['name'] for category in dataset['categories']]
    path = write(tmp_path / 'gt.json', dataset)
    ours = CocoDataset(ann_file=path, data_prefix=dict(img=''), metainfo=dict(classes=names), pipeline=[])
    same(statistics_of(images_of(ours), names), statistics_of(as_images(dataset), names))


def test_coco_tiny(shared: Path):
    dataset = read_json(shared / 'real/coco_tiny/instances.json')
    found = statistics_of(as_images(dataset), [category['name'] for category in dataset['categories']])
    crowds = sum(annotation['iscrowd'] for annotation in dataset['annotations'])
    assert (found.images, found.objects, found.ignored) == (30, 323 - crowds, crowds)
    assert (found.objects_per_image * np.arange(len(found.objects_per_image))).sum() == found.objects
    assert found.centres.counts.sum() == found.objects and found.images_without_size == 0
    json.dumps(found.as_dict(), allow_nan=False)
