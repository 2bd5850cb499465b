"""Classes of a config against the categories of a file, and what filter_cfg leaves."""

from pathlib import Path

import pytest
from broken_data import CLASSES, annotation, good, image, write
from mmdet.registry import DATASETS

from nwd_mmdet.datasets.checks.classes import check_class_objects, check_classes, count_objects, filtered, labels_of
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.findings import Level, Reader


def columns_of(names: tuple[str, ...]) -> CocoColumns:
    return CocoColumns.of({**good(), 'categories': [{'id': n, 'name': x} for n, x in enumerate(names, 1)]}, 'a.json')


@pytest.mark.parametrize('names', [('ship', 'buoy'), ('buoy', 'ship'), ('pier', 'buoy', 'ship')])
@pytest.mark.parametrize(('kind', 'reader'), [('CocoDataset', Reader.COCO), ('CheckedCocoDataset', Reader.CHECKED)])
def test_labels_are_those_that_the_data_set_gives(kind: str, reader: Reader, names: tuple, tmp_path: Path) -> None:
    columns = columns_of(names)
    path = write(tmp_path / 'a.json', {**good(), 'categories': columns.categories})
    settings = dict(type=kind, ann_file=str(path), metainfo=dict(classes=CLASSES), backend_args=dict(backend='local'))
    label_of = DATASETS.build({**settings, 'data_prefix': dict(img='')}).cat2label
    labels = labels_of(columns, CLASSES, reader)
    assert {names[category - 1]: label for category, label in label_of.items()} == {n: i for i, n in enumerate(labels)}
    keys = {finding.check.key for finding in check_classes(columns, CLASSES, reader)}
    assert ('class-order' in keys) == (labels != list(CLASSES))


def test_classes_that_differ_by_case_are_pointed_out() -> None:
    (finding, _) = check_classes(columns_of(('Ship ', 'buoy')), CLASSES, Reader.CHECKED)
    assert finding.check.key == 'class-not-in-file' and finding.first == "'ship' (it has 'Ship ')"


def test_boxes_of_classes_that_are_not_chosen() -> None:
    (finding,) = check_classes(columns_of(('ship', 'buoy')), ('ship',), Reader.COCO)
    assert (finding.check.key, finding.count, finding.fate.level) == ('category-not-in-classes', 2, Level.LOSS)


def test_objects_of_classes() -> None:
    columns = CocoColumns.of(good(), 'a.json')
    kept = columns.category == 0
    assert count_objects(columns, kept) == {'ship': 2, 'buoy': 0}
    (finding,) = check_class_objects('a.json', {'ship': 2, 'buoy': 0}, (*CLASSES, 'pier'))
    assert finding.count == 2 and finding.first == "'buoy'"


@pytest.mark.parametrize('kind', ['CocoDataset', 'CheckedCocoDataset'])
@pytest.mark.parametrize('empty_too', [True, False])
@pytest.mark.parametrize('min_size', [0, 32])
def test_filter_cfg(kind: str, empty_too: bool, min_size: int, tmp_path: Path) -> None:
    content = good()
    content['images'] += [image(3), image(4, height=20), image(5), image(6, width=20)]
    content['categories'].append({'id': 3, 'name': 'pier'})
    content['annotations'] += [
        annotation(1, [1, 1, 10, 10], image_id=4),
        annotation(2, [1, 1, 10, 10], image_id=5, category_id=3),  # not of the classes
        annotation(3, [1, 1, 0, 10], image_id=6),  # is dropped, its image not
    ]
    path = write(tmp_path / 'a.json', content)
    settings = dict(type=kind, ann_file=str(path), metainfo=dict(classes=CLASSES), backend_args=dict(backend='local'))
    cfg = dict(filter_empty_gt=empty_too, min_size=min_size)
    dataset = DATASETS.build({**settings, 'data_prefix': dict(img=''), 'filter_cfg': cfg})
    left = [dataset.get_data_info(index)['img_id'] for index in range(len(dataset))]
    empty, small = filtered(CocoColumns.of(content, 'a.json'), CLASSES, empty_too, min_size)
    assert not (empty & small).any()
    assert left == [number for number, out in enumerate(empty | small, 1) if not out]
