"""The operators that stand in for mmcv's compiled ones, under mmcv's names and with mmcv's arguments.

They write into the output tensors that mmcv allocates and ignore what only the compiled kernels need (the work buffers
``columns`` and ``ones``, ``im2col_step``). Half precision, which mmcv passes in under autocast, is computed in float32.
:mod:`nwd_mmdet.stack.mmcv_ops` puts them in mmcv's place.
"""

from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor
from torch.nn import functional as F

from nwd_mmdet import overlaps
from nwd_mmdet.stack import deform_conv, roi_layers
from nwd_mmdet.stack.precision import widen

__all__ = ['OPERATORS']


def _grow(boxes: Tensor, offset: int) -> Tensor:
    """Boxes [N, 4] whose width is ``x2 - x1 + offset``, the pixel convention of mmcv's ``offset=1``."""
    return boxes + boxes.new_tensor([0, 0, offset, offset]) if offset else boxes


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    boxes, scores = widen(boxes, scores)
    # mmcv compares in float32. As a double, 0.3 would suppress boxes whose IoU is exactly 3/10, and on CPU alone.
    threshold = torch.tensor(iou_threshold, dtype=torch.float32).item()
    return torchvision.ops.nms(_grow(boxes, offset), scores, threshold)


def softnms(boxes: Tensor, scores: Tensor, dets: Tensor, **settings: Any) -> Tensor:
    """Soft-NMS (Bodla et al., ICCV 2017). Boxes of equal score may come in another order than mmcv's."""
    grown = _grow(boxes, settings['offset'])
    left = torch.arange(len(boxes))
    keep: list[Tensor] = []
    while len(left):
        first = scores[left].argmax()
        best = left[first]
        dets[len(keep)] = torch.cat([boxes[best], scores[best, None]])
        keep.append(best)
        iou = overlaps.pairwise('iou', grown[best, None], grown[left])[0]
        if settings['method'] == 2:  # gaussian
            weight = torch.exp(-(iou**2) / settings['sigma'])
        else:  # 0 is naive, 1 linear
            decayed = 1 - iou if settings['method'] else torch.zeros_like(iou)
            weight = torch.where(iou >= settings['iou_threshold'], decayed, 1.0)
        scores = scores.index_put((left,), scores[left] * weight)
        survives = scores[left] >= settings['min_score']
        survives[first] = False
        left = left[survives]
    return torch.stack(keep) if keep else left


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    order, groups = dets[:, 4].argsort(descending=True), []
    while len(order):
        best, rest = order[:1], order[1:]
        suppressed = overlaps.pairwise('iou', dets[best, :4], dets[rest, :4])[0] >= iou_threshold
        groups.append(best.tolist() + rest[suppressed].tolist())
        order = rest[~suppressed]
    return groups


def bbox_overlaps(bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode: int, aligned: bool, offset: int) -> None:
    overlap = overlaps.aligned if aligned else overlaps.pairwise
    ious.copy_(overlap(('iou', 'iof')[mode], _grow(bboxes1, offset), _grow(bboxes2, offset)))


def _focal_terms(input: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """p, 1 - p, -log p, -log(1 - p) and whether the class is the target, each [N, C]; finite for any logit."""
    logits = widen(input)[0]
    positive = target[:, None] == torch.arange(logits.shape[1], device=logits.device)
    return logits.sigmoid(), (-logits).sigmoid(), F.softplus(-logits), F.softplus(logits), positive


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Focal loss (Lin et al., ICCV 2017, eq. 5) of logits [N, C]; a target of C means background."""
    p, q, cost_p, cost_q, positive = _focal_terms(input, target)
    output.copy_(torch.where(positive, alpha * q**gamma * cost_p, (1 - alpha) * p**gamma * cost_q))
    if weight.numel():
        output.mul_(weight[target, None])


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    p, q, cost_p, cost_q, positive = _focal_terms(input, target)
    grad_positive = -alpha * q**gamma * (q + gamma * p * cost_p)
    grad_negative = (1 - alpha) * p**gamma * (p + gamma * q * cost_q)
    grad_input.copy_(torch.where(positive, grad_positive, grad_negative))
    if weight.numel():
        grad_input.mul_(weight[target, None])


def _weight_of(target: Tensor, weight: Tensor) -> Tensor:
    """Weight of each target's class; mmcv passes an empty tensor for none. A target below 0 weighs nothing."""
    counts = target >= 0
    return weight[target.clamp(min=0)] * counts if weight.numel() else counts


def softmax_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Focal loss of class probabilities [N, C], each row's softmax; 0 where the target is negative."""
    p = widen(input)[0].gather(1, target.clamp(min=0)[:, None])[:, 0]
    cost = -p.clamp(min=torch.finfo(torch.float32).tiny).log()
    output.copy_(alpha * (1 - p) ** gamma * cost * _weight_of(target, weight))


def softmax_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, buff: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """The gradient by the logits, whose softmax ``input`` is."""
    probabilities, tiny = widen(input)[0], torch.finfo(torch.float32).tiny
    p = probabilities.gather(1, target.clamp(min=0)[:, None])
    q = 1 - p
    slope = -alpha * (q**gamma - gamma * q.clamp(min=tiny) ** (gamma - 1) * p * p.clamp(min=tiny).log())
    slope = slope * _weight_of(target, weight)[:, None]
    is_target = target[:, None] == torch.arange(input.shape[1], device=input.device)
    grad_input.copy_(slope * (is_target.to(slope.dtype) - probabilities))


def masked_im2col_forward(im: Tensor, mask_h_idx: Tensor, mask_w_idx: Tensor, col: Tensor, **settings: int) -> None:
    kernel, padding = ((settings[name + '_h'], settings[name + '_w']) for name in ('kernel', 'pad'))
    out_width = im.shape[3] + 2 * padding[1] - kernel[1] + 1
    col.copy_(F.unfold(im, kernel, padding=padding)[0, :, mask_h_idx * out_width + mask_w_idx])


def masked_col2im_forward(col: Tensor, mask_h_idx: Tensor, mask_w_idx: Tensor, im: Tensor, **settings: int) -> None:
    im[0, :, mask_h_idx, mask_w_idx] = col


def _reassemble(features: Tensor, masks: Tensor, settings: dict[str, int]) -> Tensor:
    """Sums [B, C, sH, sW] of k x k cells around those of features [B, C, H, W], weighted by masks [B, gkk, sH, sW].

    Scale s, kernel size k; each of the g groups of channels has weights of its own.
    """
    (height, width), kernel_size, groups = features.shape[2:], settings['kernel_size'], settings['group_size']
    padded = F.pad(features, [kernel_size // 2] * 4).unflatten(1, (groups, -1))
    weights = masks.unflatten(1, (groups, 1, -1)).unflatten(5, (width, -1)).unflatten(4, (height, -1))
    output = features.new_zeros(())
    for cell in range(kernel_size**2):
        top, left = divmod(cell, kernel_size)
        neighbour = padded[..., top : top + height, None, left : left + width, None]
        output = output + neighbour * weights[:, :, :, cell]
    return output.flatten(5).flatten(3, 4).flatten(1, 2)


def carafe_forward(
    features: Tensor, masks: Tensor, rfeatures: Tensor, routput: Tensor, rmasks: Tensor, output: Tensor, **settings: int
) -> None:
    """CARAFE upsampling (Wang et al., ICCV 2019)."""
    features, masks = widen(features, masks)
    output.copy_(_reassemble(features, masks, settings))
    rfeatures.copy_(features)  # all that mmcv hands to the backward pass


def carafe_backward(*tensors: Tensor, **settings: int) -> None:
    grad_output, features, masks, *_, grad_input, grad_masks = tensors
    leaves = [tensor.requires_grad_() for tensor in widen(features.detach(), masks.detach())]
    with torch.enable_grad():
        output = _reassemble(leaves[0], leaves[1], settings)
    gradients = torch.autograd.grad(output, leaves, grad_output.to(output.dtype))
    grad_input.copy_(gradients[0])
    grad_masks.copy_(gradients[1])


def ms_deform_attn_forward(*tensors: Tensor, im2col_step: int) -> Tensor:
    """Multi-scale deformable attention by mmcv's own torch code, which it uses by itself on CPU alone."""
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch  # it imports mmcv._ext

    value, spatial_shapes, _, locations, weights = tensors
    wide = widen(value, locations, weights)
    return multi_scale_deformable_attn_pytorch(wide[0], spatial_shapes, *wide[1:]).to(value.dtype)


def ms_deform_attn_backward(*tensors: Tensor, im2col_step: int) -> None:
    value, spatial_shapes, level_starts, locations, weights, grad_output, *targets = tensors
    leaves = [tensor.detach().requires_grad_() for tensor in (value, locations, weights)]
    with torch.enable_grad():
        output = ms_deform_attn_forward(leaves[0], spatial_shapes, level_starts, *leaves[1:], im2col_step=im2col_step)
    for target, gradient in zip(targets, torch.autograd.grad(output, leaves, grad_output)):
        target.copy_(gradient)


def get_compiler_version() -> str:
    return 'none (operators served by nwd_mmdet)'


def get_compiling_cuda_version() -> str:
    return 'none (operators served by nwd_mmdet)'


OPERATORS: dict[str, tuple[Callable, ...]] = {
    'torchvision': (
        nms, *(getattr(module, name) for module in (deform_conv, roi_layers) for name in module.__all__),
    ),
    'torch': (
        softnms, nms_match, bbox_overlaps, sigmoid_focal_loss_forward, sigmoid_focal_loss_backward,
        softmax_focal_loss_forward, softmax_focal_loss_backward, masked_im2col_forward, masked_col2im_forward,
        carafe_forward, carafe_backward, ms_deform_attn_forward, ms_deform_attn_backward, get_compiler_version,
        get_compiling_cuda_version,
    ),
}  # fmt: skip
