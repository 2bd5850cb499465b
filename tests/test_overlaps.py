"""Every overlap of the table runs through the same contract."""

import numpy as np
import pytest
import torch
from boxes import boxes_strategy, draw_boxes
from hypothesis import given, settings

from nwd_mmdet.overlaps import OVERLAPS, Overlap, aligned, pairwise

NAMES = sorted(OVERLAPS)


# name, lowest value, value of a box with itself, symmetric
LAWS = {
    'iou': (0, 1, True),
    'iof': (0, 1, False),
    'giou': (-1, 1, True),
    'diou': (-1, 1, True),
    'ciou': (-1, 1, True),
    'nwd': (0, 1, True),
    'dotd': (0, 1, True),
    'nwd_iou': (0, 1, True),
}


DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU'))]


def test_every_overlap_has_its_laws_here() -> None:
    assert sorted(LAWS) == NAMES


@pytest.mark.parametrize('name', NAMES)
@given(boxes1=boxes_strategy(), boxes2=boxes_strategy())
@settings(max_examples=30, deadline=None)
def test_range_and_symmetry(name: str, boxes1: torch.Tensor, boxes2: torch.Tensor) -> None:
    lowest, _, symmetric = LAWS[name]
    values = pairwise(name, boxes1, boxes2)
    assert values.shape == (len(boxes1), len(boxes2))
    assert (values >= lowest - 1e-6).all() and (values <= 1 + 1e-5).all()
    if symmetric:
        torch.testing.assert_close(values, pairwise(name, boxes2, boxes1).T, atol=1e-5, rtol=0)


@pytest.mark.parametrize('name', NAMES)
def test_a_box_with_itself(name: str) -> None:
    boxes = draw_boxes(50)
    torch.testing.assert_close(aligned(name, boxes, boxes), torch.full((50,), float(LAWS[name][1])))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('device', DEVICES)
def test_aligned_is_the_diagonal_to_the_last_bit(name: str, device: str) -> None:
    boxes1, boxes2 = draw_boxes(77, seed=1).to(device), draw_boxes(77, seed=2).to(device)
    assert torch.equal(aligned(name, boxes1, boxes2), pairwise(name, boxes1, boxes2).diagonal())


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('shape', [(0, 3), (3, 0), (0, 0)])
def test_empty_input_gives_empty_output_that_backpropagates(name: str, shape: tuple[int, int]) -> None:
    boxes1, boxes2 = torch.zeros(shape[0], 4, requires_grad=True), torch.zeros(shape[1], 4)
    values = pairwise(name, boxes1, boxes2)
    assert values.shape == shape
    values.sum().backward()
    assert boxes1.grad is not None and not boxes1.grad.any()


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize(
    'box2',
    [
        pytest.param([10, 10, 20, 20], id='identical'),
        pytest.param([15, 10, 25, 22], id='overlapping'),
        pytest.param([20, 20, 30, 30], id='touching'),
        pytest.param([900, 900, 910, 910], id='far apart'),
        pytest.param([12, 12, 12, 12], id='a point inside'),
        pytest.param([10, 10, 20, 10], id='no height'),
        pytest.param([1e6, 1e6, 1e6 + 5, 1e6 + 5], id='out of any image'),
    ],
)
@pytest.mark.parametrize('box1', [[10, 10, 20, 20], [12, 12, 12, 12]])
def test_gradients_are_finite(name: str, box1: list[float], box2: list[float]) -> None:
    boxes1 = torch.tensor([box1], dtype=torch.float32, requires_grad=True)
    boxes2 = torch.tensor([box2], dtype=torch.float32, requires_grad=True)
    aligned(name, boxes1, boxes2).sum().backward()
    assert boxes1.grad.isfinite().all() and boxes2.grad.isfinite().all()


@pytest.mark.parametrize('name', NAMES)
def test_gradient_is_that_of_finite_differences(name: str) -> None:
    boxes1 = draw_boxes(6, seed=3, size=20).double().requires_grad_()
    boxes2 = draw_boxes(6, seed=4, size=20).double()
    if name in ('ciou', 'nwd_iou'):  # their weights are constants for the gradient, by definition
        pytest.skip('the gradient is not that of the value')
    assert torch.autograd.gradcheck(lambda b: aligned(name, b, boxes2), (boxes1,))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.int64])
@pytest.mark.parametrize('device', DEVICES)
def test_low_precision_is_computed_in_float32(name: str, dtype: torch.dtype, device: str) -> None:
    boxes1 = draw_boxes(20, seed=5, size=900, integer=True).to(device, dtype)
    boxes2 = draw_boxes(20, seed=6, size=900, integer=True).to(device, dtype)
    with torch.autocast(device, dtype=torch.bfloat16):
        values = pairwise(name, boxes1, boxes2)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, pairwise(name, boxes1.float(), boxes2.float()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
@pytest.mark.parametrize('name', NAMES)
def test_gpu_agrees_with_cpu(name: str) -> None:
    boxes1, boxes2 = draw_boxes(100, seed=7), draw_boxes(100, seed=8)
    torch.testing.assert_close(pairwise(name, boxes1.cuda(), boxes2.cuda()).cpu(), pairwise(name, boxes1, boxes2))


@pytest.mark.parametrize(
    ('name', 'key', 'params'),
    [
        ('iou', 'iou', {}),
        ('giou', 'giou', {}),
        ('diou', 'diou', {}),
        ('ciou', 'ciou', {}),
        ('nwd', 'wasserstein', {'constant': 12.8}),
        ('nwd', 'wasserstein_c25', {'constant': 25.0}),
    ],
)
def test_released_implementation_agrees(name: str, key: str, params: dict, shared) -> None:
    golden = np.load(shared / 'golden' / 'overlaps.npz')
    boxes1, boxes2 = torch.from_numpy(golden['bboxes1']), torch.from_numpy(golden['bboxes2'])
    # the released code adds 1e-6 inside the root of NWD; the others agree to rounding
    tolerance = 2e-4 if name == 'nwd' else 2e-6
    torch.testing.assert_close(
        pairwise(name, boxes1, boxes2, **params), torch.from_numpy(golden[key]), atol=tolerance, rtol=0
    )


def test_leading_batch_dimensions() -> None:
    boxes1, boxes2 = draw_boxes(6).reshape(2, 3, 4), draw_boxes(8, 1).reshape(2, 4, 4)
    values = pairwise('nwd', boxes1, boxes2)
    assert values.shape == (2, 3, 4)
    assert torch.equal(values[1], pairwise('nwd', boxes1[1], boxes2[1]))


def test_errors_name_the_choice_and_the_remedy() -> None:
    boxes = draw_boxes(3)
    with pytest.raises(KeyError, match="'wasserstein'.*choose one of.*nwd"):
        pairwise('wasserstein', boxes, boxes)
    with pytest.raises(ValueError, match=r'boxes1 has shape \(3, 5\)'):
        pairwise('iou', torch.zeros(3, 5), boxes)
    with pytest.raises(ValueError, match='same shape'):
        aligned('iou', boxes, boxes[:2])
    with pytest.raises(ValueError, match='constant=0'):
        pairwise('nwd', boxes, boxes, constant=0)
    with pytest.raises(ValueError, match='lower=32 and upper=16'):
        pairwise('nwd_iou', boxes, boxes, lower=32, upper=16)
    with pytest.raises(TypeError, match='constant'):
        pairwise('iou', boxes, boxes, constant=12.8)


def test_an_overlap_with_its_parameters_is_checked_where_it_is_made() -> None:
    boxes1, boxes2 = draw_boxes(4, 1), draw_boxes(5, 2)
    overlap = Overlap('nwd', constant=20.0)
    assert torch.equal(overlap.pairwise(boxes1, boxes2), pairwise('nwd', boxes1, boxes2, constant=20.0))
    assert torch.equal(overlap.aligned(boxes1, boxes2[:4]), aligned('nwd', boxes1, boxes2[:4], constant=20.0))
    for name, params, error in (
        ('wasserstein', {}, KeyError),
        ('iou', {'constant': 12.8}, TypeError),
        ('nwd', {'constant': -1}, ValueError),
    ):
        with pytest.raises(error, match='wasserstein|constant'):
            Overlap(name, **params)
