"""mmcv's deformable convolutions, through mmcv.ops, whoever serves them: mmcv itself or torchvision."""

import pytest
import torch
from detectors import batch, build_small
from operators import COMPILED, check_cuda_is_cpu, drawn, gradients_of_squares, needs_cuda
from torch import Tensor, nn
from torch.nn import functional as F

from mmcv import ops  # isort: skip


class TestGolden:
    def test_deform_conv2d(self, golden):
        x, offset, weight = (golden[name].clone().requires_grad_() for name in ('dcn_x', 'dcn_offset', 'dcn_w'))
        output = ops.deform_conv2d(x, offset, weight, 1, 1)
        torch.testing.assert_close(output, golden['dcn_out'], rtol=1e-4, atol=1e-4)
        for actual, name in zip(gradients_of_squares(output, x, offset, weight), ('dcn_gx', 'dcn_go', 'dcn_gw')):
            torch.testing.assert_close(actual, golden[name], rtol=1e-4, atol=1e-3)

    def test_modulated_deform_conv2d(self, golden):
        inputs = [golden[f'dcn_{name}'].clone().requires_grad_() for name in ('x', 'offset', 'mask', 'w')]
        output = ops.modulated_deform_conv2d(*inputs, None, 1, 1)
        torch.testing.assert_close(output, golden['mdcn_out'], rtol=1e-4, atol=1e-4)
        for actual, name in zip(gradients_of_squares(output, *inputs), ('gx', 'go', 'gm', 'gw')):
            torch.testing.assert_close(actual, golden[f'mdcn_{name}'], rtol=1e-4, atol=1e-3)


class TestDeformConv:
    """Two groups, three offset groups, and stride, padding and dilation unlike for height and width. Output 3 x 6."""

    settings = ((2, 1), (1, 2), (1, 2), 2, 3)  # stride, padding, dilation, groups, deform_groups
    x = drawn(2, 6, 5, 6, dtype=torch.float64)
    weight = drawn(4, 3, 3, 3, seed=1, dtype=torch.float64)
    offset = drawn(2, 3 * 18, 3, 6, seed=2, scale=0.4, dtype=torch.float64)
    mask = drawn(2, 3 * 9, 3, 6, seed=3, dtype=torch.float64)
    bias = drawn(4, seed=4, dtype=torch.float64)

    def test_gradients(self):
        def convolve(*inputs: Tensor) -> Tensor:
            return ops.deform_conv2d(*inputs, *self.settings)

        assert torch.autograd.gradcheck(convolve, (self.x, self.offset, self.weight), fast_mode=True)

    @pytest.mark.parametrize('with_bias', [True, False])
    def test_modulated_gradients(self, with_bias):
        def convolve(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
            return ops.modulated_deform_conv2d(x, offset, mask, weight, bias if with_bias else None, *self.settings)

        inputs = (self.x, self.offset, self.mask, self.weight, self.bias.detach().requires_grad_(with_bias))
        assert torch.autograd.gradcheck(convolve, inputs, fast_mode=True)

    def test_is_a_convolution_where_nothing_moves(self):
        expected = F.conv2d(self.x, self.weight, self.bias, *self.settings[:4])
        still = torch.zeros_like(self.offset)
        actual = ops.deform_conv2d(self.x, still, self.weight, *self.settings) + self.bias[:, None, None]
        torch.testing.assert_close(actual, expected)
        all_on = torch.ones_like(self.mask)
        actual = ops.modulated_deform_conv2d(self.x, still, all_on, self.weight, self.bias, *self.settings)
        torch.testing.assert_close(actual, expected)

    @pytest.mark.parametrize('wanted', [('weight',), ('offset',), ('x', 'weight')])
    def test_gradients_of_some_inputs(self, wanted):
        tensors = {name: getattr(self, name) for name in ('x', 'offset', 'weight')}
        every = dict(zip(tensors, gradients_of_squares(ops.deform_conv2d(*tensors.values(), *self.settings),
                                                       *tensors.values())))  # fmt: skip
        some = {name: tensor.detach().requires_grad_(name in wanted) for name, tensor in tensors.items()}
        output = ops.deform_conv2d(*some.values(), *self.settings)
        for _ in range(2):  # the work buffer that carries the weight's gradient serves every backward pass
            actual = torch.autograd.grad(output.square().sum(), [some[name] for name in wanted], retain_graph=True)
            for name, gradient in zip(wanted, actual):
                torch.testing.assert_close(gradient, every[name])

    def test_steps_of_a_batch(self):
        x, offset = (torch.cat([tensor, 2 * tensor]) for tensor in (self.x, self.offset))
        outputs = [ops.deform_conv2d(x, offset, self.weight, *self.settings, False, step) for step in (32, 2, 1)]
        torch.testing.assert_close(outputs[0], outputs[1])
        torch.testing.assert_close(outputs[0], outputs[2])

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator has no half precision on CPU")
    def test_half_precision_offsets_decide(self):
        """Under autocast the offset, a convolution's output, is half and the rest float32: mmcv casts to half."""
        x, weight = self.x.detach().float(), self.weight.detach().float().requires_grad_()
        output = ops.deform_conv2d(x, self.offset.detach().half(), weight, *self.settings)
        assert output.dtype == torch.float16 and gradients_of_squares(output, weight)[0].dtype == torch.float32
        exact = ops.deform_conv2d(self.x, self.offset, self.weight, *self.settings)
        torch.testing.assert_close(output.double(), exact, rtol=0.02, atol=0.05)

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator reads wild memory in its backward pass")
    def test_nan_offsets_count_as_outside(self):
        inputs = []
        for bad in (float('nan'), 1e5):
            offset = self.offset.detach().clone()
            offset[0, :, 1] = bad
            inputs.append(offset.requires_grad_())
        outputs = [ops.deform_conv2d(self.x, offset, self.weight, *self.settings) for offset in inputs]
        torch.testing.assert_close(*outputs)
        gradients = [gradients_of_squares(*pair, self.x) for pair in zip(outputs, inputs)]
        torch.testing.assert_close(*gradients)


def read_one_by_one(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, stride: int, padding: int, deform_groups: int
) -> Tensor:
    """mmcv's rule, value by value: offsets and masks are found by their place among those that the output needs."""
    size = weight.shape[-1]
    height, width = ((side + 2 * padding - size) // stride + 1 for side in x.shape[2:])
    images = []
    for image, image_offset, image_mask in zip(x, offset, mask):
        flat_offset, flat_mask = image_offset.flatten(), image_mask.flatten()
        columns = []
        for row in range(height):
            for column in range(width):
                for group, channels in enumerate(image.chunk(deform_groups)):
                    for point in range(size**2):
                        place = ((group * size**2 + point) * height + row) * width + column
                        place_y = ((group * size**2 + point) * 2 * height + row) * width + column
                        y = row * stride - padding + point // size + flat_offset[place_y]
                        x_ = column * stride - padding + point % size + flat_offset[place_y + height * width]
                        columns.append(flat_mask[place] * interpolated(channels, y, x_))
        # row, column, group, point, channel of the group -> channel, point, row, column
        columns = torch.stack(columns).view(height, width, deform_groups, size**2, -1).permute(2, 4, 3, 0, 1)
        images.append(torch.einsum('ocp,cphw->ohw', weight.flatten(2), columns.flatten(0, 1)))
    return torch.stack(images)


def interpolated(image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    value = image.new_zeros(len(image))
    for row in (int(y.floor()), int(y.floor()) + 1):
        for column in (int(x.floor()), int(x.floor()) + 1):
            if 0 <= row < image.shape[1] and 0 <= column < image.shape[2]:
                value = value + image[:, row, column] * (1 - (y - row).abs()) * (1 - (x - column).abs())
    return value


class TestOffsetsOfALargerMap:
    """mmcv reads the first values of each image; DyHead moves a level by the offsets of the larger one before it."""

    @pytest.mark.parametrize(
        ('stride', 'deform_groups', 'size'),
        [(1, 1, (6, 7)), (1, 2, (6, 7)), (2, 2, (6, 7)), (1, 2, (3, 4)), (1, 1, (4, 3))],
        ids=['larger', 'two groups', 'stride', 'same size', 'other proportions'],
    )
    def test_is_mmcvs_rule(self, stride, deform_groups, size):
        x, weight = drawn(2, 4, 3, 4, dtype=torch.float64), drawn(3, 4, 3, 3, seed=1, dtype=torch.float64)
        # One tensor of both, as in DyHead: each image's values lie together, those of two images apart.
        both = drawn(2, deform_groups * 27, *size, seed=2, scale=0.7, dtype=torch.float64)
        offset, mask = both[:, : deform_groups * 18], both[:, deform_groups * 18 :]
        actual = ops.modulated_deform_conv2d(x, offset, mask, weight, None, stride, 1, 1, 1, deform_groups)
        expected = read_one_by_one(x, offset, mask, weight, stride, 1, deform_groups)
        torch.testing.assert_close(actual, expected)
        gradients = gradients_of_squares(actual, x, both, weight)
        torch.testing.assert_close(gradients, gradients_of_squares(expected, x, both, weight))
        read = 2 * 27 * deform_groups * actual[0, 0].numel()
        assert (gradients[1] == 0).sum() >= both.numel() - read

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator reads wild memory")
    def test_too_few_are_refused(self):
        with pytest.raises(RuntimeError, match='invalid for input of size'):
            ops.modulated_deform_conv2d(
                drawn(1, 4, 5, 5), drawn(1, 18, 4, 4), drawn(1, 9, 4, 4), drawn(2, 4, 3, 3), None, 1, 1
            )


@pytest.mark.filterwarnings('ignore:In MMCV v1.4.4')
class TestDyHead:
    @staticmethod
    def neck(**settings) -> nn.Module:
        from mmdet.models.necks import DyHead

        torch.manual_seed(0)
        return DyHead(in_channels=8, out_channels=16, num_blocks=3, **settings)

    @pytest.mark.parametrize('sides', [(32, 16, 8, 4), (25, 13, 7, 4, 2)])
    def test_shapes(self, sides):
        outputs = self.neck()([torch.rand(2, 8, side, side) for side in sides])
        assert [tuple(output.shape) for output in outputs] == [(2, 16, side, side) for side in sides]

    def test_images_of_a_batch_do_not_mix(self):
        neck = self.neck(zero_init_offset=False).eval()
        with torch.no_grad():
            for block in neck.dyhead_blocks:
                block.spatial_conv_offset.bias.normal_()
            maps = [torch.rand(2, 8, side, side) for side in (16, 8, 4)]
            together = neck(maps)
            alone = [neck([level[image : image + 1] for level in maps]) for image in range(2)]
        for level, parts in zip(together, zip(*alone)):
            torch.testing.assert_close(level, torch.cat(parts))

    @pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=needs_cuda)])
    def test_detector_trains_and_predicts(self, device):
        model = build_small(
            'mmdet::dyhead/atss_r50_fpn_dyhead_1x_coco.py', backbone__depth=18, backbone__frozen_stages=-1,
            backbone__norm_eval=False, neck__0__in_channels=[64, 128, 256, 512], neck__1__num_blocks=2,
            test_cfg__score_thr=0.0,
        ).to(device)  # fmt: skip
        model.init_weights()
        loss, _ = model.parse_losses(model(**model.data_preprocessor(batch(2), training=True), mode='loss'))
        loss.backward()
        gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
        assert torch.isfinite(loss) and all(torch.isfinite(gradient).all() for gradient in gradients.values())
        assert gradients['neck.1.dyhead_blocks.0.spatial_conv_offset.weight'].any()
        model.eval()
        with torch.no_grad():
            results = model(**model.data_preprocessor(batch(2)), mode='predict')
        assert all(len(result.pred_instances) == 100 for result in results)  # test_cfg.max_per_img


@needs_cuda
class TestCuda:
    x, offset, weight, mask = (getattr(TestDeformConv, name).float() for name in ('x', 'offset', 'weight', 'mask'))
    larger = drawn(2, 3 * 18, 7, 6, seed=5, scale=0.4), drawn(2, 3 * 9, 7, 6, seed=6)

    @pytest.mark.parametrize(
        ('operator', 'inputs', 'settings'),
        [
            (ops.deform_conv2d, (x, offset, weight), TestDeformConv.settings),
            (ops.modulated_deform_conv2d, (x, offset, mask, weight), (None, *TestDeformConv.settings)),
            (ops.modulated_deform_conv2d, (x, *larger, weight), (None, *TestDeformConv.settings)),
        ],
        ids=['plain', 'modulated', 'offsets of a larger map'],
    )
    @pytest.mark.parametrize('half', [False, True])
    def test_is_what_the_cpu_computes(self, operator, inputs, settings, half):
        check_cuda_is_cpu(operator, inputs, settings, half)

    @pytest.mark.skipif(COMPILED, reason="mmcv's own affair")
    def test_nan_offsets_leave_the_device_usable(self):
        offset = torch.full_like(self.offset, float('nan'), device='cuda')
        assert not ops.deform_conv2d(self.x.cuda(), offset, self.weight.cuda(), *TestDeformConv.settings).any()
