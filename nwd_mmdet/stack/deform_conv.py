"""mmcv's deformable convolutions (Dai et al., ICCV 2017; Zhu et al., CVPR 2019) by torchvision's operator."""

import torch
import torchvision  # noqa: F401 - registers torch.ops.torchvision
from torch import Tensor
from torch.nn import functional as F

from nwd_mmdet.stack.precision import widen

__all__ = [
    'deform_conv_backward_input',
    'deform_conv_backward_parameters',
    'deform_conv_forward',
    'modulated_deform_conv_backward',
    'modulated_deform_conv_forward',
]

_FAR_AWAY = 1e6  # px, outside any feature map


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
    input, weight, offset, mask, bias = widen(input, weight, offset, mask, bias)
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
    operands = widen(grad_output, *_deform_operands(input, weight, offset))
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


def _modulated_operands(
    input: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor, output: Tensor, settings: dict[str, int]
) -> list[Tensor]:
    """Operands for torchvision, with offset and mask as maps of the output's size.

    mmcv's modulated operator, unlike its plain one, does not check theirs: of each image it reads as many values as the
    output needs, one after the other from the first. mmdet's DyHead lets the offsets of one level of the pyramid move
    the smaller next one so.
    """
    points = settings['kernel_h'] * settings['kernel_w'] * settings['deformable_group']
    height, width = output.shape[2:]
    offset, mask = (
        values.flatten(1)[:, : channels * height * width].view(len(input), channels, height, width)
        for values, channels in ((offset, 2 * points), (mask, points))
    )
    return _deform_operands(input, weight, offset, mask, bias if settings['with_bias'] else None)


def modulated_deform_conv_forward(*tensors: Tensor, **settings: int) -> None:
    input, weight, bias, _, offset, mask, output, _ = tensors
    operands = _modulated_operands(input, weight, bias, offset, mask, output, settings)
    output.copy_(torch.ops.torchvision.deform_conv2d(*operands, *_modulated_geometry(settings), True))


def modulated_deform_conv_backward(*tensors: Tensor, **settings: int) -> None:
    input, weight, bias, _, offset, mask, _, grad_input, grad_weight, grad_bias, grad_offset, grad_mask, grad = tensors
    operands = widen(grad, *_modulated_operands(input, weight, bias, offset, mask, grad, settings))
    gradients = torch.ops.torchvision._deform_conv2d_backward(*operands, *_modulated_geometry(settings), True)
    grad_input.copy_(gradients[0])
    grad_weight.copy_(gradients[1])
    for target, gradient in ((grad_offset, gradients[2]), (grad_mask, gradients[3])):
        unread = target.shape[1:].numel() - gradient.shape[1:].numel()
        target.copy_(F.pad(gradient.flatten(1), (0, unread)).view_as(target))
    if settings['with_bias']:
        grad_bias.copy_(gradients[4])
