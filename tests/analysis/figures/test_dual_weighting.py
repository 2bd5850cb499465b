"""Figures of the Dual Weighting paper."""

from pathlib import Path

import torch
from dw_detector import build_detector
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.figures.dual_weighting import draw_negative_probability, draw_weight_maps
from nwd_mmdet.analysis.weight_maps import ObjectMaps, weight_maps


def test_figures_are_the_same_each_time(tmp_path: Path) -> None:
    detector = build_detector()
    inputs = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    box = (10.0, 10.0, 34.0, 42.0)
    maps = weight_maps(detector, inputs, InstanceData(bboxes=torch.tensor([box]), labels=torch.tensor([2])), 0)
    found = ObjectMaps(inputs[0].byte().permute(1, 2, 0).numpy(), box, 'ship', maps)
    for name in 'ab':
        draw_negative_probability(tmp_path / f'curve_{name}.svg')
        draw_weight_maps(tmp_path / f'maps_{name}.svg', found)
    for kind in ('curve', 'maps'):
        assert (tmp_path / f'{kind}_a.svg').read_bytes() == (tmp_path / f'{kind}_b.svg').read_bytes()
