"""Configs that load images otherwise than the config of their data set."""

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from detector_families import build_family
from detectors import read
from mmcv.transforms import Compose
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

from nwd_mmdet.datasets.synthetic import draw


@pytest.mark.parametrize('name', ['centernet_r50-dcnv2', 'm-centernet_r50-dcnv2', 'ssd512'])
def test_own_pipelines(name: str, tmp_path: Path) -> None:
    """From the file to detections in its pixels."""
    register_all_modules()
    drawing = draw(seed=0, split='test', index=0, size=(160, 128))
    file = str(tmp_path / 'image.png')
    assert cv2.imwrite(file, drawing.image)
    instances = [
        dict(bbox=box, bbox_label=label, ignore_flag=0)
        for box, label in zip(drawing.boxes.tolist(), drawing.labels.tolist())
    ]
    config = read(f'nwd/{name}_1x_aitod')
    model = build_family(f'nwd/{name}_1x_aitod').eval()
    for loader in (config.train_dataloader, config.test_dataloader):
        image = dict(img_path=file, img_id=1, height=128, width=160, instances=instances)
        packed = Compose(loader.dataset.pipeline)(image)
    assert packed['data_samples'].ori_shape == (128, 160)
    with torch.no_grad():
        (result,) = model.test_step({key: [value] for key, value in packed.items()})
    boxes = result.pred_instances.bboxes
    assert len(boxes) and boxes.isfinite().all()
    if name != 'ssd512':
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        assert centres.max(0).values.tolist() > [120, 90] and len(boxes) == 1500


@pytest.mark.parametrize('noise', ['', '_noise0.1'])
def test_mosaics_of_yolov5(noise: str, tmp_path: Path) -> None:
    """Four images in one, boxes in it where the objects are; with noise other boxes, the same each time."""
    register_all_modules()
    config = read(f'alpha_iou/yolov5-s_alpha-iou{noise}_300e_voc0712')
    images, annotations = [], []
    for index in range(4):
        image = np.full((80, 120, 3), 20 + 40 * index, np.uint8)
        image[20:60, 30 + index : 70 + index] = 255
        assert cv2.imwrite(str(tmp_path / f'{index}.png'), image)
        images.append(dict(id=index, file_name=f'{index}.png', width=120, height=80))
        box = dict(bbox=[30 + index, 20, 40, 40], area=1600, iscrowd=0, category_id=15)
        annotations.append(dict(id=index, image_id=index, **box))
    categories = [dict(id=i, name=name) for i, name in enumerate(config.train_dataloader.dataset.dataset.metainfo.classes, 1)]
    ann_file = tmp_path / 'train.json'
    ann_file.write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))
    settings = config.train_dataloader.dataset
    settings.dataset.update(data_root=str(tmp_path), ann_file=str(ann_file))
    dataset = DATASETS.build(settings)
    inner = [dataset.dataset[index]['gt_bboxes'].tensor.tolist() for index in (0, 1, 0, 1)]
    assert inner[:2] == inner[2:] and (inner[0] == [[30, 20, 70, 60]]) == (not noise)
    np.random.seed(0)
    random.seed(0)
    found = [dataset[index] for index in range(4)]
    assert all(sample['inputs'].shape == (3, 640, 640) for sample in found)
    instances = [sample['data_samples'].gt_instances for sample in found]
    assert sum(map(len, instances)) > 4 and all((part.labels == 14).all() for part in instances)
    for sample, part in zip(found, instances):
        for x1, y1, x2, y2 in part.bboxes.tensor.round().int().tolist():
            patch = sample['inputs'][:, y1:y2, x1:x2].float()
            assert patch.mean() > 150 if not noise else patch.numel(), 'objects are white'
