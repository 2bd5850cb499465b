"""Every config is built; one training step, and one test step, is taken with each family."""

import functools
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import mmengine.config.utils
import numpy as np
import pytest
import torch
from conftest import ROOT
from mmcv.transforms import Compose
from mmdet.registry import DATASETS, MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.experiments import Experiment, read_experiments
from nwd_mmdet.datasets.synthetic import draw

CONFIGS = sorted(path for path in (ROOT / 'configs').glob('*/*.py') if path.parent.name != '_base_')
OPTIONS = [
    experiment
    for metafile in sorted(ROOT.glob('configs/*/metafile.yml'))
    for experiment in read_experiments(metafile)
    if experiment.options
]
DEMO = 'demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic'

TWO_STAGE = ('rpn_head.rpn_reg.weight', 'roi_head.bbox_head.fc_reg.weight')
CASCADE = ('rpn_head.rpn_reg.weight', *(f'roi_head.bbox_head.{stage}.fc_reg.weight' for stage in range(3)))
R18 = {'backbone.depth': 18, 'neck.in_channels': [64, 128, 256, 512]}
FEW = {'train_cfg.rpn_proposal.max_per_img': 200}
FASTER = {**R18, **FEW, 'train_cfg.rcnn.sampler.num': 64, 'roi_head.bbox_head.fc_out_channels': 32}
NARROW_CASCADE = {
    **FEW,
    **{f'train_cfg.rcnn.{stage}.sampler.num': 64 for stage in range(3)},
    **{f'roi_head.bbox_head.{stage}.fc_out_channels': 32 for stage in range(3)},
}
# config: side of the images in px, what makes it smaller, and weights of the last layers that regress boxes
STEPPED = {
    'demo/faster-rcnn_r18-small_fpn_synthetic': (128, {}, TWO_STAGE),
    DEMO: (128, {}, TWO_STAGE),
    'nwd/faster-rcnn_r18-small_fpn_rpn-nwd_12e_sirst': (128, {}, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_rpn-rcnn-nwd_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_assign-giou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_rpn-nms-diou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/faster-rcnn_r50_fpn_loss-ciou_1x_aitod': (128, FASTER, TWO_STAGE),
    'nwd/cascade-rcnn_r50_fpn_rpn-nwd_1x_aitod': (128, {**R18, **NARROW_CASCADE}, CASCADE),
    # its blocks are those of ResNet-50 and deeper; its coarsest map has to have 3 px
    'nwd/detectors_cascade-rcnn_r50_rpn-nwd_anchor4_1x_aitod': (96, NARROW_CASCADE, CASCADE),
    # add_gt_as_proposals is off in it, so that untrained there may be no positive proposal
    'nwd/tridentnet_r50-caffe_1x_aitod': (
        64,
        {'train_cfg.rpn_proposal.max_per_img': 20, 'train_cfg.rcnn.sampler.num': 8},
        ('rpn_head.rpn_reg.weight', 'backbone.layer3.0.conv2.weight'),
    ),
    'nwd/retinanet_r50_fpn_assign-nwd_1x_aitod': (128, R18, ('bbox_head.retina_reg.weight',)),
    'nwd/atss_r50_fpn_loss-nwd_1x_aitod': (128, R18, ('bbox_head.atss_reg.weight',)),
    'nwd/fcos_r50-caffe_fpn_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'nwd/fovea_r50_fpn_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'nwd/reppoints-moment_r50_fpn_1x_aitod': (128, R18, ('bbox_head.reppoints_pts_refine_out.weight',)),
    # 264 px is the least with which its last map is not empty
    'nwd/ssd512_1x_aitod': (264, {}, ('bbox_head.reg_convs.0.0.weight',)),
    'nwd/centernet_r50-dcnv2_1x_aitod': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': 512},
        ('bbox_head.wh_head.2.weight', 'bbox_head.offset_head.2.weight'),
    ),
    'nwd/m-centernet_r50-dcnv2_1x_aitod': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': 512},
        ('bbox_head.wh_head.2.weight', 'bbox_head.offset_head.2.weight'),
    ),
    'alpha_iou/faster-rcnn_r50_fpn_alpha-ciou_1x_coco': (128, FASTER, TWO_STAGE),
    'alpha_iou/faster-rcnn_r50_fpn_rpn-nwd_alpha-nwd_1x_aitod': (128, FASTER, TWO_STAGE),
    'alpha_iou/yolov5-s_alpha-diou_300e_voc0712': (128, {}, ('bbox_head.convs.0.weight',)),
    'alpha_iou/yolov5-x_alpha-iou_300e_coco': (64, {}, ('bbox_head.convs.0.weight',)),
    'alpha_iou/detr_r50_alpha-iou_150e_coco': (
        128,
        {'backbone.depth': 18, 'neck.in_channels': [512], 'encoder.num_layers': 1, 'decoder.num_layers': 1},
        ('bbox_head.fc_reg.weight',),
    ),
    'alpha_iou/fcos_r18-small_fpn_alpha-iou_noise0.1_synthetic': (128, {}, ('bbox_head.conv_reg.weight',)),
    'imbalance/faster-rcnn_r18-small_fpn_ohem_anchor2_synthetic': (128, {}, TWO_STAGE),
    'imbalance/faster-rcnn_r18-small_fpn_libra_anchor2_synthetic': (128, {}, TWO_STAGE),
    'imbalance/faster-rcnn_r50_fpn_pisa_1x_aitod': (128, FASTER, TWO_STAGE),
    'imbalance/retinanet_r50_fpn_ghm_1x_aitod': (128, R18, ('bbox_head.retina_reg.weight',)),
    'fcos/fcos_r18-small_fpn_synthetic': (128, {}, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r18-small_fpn_synthetic': (128, {}, ('bbox_head.conv_reg.weight', 'bbox_head.reg_offset.weight')),
    'dw/dw-nwd_r50_fpn_p2_1x_aitod': (128, R18, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r50_fpn_paper_worefine_1x_coco': (128, R18, ('bbox_head.conv_reg.weight',)),
    'dw/dw_r50-dcn_fpn_ms-2x_coco': (64, {}, ('bbox_head.conv_reg.weight', 'bbox_head.reg_offset.weight')),
    'dw/dw-tood_x101-64x4d_fpn_ms-2x_coco': (
        64,
        {'backbone.depth': 50, 'backbone.groups': 1, 'backbone.base_width': 16},
        ('bbox_head.tood_reg.weight',),
    ),
}


@pytest.fixture(scope='module', autouse=True)
def metafiles_read_once() -> Iterator[None]:
    """mmengine reads all of mmdet's metafiles for every ``mmdet::`` base: half a second a config."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmengine.config.utils, 'load', functools.cache(mmengine.config.utils.load))
        yield


def read(name: str) -> Config:
    return Config.fromfile(ROOT / f'configs/{name}.py')


def build(config: Config) -> torch.nn.Module:
    register_all_modules()
    return MODELS.build(config.model)


def build_small(name: str) -> torch.nn.Module:
    """Build it with random weights, without a download, as small as the table of families says."""
    config = read(name)
    torch.manual_seed(0)
    config.merge_from_dict({f'model.{key}': value for key, value in STEPPED[name][1].items()})
    config.model.backbone.init_cfg = None
    model = build(config)
    for module in model.modules():
        # What a checkpoint or the runner would set: the first two leave weights as they were in memory.
        if type(module).__name__ == 'TridentConv':
            torch.nn.init.kaiming_uniform_(module.weight)
        elif type(module).__name__ == 'L2Norm':
            torch.nn.init.constant_(module.weight, module.scale)
        elif hasattr(module, 'weight_gamma'):  # standardised weights, whose scale is set when they are loaded
            module.load_state_dict({'weight': module.weight}, strict=False)
    return model


def batch(count: int, without_objects: int = 0, side: int = 128, num_classes: int = 8) -> dict:
    """Drawn images in the form of mmdet's data loaders; the last ``without_objects`` of them have no objects."""
    inputs, samples = [], []
    for index in range(count):
        drawing = draw(seed=0, split='test', index=index, size=(side, side))
        keep = slice(None) if index < count - without_objects else slice(0, 0)
        boxes = torch.from_numpy(drawing.boxes[keep]).float()
        labels = torch.from_numpy(drawing.labels[keep]) % num_classes
        meta = dict(img_shape=(side, side), ori_shape=(side, side), scale_factor=(1.0, 1.0), border=[0, side, 0, side])
        sample = DetDataSample(metainfo=meta)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=labels[:0])
        inputs.append(torch.from_numpy(drawing.image.transpose(2, 0, 1).copy()))
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_builds(path: Path) -> None:
    config = Config.fromfile(path)
    Config.fromstring(config.pretty_text, '.py')  # the runner dumps it
    with torch.device('meta'):  # no memory and no time for weights
        build(config)
    assert 'nwd_mmdet' in config.custom_imports['imports']
    for name in ('train_dataloader', 'val_evaluator', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'):
        assert config.get(name), f'{name} is missing'
    heads = [config.model.get('bbox_head') or config.model.roi_head.bbox_head]
    heads = heads[0] if isinstance(heads[0], list) else heads
    classes = {'coco': 80, 'sirst': 1, 'visdrone': 10, 'voc0712': 20}.get(path.stem.rpartition('_')[2], 8)
    assert [head.num_classes for head in heads] == [classes] * len(heads)


@pytest.mark.parametrize('experiment', OPTIONS, ids=lambda experiment: experiment.name)
def test_options_of_the_metafiles_build(experiment: Experiment) -> None:
    plain, config = Experiment('', experiment.config, {}, []).load(ROOT), experiment.load(ROOT)
    for key in experiment.options:  # what they change is there: a key with a typo would be added beside it
        node = plain
        for part in key.split('.')[:-1]:
            node = node[int(part) if part.isdigit() else part]
    with torch.device('meta'):
        build(config)


@pytest.mark.parametrize('name', STEPPED, ids=lambda name: name.partition('/')[2])
def test_training_step(name: str) -> None:
    side, _, regressing = STEPPED[name]
    num_classes = 1 if name.startswith('sirst') else 8
    model = build_small(name)
    for without_objects in (0, 1, 2):
        model.zero_grad()
        data = model.data_preprocessor(batch(2, without_objects, side, num_classes), training=True)
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
        assert math.isfinite(loss.item()) and (loss.item() > 0 or without_objects == 2)
        gradients = {key: weight.grad for key, weight in model.named_parameters() if weight.grad is not None}
        assert all(gradient.isfinite().all() for gradient in gradients.values())
        for key in regressing if without_objects < 2 else ():
            assert gradients[key].any(), f'nothing reaches {key}, {without_objects} of 2 images without objects'


@pytest.mark.parametrize('nms', [dict(type='nms', iou_threshold=0.5), dict(type='nwd_nms', iou_threshold=0.5)])
def test_detections_come_out(nms: dict) -> None:
    config = read(DEMO)
    config.model.test_cfg.rcnn.update(score_thr=0.0, nms=nms)
    model = build(config).eval()
    with torch.no_grad():
        results = model.test_step(batch(2))
    for result in results:
        assert len(result.pred_instances.scores) == 300
        assert result.pred_instances.bboxes.isfinite().all()


@pytest.mark.parametrize('name', ['centernet_r50-dcnv2', 'm-centernet_r50-dcnv2', 'ssd512'])
def test_own_pipelines(name: str, tmp_path: Path) -> None:
    """Those that load images otherwise than the data set's config: from the file to detections in its pixels."""
    register_all_modules()
    drawing = draw(seed=0, split='test', index=0, size=(160, 128))
    file = str(tmp_path / 'image.png')
    assert cv2.imwrite(file, drawing.image)
    instances = [
        dict(bbox=box, bbox_label=label, ignore_flag=0)
        for box, label in zip(drawing.boxes.tolist(), drawing.labels.tolist())
    ]
    config = read(f'nwd/{name}_1x_aitod')
    model = build_small(f'nwd/{name}_1x_aitod').eval()
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
    categories = [dict(id=i, name=name) for i, name in enumerate(config.voc_metainfo['classes'], 1)]
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


def test_tridentnet_takes_the_weights_of_a_resnet(tmp_path: Path) -> None:
    """Its own convolutions are not initialised, and have to come from the checkpoint."""
    config = read('nwd/tridentnet_r50-caffe_1x_aitod')
    assert config.model.backbone.init_cfg.checkpoint.endswith('resnet50_caffe')
    resnet = dict(type='ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    register_all_modules()
    weights = MODELS.build(resnet).state_dict()
    torch.save(weights, tmp_path / 'resnet50.pth')
    config.model.backbone.init_cfg.checkpoint = str(tmp_path / 'resnet50.pth')
    backbone = MODELS.build(config.model.backbone)
    backbone.init_weights()
    assert backbone.state_dict().keys() == weights.keys()
    for name, weight in backbone.state_dict().items():
        assert torch.equal(weight, weights[name]), name


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
        model = Config.fromfile(path).model
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
        assert atss.bbox_head.loss_bbox == dict(type='NWDLoss', constant=12.8, loss_weight=2.0)
        assert atss.train_cfg.assigner == dict(type='ATSSAssigner', topk=9)
        assert tuple(m.bbox_head.anchor_generator.octave_base_scale for m in (retinanet, atss)) == scales


@pytest.mark.parametrize('path', sorted((ROOT / 'configs/nwd').glob('*.py')), ids=lambda path: path.stem)
def test_trained_and_tested_as_in_the_paper(path: Path) -> None:
    """NWD paper, section 4, with what the released configs add; SSD and ATSS have learning rates of their own."""
    config = Config.fromfile(path)
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
