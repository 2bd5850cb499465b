"""Objects in network-input pixels, compared with what the pipelines themselves make of an image."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from nwd_mmdet.datasets.input_boxes import InputBoxes

BOXES = [[10, 20, 6, 8], [40, 50, 30, 20], [90, 30, 20, 10]]  # the last is cut by the border of the image


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    """One image of 100 × 60 px with three objects, the second in a crowd."""
    content = {
        'images': [{'id': 1, 'file_name': 'a.png', 'width': 100, 'height': 60}],
        'categories': [{'id': 7, 'name': 'ship'}, {'id': 3, 'name': 'person'}],
        'annotations': [
            {'id': i, 'image_id': 1, 'category_id': (7, 7, 3)[i], 'bbox': box, 'area': 1, 'iscrowd': int(i == 1)}
            for i, box in enumerate(BOXES)
        ],
    }
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps(content))
    return path


def config(annotations: Path, *resize: dict, **settings: object) -> Config:
    dataset = dict(
        type='CocoDataset',
        ann_file=str(annotations),
        metainfo=dict(classes=('ship', 'person')),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True), *resize],
    )
    return Config(dict(train_dataloader=dict(dataset={**dataset, **settings}), default_scope='mmdet'))


@pytest.mark.parametrize(
    'resize',
    [
        dict(type='Resize', scale=(800, 800), keep_ratio=True),
        dict(type='Resize', scale=(1333, 800), keep_ratio=True),
        dict(type='Resize', scale=(333, 50), keep_ratio=True),
        dict(type='Resize', scale=(320, 200), keep_ratio=False),
        dict(type='Resize', scale=128),
        dict(type='Resize', scale_factor=2.0, keep_ratio=True),
        dict(type='mmdet.Resize', scale_factor=(1.55, 0.5)),
        dict(type='RandomResize', scale=(200, 150), ratio_range=(1.0, 1.0), keep_ratio=True),
        dict(type='RandomChoiceResize', scales=[(240, 240)], keep_ratio=True),
    ],
    ids=str,
)
def test_as_the_pipeline_resizes(resize: dict, annotations: Path) -> None:
    register_all_modules()
    cfg = config(annotations, resize)
    (image,) = InputBoxes.from_config(cfg).images  # the image file is not there yet
    cv2.imwrite(str(annotations.with_name('a.png')), np.zeros((60, 100, 3), np.uint8))
    settings = {**cfg.train_dataloader.dataset, 'data_prefix': dict(img=str(annotations.parent))}
    expected = DATASETS.build(settings)[0]
    ignored = torch.from_numpy(expected['gt_ignore_flags'])
    assert image.shape == expected['img_shape']
    torch.testing.assert_close(image.boxes, expected['gt_bboxes'].tensor[~ignored])
    torch.testing.assert_close(image.ignored, expected['gt_bboxes'].tensor[ignored])
    assert image.labels.tolist() == [0, 1]


def test_sizes(annotations: Path) -> None:
    (image,) = InputBoxes.from_json(annotations, (200, 200)).images
    assert image.shape == (120, 200)
    torch.testing.assert_close(image.sizes, torch.tensor([192.0, 400.0]).sqrt())  # the second is cut to 10 × 10 px
    torch.testing.assert_close(image.original_sizes, torch.tensor([48.0, 200.0]).sqrt())


@pytest.mark.parametrize(
    ('resize', 'shape'),
    [
        (dict(type='RandomChoiceResize', scales=[(100, 100), (200, 200), (600, 600)], keep_ratio=True), (180, 300)),
        (dict(type='RandomResize', scale=(200, 200), ratio_range=(0.5, 2.5), keep_ratio=True), (180, 300)),
        (dict(type='RandomResize', scale=[(100, 400), (300, 400)], keep_ratio=True), (200, 333)),
    ],
)
def test_random_scales_count_with_their_mean(resize: dict, shape: tuple, annotations: Path) -> None:
    (image,) = InputBoxes.from_config(config(annotations, resize)).images
    assert image.shape == shape


@pytest.mark.parametrize('wrapper', ['RepeatDataset', 'ClassBalancedDataset', 'ConcatDataset', 'MultiImageMixDataset'])
def test_wrappers_are_followed(wrapper: str, annotations: Path) -> None:
    cfg = config(annotations)
    inner, resize = cfg.train_dataloader.dataset, dict(type='Resize', scale=(200, 200), keep_ratio=True)
    wrapped = {
        'RepeatDataset': dict(times=3, dataset=inner),
        'ClassBalancedDataset': dict(oversample_thr=0.5, dataset=inner),
        'ConcatDataset': dict(datasets=[inner, inner]),
        'MultiImageMixDataset': dict(dataset=inner, pipeline=[resize]),
    }[wrapper]
    cfg.train_dataloader.dataset = dict(type=wrapper, **wrapped)
    images = InputBoxes.from_config(cfg).images
    assert len(images) == (2 if wrapper == 'ConcatDataset' else 1)
    assert images[0].shape == ((120, 200) if wrapper == 'MultiImageMixDataset' else (60, 100))


@pytest.mark.parametrize(
    ('steps', 'names'),
    [
        ([dict(type='RandomFlip', prob=0.5), dict(type='Pad', size_divisor=32), dict(type='PackDetInputs')], ''),
        ([dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1))], ''),
        ([dict(type='FilterAnnotations', min_gt_bbox_wh=(7, 7))], 'FilterAnnotations'),
        ([dict(type='MinIoURandomCrop'), dict(type='Resize', scale=(64, 64))], 'MinIoURandomCrop'),
        ([dict(type='RandomChoice', transforms=[[dict(type='Resize', scale=(64, 64))], []])], 'RandomChoice'),
    ],
)
def test_pipelines_are_run_where_resizes_do_not_tell(
    steps: list, names: str, annotations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr('nwd_mmdet.datasets.input_boxes.print_log', lambda message, **_: said.append(message))
    InputBoxes.from_config(config(annotations, *steps))
    assert len(said) == bool(names) and names in ''.join(said)
    assert not said or '1 of 1 images, drawn through the pipeline' in said[0]


def test_half_of_the_images_doubled_in_size(annotations: Path) -> None:
    content = json.loads(annotations.read_text())
    content['images'] = [{**content['images'][0], 'id': number} for number in range(400)]
    content['annotations'] = [
        {**content['annotations'][0], 'id': number, 'image_id': number} for number in range(400)
    ]  # an object of 6 × 8 px each
    annotations.write_text(json.dumps(content))
    double = dict(type='Resize', scale_factor=2.0, keep_ratio=True)
    data = InputBoxes.from_config(config(annotations, dict(type='RandomChoice', transforms=[[double], []])))
    sizes = torch.cat([image.sizes for image in data.images])
    assert set(sizes.round().tolist()) == {7, 14} and sizes.mean() == pytest.approx(1.5 * 48**0.5, rel=0.05)
    again = InputBoxes.from_config(config(annotations, dict(type='RandomChoice', transforms=[[double], []])))
    assert torch.equal(torch.cat([image.sizes for image in again.images]), sizes)
    assert len(InputBoxes.from_config(config(annotations, dict(type='RandomAffine')), max_images=7).images) == 7


def test_a_transform_that_needs_the_image_is_named(annotations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr('nwd_mmdet.datasets.input_boxes.print_log', lambda message, **_: said.append(message))
    steps = [dict(type='LoadPanopticAnnotations'), dict(type='Resize', scale=(200, 200), keep_ratio=True)]
    assert InputBoxes.from_config(config(annotations, *steps)).images[0].shape == (120, 200)
    assert 'cannot be run without images' in said[0] and 'as if LoadPanopticAnnotations did not' in said[0]


def test_images_of_ai_tod_need_not_exist(annotations: Path) -> None:
    settings = dict(type='AITODDataset', data_root=str(annotations.parent), ann_file='annotations.json')
    cfg = config(annotations, **settings, data_prefix=dict(img='nowhere/'))
    assert len(InputBoxes.from_config(cfg).images[0].boxes) == 2


@pytest.mark.parametrize('key', ['width', 'area'])
def test_annotations_without_sizes(key: str, annotations: Path) -> None:
    content = json.loads(annotations.read_text())
    for entry in content['images'] + content['annotations']:
        entry.pop(key, None)
    annotations.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'{annotations}.*without {key}'):
        InputBoxes.from_config(config(annotations))


def test_what_is_missing_is_named(annotations: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.json'):
        InputBoxes.from_config(config(tmp_path / 'nowhere.json'))
    with pytest.raises(ValueError, match='train_dataloader'):
        InputBoxes.from_config(Config())
    annotations.write_text('[]')
    with pytest.raises(ValueError, match='not a COCO data set'):
        InputBoxes.from_json(annotations)
