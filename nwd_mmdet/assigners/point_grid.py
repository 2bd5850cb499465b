"""The points of a feature map, and which of them lie in boxes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class PointGrid(NamedTuple):
    """The points of one level, at ``(column + offset) * stride``.

    Attributes:
        size: Height and width of the feature map.
        stride: Horizontal and vertical stride in px.
        offset: Where the first point lies, in strides.
    """

    size: Sequence[int]
    stride: tuple[int, int]
    offset: float

    def points_inside(self, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Point, box, and distance from its centre in strides, of every point strictly inside a box; shape [K] each."""
        scale = boxes.new_tensor(self.stride)
        limit = boxes.new_tensor([self.size[1], self.size[0]])
        # one point more on every side than the division says, so that rounding loses none; then the exact comparison
        first = (boxes[:, :2] / scale - self.offset).floor().clamp(min=0)
        last = torch.minimum((boxes[:, 2:] / scale - self.offset).ceil(), limit - 1)
        extent = (last - first + 1).clamp(min=0).long()
        box = torch.arange(len(boxes), device=boxes.device).repeat_interleave(extent.prod(1))
        index = torch.arange(len(box), device=boxes.device) - torch.searchsorted(box, box)
        width = extent[box, 0]
        column, row = index % width + first[box, 0].long(), index // width + first[box, 1].long()
        point = (torch.stack([column, row], 1) + self.offset) * scale
        inside = ((point > boxes[box, :2]) & (point < boxes[box, 2:])).all(1)
        column, row, box, point = column[inside], row[inside], box[inside], point[inside]
        return row * self.size[1] + column, box, self._distance(point, boxes[box])

    def nearest_point(self, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Point nearest to each box's centre, and its distance in strides; shape [N] each."""
        scale = boxes.new_tensor(self.stride)
        cell = ((boxes[:, :2] + boxes[:, 2:]) / 2 / scale - self.offset).round().clamp(min=0)
        cell = torch.minimum(cell, boxes.new_tensor([self.size[1] - 1, self.size[0] - 1]))
        distance = self._distance((cell + self.offset) * scale, boxes)
        return (cell[:, 1] * self.size[1] + cell[:, 0]).long(), distance

    def _distance(self, point: Tensor, boxes: Tensor) -> Tensor:
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        return ((point - centre) / boxes.new_tensor(self.stride)).square().sum(1).sqrt()


def points_in_boxes(
    sizes: Sequence[Sequence[int]],
    strides: Sequence[tuple[int, int]],
    boxes: Sequence[Tensor],
    offset: float = 0.5,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Which points of all images lie strictly inside their image's boxes, level by level.

    Args:
        sizes: Height and width of each level.
        strides: Horizontal and vertical stride of each level in px.
        boxes: Of each image, shape [G, 4], xyxy in px.
        offset: Where the first point lies, in strides.

    Yields:
        For each level the point among all points of all images (image by image, level by level), the box among all
        boxes, both int64, and its centre's distance in strides; shape [K] each, ordered by box.
    """
    together = torch.cat(list(boxes))
    first = first_points(sizes, boxes)
    for (height, width), stride in zip(sizes, strides, strict=True):
        cell, box, distance = PointGrid((height, width), stride, offset).points_inside(together)
        yield first[box] + cell, box, distance
        first = first + height * width


def first_points(sizes: Sequence[Sequence[int]], boxes: Sequence[Tensor]) -> Tensor:
    """Index of the first point of the image of every box, int64, shape [sum of G]; arguments as above."""
    counts = torch.tensor([len(part) for part in boxes], device=boxes[0].device)
    image = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    return image * sum(height * width for height, width in sizes)
