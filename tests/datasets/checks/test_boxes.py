"""What is inferred from many boxes."""

import numpy as np
import pytest
from broken_data import CLASSES, annotation, good, image

from nwd_mmdet.datasets.checks.boxes import check_boxes, handed_on
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.findings import Level, Reader


def found(boxes: list[list[float]]) -> dict[str, tuple[int, Level]]:
    annotations = [annotation(n, box, area=box[2] * box[3]) for n, box in enumerate(boxes, 1)]
    columns = CocoColumns.of({**good(), 'images': [image(1)], 'annotations': annotations}, 'a.json')
    return {f.check.key: (f.count, f.fate.level) for f in check_boxes(columns, Reader.CHECKED)}


def objects(count: int) -> np.ndarray:
    """Tiny objects anywhere in the image, as x, y, width, height."""
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(0, 85, count), rng.uniform(0, 65, count), rng.uniform(4, 15, (count, 2))])


def test_a_file_of_corners_is_an_error() -> None:
    boxes = objects(40)
    assert found(boxes.tolist()) == {}
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
    assert found(corners.tolist())['corners-for-sizes'] == (40, Level.ERROR)


def test_some_corners_are_a_hint_and_a_few_large_objects_are_nothing() -> None:
    boxes = objects(90).tolist()
    corners = [[50, 40, 60, 70], [55, 40, 70, 75]]
    assert found([*boxes, *corners])['some-corners-for-sizes'] == (2, Level.HINT)
    one_at_the_border = found([*boxes, [4, 4, 99, 70]])
    assert set(one_at_the_border) == {'partly-outside'}


def test_fractions_are_an_error_where_most_boxes_are() -> None:
    boxes = objects(3).tolist()
    parts = [[0.5, 0.1 * n, 0.2, 0.2] for n in range(4)]
    assert found([*boxes, *parts])['fractions-for-pixels'] == (4, Level.ERROR)
    assert 'fractions-for-pixels' not in found([*boxes, *objects(9).tolist(), *parts])


@pytest.mark.parametrize('reader', Reader)
def test_nothing_is_found_without_boxes(reader: Reader) -> None:
    columns = CocoColumns.of({**good(), 'annotations': []}, 'a.json')
    assert list(check_boxes(columns, reader)) == [] and handed_on(columns, CLASSES, reader).shape == (0,)
