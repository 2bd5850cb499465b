"""mmcv's RoI layers by torchvision's operators."""

from collections.abc import Iterator
from typing import Any

import torch
import torchvision  # noqa: F401 - registers torch.ops.torchvision
from torch import Tensor

from nwd_mmdet.stack.precision import widen

__all__ = ['roi_align_backward', 'roi_align_forward', 'roi_pool_backward', 'roi_pool_forward']

_MAX = 0  # mmcv's number of pool_mode 'max'; 1 is 'avg'


def _sampling_grids(rois: Tensor, settings: dict[str, Any]) -> Iterator[tuple[int, int, Tensor]]:
    """Rows and columns of the points sampled in a bin, and which RoIs they are for, as a mask [K]."""
    if settings['sampling_ratio'] > 0:
        grids = rois.new_full((len(rois), 2), settings['sampling_ratio'])
    else:  # densely: about one point for each cell of the feature map
        corners = rois[:, 1:] * settings['spatial_scale'] - 0.5 * settings['aligned']
        extents = corners[:, [3, 2]] - corners[:, [1, 0]]
        if not settings['aligned']:
            extents = extents.clamp(min=1)
        size = extents.new_tensor([settings['aligned_height'], settings['aligned_width']])
        grids = (extents / size).ceil().clamp(min=1)
    for grid in grids.unique(dim=0):
        rows, columns = grid.int().tolist()
        yield rows, columns, (grids == grid).all(1)


def roi_align_forward(
    input: Tensor, rois: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor, **settings: Any
) -> None:
    """RoIAlign (He et al., ICCV 2017); 'max' takes a bin's largest sample.

    Of a RoI without area that is sampled densely, 'max' has no samples in mmcv, which returns -10000 on CPU and the
    lowest float on CUDA, without gradient. Here it takes the one point.
    """
    features, boxes = widen(input, rois)
    scale, aligned = settings['spatial_scale'], settings['aligned']
    height, width = settings['aligned_height'], settings['aligned_width']
    align = torch.ops.torchvision.roi_align
    if settings['pool_mode'] != _MAX:
        output.copy_(align(features, boxes, scale, height, width, settings['sampling_ratio'], aligned))
        return
    for rows, columns, chosen in _sampling_grids(boxes, settings):
        # Bins of one sample each are the samples.
        samples = align(features, boxes[chosen], scale, height * rows, width * columns, 1, aligned)
        bins = samples.unflatten(3, (width, columns)).unflatten(2, (height, rows)).transpose(3, 4).flatten(4)
        values, indices = bins.max(-1)
        output[chosen] = values.to(output.dtype)
        # For the backward pass, which mmcv hands them to: here the sample's row and column inside its bin.
        argmax_y[chosen] = (indices // columns).to(argmax_y.dtype)
        argmax_x[chosen] = (indices % columns).to(argmax_x.dtype)


def roi_align_backward(
    grad_output: Tensor, rois: Tensor, argmax_y: Tensor, argmax_x: Tensor, grad_input: Tensor, **settings: Any
) -> None:
    gradients, boxes = widen(grad_output, rois)
    scale, aligned, shape = settings['spatial_scale'], settings['aligned'], grad_input.shape
    height, width = settings['aligned_height'], settings['aligned_width']
    align_backward = torch.ops.torchvision._roi_align_backward
    if settings['pool_mode'] != _MAX:
        sampling = settings['sampling_ratio'], aligned
        grad_input.copy_(align_backward(gradients, boxes, scale, height, width, *shape, *sampling))
        return
    for rows, columns, chosen in _sampling_grids(boxes, settings):
        indices = argmax_y[chosen].long() * columns + argmax_x[chosen].long()
        bins = gradients.new_zeros(*indices.shape, rows * columns)
        bins.scatter_(-1, indices[..., None], gradients[chosen][..., None])
        samples = bins.unflatten(4, (rows, columns)).transpose(3, 4).flatten(4).flatten(2, 3)
        grad_input += align_backward(
            samples, boxes[chosen], scale, height * rows, width * columns, *shape, 1, aligned
        )  # fmt: skip


def roi_pool_forward(input: Tensor, rois: Tensor, output: Tensor, argmax: Tensor, **settings: Any) -> None:
    """RoI max pooling (Girshick, ICCV 2015). torchvision rounds the RoI's corners to cells, mmcv's kernel does not."""
    size = settings['pooled_height'], settings['pooled_width']
    values, indices = torch.ops.torchvision.roi_pool(*widen(input, rois), settings['spatial_scale'], *size)
    output.copy_(values)
    argmax.copy_(indices)


def roi_pool_backward(grad_output: Tensor, rois: Tensor, argmax: Tensor, grad_input: Tensor, **settings: Any) -> None:
    shape = settings['pooled_height'], settings['pooled_width'], *grad_input.shape
    operands = *widen(grad_output, rois), argmax
    grad_input.copy_(torch.ops.torchvision._roi_pool_backward(*operands, settings['spatial_scale'], *shape))
