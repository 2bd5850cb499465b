"""A small COCO data set, and what can be wrong with one: one change for each kind of defect."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmdet.registry import DATASETS

Content = dict[str, Any]
CLASSES = ('ship', 'buoy')


def image(number: Any, **more: Any) -> dict[str, Any]:
    """An entry of an image of 100 × 80 px."""
    return {'id': number, 'file_name': f'{number}.png', 'width': 100, 'height': 80, **more}


def annotation(number: Any, bbox: Any, **more: Any) -> dict[str, Any]:
    """A ship in image 1."""
    return {'id': number, 'image_id': 1, 'category_id': 1, 'bbox': bbox, 'area': 100, 'iscrowd': 0, **more}


def good() -> Content:
    """Two images with a ship and a buoy each, in which nothing is wrong."""
    places = [(1, 1, 10), (1, 2, 30), (2, 1, 10), (2, 2, 30)]
    return {
        'images': [image(1), image(2)],
        'annotations': [
            annotation(10 + n, [x, 20, 12, 11], image_id=i, category_id=c, area=132)
            for n, (i, c, x) in enumerate(places)
        ],
        'categories': [{'id': 1, 'name': 'ship'}, {'id': 2, 'name': 'buoy'}],
    }


class Defect(NamedTuple):
    """One thing that is wrong.

    Attributes:
        key: Of the check that finds it.
        change: Puts it into :func:`good`.
        coco: What CocoDataset does: the exception, or the number of instances that it hands on.
        checked: The same of CheckedCocoDataset.
    """

    key: str
    change: Callable[[Content], Any]
    coco: type[Exception] | int
    checked: type[Exception] | int


def adds(number: Any, bbox: Any, without: str = '', **more: Any) -> Callable[[Content], None]:
    """Add an annotation."""
    entry = annotation(number, bbox, **more)
    entry.pop(without, None)
    return lambda content: content['annotations'].append(copy.deepcopy(entry))


def adds_image(number: Any, without: str = '', **more: Any) -> Callable[[Content], None]:
    """Add an image with a ship."""

    def change(content: Content) -> None:
        entry = image(number, **more)
        entry.pop(without, None)
        content['images'].append(entry)
        box = [10, 20 + len(content['images']), 12, 11]
        content['annotations'].append(annotation(900 + len(content['images']), box, image_id=number, area=132))

    return change


def sets(**lists: Any) -> Callable[[Content], None]:
    """Replace lists of the file."""
    return lambda content: content.update(copy.deepcopy(lists))


def adds_buoys_of_another_name(content: Content) -> None:
    """Add a category that no class is named as, with an annotation."""
    content['categories'].append({'id': 8, 'name': 'Buoy'})
    adds(64, [60, 66, 10, 10], category_id=8)(content)


BOX = [60, 40, 10, 10]
NAN, INF = float('nan'), float('inf')

#: What can be wrong with entries and boxes.
DEFECTS = [
    Defect('missing-keys', adds(20, BOX, without='id'), KeyError, ValueError),
    Defect('missing-keys', adds(21, BOX, without='image_id'), KeyError, ValueError),
    Defect('missing-keys', adds(22, BOX, without='category_id'), KeyError, ValueError),
    Defect('missing-keys', adds_image(3, without='file_name'), KeyError, ValueError),
    Defect('missing-keys', lambda content: content['categories'].append({'id': 3}), KeyError, ValueError),
    Defect('no-image-size', adds_image(4, without='width'), KeyError, ValueError),
    Defect('no-image-size', adds_image(5, width='100'), TypeError, ValueError),
    Defect('text-in-boxes', adds(30, ['60', 40, 10, 10]), TypeError, ValueError),
    Defect('boxes-not-four', adds(31, [60, 40, 10]), ValueError, ValueError),
    Defect('boxes-not-four', adds(32, None), TypeError, ValueError),
    Defect('boxes-not-four', adds(33, BOX, without='bbox'), KeyError, ValueError),
    Defect('text-in-flags', adds(34, [10, 60, 10, 10], iscrowd='0'), 5, 5),
    Defect('no-area', adds(35, [20, 40, 10, 10], without='area'), KeyError, 5),
    Defect('no-area', adds(36, [30, 40, 10, 10], area='100'), TypeError, 5),
    Defect('image-ids-repeat', adds_image(2, file_name='two.png'), 5, ValueError),
    Defect('annotation-ids-repeat', adds(10, [40, 40, 10, 10]), AssertionError, ValueError),
    Defect(
        'category-ids-repeat', lambda content: content['categories'].insert(1, {'id': 1, 'name': 'x'}), 4, ValueError
    ),
    Defect(
        'category-names-repeat',
        lambda content: content['categories'].append({'id': 9, 'name': 'buoy'}),
        4,
        ValueError,
    ),
    Defect('file-names-repeat', adds_image(6, file_name='2.png'), 5, 5),
    Defect('image-id-types', adds(40, BOX, image_id='1'), 4, ValueError),
    Defect('category-id-types', adds(41, BOX, category_id='1'), 4, ValueError),
    Defect('no-image', adds(42, BOX, image_id=77), 4, 4),
    Defect('no-category', adds(43, BOX, category_id=77), 4, 4),
    Defect('mixed-image-ids', adds_image('a'), 5, 5),
    Defect('annotation-id-0', adds(0, [50, 40, 10, 10]), 5, 5),
    Defect('unread-lists', sets(regions=[1, 2]), 4, 4),
    Defect('not-finite', adds(50, [60, NAN, 10, 10]), 4, ValueError),
    Defect('not-finite', adds(51, [60, 40, INF, 10]), 5, ValueError),
    Defect('no-extent', adds(52, [60, 60, 0, 10]), 4, 4),
    Defect('no-extent', adds(53, [60, 60, 10, -1]), 4, 4),
    Defect('under-1-px', adds(54, [60, 61, 0.5, 10], area=5), 4, 4),
    Defect('under-1-px', adds(55, [60, 79.5, 10, 1.4], area=14), 5, 4),
    Defect('outside', adds(56, [150, 10, 10, 10]), 4, 4),
    Defect('partly-outside', adds(57, [95, 10, 10, 10]), 5, 5),
    Defect('area-not-positive', adds(58, [60, 62, 10, 10], area=0), 4, 5),
    Defect('area-too-large', adds(59, [60, 63, 10, 10], area=400), 5, 5),
    Defect('duplicate-boxes', adds(60, [10, 20, 12, 11], area=132), 5, 5),
    Defect('several-classes', adds(61, [30, 20, 12, 11], area=132), 5, 5),
    Defect('crowds', adds(62, [60, 64, 10, 10], iscrowd=1), 5, 5),
    Defect('ignored', adds(63, [60, 65, 10, 10], ignore=1), 4, 5),
    Defect('images-without-objects', lambda content: content['images'].append(image(7)), 4, 4),
    Defect('category-not-in-classes', adds_buoys_of_another_name, 4, 4),
]


def instances(path: Path, kind: str, **more: Any) -> int:
    """Number of instances that a data set class hands on."""
    settings = dict(type=kind, ann_file=str(path), metainfo=dict(classes=CLASSES), backend_args=dict(backend='local'))
    dataset = DATASETS.build({**settings, 'data_prefix': dict(img=''), **more})
    return sum(len(dataset.get_data_info(index)['instances']) for index in range(len(dataset)))


def write(path: Path, content: Any) -> Path:
    """Write annotations as JSON, NaN included, as other programs do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def draw(folder: Path, content: Content, seed: int = 0) -> None:
    """Write an image of noise for each entry, each another one."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for entry in content['images']:
        if 'file_name' in entry:
            pixels = rng.integers(0, 255, (80, 100, 3), np.uint8)
            cv2.imwrite(str(folder / entry['file_name']), pixels)
