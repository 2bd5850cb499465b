"""CenterNet's head with several centre points for every object: M-CenterNet."""

from typing import Any

import torch
from mmdet.models.dense_heads import CenterNetHead
from mmdet.models.utils import gaussian_radius, gen_gaussian_target, get_local_maximum, get_topk_from_heatmap
from mmdet.registry import MODELS
from torch import Tensor

# The four points of the feature map around a centre, of which CenterNet takes the first.
_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))


@MODELS.register_module()
class MultiCentreHead(CenterNetHead):
    """Learns several centre points of every object and averages what they say of its box.

    M-CenterNet of Wang et al., "Tiny Object Detection in Aerial Images", ICPR 2020, which presents AI-TOD. *Published*,
    by the paper's abstract, is that CenterNet learns multiple centre points of an object in place of one, to localise
    tiny objects better. No code of it was found. *Read into it here* is everything else:

    * The centre points of an object are, of the four points of the feature map around its true centre, that above and
      to the left, which is CenterNet's only one, and the nearest of the others that lie in its box: ``num_centres`` at
      most.
    * Each is a peak of 1 in the heat map, with the Gaussian of CenterNet around it, and learns the object's width and
      height and its own offset to the true centre, which then lies in (-1, 1) instead of [0, 1) strides.
    * Where two objects claim one point, the one whose centre is nearer has it.
    * A detection is a local maximum of the heat map. Its box is the mean of the boxes that the ``num_centres`` highest
      points of the same class among the 3 x 3 around it tell of, weighted by their scores.

    With ``num_centres=1`` the head is mmdet's, but for points that two objects claim.

    Args:
        *args: As ``CenterNetHead``.
        num_centres: Centre points of an object, 1 to 4.
        **kwargs: As ``CenterNetHead``.

    Raises:
        ValueError: Another ``num_centres``.
    """

    def __init__(self, *args: Any, num_centres: int = 4, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if num_centres not in (1, 2, 3, 4):
            raise ValueError(f'num_centres={num_centres} must be 1 to 4: the points of the feature map around a centre')
        self.num_centres = num_centres

    def get_targets(
        self, gt_bboxes: list[Tensor], gt_labels: list[Tensor], feat_shape: tuple[int, ...], img_shape: tuple[int, ...]
    ) -> tuple[dict[str, Tensor], int]:
        """Compute the targets of all images.

        Args:
            gt_bboxes: Objects of each image, shape [num_gts, 4], xyxy in px.
            gt_labels: Their classes, shape [num_gts].
            feat_shape: (B, _, H, W) of the feature map.
            img_shape: (height, width) of the padded images in px.

        Returns:
            ``center_heatmap_target`` of shape [B, num_classes, H, W], ``wh_target``, ``offset_target`` and their
            weights ``wh_offset_target_weight``, each of shape [B, 2, H, W], all in units of the feature map; and the
            number of centre points, 1 at least.
        """
        batch, _, height, width = feat_shape
        scale = gt_bboxes[-1].new_tensor([width / img_shape[1], height / img_shape[0]]).repeat(2)
        heatmap = gt_bboxes[-1].new_zeros(batch, self.num_classes, height, width)
        wh, offset, weight = gt_bboxes[-1].new_zeros(3, batch, 2, height, width).unbind()
        for image, (boxes, labels) in enumerate(zip(gt_bboxes, gt_labels)):
            boxes = boxes * scale
            points, objects, offsets = self.centre_points(boxes, height, width)
            sizes = boxes[:, 2:] - boxes[:, :2]
            self._draw(heatmap[image], points, labels[objects], sizes[objects])
            nearest = _nearest_claim(points[:, 1] * width + points[:, 0], offsets.norm(dim=1))
            x, y = points[nearest].unbind(1)
            wh[image, :, y, x] = sizes[objects[nearest]].T
            offset[image, :, y, x] = offsets[nearest].T
            weight[image, :, y, x] = 1
        targets = dict(
            center_heatmap_target=heatmap, wh_target=wh, offset_target=offset, wh_offset_target_weight=weight
        )
        return targets, max(1, int(heatmap.eq(1).sum()))

    def centre_points(self, boxes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the centre points of all objects of an image.

        Args:
            boxes: Shape [N, 4], xyxy in units of the feature map.
            height: Rows of the feature map.
            width: Columns of the feature map.

        Returns:
            Points (x, y) of the feature map, int64 of shape [K, 2]; the object of each, shape [K]; and what lies
            between the point and the object's true centre, shape [K, 2]. Every object has one point at least.
        """
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        last = boxes.new_tensor([width - 1, height - 1])
        first = centres.floor().clamp(min=0).minimum(last)
        points = first[:, None] + boxes.new_tensor(_CORNERS)  # [N, 4, 2]
        distance = (centres[:, None] - points).norm(dim=2)
        distance[:, 0] = -1  # CenterNet's own point is always one of them
        in_box = ((points >= boxes[:, None, :2]) & (points <= boxes[:, None, 2:]) & (points <= last)).all(2)
        in_box[:, 0] = True
        chosen = distance.masked_fill(~in_box, torch.inf).argsort(dim=1, stable=True)[:, : self.num_centres]
        objects, column = in_box.gather(1, chosen).nonzero(as_tuple=True)
        points = points[objects, chosen[objects, column]]
        return points.long(), objects, centres[objects] - points

    @staticmethod
    def _draw(heatmap: Tensor, points: Tensor, labels: Tensor, sizes: Tensor) -> None:
        """Draw a Gaussian of the size of its object, with a peak of 1, at every point of [num_classes, H, W]."""
        for point, label, (box_width, box_height) in zip(points.tolist(), labels.tolist(), sizes.tolist()):
            radius = max(0, int(gaussian_radius([box_height, box_width], min_overlap=0.3)))
            gen_gaussian_target(heatmap[label], point, radius)

    def _decode_heatmap(
        self,
        center_heatmap_pred: Tensor,
        wh_pred: Tensor,
        offset_pred: Tensor,
        img_shape: tuple[int, ...],
        k: int = 100,
        kernel: int = 3,
    ) -> tuple[Tensor, Tensor]:
        """Turn the maps into boxes.

        Args:
            center_heatmap_pred: Scores, shape [B, num_classes, H, W].
            wh_pred: Width and height in units of the feature map, shape [B, 2, H, W].
            offset_pred: From the point to the centre in units of the feature map, shape [B, 2, H, W].
            img_shape: (height, width) of the padded images in px.
            k: Detections of an image.
            kernel: Side of the window whose highest point is a detection.

        Returns:
            Boxes xyxy in px with their scores, shape [B, k, 5], and their classes, shape [B, k].
        """
        height, width = center_heatmap_pred.shape[2:]
        peaks = get_local_maximum(center_heatmap_pred, kernel=kernel)
        scores, cell, labels, _, _ = get_topk_from_heatmap(peaks, k=k)
        weights, neighbours = self._neighbours(center_heatmap_pred, cell, labels)
        boxes = _boxes(wh_pred, offset_pred).flatten(2).transpose(1, 2)  # [B, H W, 4]
        found = boxes.gather(1, neighbours.flatten(1)[..., None].expand(-1, -1, 4)).unflatten(1, neighbours.shape[1:])
        mean = (found * weights[..., None]).sum(2) / weights.sum(2, keepdim=True).clamp(
            min=torch.finfo(weights.dtype).tiny
        )
        mean = mean * mean.new_tensor([img_shape[1] / width, img_shape[0] / height]).repeat(2)
        return torch.cat([mean, scores[..., None]], dim=2), labels

    def _neighbours(self, heatmap: Tensor, cell: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and flat indices of the best points around each detection, both of shape [B, k, num_centres]."""
        batch, _, height, width = heatmap.shape
        steps = torch.arange(-1, 2, device=cell.device)
        y = (cell // width)[..., None] + steps.repeat_interleave(3)
        x = (cell % width)[..., None] + steps.repeat(3)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        around = torch.where(inside, y * width + x, cell[..., None])
        maps = heatmap.flatten(1).gather(1, ((labels * height * width)[..., None] + around).flatten(1))
        scores, best = (maps.view_as(around) * inside).topk(self.num_centres, dim=2)
        return scores, around.gather(2, best)


def _nearest_claim(cells: Tensor, distances: Tensor) -> Tensor:
    """Of the rows with the same cell that with the smallest distance; one row for every cell."""
    order = distances.argsort(stable=True)
    _, group = cells[order].unique(return_inverse=True)
    rank = torch.arange(len(order), device=order.device)
    first = torch.full_like(rank, len(order)).scatter_reduce(0, group, rank, 'amin')
    return order[first[first < len(order)]]


def _boxes(wh: Tensor, offset: Tensor) -> Tensor:
    """Boxes xyxy that every point tells of, shape [B, 4, H, W] in units of the feature map."""
    y, x = torch.meshgrid(*(torch.arange(size).to(wh) for size in wh.shape[2:]), indexing='ij')
    centre = torch.stack([x, y]) + offset
    return torch.cat([centre - wh / 2, centre + wh / 2], dim=1)
