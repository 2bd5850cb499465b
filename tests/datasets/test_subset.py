"""Small training sets: the paper's numbers of images, the same draw again."""

import pytest

from nwd_mmdet.datasets.subset import take_subset


def coco(images: int) -> dict:
    return {
        'images': [{'id': 7 * i, 'file_name': f'{i}.jpg', 'width': 90, 'height': 60} for i in range(images)],
        'annotations': [{'id': i, 'image_id': 7 * (i // 2), 'bbox': [1, 2, 30, 40]} for i in range(2 * images)],
        'categories': [{'id': 1, 'name': 'thing'}],
        'info': {'year': 2007},
    }


@pytest.mark.parametrize(('fraction', 'published'), [(0.5, 8276), (0.25, 4138)])
def test_sizes_of_the_paper(fraction: float, published: int) -> None:
    subset, _ = take_subset(coco(16551), fraction)
    assert len(subset['images']) == published and len(subset['annotations']) == 2 * published


def test_a_draw_is_repeatable_and_nested() -> None:
    whole = coco(40)
    half, quarter, other = (take_subset(whole, *args)[0] for args in ((0.5,), (0.25,), (0.5, 1)))
    assert half == take_subset(whole, 0.5)[0] and half != other
    ids = [image['id'] for image in half['images']]
    assert ids == sorted(ids) and {image['id'] for image in quarter['images']} < set(ids)
    assert {annotation['image_id'] for annotation in half['annotations']} == set(ids)
    assert half['categories'] == whole['categories'] and half['info'] == whole['info']
    assert take_subset(whole, 1)[0] == whole == coco(40)


def test_the_rest_is_what_is_left() -> None:
    whole = coco(40)
    part, rest = take_subset(whole, 0.3)
    assert [len(part['images']), len(rest['images'])] == [12, 28]
    for key in ('images', 'annotations'):
        assert sorted(entry['id'] for entry in part[key] + rest[key]) == [entry['id'] for entry in whole[key]]
    assert {annotation['image_id'] for annotation in rest['annotations']} == {image['id'] for image in rest['images']}
    assert not take_subset(whole, 1)[1]['images']


@pytest.mark.parametrize('fraction', [0, -1, 1.1])
def test_fractions_out_of_range_are_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match=f'fraction={fraction} must'):
        take_subset(coco(3), fraction)
