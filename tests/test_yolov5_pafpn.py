"""YOLOv5's neck, between mmdet's backbone and its head: the published sizes."""

import pytest
import torch
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from torch import nn


@pytest.mark.parametrize(('size', 'parameters'), [('s', 7_266_973), ('x', 87_730_285)])
def test_as_many_parameters_as_published(size: str, parameters: int) -> None:
    """7.3 M and 87.7 M for 80 classes, counted as YOLOv5 does: with batch normalisation folded into biases."""
    register_all_modules()
    with torch.device('meta'):
        model = MODELS.build(Config.fromfile(ROOT / f'configs/_base_/models/yolov5_{size}.py').model)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert sum(weight.numel() for weight in model.parameters()) - sum(n.num_features for n in norms) == parameters


def test_as_many_channels_out_as_in() -> None:
    register_all_modules()
    neck = MODELS.build(dict(type='YOLOv5PAFPN', in_channels=[8, 16, 32], num_csp_blocks=1))
    outputs = neck([torch.zeros(1, channels, 64 // channels, 64 // channels) for channels in (8, 16, 32)])
    assert [tuple(output.shape) for output in outputs] == [(1, 8, 8, 8), (1, 16, 4, 4), (1, 32, 2, 2)]
