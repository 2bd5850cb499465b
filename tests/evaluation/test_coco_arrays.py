"""COCO JSON as arrays: what is refused, and what is left out."""

import numpy as np
import pytest
from coco_data import arrays, draw_data

from nwd_mmdet.evaluation import GroundTruth
from nwd_mmdet.evaluation.coco_arrays import xywh_of, xyxy_of


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'image_id': 77}, r'dt\.json.* image ids .*\[77\]'),
        ({'category_id': 99}, r'dt\.json.* category ids .*\[99\]'),
        ({'score': float('nan')}, 'NaN'),
        ({'bbox': [1, 2, 3]}, r"dt\.json.*'bbox'"),
    ],
)
def test_bad_detections_are_named(change, message):
    dataset, results = draw_data(0)
    results[5].update(change)
    with pytest.raises(ValueError, match=message):
        arrays(dataset, results)


@pytest.mark.parametrize(
    ('dataset', 'message'),
    [
        ([], 'not a COCO data set'),
        ({'images': [], 'categories': [{'id': 1, 'name': 'a'}, {'id': 2, 'name': 'a'}]}, 'share a name'),
        (
            {
                'images': [{'id': 5}],
                'categories': [],
                'annotations': [{'image_id': 5, 'category_id': 1, 'bbox': [0] * 4}],
            },
            r'gt\.json: 1 entries have 1 category ids',
        ),
        *(
            (
                {
                    'images': [{'id': 5}],
                    'categories': [{'id': 1, 'name': 'a'}],
                    'annotations': [{'image_id': 5, 'category_id': 1, 'bbox': box}],
                },
                r'gt\.json: 1 boxes are not finite or have a negative side',
            )
            for box in ([0, 0, -1, 1], [0, float('nan'), 1, 1])
        ),
    ],
)
def test_bad_annotations_are_named(dataset, message):
    with pytest.raises(ValueError, match=message):
        GroundTruth.from_coco(dataset, 'gt.json')


def test_annotations_of_unlisted_images_are_left_out():
    annotation = {'id': 1, 'image_id': 5, 'category_id': 1, 'bbox': [0, 0, 4, 4]}
    dataset = {'images': [{'id': 5}], 'categories': [{'id': 1, 'name': 'a'}], 'annotations': [annotation]}
    dataset['annotations'].append({**annotation, 'id': 2, 'image_id': 6})
    assert len(GroundTruth.from_coco(dataset, 'gt.json')) == 1


def test_classes_are_chosen_by_name_in_any_order():
    gt, _ = arrays(*draw_data(0))
    chosen = gt.with_classes(['class 3', 'class 1'])
    assert chosen.image_ids == gt.image_ids and chosen.category_ids == [3, 1]
    for position, name in enumerate(chosen.category_names):
        before, after = gt.category == gt.category_names.index(name), chosen.category == position
        assert (gt.boxes[before] == chosen.boxes[after]).all() and len(chosen) < len(gt)
    with pytest.raises(ValueError, match=r"no class named \['zeppelin'\]"):
        gt.with_classes(['zeppelin'])


def test_rows_are_taken_together():
    for part in arrays(*draw_data(0)):
        for rows in (np.array([3, 1]), np.arange(len(part)) == 2):
            taken = part.take(rows)
            assert (taken.boxes == part.boxes[rows]).all() and (taken.image == part.image[rows]).all()


def test_corners_and_sizes():
    boxes = np.array([[1.0, 2, 3, 4], [0, 0, 0, 5]])
    assert xyxy_of(boxes).tolist() == [[1, 2, 4, 6], [0, 0, 0, 5]]
    assert (xywh_of(xyxy_of(boxes)) == boxes).all()
    assert xyxy_of(np.zeros((0, 4))).shape == (0, 4)
