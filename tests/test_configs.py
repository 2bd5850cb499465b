"""Every config is built; one training step, and one test step, is taken with each family."""

import math
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.datasets.synthetic import draw

CONFIGS = sorted(path for path in (ROOT / 'configs').glob('*/*.py') if path.parent.name != '_base_')
STEPPED = [
    'demo/faster-rcnn_r18-small_fpn_synthetic.py',
    'demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic.py',
    'sirst/faster-rcnn_r18-small_fpn_rpn-nwd_12e_sirst.py',
    'nwd/faster-rcnn_r50_fpn_rpn-nwd_1x_aitod.py',
]


def build(config: Config) -> torch.nn.Module:
    register_all_modules()
    torch.manual_seed(0)
    config.model.backbone.init_cfg = None  # no download
    return MODELS.build(config.model)


def batch(count: int, num_classes: int, empty: bool = False) -> dict:
    """Drawn images of 128 px in the form of mmdet's data loaders; every second one without objects if ``empty``."""
    inputs, samples = [], []
    for index in range(count):
        drawing = draw(seed=0, split='test', index=index, size=(128, 128))
        keep = slice(0, 0) if empty and index % 2 else slice(None)
        boxes = torch.from_numpy(drawing.boxes[keep]).float()
        labels = torch.from_numpy(drawing.labels[keep]) % num_classes
        sample = DetDataSample(metainfo=dict(img_shape=(128, 128), ori_shape=(128, 128), scale_factor=(1.0, 1.0)))
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=labels[:0])
        inputs.append(torch.from_numpy(drawing.image.transpose(2, 0, 1).copy()))
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def num_classes(config: Config) -> int:
    return config.model.roi_head.bbox_head.num_classes


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_builds(path: Path) -> None:
    config = Config.fromfile(path)
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    build(config)
    assert 'nwd_mmdet' in config.custom_imports['imports']
    for name in ('train_dataloader', 'val_evaluator', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'):
        assert config.get(name), f'{name} is missing'


@pytest.mark.parametrize('name', STEPPED)
@pytest.mark.parametrize('empty', [False, True], ids=['', 'images without objects'])
def test_training_step(name: str, empty: bool) -> None:
    config = Config.fromfile(ROOT / 'configs' / name)
    model = build(config)
    data = model.data_preprocessor(batch(2, num_classes(config), empty), training=True)
    loss, _ = model.parse_losses(model(**data, mode='loss'))
    loss.backward()
    assert math.isfinite(loss.item()) and loss.item() > 0
    gradients = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    for part in ('rpn_head.rpn_reg.weight', 'roi_head.bbox_head.fc_reg.weight'):
        assert gradients[part].isfinite().all() and gradients[part].any(), part


def test_step_with_nothing_to_see() -> None:
    config = Config.fromfile(ROOT / 'configs' / STEPPED[1])
    model = build(config)
    data = batch(2, 8)
    for sample in data['data_samples']:
        sample.gt_instances = sample.gt_instances[:0]
    loss, _ = model.parse_losses(model(**model.data_preprocessor(data, training=True), mode='loss'))
    loss.backward()
    assert math.isfinite(loss.item())


@pytest.mark.parametrize('rcnn_nms', [dict(type='nms', iou_threshold=0.5), dict(type='nwd_nms', iou_threshold=0.5)])
def test_detections_come_out(rcnn_nms: dict) -> None:
    config = Config.fromfile(ROOT / 'configs' / STEPPED[1])
    config.model.test_cfg.rcnn.update(score_thr=0.0, nms=rcnn_nms)
    model = build(config).eval()
    with torch.no_grad():
        results = model.test_step(batch(2, 8))
    for result in results:
        assert len(result.pred_instances.scores) == 300
        assert result.pred_instances.bboxes.isfinite().all()


@pytest.mark.parametrize(
    ('name', 'switched'),
    [
        ('rpn-assign-nwd', {'rpn assign'}),
        ('rpn-nms-nwd', {'rpn nms train', 'rpn nms test'}),
        ('rpn-loss-nwd', {'rpn loss'}),
        ('rcnn-assign-nwd', {'rcnn assign'}),
        ('rcnn-nms-nwd', {'rcnn nms'}),
        ('rcnn-loss-nwd', {'rcnn loss'}),
        ('rpn-nwd', {'rpn assign', 'rpn nms train', 'rpn nms test', 'rpn loss'}),
    ],
)
def test_what_the_name_says_is_switched(name: str, switched: set[str]) -> None:
    model = Config.fromfile(ROOT / f'configs/nwd/faster-rcnn_r50_fpn_{name}_1x_aitod.py').model
    types = {
        'rpn assign': model.train_cfg.rpn.assigner.type,
        'rpn nms train': model.train_cfg.rpn_proposal.nms.type,
        'rpn nms test': model.test_cfg.rpn.nms.type,
        'rpn loss': model.rpn_head.loss_bbox.type,
        'rcnn assign': model.train_cfg.rcnn.assigner.type,
        'rcnn nms': model.test_cfg.rcnn.nms.type,
        'rcnn loss': model.roi_head.bbox_head.loss_bbox.type,
    }
    assert {module for module, kind in types.items() if 'nwd' in kind.lower()} == switched
    assert model.rpn_head.get('reg_decoded_bbox', False) == ('rpn loss' in switched)
    assert model.roi_head.bbox_head.get('reg_decoded_bbox', False) == ('rcnn loss' in switched)
