"""The configs of the NWD paper: in which module NWD replaces IoU, and how they train."""

from pathlib import Path

import pytest
from detectors import read
from conftest import ROOT

from nwd_mmdet.config import read_config


def overlap_of(module: dict) -> str | None:
    """The overlap that an assigner, an NMS or a loss uses; None for a loss on encoded deltas."""
    if 'loss_weight' in module and module['type'] not in ('NWDLoss', 'OverlapLoss'):
        return None
    if 'nwd' in module['type'].lower():
        return 'nwd'
    return module.get('iou_calculator', module).get('metric', 'iou')


def switched(model: dict) -> dict[str, str]:
    """What differs from IoU, and from losses on deltas, in each module of Faster R-CNN."""
    overlaps = {
        'rpn assign': overlap_of(model.train_cfg.rpn.assigner),
        'rpn nms train': overlap_of(model.train_cfg.rpn_proposal.nms),
        'rpn nms test': overlap_of(model.test_cfg.rpn.nms),
        'rpn loss': overlap_of(model.rpn_head.loss_bbox),
        'rcnn assign': overlap_of(model.train_cfg.rcnn.assigner),
        'rcnn nms': overlap_of(model.test_cfg.rcnn.nms),
        'rcnn loss': overlap_of(model.roi_head.bbox_head.loss_bbox),
    }
    default = {module: None if 'loss' in module else 'iou' for module in overlaps}
    return {module: overlap for module, overlap in overlaps.items() if overlap != default[module]}


RPN_NMS = {'rpn nms train', 'rpn nms test'}
RPN = {'rpn assign', *RPN_NMS, 'rpn loss'}
RCNN = {'rcnn assign', 'rcnn nms', 'rcnn loss'}


@pytest.mark.parametrize(
    ('part', 'modules'),
    [
        ('', set()),
        ('rpn-assign-nwd', {'rpn assign'}),
        ('rpn-nms-nwd', RPN_NMS),
        ('rpn-loss-nwd', {'rpn loss'}),
        ('rcnn-assign-nwd', {'rcnn assign'}),
        ('rcnn-nms-nwd', {'rcnn nms'}),
        ('rcnn-loss-nwd', {'rcnn loss'}),
        ('rpn-nwd', RPN),
        ('rcnn-nwd', RCNN),
        ('rpn-rcnn-nwd', RPN | RCNN),
        ('rpn-assign-nms-nwd_rcnn-loss-nwd', {'rpn assign', *RPN_NMS, 'rcnn loss'}),
        *((f'assign-{overlap}', {'rpn assign', 'rcnn assign'}) for overlap in ('giou', 'diou', 'ciou', 'nwd')),
        *((f'rpn-nms-{overlap}', RPN_NMS) for overlap in ('giou', 'diou', 'ciou')),
        *((f'loss-{overlap}', {'rpn loss', 'rcnn loss'}) for overlap in ('iou', 'giou', 'diou', 'ciou', 'nwd')),
    ],
)
def test_what_the_name_says_is_switched(part: str, modules: set[str]) -> None:
    paths = list((ROOT / 'configs/nwd').glob(f'faster-rcnn_r50_fpn{part and "_" + part}_*x_*.py'))
    paths = [path for path in paths if path.stem.rsplit('_', 2)[0].split('_anchor')[0].endswith(part or 'fpn')]
    assert paths
    for path in paths:
        model = read_config(path).model
        assert switched(model) == dict.fromkeys(modules, part.rpartition('-')[2])
        assert model.rpn_head.get('reg_decoded_bbox', False) == ('rpn loss' in modules)
        assert model.roi_head.bbox_head.get('reg_decoded_bbox', False) == ('rcnn loss' in modules)


@pytest.mark.parametrize(
    ('name', 'weight'),
    [('cascade-rcnn_r50_fpn_rpn-nwd', 10), ('detectors_cascade-rcnn_r50_rpn-nwd', 5)],
)
def test_cascades_are_switched_in_the_rpn(name: str, weight: float) -> None:
    for anchor in ('', '_anchor4'):
        model = read(f'nwd/{name}{anchor}_1x_aitod').model
        assert model.train_cfg.rpn.assigner.type == 'NWDAssigner'
        assert model.train_cfg.rpn_proposal.nms.type == model.test_cfg.rpn.nms.type == 'nwd_nms'
        assert model.rpn_head.reg_decoded_bbox and model.rpn_head.loss_bbox.type == 'NWDLoss'
        assert model.rpn_head.loss_bbox.loss_weight == weight
        assert model.rpn_head.anchor_generator.scales == [4 if anchor else 8]
        assert [stage.assigner.type for stage in model.train_cfg.rcnn] == ['MaxIoUAssigner'] * 3
        assert model.test_cfg.rcnn.nms.type == 'nms'


def test_dense_detectors_are_switched() -> None:
    for anchor, scales in (('', (4, 8)), ('_anchor2', (2, 2))):
        retinanet = read(f'nwd/retinanet_r50_fpn_assign-nwd{anchor}_1x_aitod').model
        assert retinanet.train_cfg.assigner.type == 'NWDAssigner' and retinanet.train_cfg.assigner.pos_iou_thr == 0.5
        assert retinanet.bbox_head.loss_bbox.type == 'L1Loss'
        atss = read(f'nwd/atss_r50_fpn_loss-nwd{anchor}_1x_aitod').model
        assert atss.bbox_head.loss_bbox == dict(type='NWDLoss', loss_weight=2.0)
        assert atss.train_cfg.assigner == dict(type='ATSSAssigner', topk=9)
        assert tuple(m.bbox_head.anchor_generator.octave_base_scale for m in (retinanet, atss)) == scales


@pytest.mark.parametrize('path', sorted((ROOT / 'configs/nwd').glob('*_[12]x_*.py')), ids=lambda path: path.stem)
def test_trained_and_tested_as_in_the_paper(path: Path) -> None:
    """NWD paper, section 4, with what the released configs add; SSD and ATSS have learning rates of their own."""
    config = read_config(path)
    dataset = 'VisDrone' if path.stem.endswith('visdrone') else 'AITOD'
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        assert loader.dataset.type == f'{dataset}Dataset'
    assert config.val_evaluator.type == config.test_evaluator.type == f'{dataset}Metric'
    epochs, steps = (24, [16, 22]) if '_2x_' in path.stem else (12, [8, 11])
    warmup, decay = config.param_scheduler
    assert config.train_cfg.max_epochs == decay.end == epochs and decay.milestones == steps
    assert warmup.end == (2000 if path.stem.startswith(('atss', 'detectors')) else 500)
    optimizer = config.optim_wrapper.optimizer
    rate = {'atss': 0.0025, 'ssd512': 0.00025}.get(path.stem.partition('_')[0], 0.01)
    assert (optimizer.type, optimizer.lr, optimizer.momentum) == ('SGD', rate, 0.9)
    assert config.auto_scale_lr.base_batch_size == 8 and config.train_dataloader.batch_size == 2
    test_cfg = config.model.test_cfg.get('rcnn', config.model.test_cfg)
    if 'centernet' not in path.stem:
        assert test_cfg.score_thr == 0.05 and test_cfg.max_per_img == 3000
        assert test_cfg.nms.iou_threshold == (0.6 if path.stem.startswith('atss') else 0.5)
