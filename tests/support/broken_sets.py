"""A config that is right, and one whose data are broken in every way there is, with what has to be found."""

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from broken_data import CLASSES, DEFECTS, annotation, draw, good, image, write
from mmengine.config import Config
from PIL import Image

Settings = dict[str, Any]

LOAD = dict(type='LoadImageFromFile')
BOXES = dict(type='LoadAnnotations', with_bbox=True)
RESIZE = dict(type='Resize', scale=(100, 80))
PACK = dict(type='PackDetInputs')


def named(prefix: str) -> dict[str, Any]:
    """:func:`~broken_data.good`, with file names of its own."""
    content = good()
    for entry in content['images']:
        entry['file_name'] = f'{prefix}_{entry["file_name"]}'
    return content


def data_set(root: Path, name: str, kind: str = 'CheckedCocoDataset', **more: Any) -> Settings:
    """Settings of a data set whose images lie in ``images/``."""
    return {
        'type': kind,
        'ann_file': str(root / name),
        'data_prefix': dict(img=str(root / 'images')),
        'metainfo': dict(classes=CLASSES),
        'pipeline': [LOAD, BOXES, RESIZE, PACK],
        **more,
    }


def good_config(root: Path) -> Config:
    """A training and a validation set without a defect, and a metric that fits."""
    for seed, name in enumerate(('train', 'val')):
        write(root / f'{name}.json', named(name))
        draw(root / 'images', named(name), seed)
    val = data_set(root, 'val.json', test_mode=True)
    metric = dict(type='AITODMetric', ann_file=str(root / 'val.json'))
    return Config(
        dict(
            model=dict(bbox_head=dict(num_classes=2), rpn_head=dict(num_classes=1)),
            train_dataloader=dict(dataset=data_set(root, 'train.json')),
            val_dataloader=dict(dataset=val),
            test_dataloader=dict(dataset=val),
            val_evaluator=metric,
            test_evaluator=metric,
        )
    )


#: Key of a check → how many it finds in :func:`broken_config`.
BROKEN = Counter(defect.key for defect in DEFECTS) + Counter(
    {
        # Of the entries: text in iscrowd is a crowd, too; images of one id and those without a size have no object.
        'crowds': 1,
        'images-without-objects': 3 + 2 + 1,  # and of fractions and of what is filtered
        # Parts of the training set.
        'no-coco-file': 1,
        'no-images-listed': 1,
        'nothing-to-learn': 2,  # of no image, and of fractions
        'corners-for-sizes': 10,
        'partly-outside': 10 + 1,  # corners and some corners
        'under-1-px': 4,  # fractions
        'some-corners-for-sizes': 1,
        'fractions-for-pixels': 4,
        'classes-are-text': 1,
        'class-not-in-file': 1,
        'category-not-in-classes': 2,  # ships, where the class is Ship
        'class-order': 2,
        'filtered-empty-images': 1,
        'filtered-small-images': 1,
        'no-load-annotations': 1,
        'no-masks': 4,
        'num-classes': 1,
        # Files.
        'images-missing': 4 + 1,  # of the entries, and of the validation set
        'images-unlisted': 1 + 2,  # and what the good set was trained on
        'images-unreadable': 1,
        'image-sizes': 1 + 1,  # and what min_size filters
        'image-orientation': 1,
        'more-than-8-bit': 1,
        'same-content': 1,
        # The validation set and its metrics.
        'shared-file-names': 1,
        'shared-content': 1,
        'labels-differ': 3,
        'class-without-objects': 1,
        'keys-not-packed': 3,
        'metric-without-objects': 1,
        'metric-without-gt-instances': 1,
        'metric-other-images': 2,
        'metric-labels': 2,
        'metric-without-iscrowd': 1,
        'metric-refuses-file': 1,
    }
)


def broken_config(root: Path) -> Config:
    """Everything that can be wrong, each in its own part of the training set where one would hide another."""
    cfg = good_config(root)
    parts: list[Settings] = []

    def part(name: str, content: Any, kind: str = 'CheckedCocoDataset', **more: Any) -> None:
        write(root / f'{name}.json', content)
        parts.append(data_set(root, f'{name}.json', kind, **more))

    broken = good()
    for defect in DEFECTS:
        defect.change(broken)
    part('entries', broken)
    part('no_coco', [1, 2])
    part('empty', {**good(), 'images': [], 'annotations': []})
    corners = [annotation(n, [50 + n, 50, 60 + n, 70], area=2000) for n in range(1, 11)]
    part('corners', {**good(), 'images': [image(1)], 'annotations': corners})
    some = good()
    some['annotations'].append(annotation(1, [50, 40, 60, 70], area=4200))
    part('some_corners', some)
    fractions = [annotation(n, [0.1 * n, 0.2, 0.1, 0.1], area=0.01) for n in range(1, 5)]
    part('fractions', {**good(), 'annotations': fractions})
    part('text', good(), metainfo=dict(classes='ship'))
    part('other_names', good(), metainfo=dict(classes=('Ship', 'buoy')))
    part('other_order', {**good(), 'categories': good()['categories'][::-1]}, 'CocoDataset')
    filtered = good()
    filtered['images'] += [image(3), image(4, width=20)]
    filtered['annotations'].append(annotation(1, [1, 1, 10, 10], image_id=4))
    part('filtered', filtered, filter_cfg=dict(filter_empty_gt=True, min_size=32))
    part('no_boxes', good(), pipeline=[LOAD, RESIZE, PACK])
    part('no_masks', good(), pipeline=[LOAD, {**BOXES, 'with_mask': True}, PACK])
    parts.append(_broken_files(root))
    together = dict(type='ConcatDataset', datasets=parts)
    cfg.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=together)
    cfg.model.bbox_head.num_classes = 80
    _break_validation(root, cfg)
    return cfg


def _broken_files(root: Path) -> Settings:
    """Images that are not what the annotations say."""
    names = ('right.png', 'cut.png', 'small.png', 'turned.jpg', 'deep.png', 'copy.png')
    content = good()
    content['images'] = [image(n, file_name=name) for n, name in enumerate(names, 1)]
    content['annotations'] = [annotation(n, [10, 20, 10, 10], image_id=n) for n in range(1, len(names) + 1)]
    write(root / 'files.json', content)
    folder = root / 'files'
    draw(folder, content, seed=3)
    for name in ('cut.png', 'small.png', 'deep.png', 'turned.jpg'):
        BREAK[name](folder / name)
    (folder / 'copy.png').write_bytes((folder / 'right.png').read_bytes())
    cv2.imwrite(str(folder / 'nobody_lists_me.png'), np.zeros((80, 100), np.uint8))
    return data_set(root, 'files.json', data_prefix=dict(img=str(folder)))


def _turn(path: Path) -> None:
    drawn = Image.open(path)
    exif = drawn.getexif()
    exif[0x0112] = 6
    drawn.save(path, exif=exif)


#: File name → what breaks an image.
BREAK = {
    'cut.png': lambda path: path.write_bytes(path.read_bytes()[:-2000]),
    'small.png': lambda path: cv2.imwrite(str(path), np.zeros((40, 50, 3), np.uint8)),
    'deep.png': lambda path: cv2.imwrite(str(path), np.full((80, 100), 900, np.uint16)),
    'turned.jpg': _turn,
}


def _break_validation(root: Path, cfg: Config) -> None:
    """A validation set of images of the training set, and metrics that do not fit it."""
    content = named('val')
    content['images'] += [image(3, file_name='2.png'), image(4, file_name='a.png')]
    content['annotations'] += [annotation(n, [10, 20, 10, 10], image_id=n) for n in (3, 4)]
    del content['annotations'][0]['iscrowd']
    content['categories'].append({'id': 3, 'name': 'pier'})
    write(root / 'val.json', content)
    draw(root / 'images', good(), seed=4)  # and filtered.json's
    draw(root / 'images', {'images': [image(3), image(4, file_name='4.png')]}, seed=5)
    cfg.val_dataloader.dataset.update(
        metainfo=dict(classes=('buoy', 'ship', 'pier')), pipeline=[LOAD, {**PACK, 'meta_keys': ('img_id',)}]
    )
    others = named('val')
    others['images'][0]['id'], others['annotations'][0]['image_id'], others['annotations'][1]['image_id'] = 9, 9, 9
    others['images'] += content['images'][2:3]
    others['categories'] = content['categories']
    write(root / 'others.json', others)
    bad = {**content, 'annotations': [annotation(1, [1, 1, -4, 4])]}
    write(root / 'bad.json', bad)
    val = str(root / 'val.json')
    cfg.val_evaluator = [
        dict(type='VOCMetric'),
        dict(type='COCOBoxMetric'),
        dict(type='CocoMetric', ann_file=val),
        dict(type='AITODMetric', ann_file=str(root / 'others.json')),
        dict(type='AITODMetric', ann_file=str(root / 'bad.json')),
    ]
    cfg.test_dataloader = cfg.test_evaluator = None
