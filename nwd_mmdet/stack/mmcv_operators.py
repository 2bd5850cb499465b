"""The operators that stand in for mmcv's compiled ones, under mmcv's names and with mmcv's arguments.

They write into the output tensors that mmcv allocates and ignore what only the compiled kernels need (the work buffers
``columns`` and ``ones``, ``im2col_step``). Half precision, which mmcv passes in under autocast, is computed in float32.
:mod:`nwd_mmdet.stack.mmcv_ops` puts them in mmcv's place.
"""

import functools
from collections.abc import Callable
from importlib import metadata
from typing import Any

import torch
import torchvision  # also registers torch.ops.torchvision
from torch import Tensor
from torch.nn import functional as F

from nwd_mmdet import overlaps

__all__ = ['OPERATORS', 'build_remedy']

_FAR_AWAY = 1e6  # px, outside any feature map

# Every distribution that provides mmcv, and the one to build it from.
_SOURCES = {'onedl-mmcv': 'onedl-mmcv', 'mmcv': 'mmcv', 'mmcv-lite': 'mmcv'}


def build_remedy() -> str:
    """How to get mmcv's own operators in place of the installed mmcv distribution."""
    versions = {dist.name: dist.version for dist in metadata.distributions() if dist.name in _SOURCES}
    installed, version = next(iter(versions.items()), ('mmcv', '2.1.0'))
    source = _SOURCES[installed]
    return (
        f'To build them for this torch (a C++ compiler, for CUDA also nvcc; many minutes):\n'
        f"  pip install 'setuptools>=77,<82' wheel && pip uninstall -y {installed}\n"
        f'  MMCV_WITH_OPS=1 pip install --no-cache-dir --no-build-isolation --no-binary {source} {source}=={version}\n'
        f'or install the wheel that the makers of {source} publish for your torch and CUDA, if there is one.'
    )


def _widen(*tensors: Tensor) -> list[Tensor]:
    """The tensors in one dtype: float32, or float64 where one of them is."""
    dtype = functools.reduce(torch.promote_types, (tensor.dtype for tensor in tensors), torch.float32)
    return [tensor.to(dtype) for tensor in tensors]


def _grow(boxes: Tensor, offset: int) -> Tensor:
    """Boxes [N, 4] whose width is ``x2 - x1 + offset``, the pixel convention of mmcv's ``offset=1``."""
    return boxes + boxes.new_tensor([0, 0, offset, offset]) if offset else boxes


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    boxes, scores = _widen(boxes, scores)
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


def roi_align_forward(
    input: Tensor, rois: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor, **settings: Any
) -> None:
    if settings['pool_mode'] == 0:
        raise NotImplementedError(f"roi_align's pool_mode 'max' is not in torchvision. {build_remedy()}")
    size = settings['aligned_height'], settings['aligned_width']
    sampling = settings['sampling_ratio'], settings['aligned']
    operands = _widen(input, rois)
    output.copy_(torch.ops.torchvision.roi_align(*operands, settings['spatial_scale'], *size, *sampling))


def roi_align_backward(
    grad_output: Tensor, rois: Tensor, argmax_y: Tensor, argmax_x: Tensor, grad_input: Tensor, **settings: Any
) -> None:
    shape = settings['aligned_height'], settings['aligned_width'], *grad_input.shape
    sampling = settings['sampling_ratio'], settings['aligned']
    operands = _widen(grad_output, rois)
    grad_input.copy_(torch.ops.torchvision._roi_align_backward(*operands, settings['spatial_scale'], *shape, *sampling))


def roi_pool_forward(input: Tensor, rois: Tensor, output: Tensor, argmax: Tensor, **settings: Any) -> None:
    """RoI max pooling (Girshick, ICCV 2015). torchvision rounds the RoI's corners to cells, mmcv's kernel does not."""
    size = settings['pooled_height'], settings['pooled_width']
    values, indices = torch.ops.torchvision.roi_pool(*_widen(input, rois), settings['spatial_scale'], *size)
    output.copy_(values)
    argmax.copy_(indices)


def roi_pool_backward(grad_output: Tensor, rois: Tensor, argmax: Tensor, grad_input: Tensor, **settings: Any) -> None:
    shape = settings['pooled_height'], settings['pooled_width'], *grad_input.shape
    operands = *_widen(grad_output, rois), argmax
    grad_input.copy_(torch.ops.torchvision._roi_pool_backward(*operands, settings['spatial_scale'], *shape))


def _geometry(settings: dict[str, int], height_and_width: str, names: str) -> list[int]:
    """Stride, padding, dilation (each height, width), groups and offset groups: torchvision's order, mmcv's names."""
    per_axis = [settings[name + axis] for name in names.split() for axis in height_and_width]
    return [*per_axis, settings['group'], settings['deformable_group']]


def _deform_geometry(settings: dict[str, int]) -> list[int]:
    return _geometry(settings, 'HW', 'd pad dilation')


def _modulated_geometry(settings: dict[str, int]) -> list[int]:
    return _geometry(settings, 'hw', 'stride_ pad_ dilation_')


def _deform_operands(
    input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
) -> list[Tensor]:
    """Operands for torchvision, which takes a mask and a bias even where the operator has none."""
    mask = input.new_zeros(len(input), 1) if mask is None else mask
    bias = input.new_zeros(len(weight)) if bias is None else bias
    input, weight, offset, mask, bias = _widen(input, weight, offset, mask, bias)
    # A diverged network predicts NaN. mmcv's forward pass takes that for a point outside the image, and so do we;
    # torchvision on CPU would read wild memory and end the process.
    return [input, weight, offset.nan_to_num(nan=_FAR_AWAY), mask, bias]


def deform_conv_forward(
    input: Tensor, weight: Tensor, offset: Tensor, output: Tensor, columns: Tensor, ones: Tensor, **settings: int
) -> None:
    operands = _deform_operands(input, weight, offset)
    output.copy_(torch.ops.torchvision.deform_conv2d(*operands, *_deform_geometry(settings), False))


def deform_conv_backward_input(*tensors: Tensor, **settings: int) -> None:
    input, offset, grad_output, grad_input, grad_offset, weight, columns = tensors
    operands = _widen(grad_output, *_deform_operands(input, weight, offset))
    gradients = torch.ops.torchvision._deform_conv2d_backward(*operands, *_deform_geometry(settings), False)
    grad_input.copy_(gradients[0])
    grad_offset.copy_(gradients[2])
    # The weight's gradient came with it. mmcv asks for it next, passing the same work buffer: left there, it saves
    # running the kernel a second time.
    columns.resize_(weight.shape).copy_(gradients[1])


def deform_conv_backward_parameters(*tensors: Tensor, **settings: int) -> None:
    input, offset, grad_output, grad_weight, columns, _ = tensors
    if not columns.numel():  # mmcv skipped the call above: neither input nor offset needs a gradient
        outputs = torch.empty_like(input), torch.empty_like(offset)
        # The gradient of the weight does not depend on the weight, so any tensor of its shape will do.
        deform_conv_backward_input(input, offset, grad_output, *outputs, grad_weight, columns, **settings)
    grad_weight.copy_(columns)
    columns.resize_(0)


def modulated_deform_conv_forward(*tensors: Tensor, with_bias: bool, **settings: int) -> None:
    input, weight, bias, _, offset, mask, output, _ = tensors
    operands = _deform_operands(input, weight, offset, mask, bias if with_bias else None)
    output.copy_(torch.ops.torchvision.deform_conv2d(*operands, *_modulated_geometry(settings), True))


def modulated_deform_conv_backward(*tensors: Tensor, with_bias: bool, **settings: int) -> None:
    input, weight, bias, _, offset, mask, _, grad_input, grad_weight, grad_bias, grad_offset, grad_mask, grad = tensors
    operands = _widen(grad, *_deform_operands(input, weight, offset, mask, bias if with_bias else None))
    gradients = torch.ops.torchvision._deform_conv2d_backward(*operands, *_modulated_geometry(settings), True)
    targets = [grad_input, grad_weight, grad_offset, grad_mask, *([grad_bias] if with_bias else [])]
    for target, gradient in zip(targets, gradients):
        target.copy_(gradient)


def _focal_terms(input: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """p, 1 - p, -log p, -log(1 - p) and whether the class is the target, each [N, C]; finite for any logit."""
    logits = _widen(input)[0]
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


def masked_im2col_forward(im: Tensor, mask_h_idx: Tensor, mask_w_idx: Tensor, col: Tensor, **settings: int) -> None:
    kernel, padding = ((settings[name + '_h'], settings[name + '_w']) for name in ('kernel', 'pad'))
    out_width = im.shape[3] + 2 * padding[1] - kernel[1] + 1
    col.copy_(F.unfold(im, kernel, padding=padding)[0, :, mask_h_idx * out_width + mask_w_idx])


def masked_col2im_forward(col: Tensor, mask_h_idx: Tensor, mask_w_idx: Tensor, im: Tensor, **settings: int) -> None:
    im[0, :, mask_h_idx, mask_w_idx] = col


def ms_deform_attn_forward(*tensors: Tensor, im2col_step: int) -> Tensor:
    """Multi-scale deformable attention by mmcv's own torch code, which it uses by itself on CPU alone."""
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch  # it imports mmcv._ext

    value, spatial_shapes, _, locations, weights = tensors
    wide = _widen(value, locations, weights)
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
        nms, roi_align_forward, roi_align_backward, roi_pool_forward, roi_pool_backward, deform_conv_forward,
        deform_conv_backward_input, deform_conv_backward_parameters, modulated_deform_conv_forward,
        modulated_deform_conv_backward,
    ),
    'torch': (
        softnms, nms_match, bbox_overlaps, sigmoid_focal_loss_forward, sigmoid_focal_loss_backward,
        masked_im2col_forward, masked_col2im_forward, ms_deform_attn_forward, ms_deform_attn_backward,
        get_compiler_version, get_compiling_cuda_version,
    ),
}  # fmt: skip
