"""New-style configs, pure Python with classes in them: trained, tested from the work folder, and used."""

import sys
from collections.abc import Callable
from pathlib import Path

import mmdet.apis
import pytest
from mmengine.config import Config

from nwd_mmdet.__main__ import main
from nwd_mmdet.config import load_config
from nwd_mmdet.datasets.synthetic import draw_set

# mmdet's own of this kind lie in its repository and in no wheel, so this is one of a user.
BASE = """
from mmcv.ops import nms
from mmcv.transforms import LoadImageFromFile
from mmdet.datasets import CocoDataset
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, Resize
from mmdet.evaluation import CocoMetric
from mmdet.models import FPN, DetDataPreprocessor, FocalLoss, L1Loss, ResNet, RetinaHead, RetinaNet
from mmdet.models.task_modules import AnchorGenerator, DeltaXYWHBBoxCoder, MaxIoUAssigner, PseudoSampler
from mmdet.visualization import DetLocalVisualizer
from mmengine.dataset import DefaultSampler
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, TestLoop, ValLoop
from torch.nn import BatchNorm2d
from torch.optim import SGD

model = dict(
    type=RetinaNet,
    data_preprocessor=dict(type=DetDataPreprocessor, mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4]),
    backbone=dict(type=ResNet, depth=18, base_channels=8, norm_cfg=dict(type=BatchNorm2d)),
    neck=dict(type=FPN, in_channels=[8, 16, 32, 64], out_channels=16, num_outs=4),
    bbox_head=dict(
        type=RetinaHead, num_classes=8, in_channels=16, feat_channels=16, stacked_convs=1,
        anchor_generator=dict(type=AnchorGenerator, scales=[2], ratios=[1.0], strides=[4, 8, 16, 32]),
        bbox_coder=dict(type=DeltaXYWHBBoxCoder, target_means=[0.0] * 4, target_stds=[1.0] * 4),
        loss_cls=dict(type=FocalLoss, use_sigmoid=True), loss_bbox=dict(type=L1Loss)),
    train_cfg=dict(
        assigner=dict(type=MaxIoUAssigner, pos_iou_thr=0.5, neg_iou_thr=0.4), sampler=dict(type=PseudoSampler),
        allowed_border=-1, pos_weight=-1),
    test_cfg=dict(nms_pre=100, min_bbox_size=0, score_thr=0.0, nms=dict(type=nms, iou_threshold=0.5), max_per_img=50))
load = [dict(type=LoadImageFromFile)]
names = ('airplane', 'bridge', 'storage-tank', 'ship', 'swimming-pool', 'vehicle', 'person', 'wind-mill')
data = dict(
    type=CocoDataset, metainfo=dict(classes=names), data_root='DATA', ann_file='annotations/train.json',
    data_prefix=dict(img='train/'))
train_dataloader = dict(
    batch_size=4, num_workers=0, sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(**data, pipeline=load + [
        dict(type=LoadAnnotations, with_bbox=True), dict(type=Resize, scale=(128, 128)), dict(type=PackDetInputs)]))
test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(**data, test_mode=True, pipeline=load + [
        dict(type=Resize, scale=(128, 128)), dict(type=LoadAnnotations, with_bbox=True), dict(type=PackDetInputs)]))
test_evaluator = dict(type=CocoMetric, ann_file='DATA/annotations/train.json', metric='bbox')
train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=1)
test_cfg = dict(type=TestLoop)
optim_wrapper = dict(type=OptimWrapper, optimizer=dict(type=SGD, lr=0.001))
default_hooks = dict(checkpoint=dict(type=CheckpointHook, interval=1))
visualizer = dict(type=DetLocalVisualizer, vis_backends=[])
"""
CLASSES = """
from mmengine.config import read_base

with read_base():
    from .base import *

from nwd_mmdet.assigners import NWDAssigner
from nwd_mmdet.datasets import AITODDataset
from nwd_mmdet.evaluation import AITODMetric
from nwd_mmdet.losses import NWDLoss
from nwd_mmdet.nms import nwd_nms

nwd_constant = 'auto'
model.merge(dict(
    bbox_head=dict(reg_decoded_bbox=True, loss_bbox=dict(type=NWDLoss)),
    train_cfg=dict(assigner=dict(type=NWDAssigner)),
    test_cfg=dict(nms=dict(type=nwd_nms, iou_threshold=0.85)),
))
train_dataloader.merge(dict(dataset=dict(type=AITODDataset)))
test_dataloader.merge(dict(dataset=dict(type=AITODDataset)))
test_evaluator = dict(type=AITODMetric, ann_file='DATA/annotations/train.json')
"""
NAMES = ('NWDAssigner', 'AITODDataset', 'AITODMetric', 'NWDLoss', 'nwd_nms')


def with_strings(text: str) -> str:
    """The same config with names in place of classes, which needs no import."""
    lines = [line for line in text.splitlines() if not line.startswith('from nwd_mmdet')]
    text = '\n'.join(lines)
    for name in NAMES:
        text = text.replace(f'type={name}', f"type='{name}'")
    return text


PLAIN = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Run ``nwd-mmdet`` in a folder with a data set and the base config."""
    draw_set(tmp_path / 'data', dict(train=4), (128, 128))
    (tmp_path / 'base.py').write_text(BASE.replace('DATA', str(tmp_path / 'data')))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> None:
        monkeypatch.setattr(sys, 'argv', ['nwd-mmdet', *words])
        main()

    return run


@pytest.mark.parametrize('change', [str, with_strings], ids=['classes', 'strings'])
def test_from_training_to_use(change: Callable[[str], str], typed: Callable, tmp_path: Path) -> None:
    name = f'{change.__name__}_config'
    Path(f'{name}.py').write_text(change(CLASSES.replace('DATA', str(tmp_path / 'data'))))
    typed('train', f'{name}.py')
    trained, checkpoint = f'work_dirs/{name}/{name}.py', f'work_dirs/{name}/epoch_1.pth'
    constant = Config.fromfile(trained).nwd_constant
    assert 5 < constant < 30
    typed('test', trained, checkpoint, '--out', 'out.pkl')
    assert Path('out.pkl').is_file()
    image = str(tmp_path / 'data/train/000000.png')
    for config in (trained, f'{name}.py'):
        model = mmdet.apis.init_detector(config, checkpoint, device='cpu')
        assert model.bbox_head.loss_bbox.constant == model.test_cfg.nms.constant == constant
        assert type(model.bbox_head.assigner).__name__ == 'NWDAssigner'
        scores = mmdet.apis.inference_detector(model, image).pred_instances.scores
        inferencer = mmdet.apis.DetInferencer(config, checkpoint, device='cpu', show_progress=False)
        assert inferencer(image)['predictions'][0]['scores'] == pytest.approx(scores.tolist(), abs=1e-5)


def test_options_and_numbers(typed: Callable, tmp_path: Path) -> None:
    Path('config.py').write_text(CLASSES.replace('DATA', str(tmp_path / 'data')))
    config = load_config('config.py', {'nwd_constant': 8, 'model.bbox_head.num_classes': 3})
    assert config.model.train_cfg.assigner.constant == config.model.bbox_head.loss_bbox.constant == 8
    assert config.model.bbox_head.num_classes == 3


def test_nms_of_mmcv_from_the_work_folder(typed: Callable, tmp_path: Path) -> None:
    """The function is written as mmcv.ops.nms.nms, which mmcv's own look-up does not find."""
    Path('plain.py').write_text(f"{PLAIN}\nmodel.merge(dict(train_cfg=dict(assigner=dict(type='NWDAssigner'))))\n")
    typed('train', 'plain.py')
    model = mmdet.apis.init_detector('work_dirs/plain/plain.py', 'work_dirs/plain/epoch_1.pth', device='cpu')
    assert len(mmdet.apis.inference_detector(model, str(tmp_path / 'data/train/000000.png')).pred_instances)
