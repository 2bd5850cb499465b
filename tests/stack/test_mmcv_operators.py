"""mmcv's operators, through mmcv.ops, whoever serves them: mmcv itself, torchvision or torch."""

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor
from torch.nn import functional as F

import nwd_mmdet  # noqa: F401 - puts the stand-in in place before mmcv.ops is imported
from nwd_mmdet.stack import mmcv_ops

from mmcv import ops  # isort: skip


COMPILED = mmcv_ops.operator_origin()['nms'] == 'mmcv (compiled)'


cuda_only_if_compiled = pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator runs on CUDA alone")


@pytest.fixture(scope='module')
def golden(shared):
    """What mmcv's compiled CPU operators return; gradients are those of the sum of the squared output."""
    with np.load(shared / 'golden' / 'mmcv_ops.npz') as data:
        return {name: torch.from_numpy(array) for name, array in data.items()}


def gradients_of_squares(output: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(output.square().sum(), inputs)


def drawn(*shape: int, seed: int = 0, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale
    return values.to(dtype).requires_grad_()


class TestGolden:
    @pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
    def test_nms(self, golden, threshold):
        boxes, scores = golden['nms_boxes'], golden['nms_scores']
        dets, keep = ops.nms(boxes, scores, threshold)
        assert torch.equal(keep, golden[f'nms_keep_{threshold}'])
        assert torch.equal(dets, torch.cat([boxes[keep], scores[keep, None]], 1))
        _, keep = ops.batched_nms(boxes, scores, golden['nms_labels'], {'type': 'nms', 'iou_threshold': threshold})
        assert torch.equal(keep, golden[f'batched_nms_keep_{threshold}'])

    def test_roi_align(self, golden):
        features = golden['roi_input'].requires_grad_()
        output = ops.roi_align(features, golden['rois'], 7, 0.125, 0, 'avg', True)
        torch.testing.assert_close(output, golden['roi_out'])
        torch.testing.assert_close(gradients_of_squares(output, features)[0], golden['roi_grad'])

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


class TestNms:
    # Two boxes of 10 x 10 px, 4 px apart: IoU 60/140 = 0.43 with offset 0, 77/165 = 0.47 with offset 1.
    boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10]])
    scores = torch.tensor([0.9, 0.8])

    @pytest.mark.parametrize(('offset', 'kept'), [(0, 2), (1, 1)])
    def test_offset(self, offset, kept):
        assert len(ops.nms(self.boxes, self.scores, 0.45, offset=offset)[1]) == kept

    @pytest.mark.parametrize('threshold', [0.1, 0.3, 0.7])
    def test_keeps_a_box_exactly_at_the_threshold(self, threshold):
        inside = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10 * threshold, 10]])
        assert len(ops.nms(inside, self.scores, threshold)[1]) == 2

    def test_empty(self):
        dets, keep = ops.nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
        assert dets.shape == (0, 5) and keep.dtype == torch.int64
        assert len(ops.soft_nms(torch.zeros(0, 4), torch.zeros(0))[1]) == 0
        assert ops.nms_match(torch.zeros(0, 5), 0.5) == []

    @pytest.mark.parametrize(
        ('method', 'expected'),
        [
            ('naive', [0.9, 0.5]),
            ('linear', [0.9, 0.8 * (1 - 3 / 7), 0.5]),
            ('gaussian', [0.9, 0.8 * np.exp(-((3 / 7) ** 2) / 0.5), 0.5]),
        ],
    )
    def test_soft_nms(self, method, expected):
        boxes = torch.cat([self.boxes, torch.tensor([[50.0, 50, 60, 60], [90, 90, 99, 99]])])
        scores = torch.tensor([0.9, 0.8, 0.5, 0.05])
        dets, keep = ops.soft_nms(boxes, scores, 0.4, sigma=0.5, min_score=0.1, method=method)
        expected = torch.tensor(sorted(expected, reverse=True), dtype=torch.float32)
        torch.testing.assert_close(dets[:, 4], expected)
        assert torch.equal(dets[:, :4], boxes[keep])

    def test_nms_match(self):
        dets = torch.tensor([[50.0, 50, 60, 60, 0.1], [1, 0, 11, 10, 0.7], [0, 0, 10, 10, 0.9], [0, 1, 10, 11, 0.8]])
        assert [group.tolist() for group in ops.nms_match(dets, 0.5)] == [[2, 3, 1], [0]]


class TestRoi:
    features = drawn(2, 3, 8, 9)
    rois = torch.tensor([[0.0, 1, 1, 5, 6], [1, 0, 2, 7, 7]])

    def test_no_rois(self):
        output = ops.roi_align(self.features, torch.zeros(0, 5), 7, 0.5)
        assert output.shape == (0, 3, 7, 7)
        assert gradients_of_squares(output, self.features)[0].count_nonzero() == 0

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator has no half precision on CPU")
    @pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
    def test_half_precision(self, dtype):
        features = self.features.detach().to(dtype).requires_grad_()
        output = ops.roi_align(features, self.rois.to(dtype), 4, 0.5)
        gradient = gradients_of_squares(output, features)[0]
        exact = ops.roi_align(self.features, self.rois, 4, 0.5)
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

    @pytest.mark.skipif(COMPILED, reason="mmcv's compiled operator has it")
    def test_max_pooling_is_refused(self):
        with pytest.raises(NotImplementedError, match='pool_mode'):
            ops.roi_align(self.features, self.rois, 4, 1.0, 0, 'max')


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


@cuda_only_if_compiled
class TestTorchServed:
    @pytest.mark.parametrize('gamma', [2.0, 1.5])
    def test_focal_loss_is_mmdets(self, gamma):
        from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss

        logits, target = drawn(50, 4, scale=4), torch.arange(50) % 5  # 4 is background
        actual = ops.sigmoid_focal_loss(logits, target, gamma, 0.3, None, 'none')
        one_hot = F.one_hot(target, 5)[:, :4]
        expected = py_sigmoid_focal_loss(logits, one_hot, gamma=gamma, alpha=0.3, reduction='none')
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(gradients_of_squares(actual, logits), gradients_of_squares(expected, logits))

    def test_focal_loss_of_extreme_logits_is_finite(self):
        logits = torch.tensor([[-300.0, 300.0]], dtype=torch.float16, requires_grad=True)
        loss = ops.sigmoid_focal_loss(logits, torch.tensor([0]), 2.0, 0.5, None, 'none')
        torch.testing.assert_close(loss, torch.tensor([[150.0, 150.0]], dtype=torch.float16))
        assert torch.autograd.grad(loss.sum(), logits)[0].tolist() == [[-0.5, 0.5]]

    def test_focal_loss_class_weights(self):
        logits, target, weight = drawn(6, 2), torch.tensor([0, 1, 1, 0, 1, 0]), torch.tensor([0.5, 2.0])
        plain, weighted = (ops.sigmoid_focal_loss(logits, target, 2.0, 0.25, w, 'none') for w in (None, weight))
        torch.testing.assert_close(weighted, plain * weight[target, None])
        torch.testing.assert_close(*(
            torch.autograd.grad(loss.sum(), logits) for loss in (weighted, plain * weight[target, None])
        ))  # fmt: skip

    @pytest.mark.filterwarnings('ignore:This overload of addmm')
    def test_masked_conv2d(self):
        conv = ops.MaskedConv2d(3, 5, 3, padding=1)
        x, mask = drawn(1, 3, 6, 7).detach(), drawn(1, 6, 7, seed=1) > 0
        with torch.no_grad():
            torch.testing.assert_close(conv(x, mask), conv(x) * mask)

    @pytest.mark.parametrize('mode', ['iou', 'iof'])
    @pytest.mark.parametrize('offset', [0, 1])
    def test_bbox_overlaps(self, mode, offset):
        boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 40]])
        grown = boxes + torch.tensor([0, 0, offset, offset])
        expected = torchvision.ops.box_iou(grown, grown)
        if mode == 'iof':
            areas = torchvision.ops.box_area(grown)
            expected = expected * (areas[:, None] + areas) / (1 + expected) / areas[:, None]
        torch.testing.assert_close(ops.bbox_overlaps(boxes, boxes, mode, offset=offset), expected)
        torch.testing.assert_close(
            ops.bbox_overlaps(boxes, boxes.flip(0), mode, aligned=True, offset=offset), expected.flip(1).diag()
        )

    def test_deformable_attention(self):
        from mmcv.ops.multi_scale_deform_attn import (
            MultiScaleDeformableAttnFunction,
            multi_scale_deformable_attn_pytorch,
        )

        shapes, starts = torch.tensor([[3, 4], [2, 2]]), torch.tensor([0, 12])
        value, locations, weights = drawn(2, 16, 2, 4), drawn(2, 5, 2, 2, 3, 2, seed=1), drawn(2, 5, 2, 2, 3, seed=2)
        actual = MultiScaleDeformableAttnFunction.apply(value, shapes, starts, locations, weights, 64)
        expected = multi_scale_deformable_attn_pytorch(value, shapes, locations, weights)
        inputs = (value, locations, weights)
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(gradients_of_squares(actual, *inputs), gradients_of_squares(expected, *inputs))


CONFIGS = {
    'faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py': 64,
    'reppoints/reppoints-moment_r50_fpn_1x_coco.py': 64,
    'tridentnet/tridentnet_r50-caffe_1x_coco.py': 64,
    'detectors/cascade-rcnn_r50-sac_1x_coco.py': 96,  # px, the least its reflection padding takes
    'dcnv2/faster-rcnn_r50-mdconv-c3-c5_fpn_1x_coco.py': 64,
}


def train_one_step(config: str, size: int, device: str, amp: bool) -> None:
    from mmdet.registry import MODELS
    from mmdet.testing import demo_mm_inputs
    from mmdet.utils import register_all_modules
    from mmengine.hub import get_config

    register_all_modules()
    settings = get_config(f'mmdet::{config}').model
    # No pretrained weights to download; so the layers that rely on them, frozen and batch norm, must learn too.
    settings.backbone.update(init_cfg=None, frozen_stages=-1, norm_eval=False)
    if 'tridentnet' in config:  # its second stage, a ResNet block for each of 512 proposals, would take the most time
        settings.train_cfg.rcnn.sampler.num = 16
        settings.roi_head.shared_head.update(init_cfg=None, norm_eval=False)
    torch.manual_seed(0)
    model = MODELS.build(settings).to(device).train()
    model.init_weights()
    for module in model.modules():
        if type(module).__name__ == 'TridentConv':  # its weight is whatever was in memory unless one is loaded
            torch.nn.init.kaiming_uniform_(module.weight)
    inputs = model.data_preprocessor(demo_mm_inputs(1, [[3, size, size]], num_items=[2]), True)
    with torch.autocast(device, enabled=amp):
        loss, _ = model.parse_losses(model(**inputs, mode='loss'))
    loss.backward()
    gradients = [parameter.grad for parameter in model.backbone.parameters() if parameter.grad is not None]
    assert torch.isfinite(loss) and all(torch.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize('config', CONFIGS)
def test_detector_trains(config):
    train_one_step(config, CONFIGS[config], 'cpu', amp=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
class TestCuda:
    boxes = torch.rand(2000, 4, generator=torch.Generator().manual_seed(0)) * 100
    boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:] / 4
    scores = torch.rand(2000, generator=torch.Generator().manual_seed(1))
    x, offset, weight = (getattr(TestDeformConv, name).detach().float() for name in ('x', 'offset', 'weight'))
    mask = TestDeformConv.mask.detach().float()

    @pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
    def test_nms(self, threshold):
        keeps = [ops.nms(self.boxes.to(d), self.scores.to(d), threshold)[1] for d in ('cpu', 'cuda')]
        assert torch.equal(keeps[0], keeps[1].cpu())

    @pytest.mark.parametrize(
        ('operator', 'inputs', 'settings'),
        [
            (ops.roi_align, (TestRoi.features.detach(), TestRoi.rois), (4, 0.5)),
            (ops.deform_conv2d, (x, offset, weight), TestDeformConv.settings),
            (ops.modulated_deform_conv2d, (x, offset, mask, weight), (None, *TestDeformConv.settings)),
            pytest.param(
                ops.roi_pool, (TestRoi.features.detach(), TestRoi.rois), (4, 0.5), marks=cuda_only_if_compiled
            ),
            pytest.param(
                ops.sigmoid_focal_loss, (x[0, 0], torch.tensor([0, 6, 2, 3, 6])), (2.0, 0.25, None, 'none'),
                marks=cuda_only_if_compiled,
            ),
        ],
        ids=lambda value: getattr(value, '__qualname__', None),
    )  # fmt: skip
    @pytest.mark.parametrize('half', [False, True])
    def test_is_what_the_cpu_computes(self, operator, inputs, settings, half):
        results = []
        for device, dtype in (('cpu', torch.float32), ('cuda', torch.float16 if half else torch.float32)):
            tensors = [tensor.to(device, dtype if tensor.is_floating_point() else None) for tensor in inputs]
            tensors[0].requires_grad_()
            output = operator(*tensors, *settings)
            assert output.dtype == dtype
            results.append([output.cpu().float(), gradients_of_squares(output.float(), tensors[0])[0].cpu().float()])
        tolerance = {'rtol': 0.02, 'atol': 0.1} if half else {'rtol': 1e-4, 'atol': 1e-4}
        torch.testing.assert_close(*results, **tolerance)

    @pytest.mark.skipif(COMPILED, reason="mmcv's own affair")
    def test_nan_offsets_leave_the_device_usable(self):
        offset = torch.full_like(self.offset, float('nan'), device='cuda')
        assert not ops.deform_conv2d(self.x.cuda(), offset, self.weight.cuda(), *TestDeformConv.settings).any()

    def test_deformable_attention_under_autocast(self):
        attention = ops.MultiScaleDeformableAttention(32, 4, num_levels=2, batch_first=True).cuda()
        query, value = torch.randn(1, 5, 32, device='cuda'), torch.randn(1, 16, 32, device='cuda')
        shapes, starts = torch.tensor([[3, 4], [2, 2]], device='cuda'), torch.tensor([0, 12], device='cuda')
        points = torch.rand(1, 5, 2, 2, device='cuda')
        with torch.autocast('cuda'):
            output = attention(query, value=value, reference_points=points, spatial_shapes=shapes,
                               level_start_index=starts)  # fmt: skip
        output.sum().backward()
        assert torch.isfinite(attention.sampling_offsets.weight.grad).all()

    @pytest.mark.parametrize('config', [config for config in CONFIGS if 'fpn' in config])
    def test_detector_trains_under_autocast(self, config):
        train_one_step(config, CONFIGS[config], 'cuda', amp=True)
