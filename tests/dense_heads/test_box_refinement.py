import numpy as np
import pytest
import torch

from nwd_mmdet.dense_heads.box_refinement import BoxRefinement, as_distance, refine_distances


def test_the_released_refinement(shared) -> None:
    golden = np.load(shared / 'golden' / 'dw_refine.npz')
    distances, offsets = torch.from_numpy(golden['bbox_pred']), torch.from_numpy(golden['reg_offset'])
    stride = (float(golden['stride']),) * 2
    expected = torch.from_numpy(golden['refined'])
    # boxes of up to 100 px in float32, through normalised coordinates and back: a ten-thousandth of a pixel
    torch.testing.assert_close(refine_distances(distances, offsets, stride), expected, atol=2e-4, rtol=0)


def test_deformable_convolution_gives_the_same() -> None:
    from torchvision.ops import deform_conv2d

    generator = torch.Generator().manual_seed(0)
    distances = torch.rand(2, 4, 9, 7, generator=generator, dtype=torch.float64) * 30
    offsets = torch.randn(2, 8, 9, 7, generator=generator, dtype=torch.float64)
    row, column = torch.meshgrid(torch.arange(9.0), torch.arange(7.0), indexing='ij')
    x, y = ((column + 0.5) * 8).double(), ((row + 0.5) * 8).double()
    left, top, right, bottom = distances.unbind(1)
    sides = torch.stack([x - left, y - top, x + right, y + bottom], 1)
    moved = offsets.clone()
    moved[:, 1] -= left / 8
    moved[:, 2] -= top / 8
    moved[:, 5] += right / 8
    moved[:, 6] += bottom / 8
    # one offset for each channel: four groups, and a depthwise convolution of 1 x 1 with weight 1
    one = sides.new_ones(1, 1, 1, 1)
    sampled = torch.cat([deform_conv2d(s, o, one) for s, o in zip(sides.split(1, 1), moved.split(2, 1))], 1)
    expected = torch.stack([x - sampled[:, 0], y - sampled[:, 1], sampled[:, 2] - x, sampled[:, 3] - y], 1).relu()
    torch.testing.assert_close(refine_distances(distances, offsets, (8, 8)), expected)


def test_boxes_that_agree_stay() -> None:
    """Where all points predict one and the same box, every boundary point confirms it."""
    box = torch.tensor([9.0, 11, 40, 37])
    row, column = torch.meshgrid(torch.arange(6.0), torch.arange(6.0), indexing='ij')
    x, y = (column + 0.5) * 8, (row + 0.5) * 8
    distances = torch.stack([x - box[0], y - box[1], box[2] - x, box[3] - y])[None]
    refined = refine_distances(distances, torch.zeros(1, 8, 6, 6), (8, 8))
    torch.testing.assert_close(refined, distances.relu(), atol=1e-4, rtol=0)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5)])
def test_narrow_maps(shape: tuple[int, int]) -> None:
    refined = refine_distances(torch.ones(2, 4, *shape), torch.zeros(2, 8, *shape), (8, 8))
    assert refined.shape == (2, 4, *shape) and refined.isfinite().all()


def test_gradients_reach_offsets_and_boxes() -> None:
    distances = (torch.rand(1, 4, 5, 6, dtype=torch.float64) * 10 + 5).requires_grad_()
    offsets = (torch.randn(1, 8, 5, 6, dtype=torch.float64) * 0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda d, o: refine_distances(d, o, (8.0, 8.0)), (distances, offsets))


def test_module_starts_with_offsets_near_zero() -> None:
    torch.manual_seed(0)
    module = BoxRefinement(16)
    features, distances = torch.randn(2, 16, 6, 6), torch.full((2, 4, 6, 6), 12.0)
    assert torch.nn.Conv2d.forward(module, features).abs().max() < 1
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert module(features, distances, (8, 8)).dtype == torch.float32


def test_a_distance_of_zero_can_grow_again() -> None:
    """The value is that of a ReLU; a negative gradient, which a descent step follows upwards, passes everywhere."""
    values = torch.tensor([-1.0, -1.0, 0.0, 2.0, 2.0], requires_grad=True)
    result = as_distance(values)
    assert result.tolist() == [0, 0, 0, 2, 2]
    result.backward(torch.tensor([-3.0, 3.0, -3.0, -3.0, 3.0]))
    assert values.grad.tolist() == [-3, 0, -3, -3, 3]
