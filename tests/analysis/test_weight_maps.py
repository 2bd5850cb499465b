"""The numbers behind the pictures of dual weighting."""

from pathlib import Path

import pytest
import torch
from dw_detector import CONFIG, build_detector
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.structures import InstanceData

from nwd_mmdet.analysis.weight_maps import maps_of_image, negative_probability, weight_maps
from nwd_mmdet.datasets.synthetic import draw_set


@pytest.fixture(scope='module')
def detector() -> torch.nn.Module:
    return build_detector()


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


def test_an_object_of_a_data_set(detector: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path, {'train': 1, 'val': 2}, size=(128, 128))
    monkeypatch.setenv('SYNTHETIC_ROOT', str(tmp_path))
    dataset = DATASETS.build(Config.fromfile(CONFIG).test_dataloader.dataset)
    info = dataset.get_data_info(1)
    name, boxes = Path(info['img_path']).name, torch.tensor([part['bbox'] for part in info['instances']])
    largest = maps_of_image(detector, dataset, name)
    assert largest.box == pytest.approx(boxes[(boxes[:, 2:] - boxes[:, :2]).prod(1).argmax()].tolist())
    assert largest.image.shape == (128, 128, 3) and largest.title.endswith(f'stride {largest.maps.stride}')
    image = dataset[1]['inputs'].permute(1, 2, 0).numpy()[..., ::-1]  # BGR in the file
    assert abs(largest.image.astype(int) - image).max() <= 1
    assert maps_of_image(detector, dataset).maps.score.isfinite().any()
    for arguments, message in (((None, 999), '--object 999 is none'), (('x.png', 0), '--image x.png is none of the 2')):
        with pytest.raises(ValueError, match=message):
            maps_of_image(detector, dataset, *arguments)


def test_other_detectors_are_refused() -> None:
    other = torch.nn.Module()
    other.bbox_head = torch.nn.Identity()
    with pytest.raises(ValueError, match='no DWHead but Identity'):
        maps_of_image(other, [])
