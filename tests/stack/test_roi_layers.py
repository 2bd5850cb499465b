"""mmcv's RoI layers, through mmcv.ops, whoever serves them: mmcv itself or torchvision."""

import math

import pytest
import torch
from operators import COMPILED, check_cuda_is_cpu, cuda_only_if_compiled, drawn, gradients_of_squares, needs_cuda
from torch import Tensor
from torch.nn import functional as F

from mmcv import ops  # isort: skip


class TestGolden:
    def test_roi_align(self, golden):
        features = golden['roi_input'].requires_grad_()
        output = ops.roi_align(features, golden['rois'], 7, 0.125, 0, 'avg', True)
        torch.testing.assert_close(output, golden['roi_out'])
        torch.testing.assert_close(gradients_of_squares(output, features)[0], golden['roi_grad'])


class TestRoi:
    features = drawn(2, 3, 8, 9)
    rois = torch.tensor([[0.0, 1, 1, 5, 6], [1, 0, 2, 7, 7]])

    @pytest.mark.parametrize('mode', ['avg', 'max'])
    def test_no_rois(self, mode):
        output = ops.roi_align(self.features, torch.zeros(0, 5), 7, 0.5, 0, mode)
        assert output.shape == (0, 3, 7, 7)
        assert gradients_of_squares(output, self.features)[0].count_nonzero() == 0

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator has no half precision on CPU")
    @pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
    @pytest.mark.parametrize('mode', ['avg', 'max'])
    def test_half_precision(self, dtype, mode):
        features = self.features.detach().to(dtype).requires_grad_()
        output = ops.roi_align(features, self.rois.to(dtype), 4, 0.5, 0, mode)
        gradient = gradients_of_squares(output, features)[0]
        exact = ops.roi_align(self.features, self.rois, 4, 0.5, 0, mode)
        assert output.dtype == gradient.dtype == dtype
        torch.testing.assert_close(output.float(), exact, rtol=0.02, atol=0.02)
        torch.testing.assert_close(
            gradient.float(), gradients_of_squares(exact, self.features)[0], rtol=0.02, atol=0.05
        )

    @cuda_only_if_compiled
    def test_roi_pool(self):
        output = ops.roi_pool(self.features, torch.tensor([[1.0, 2, 2, 5, 5]]), 2)
        expected = F.max_pool2d(self.features[1:, :, 2:6, 2:6], 2)
        torch.testing.assert_close(output, expected)
        torch.testing.assert_close(
            gradients_of_squares(output, self.features), gradients_of_squares(expected, self.features)
        )


def bin_by_bin(features: Tensor, rois: Tensor, size: int, scale: float, ratio: int, aligned: bool) -> Tensor:
    """RoIAlign with the largest of a bin's samples, point by point; each channel has a largest sample of its own."""
    shift, pooled = 0.5 if aligned else 0.0, []
    for image, *corners in rois.tolist():
        x1, y1, x2, y2 = (corner * scale - shift for corner in corners)
        least = 0 if aligned else 1
        width, height = max(x2 - x1, least) / size, max(y2 - y1, least) / size
        rows, columns = ratio or math.ceil(height), ratio or math.ceil(width)
        for row in range(size):
            for column in range(size):
                samples = [
                    sampled(features[int(image)], y1 + (row + (i + 0.5) / rows) * height,
                            x1 + (column + (j + 0.5) / columns) * width)
                    for i in range(rows) for j in range(columns)
                ]  # fmt: skip
                pooled.append(torch.stack(samples).amax(0))
    return torch.stack(pooled).view(len(rois), size, size, -1).permute(0, 3, 1, 2)


def sampled(image: Tensor, y: float, x: float) -> Tensor:
    """Bilinear interpolation as of RoIAlign: the border reaches one cell outwards, beyond is 0."""
    _, height, width = image.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return torch.zeros_like(image[:, 0, 0])
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = min(int(y), height - 2), min(int(x), width - 2)
    down, right = y - top, x - left
    upper = image[:, top, left] * (1 - right) + image[:, top, left + 1] * right
    lower = image[:, top + 1, left] * (1 - right) + image[:, top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


class TestMaxPooling:
    features = drawn(2, 3, 8, 9, dtype=torch.float64)
    # Of one cell, of many, across the border, outside.
    rois = torch.tensor(
        [[0.0, 2, 2, 4, 4], [1, 0, 3, 15, 14], [0, -6, -5, 9, 40], [1, 90, 90, 99, 99]], dtype=torch.float64
    )

    @pytest.mark.parametrize('aligned', [True, False])
    @pytest.mark.parametrize('ratio', [0, 1, 3])
    def test_is_the_largest_sample(self, ratio, aligned):
        actual = ops.roi_align(self.features, self.rois, 3, 0.55, ratio, 'max', aligned)
        expected = bin_by_bin(self.features, self.rois, 3, 0.55, ratio, aligned)
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(*(gradients_of_squares(output, self.features) for output in (actual, expected)))

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator returns -10000")
    def test_roi_without_area_takes_its_point(self):
        output = ops.roi_align(self.features, torch.tensor([[1.0, 3, 4, 3, 4]]).double(), 2, 1.0, 0, 'max', False)
        assert torch.isfinite(output).all()
        output = ops.roi_align(self.features, torch.tensor([[1.0, 3.5, 4.5, 3.5, 4.5]]).double(), 2, 1.0, 0, 'max')
        torch.testing.assert_close(output, self.features[1, :, 4, 3].view(1, 3, 1, 1).expand(1, 3, 2, 2))


@needs_cuda
class TestCuda:
    @pytest.mark.parametrize(
        ('operator', 'settings'),
        [
            (ops.roi_align, (4, 0.5)),
            (ops.roi_align, (4, 0.5, 0, 'max')),
            pytest.param(ops.roi_pool, (4, 0.5), marks=cuda_only_if_compiled),
        ],
        ids=['align', 'align max', 'pool'],
    )
    @pytest.mark.parametrize('half', [False, True])
    def test_is_what_the_cpu_computes(self, operator, settings, half):
        check_cuda_is_cpu(operator, (TestRoi.features, TestRoi.rois), settings, half)
