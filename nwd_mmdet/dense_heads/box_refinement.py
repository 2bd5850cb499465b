"""Box refinement by what the points near the box's four sides predict."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class _Distance(torch.autograd.Function):
    """ReLU through which a distance of 0 still gets the gradient that makes it larger.

    A plain ReLU, as the released code has it, never recovers a side that shrank to nothing. Refined distances are sums
    of two, so that on targets of 6 px all of them shrink that far: such a detector learned nothing.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.relu()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        return grad * ((values > 0) | (grad < 0))


def as_distance(values: Tensor) -> Tensor:
    """``values`` cut off below 0, which a descent step can bring above 0 again."""
    return _Distance.apply(values)


def refine_distances(distances: Tensor, offsets: Tensor, stride: tuple[float, float]) -> Tensor:
    """Take each side of a box from the prediction at a point on that side.

    Dual Weighting (Li et al., CVPR 2022), section 3.4, eq. 9 and 10: the four boundary points are the middles of the
    predicted sides, moved by learned offsets; from the box predicted at the left one its left side is taken, and so on.
    Predictions between points are interpolated; beyond the map they are 0, and distances below 0 are cut off, as in the
    released code. That samples with a deformable convolution; ``grid_sample`` gives the same without compiled code.

    Args:
        distances: Shape [B, 4, H, W]: predicted distances to the left, top, right and bottom side in px, not negative.
        offsets: Shape [B, 8, H, W]: y and x offset of the left, top, right and bottom boundary point, in strides.
        stride: Horizontal and vertical stride of the map in px; points lie at ``(column + .5, row + .5)`` strides.

    Returns:
        Shape [B, 4, H, W]: refined distances in px, float32 or float64, not negative.
    """
    batch, _, height, width = distances.shape
    with torch.autocast(distances.device.type, enabled=False):
        distances, offsets = distances.to(_at_least_float(distances)), offsets.to(_at_least_float(distances))
        column = torch.arange(width, device=distances.device, dtype=distances.dtype).expand(height, width)
        row = torch.arange(height, device=distances.device, dtype=distances.dtype)[:, None].expand(height, width)
        # coordinate of each side at every point, in px: x, y, x, y
        point = torch.stack([(column + 0.5) * stride[0], (row + 0.5) * stride[1]]).repeat(2, 1, 1)
        sign = distances.new_tensor([-1, -1, 1, 1])[:, None, None]
        sides = point + sign * distances
        left, top, right, bottom = distances.unbind(1)
        y = row + offsets[:, 0::2] + torch.stack([left * 0, -top, right * 0, bottom], 1) / stride[1]
        x = column + offsets[:, 1::2] + torch.stack([-left, top * 0, right, bottom * 0], 1) / stride[0]
        grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1)
        sampled = F.grid_sample(
            sides.reshape(batch * 4, 1, height, width), grid.reshape(batch * 4, height, width, 2), align_corners=False
        )
        return as_distance(sign * (sampled.view(batch, 4, height, width) - point))


class BoxRefinement(nn.Conv2d):
    """Predict the offsets of the boundary points from the regression features, and refine the boxes with them.

    For any head that predicts a map of distances to the four sides; see :func:`refine_distances`. A convolution whose
    weights have the names of the released checkpoints where the attribute is called ``reg_offset``. At the start the
    offsets are near 0.

    Args:
        in_channels: Channels of the regression features.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels, 8, 3, padding=1)
        self.init_weights()

    def init_weights(self) -> None:
        """Normal weights with a deviation of 0.01, no bias: as the released code."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, features: Tensor, distances: Tensor, stride: tuple[float, float]) -> Tensor:  # type: ignore[override]
        """Refine the boxes of one level.

        Args:
            features: Shape [B, in_channels, H, W].
            distances: Shape [B, 4, H, W] in px.
            stride: Horizontal and vertical stride in px.

        Returns:
            Shape [B, 4, H, W] in px.
        """
        return refine_distances(distances, super().forward(features), stride)


def _at_least_float(values: Tensor) -> torch.dtype:
    return values.dtype if values.dtype == torch.float64 else torch.float32
