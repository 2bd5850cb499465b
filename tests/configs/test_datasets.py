"""The data sets of the configs: what is trained on, and that what is tested on is evaluated."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from coco_data import entry, write_set
from conftest import ROOT
from mmdet.registry import DATASETS, METRICS, MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from nwd_mmdet.config import load_config
from nwd_mmdet.datasets.aitod import CLASSES
from nwd_mmdet.datasets.synthetic import draw_set
from nwd_mmdet.settings import dicts_in


def build(root, name, folder, monkeypatch, variable):
    """Build both data sets of a config, check that the evaluator reads what is tested on, and return them."""
    register_all_modules()
    monkeypatch.setenv(variable, str(folder))
    config = Config.fromfile(root / f'configs/_base_/datasets/{name}.py')
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    train, val = (DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'val'))
    assert config.test_dataloader == config.val_dataloader and config.test_evaluator == config.val_evaluator
    assert Path(config.val_evaluator.ann_file) == Path(val.ann_file)
    METRICS.build(config.val_evaluator)
    return train, val


@pytest.mark.parametrize(
    ('name', 'train', 'test'),
    [
        ('aitod', 'aitod_trainval_v1.json', 'aitod_test_v1.json'),
        ('aitodv2', 'aitodv2_trainval.json', 'aitodv2_test.json'),
        ('aitod_train-val', 'aitod_train_v1.json', 'aitod_val_v1.json'),
    ],
)
def test_aitod_configs(root, tmp_path, monkeypatch, name, train, test):
    for file, images in ((train, 2), (test, 3)):
        folder = 'val' if '_val' in file else next(s for s in ('trainval', 'train', 'test') if f'_{s}' in file)
        write_set(tmp_path, CLASSES, file, folder=folder, images=images)
    train_set, test_set = build(root, name, tmp_path, monkeypatch, 'AITOD_ROOT')
    assert (len(train_set), len(test_set)) == (1, 3)  # training leaves images without objects out
    sample = train_set[0]
    assert sample['inputs'].shape == (3, 667, 800)  # 48 x 40 at the largest scale that fits 800 x 800
    assert sample['data_samples'].gt_instances.bboxes.tensor.max() > 14
    assert test_set[2]['data_samples'].scale_factor == pytest.approx((16.67, 16.67), abs=0.01)


def test_synthetic_config(root, tmp_path, monkeypatch):
    draw_set(tmp_path, {'train': 3, 'val': 2}, (96, 64))
    train_set, test_set = build(root, 'synthetic', tmp_path, monkeypatch, 'SYNTHETIC_ROOT')
    assert (len(train_set), len(test_set)) == (3, 2)
    assert train_set.metainfo['classes'] == CLASSES
    assert test_set[0]['inputs'].shape == (3, 64, 96)


def test_sirst_config(root, shared, monkeypatch):
    train_set, test_set = build(root, 'sirst', shared / 'real/sirst_v2', monkeypatch, 'SIRST_ROOT')
    assert (len(train_set), len(test_set)) == (411, 103)
    crops = [train_set[i] for i in range(40)]
    assert all(crop['inputs'].shape == (3, 256, 256) for crop in crops)
    assert np.mean([len(crop['data_samples'].gt_instances) > 0 for crop in crops]) > 0.5
    whole = test_set[0]['data_samples']
    assert whole.img_shape == whole.ori_shape


@pytest.mark.parametrize('path', sorted(ROOT.glob('configs/own/*.py')), ids=lambda path: path.stem)
def test_configs_for_any_coco_set(path, tmp_path, monkeypatch):
    """Classes, their number and C come from the files that the environment names."""
    register_all_modules()
    for split in ('train', 'val'):
        write_set(tmp_path, ('boat', 'buoy'), f'{split}.json', [entry(2, 5, 6, 7, 8)], folder=f'images/{split}')
        monkeypatch.setenv(f'{split.upper()}_JSON', str(tmp_path / f'annotations/{split}.json'))
        monkeypatch.setenv(f'{split.upper()}_IMAGES', str(tmp_path / f'images/{split}'))
    config = load_config(path)
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    train, val = (DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'val'))
    assert (len(train), len(val)) == (1, 2) and train.metainfo['classes'] == val.metainfo['classes'] == ('boat', 'buoy')
    assert config.test_dataloader == config.val_dataloader and config.test_evaluator == config.val_evaluator
    assert METRICS.build(config.val_evaluator).ann_file == str(tmp_path / 'annotations/val.json')
    assert train[0]['inputs'].shape == (3, 40, 48) and train[0]['data_samples'].gt_instances.labels.tolist() == [1]
    with torch.device('meta'):
        model = MODELS.build(config.model)
    assert model.roi_head.bbox_head.num_classes == 2
    constants = [part['constant'] for _, part in dicts_in(config.model) if 'constant' in part]
    assert constants == ([7.5] * len(constants) if 'nwd' in path.stem else []), 'objects are of 7 x 8 px'
    assert len(constants) == (4 if 'nwd' in path.stem else 0)


def test_the_example_of_the_docs(root, tmp_path, monkeypatch):
    register_all_modules()
    example = (root / 'docs/datasets.md').read_text().split("```python\n_base_ = ")[1].split('```')[0]
    (tmp_path / 'example.py').write_text(f'_base_ = {example}')
    for split in ('train', 'val'):
        harbour = tmp_path / 'data/harbour'
        write_set(harbour, CLASSES, annotations=[entry(2, 5, 6, 7, 8)], folder=split)
        categories = [dict(id=1, name='boat'), dict(id=2, name='buoy')]
        coco = json.loads((harbour / 'annotations/train.json').read_text())
        (harbour / f'{split}.json').write_text(json.dumps(coco | dict(categories=categories)))
    monkeypatch.chdir(tmp_path)
    config = load_config('example.py')
    assert DATASETS.build(config.train_dataloader.dataset).get_data_info(0)['instances'][0]['bbox_label'] == 1
    assert len(DATASETS.build(config.test_dataloader.dataset)) == 2
    assert METRICS.build(config.test_evaluator).ann_file == 'data/harbour/val.json'
    assert config.model.roi_head.bbox_head.num_classes == 2
    # a box of 7 x 8 px, in images of 48 px that are resized to 800
    assert config.model.train_cfg.rpn.assigner.constant == pytest.approx((7 * 8) ** 0.5 * 800 / 48, abs=0.5)
