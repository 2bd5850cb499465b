"""A config whose data are broken in every way, with how often each check finds something."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from broken_data import CLASSES, DEFECTS, NAN, annotation, draw, good, image, write
from mmengine.config import Config
from PIL import Image

Settings = dict[str, Any]

LOAD = dict(type='LoadImageFromFile')
BOXES = dict(type='LoadAnnotations', with_bbox=True)
RESIZE = dict(type='Resize', scale=(100, 80))
PACK = dict(type='PackDetInputs')

#: Key of a check → how much it finds in the broken entries and boxes of ``train.json``, and in all other files.
COUNTS = {}


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
    for number, name in enumerate(('train', 'val')):
        content = good()
        for entry in content['images']:
            entry['file_name'] = f'{name}_{entry["file_name"]}'
        write(root / f'{name}.json', content)
        draw(root / 'images', content, number)
    val = data_set(root, 'val.json', test_mode=True)
    return Config(
        dict(
            model=dict(bbox_head=dict(num_classes=2)),
            train_dataloader=dict(dataset=data_set(root, 'train.json')),
            val_dataloader=dict(dataset=val),
            test_dataloader=dict(dataset=val),
            val_evaluator=dict(type='AITODMetric', ann_file=str(root / 'val.json')),
            test_evaluator=dict(type='AITODMetric', ann_file=str(root / 'val.json')),
        )
    )
