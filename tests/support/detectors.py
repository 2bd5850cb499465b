"""Small detectors with random weights, and batches of drawn images, for the tests of what looks into a detector."""

from typing import Any

import torch
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import nn

from nwd_mmdet.config import read_config
from nwd_mmdet.datasets.synthetic import draw

DEMO = 'demo/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_synthetic'


def read(name: str) -> Config:
    """A config of this project by its path in configs/, without its ending; or one of mmdet's."""
    return read_config(name if '::' in name else ROOT / f'configs/{name}.py')


def build_small(name: str, **changes: Any) -> nn.Module:
    """Build its detector without a download.

    Args:
        name: As of :func:`read`.
        changes: Settings of the model that replace those of the config, keys with ``__`` for dots.
    """
    register_all_modules()
    config = read(name)
    config.merge_from_dict({f'model.{key.replace("__", ".")}': value for key, value in changes.items()})
    config.model.backbone.init_cfg = None
    torch.manual_seed(0)
    return MODELS.build(config.model)


def batch(count: int, without_objects: int = 0, side: int = 128, num_classes: int = 8) -> dict[str, list]:
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
