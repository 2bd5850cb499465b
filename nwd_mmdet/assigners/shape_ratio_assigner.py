"""YOLOv5's assignment of objects to anchors: by shape, in the cells around their centre."""

import torch
from mmdet.registry import TASK_UTILS
from torch import Tensor


@TASK_UTILS.register_module()
class ShapeRatioAssigner:
    """Every anchor of an object's cell, and of its two nearest neighbours, if it is shaped like the object.

    The rule of YOLOv5 v4.0, with which the Alpha-IoU paper trains: neither side of the anchor may be ``max_ratio``
    times longer or shorter than the object's. An object may have anchors on several maps or none, and an anchor several
    objects. Where a centre lies exactly on the border of two cells, the released code counts its own cell twice; here
    it counts once.

    Args:
        max_ratio: Ratio of sides from which on shapes do not match; above 1.

    Raises:
        ValueError: ``max_ratio`` of 1 or less.

    Example:
        >>> objects, anchors = torch.tensor([[10.0, 10.0, 22.0, 20.0]]), torch.tensor([[10.0, 13.0], [90.0, 60.0]])
        >>> gt_inds, anchor_inds = ShapeRatioAssigner().assign(objects, anchors, (8, 8), (4, 4))
        >>> gt_inds.tolist(), anchor_inds.tolist()  # the first anchor, in the cell of the centre and two beside it
        ([0, 0, 0], [12, 10, 20])
    """

    def __init__(self, max_ratio: float = 4.0) -> None:
        if max_ratio <= 1:
            raise ValueError(f'max_ratio={max_ratio} must be above 1, e.g. 4: no shape is closer than equal')
        self.max_ratio = max_ratio

    def assign(
        self, boxes: Tensor, anchor_sizes: Tensor, stride: tuple[int, int], featmap_size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Match objects with the anchors of one feature map; objects of several images may be mixed.

        Args:
            boxes: Shape [K, 4], xyxy in px of the network input.
            anchor_sizes: Widths and heights of the A anchors of each cell in px, shape [A, 2].
            stride: Width and height of a cell in px.
            featmap_size: Rows H and columns W of the map.

        Returns:
            Index of the object, int64, shape [P], and of its anchor among the H x W x A of the map, the anchors of a
            cell next to each other, as mmdet's generators list them; int64, shape [P].
        """
        sizes = boxes[:, 2:] - boxes[:, :2]
        ratios = sizes[:, None] / anchor_sizes
        gt_inds, anchor_inds = (torch.max(ratios, 1 / ratios).amax(2) < self.max_ratio).nonzero(as_tuple=True)
        limit = boxes.new_tensor(featmap_size[::-1])
        centres = ((boxes[:, :2] + boxes[:, 2:]) / 2 / boxes.new_tensor(stride))[gt_inds]
        own = torch.minimum(centres.floor().clamp(min=0), limit - 1)
        step = torch.sign(centres - own - 0.5)  # to the nearest neighbour along each axis, 0 from the very middle
        cells = torch.stack([own, own + step * step.new_tensor([1, 0]), own + step * step.new_tensor([0, 1])])
        used = ((cells >= 0) & (cells < limit)).all(2)
        used[1:] &= step.T != 0
        columns, rows = cells[used].long().unbind(1)
        gt_inds, anchor_inds = (index.expand(3, -1)[used] for index in (gt_inds, anchor_inds))
        return gt_inds, (rows * featmap_size[1] + columns) * len(anchor_sizes) + anchor_inds
