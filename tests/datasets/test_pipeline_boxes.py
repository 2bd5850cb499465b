"""What blank images give is what training gets from the images themselves."""

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from nwd_mmdet.datasets.input_boxes import InputBoxes
from nwd_mmdet.datasets.pipeline_boxes import BlankImages, drawn

SIZES = [(100, 60), (64, 80), (120, 90), (50, 50), (90, 70)]  # width and height
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True)]
PIPELINES = {
    'affine': [dict(type='RandomAffine', scaling_ratio_range=(0.5, 1.5))],
    'crop and resize': [dict(type='MinIoURandomCrop'), dict(type='Resize', scale=(200, 150), keep_ratio=True)],
    'expand': [dict(type='Expand', mean=[0, 0, 0], to_rgb=True, ratio_range=(1, 4)), dict(type='RandomFlip', prob=0.5)],
    'choice': [
        dict(
            type='RandomChoice',
            transforms=[
                [dict(type='RandomChoiceResize', scales=[(80, 60), (160, 120)], keep_ratio=True)],
                [dict(type='RandomCrop', crop_type='absolute_range', crop_size=(30, 60), allow_negative_crop=True)],
            ],
        )
    ],
    'mosaic': [dict(type='Mosaic', img_scale=(96, 96)), dict(type='MixUp', img_scale=(96, 96))],
}


@pytest.fixture
def data_set(tmp_path: Path) -> dict:
    """Settings of five images with three objects each, one of them to be ignored."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number, (width, height) in enumerate(SIZES):
        images.append(dict(id=number, file_name=f'{number}.png', width=width, height=height))
        cv2.imwrite(str(tmp_path / f'{number}.png'), rng.integers(0, 255, (height, width, 3), dtype=np.uint8))
        for _ in range(3):
            x, y, w, h = (round(float(side), 2) for side in rng.uniform(4, 20, 4))
            annotations.append(
                dict(id=len(annotations), image_id=number, category_id=len(annotations) % 2, bbox=[x, y, w, h])
                | dict(area=w * h, iscrowd=int(len(annotations) % 3 == 2))
            )
    categories = [dict(id=0, name='ship'), dict(id=1, name='person')]
    (tmp_path / 'a.json').write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))
    return dict(
        type='CocoDataset',
        data_root=str(tmp_path),
        ann_file='a.json',
        data_prefix=dict(img=''),
        metainfo=dict(classes=('ship', 'person')),
        pipeline=LOAD,
    )


@pytest.mark.parametrize('name', PIPELINES)
def test_the_boxes_of_training(name: str, data_set: dict) -> None:
    register_all_modules()
    settings = {**data_set, 'pipeline': [*LOAD, *PIPELINES[name]]}
    if name == 'mosaic':
        settings = dict(type='MultiImageMixDataset', dataset=data_set, pipeline=PIPELINES[name])
    order = np.random.default_rng(0).permutation(5)
    dataset = DATASETS.build(settings)
    random.seed(0)
    np.random.seed(0)
    expected = [dataset[index] for index in order.tolist()]
    images = InputBoxes.from_config(Config(dict(train_dataloader=dict(dataset=settings)))).images
    for image, results in zip(images, expected):
        ignored = torch.from_numpy(results['gt_ignore_flags'])
        boxes = results['gt_bboxes'].tensor
        assert image.shape == results['img_shape'][:2]
        assert torch.equal(image.boxes, boxes[~ignored]) and torch.equal(image.ignored, boxes[ignored])
        assert image.labels.tolist() == results['gt_bboxes_labels'][~ignored.numpy()].tolist()
    assert sum(len(image.boxes) for image in images) >= 5


def test_objects_are_known_again(data_set: dict) -> None:
    sizes = {
        round((entry['bbox'][2] * entry['bbox'][3]) ** 0.5, 3)
        for entry in json.loads((Path(data_set['data_root']) / 'a.json').read_text())['annotations']
    }
    settings = dict(type='MultiImageMixDataset', dataset=data_set, pipeline=PIPELINES['mosaic'])
    for image in InputBoxes.from_config(Config(dict(train_dataloader=dict(dataset=settings)))).images:
        assert {round(size, 3) for size in image.original_sizes.tolist()} <= sizes


def test_random_numbers_go_on_as_before(data_set: dict) -> None:
    register_all_modules()
    blank = BlankImages()
    dataset = DATASETS.build({**data_set, 'pipeline': blank.replaced_in([*LOAD, *PIPELINES['affine']])})
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.rand()
    random.seed(3)
    np.random.seed(3)
    assert len(list(drawn(dataset, 2, blank.objects))) == 2
    assert (random.random(), np.random.rand()) == expected
