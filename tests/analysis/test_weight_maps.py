"""The numbers behind the pictures of dual weighting, and the pictures."""

import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.figures.dual_weighting import draw_negative_probability, draw_weight_maps
from nwd_mmdet.analysis.weight_maps import negative_probability, weight_maps
from nwd_mmdet.datasets.synthetic import draw_set

CONFIG = ROOT / 'configs' / 'dw' / 'dw_r18-small_fpn_worefine_synthetic.py'


@pytest.fixture(scope='module')
def detector() -> torch.nn.Module:
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(CONFIG).model)
    model.init_weights()
    return model.eval()


@pytest.mark.parametrize('gamma', [1, 2, 5])
def test_negative_probability_passes_through_its_two_points(gamma: float) -> None:
    values = negative_probability(gamma, torch.tensor([0.2, 0.5, 0.95, 1.0]))
    torch.testing.assert_close(values, torch.tensor([1.0, 1.0, 0.0, 0.0]), atol=1e-6, rtol=0)
    curve = negative_probability(gamma, torch.linspace(0.5, 0.95, 50))
    assert (curve.diff() < 0).all()


def test_maps_of_one_object(detector: torch.nn.Module) -> None:
    inputs = torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    objects = InstanceData(bboxes=torch.tensor([[10.0, 10, 34, 42], [80.0, 60, 90, 70]]), labels=torch.tensor([2, 5]))
    maps = weight_maps(detector, inputs, objects, 0)
    inside = maps.score.isfinite()
    assert maps.score.shape == (96 // maps.stride, 128 // maps.stride) and maps.weights.keys() == {'DW', 'GFL', 'VFL'}
    rows, columns = inside.nonzero(as_tuple=True)
    x, y = (columns + 0.5) * maps.stride, (rows + 0.5) * maps.stride
    assert ((x > 10) & (x < 34) & (y > 10) & (y < 42)).all() and inside.any()
    positive, negative = maps.weights['VFL']
    torch.testing.assert_close((positive + negative)[inside], maps.iou[inside])
    assert (maps.weights['DW'][0][inside] >= 0).all()


def test_an_object_without_a_point_is_named(detector: torch.nn.Module) -> None:
    objects = InstanceData(bboxes=torch.tensor([[2.5, 2.5, 3.5, 3.5]]), labels=torch.tensor([0]))
    with pytest.raises(ValueError, match=r'object 0, \[2.5, 2.5, 3.5, 3.5\], contains no point'):
        weight_maps(detector, torch.zeros(1, 3, 64, 64), objects, 0)


def test_figures_are_the_same_each_time(detector: torch.nn.Module, tmp_path) -> None:
    inputs = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    box = (10.0, 10.0, 34.0, 42.0)
    maps = weight_maps(detector, inputs, InstanceData(bboxes=torch.tensor([box]), labels=torch.tensor([2])), 0)
    for name in 'ab':
        draw_negative_probability(tmp_path / f'curve_{name}.svg')
        draw_weight_maps(tmp_path / f'maps_{name}.svg', inputs[0].byte().permute(1, 2, 0).numpy(), box, 'ship', maps)
    for kind in ('curve', 'maps'):
        assert (tmp_path / f'{kind}_a.svg').read_bytes() == (tmp_path / f'{kind}_b.svg').read_bytes()


def test_tool(detector: torch.nn.Module, tmp_path) -> None:
    draw_set(tmp_path / 'data', {'train': 1, 'val': 2}, size=(128, 128))
    checkpoint, picture = tmp_path / 'model.pth', tmp_path / 'out' / 'weights.png'
    torch.save({'state_dict': detector.state_dict(), 'meta': {'dataset_meta': {'classes': ()}}}, checkpoint)
    command = [sys.executable, 'tools/analysis_tools/draw_weights.py', str(CONFIG), str(checkpoint)]
    environment = {'SYNTHETIC_ROOT': str(tmp_path / 'data'), 'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(ROOT)}
    run = subprocess.run([*command, '--out', str(picture)], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and picture.stat().st_size > 10_000, run.stderr
    command += ['--out', str(picture), '--image', 'none.png']
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 1 and '--image none.png is none of the 2 test images' in run.stderr
