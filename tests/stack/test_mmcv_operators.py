"""mmcv's operators, through mmcv.ops, whoever serves them: mmcv itself, torchvision or torch."""

import numpy as np
import pytest
import torch
import torchvision
from operators import check_cuda_is_cpu, cuda_only_if_compiled, drawn, gradients_of_squares, needs_cuda
from torch.nn import functional as F

from mmcv import ops  # isort: skip


class TestGolden:
    @pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
    def test_nms(self, golden, threshold):
        boxes, scores = golden['nms_boxes'], golden['nms_scores']
        dets, keep = ops.nms(boxes, scores, threshold)
        assert torch.equal(keep, golden[f'nms_keep_{threshold}'])
        assert torch.equal(dets, torch.cat([boxes[keep], scores[keep, None]], 1))
        _, keep = ops.batched_nms(boxes, scores, golden['nms_labels'], {'type': 'nms', 'iou_threshold': threshold})
        assert torch.equal(keep, golden[f'batched_nms_keep_{threshold}'])


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

    @pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
    @pytest.mark.parametrize('weighted', [False, True])
    def test_softmax_focal_loss(self, gamma, weighted):
        logits, target = drawn(30, 4, scale=3), torch.arange(30) % 4
        weight = torch.tensor([0.5, 2.0, 1.0, 3.0]) if weighted else None
        actual = ops.softmax_focal_loss(logits, target, gamma, 0.3, weight, 'mean')
        log_p = -F.cross_entropy(logits, target, reduction='none')
        expected = -0.3 * (1 - log_p.exp()) ** gamma * log_p * (1.0 if weight is None else weight[target])
        torch.testing.assert_close(actual, expected.mean())
        torch.testing.assert_close(*(torch.autograd.grad(loss, logits) for loss in (actual, expected.mean())))

    @pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
    def test_softmax_focal_loss_is_finite(self, gamma):
        logits = torch.tensor([[200.0, -200.0], [200.0, -200.0], [0.0, 0.0]], requires_grad=True)
        loss = ops.softmax_focal_loss(logits, torch.tensor([0, 1, -1]), gamma, 0.5, torch.ones(2), 'sum')
        gradient = torch.autograd.grad(loss, logits)[0]
        assert torch.isfinite(loss) and torch.isfinite(gradient).all()
        assert not gradient[2].any()  # a negative target is ignored

    def test_carafe(self):
        """Each pixel of the finer map is a sum over the 3 x 3 cells around its cell, channel group by group."""
        features, masks = drawn(2, 4, 3, 5, dtype=torch.float64), drawn(2, 18, 6, 10, seed=1, dtype=torch.float64)
        actual = ops.carafe(features, masks, 3, 2, 2)
        padded = F.pad(features, (1, 1, 1, 1))
        pixels = [
            (padded[:, channel, y // 2 : y // 2 + 3, x // 2 : x // 2 + 3].flatten(1)
             * masks[:, channel // 2 * 9 : channel // 2 * 9 + 9, y, x]).sum(1)
            for channel in range(4) for y in range(6) for x in range(10)
        ]  # fmt: skip
        expected = torch.stack(pixels, 1).view(2, 4, 6, 10)
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(*(gradients_of_squares(output, features, masks) for output in (actual, expected)))

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
    'carafe/faster-rcnn_r50_fpn-carafe_1x_coco.py': 64,
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


@needs_cuda
class TestCuda:
    boxes = torch.rand(2000, 4, generator=torch.Generator().manual_seed(0)) * 100
    boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:] / 4
    scores = torch.rand(2000, generator=torch.Generator().manual_seed(1))

    @pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
    def test_nms(self, threshold):
        keeps = [ops.nms(self.boxes.to(d), self.scores.to(d), threshold)[1] for d in ('cpu', 'cuda')]
        assert torch.equal(keeps[0], keeps[1].cpu())

    @cuda_only_if_compiled
    @pytest.mark.parametrize(
        ('operator', 'inputs', 'settings'),
        [
            (ops.sigmoid_focal_loss, (drawn(5, 6), torch.tensor([0, 6, 2, 3, 6])), (2.0, 0.25, None, 'none')),
            (ops.softmax_focal_loss, (drawn(5, 6), torch.tensor([0, 5, 2, 3, 5])), (2.0, 0.25, None, 'mean')),
            (ops.carafe, (drawn(2, 4, 3, 5), drawn(2, 18, 6, 10, seed=1)), (3, 2, 2)),
        ],
        ids=['sigmoid focal loss', 'softmax focal loss', 'carafe'],
    )
    @pytest.mark.parametrize('half', [False, True])
    def test_is_what_the_cpu_computes(self, operator, inputs, settings, half):
        check_cuda_is_cpu(operator, inputs, settings, half)

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
