"""Ids and their types."""

import pytest
from broken_data import good, image

from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.entries import check_entries
from nwd_mmdet.datasets.checks.findings import Reader


def keys(content: dict) -> dict[str, int]:
    return {f.check.key: f.count for f in check_entries(CocoColumns.of(content, 'a.json'), Reader.CHECKED)}


def test_ids_that_are_all_text_are_right() -> None:
    content = good()
    for entry in content['images']:
        entry['id'] = str(entry['id'])
    assert keys(content) == {'image-id-types': 4}
    for entry in content['annotations']:
        entry['image_id'] = str(entry['image_id'])
    assert keys(content) == {}


def test_an_image_whose_id_became_text_loses_its_boxes() -> None:
    content = good()
    content['images'][0]['id'] = 'a'
    assert keys(content) == {'no-image': 2, 'mixed-image-ids': 1}


@pytest.mark.parametrize('name', ['images', 'annotations', 'categories'])
def test_entries_that_are_no_objects_lack_their_keys(name: str) -> None:
    content = good()
    content[name].append(3)
    assert keys(content)['missing-keys'] == 1


def test_sizes_that_are_no_positive_numbers() -> None:
    sizes = [dict(width=0), dict(height=-1), dict(width='9'), dict(height=None), dict(width=float('inf'))]
    content = good()
    content['images'] += [image(3 + n, **size) for n, size in enumerate(sizes)]
    assert keys(content) == {'no-image-size': len(sizes)}
