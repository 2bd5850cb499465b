"""The priors that a first stage trains on: against the head's own targets, by hand, and without objects."""

import pytest
import torch
from conftest import ROOT
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.imbalance.prior_samples import IGNORED, NEGATIVE, FirstStage
from nwd_mmdet.analysis.imbalance.prior_statistics import PriorStatistics
from nwd_mmdet.config import read_config
from nwd_mmdet.datasets.input_boxes import ImageBoxes
from nwd_mmdet.overlaps import pairwise

DETECTORS = {
    'RPN': 'configs/demo/faster-rcnn_r18-small_fpn_synthetic.py',
    'RetinaNet': 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py',
    'ATSS': 'mmdet::atss/atss_r50_fpn_1x_coco.py',
    'Cascade': 'mmdet::cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py',
    'FCOS': 'configs/fcos/fcos_r18-small_fpn_synthetic.py',
    'DW': 'configs/dw/dw_r18-small_fpn_synthetic.py',
    'YOLOv5': 'configs/alpha_iou/yolov5-s_alpha-iou_300e_coco.py',
}


def stage(name: str) -> FirstStage:
    register_all_modules()
    path = DETECTORS[name]
    return FirstStage(read_config(path if '::' in path else ROOT / path))


def image(boxes: list[list[float]], labels: list[int], shape: tuple[int, int] = (120, 150)) -> ImageBoxes:
    tensor = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    sizes = (tensor[:, 2:] - tensor[:, :2]).prod(1).sqrt()
    return ImageBoxes(shape, tensor, torch.tensor(labels, dtype=torch.long), sizes, torch.zeros(0, 4))


OBJECTS = image([[20, 20, 52, 50], [60, 40, 72, 54], [10, 5, 140, 110]], [1, 0, 2])


@pytest.mark.parametrize('name', ['RPN', 'RetinaNet', 'Cascade'])
def test_as_the_head_trains(name: str) -> None:
    """The number of positives and negatives that the loss is divided by, and the labels of positives."""
    first = stage(name)
    samples = first.sample(OBJECTS)
    sizes = [(-(-128 // y), -(-160 // x)) for x, y in first.head.prior_generator.strides]
    labels = torch.zeros_like(OBJECTS.labels) if name != 'RetinaNet' else OBJECTS.labels
    torch.manual_seed(0)
    gts, none = InstanceData(bboxes=OBJECTS.boxes, labels=labels), InstanceData(bboxes=OBJECTS.boxes[:0])
    meta = dict(img_shape=OBJECTS.shape, pad_shape=(128, 160))
    anchors, valid = first.head.get_anchors(sizes, [meta], device='cpu')
    found = first.head.get_targets(anchors, valid, [gts], [meta], batch_gt_instances_ignore=[none])
    positives = [(part < first.head.num_classes).sum().item() for part in found[0]]
    weights = [(part > 0).sum().item() for part in found[1]]
    kept = samples.sampled & (samples.gt_inds >= 0)
    assert torch.bincount(samples.levels[kept], minlength=first.levels).tolist() == positives
    assert samples.sampled.sum().item() == sum(weights)
    assert not (samples.sampled & (samples.gt_inds == IGNORED)).any()


def test_thresholds_of_anchors() -> None:
    """RetinaNet: positive from an IoU of 0.5, negative below 0.4, ignored between, but for low-quality matches."""
    samples = stage('RetinaNet').sample(OBJECTS)
    best, gt = pairwise('iou', samples.priors, OBJECTS.boxes).max(1)
    positive = samples.gt_inds >= 0
    assert (best[samples.gt_inds == NEGATIVE] < 0.4).all() and (best[samples.gt_inds == IGNORED] >= 0.4).all()
    assert (positive[best >= 0.5]).all() and (samples.gt_inds[best >= 0.5] == gt[best >= 0.5]).all()


def test_points_of_fcos() -> None:
    """Positives lie near the centres of their objects, on the level for their size."""
    first = stage('FCOS')
    samples = first.sample(OBJECTS)
    positive = samples.gt_inds >= 0
    assert set(samples.gt_inds[positive].tolist()) == {0, 1, 2}
    centres = (samples.priors[:, :2] + samples.priors[:, 2:]) / 2
    objects = (OBJECTS.boxes[:, :2] + OBJECTS.boxes[:, 2:]) / 2
    strides = torch.tensor([4.0, 8, 16, 32, 64])[samples.levels]
    away = (centres - objects[samples.gt_inds.clamp(min=0)]).abs().amax(1)
    assert (away[positive] <= 1.5 * strides[positive]).all()
    assert samples.levels[samples.gt_inds == 1].max() == 0 and samples.levels[samples.gt_inds == 2].min() >= 2


@pytest.mark.parametrize('name', ['DW', 'YOLOv5'])
def test_pairs(name: str) -> None:
    """A prior of two objects stands there for both; all others once, as negatives."""
    first = stage(name)
    samples = first.sample(OBJECTS)
    assert set(samples.gt_inds.tolist()) == {NEGATIVE, 0, 1, 2} and samples.sampled.all()
    alone = first.sample(image([], []))
    together = torch.cat([samples.priors, samples.levels[:, None]], 1)
    assert len(torch.unique(together, dim=0)) == len(
        torch.unique(torch.cat([alone.priors, alone.levels[:, None]], 1), dim=0)
    )


@pytest.mark.parametrize('name', DETECTORS)
def test_images_without_objects(name: str) -> None:
    first = stage(name)
    samples = first.sample(image([], []))
    assert len(samples.priors) == len(samples.levels) == len(samples.gt_inds) == len(samples.sampled) > 0
    assert (samples.gt_inds < 0).all() and samples.levels.max() < first.levels
    statistics = PriorStatistics(first.levels, 3)
    statistics.add(samples, image([], []))
    assert sum(statistics.as_dict()['before']['positive']) == 0


@pytest.mark.parametrize(
    'name',
    [
        'mmdet::detr/detr_r50_8xb2-150e_coco.py',
        'mmdet::centernet/centernet_r18_8xb16-crop512-140e_coco.py',
        'mmdet::guided_anchoring/ga-retinanet_r50-caffe_fpn_1x_coco.py',
    ],
)
def test_others_are_refused_by_name(name: str) -> None:
    register_all_modules()
    with pytest.raises(ValueError, match='priors of a (DETRHead|CenterNetHead|GARetinaHead) are not known'):
        FirstStage(read_config(name))


def test_a_detector_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match='neither an rpn_head'):
        FirstStage(Config(dict(model=dict(type='FastRCNN', roi_head=dict()))))
