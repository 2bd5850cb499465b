"""Annotation files as columns."""

from typing import Any

import numpy as np
import pytest
from broken_data import annotation, good, image

from nwd_mmdet.datasets.checks.columns import CocoColumns, repeating
from nwd_mmdet.datasets.checks.entries import ANNOTATION_IDS
from nwd_mmdet.datasets.checks.findings import Reader


@pytest.mark.parametrize(
    'content', [[], {}, {'images': {}, 'categories': []}, {'images': [], 'categories': [], 'annotations': None}, 'text']
)
def test_what_is_no_coco_data_set_raises(content: Any) -> None:
    with pytest.raises(ValueError, match='a.json'):
        CocoColumns.of(content, 'a.json')


def test_columns() -> None:
    content = good()
    content['images'][1]['width'] = None
    content['annotations'] += [
        annotation(1, [90, 70, 20, 20], image_id=2, category_id=9, area=None, ignore=1),
        annotation(2, [-4, -5, 10, 10], image_id=[1], iscrowd=1),
        annotation(3, [1, 2, '3', 4]),
        annotation(4, [1, 2]),
        7,
    ]
    columns = CocoColumns.of(content, 'a.json')
    assert columns.image.tolist() == [0, 0, 1, 1, 1, -1, 0, 0, -1]
    assert columns.category.tolist() == [0, 1, 0, 1, -1, 0, 0, 0, -1]
    assert columns.boxes[4].tolist() == [90, 70, 20, 20] and np.isnan(columns.boxes[6:]).all()
    assert (columns.with_text, columns.not_four) == ([6], [7, 8])
    assert np.isnan(columns.areas).tolist() == [False] * 4 + [True] + [False] * 3 + [True]
    assert columns.ignore.nonzero()[0].tolist() == [4] and columns.crowd.nonzero()[0].tolist() == [5]
    assert columns.inside[0].tolist() == [12, 11] and np.isnan(columns.inside[2]).tolist() == [True, False]
    assert columns.in_classes(['buoy']).tolist() == [c == 1 for c in columns.category]
    assert columns.file_names == ['1.png', '2.png']


def test_the_first_example_is_shown_short() -> None:
    content = {**good(), 'images': [image(1, file_name='x' * 300)]}
    columns = CocoColumns.of(content, 'a.json')
    (finding,) = columns.finding(ANNOTATION_IDS, columns.annotations, [0, 3], 'id', Reader.CHECKED)
    assert finding.count == 2 and finding.first.startswith('annotation 10 of image') and len(finding.first) < 170
    assert columns.finding(ANNOTATION_IDS, columns.annotations, [], 'id', Reader.CHECKED) == []


def test_values_that_stood_before() -> None:
    assert repeating([1, '1', 1.0, None, None, [1], [1], 'a', 'a']) == [2, 8]
