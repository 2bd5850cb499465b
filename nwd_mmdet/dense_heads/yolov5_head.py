"""The head of YOLOv5, with any overlap loss."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.utils import filter_scores_and_topk
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor, nn

from nwd_mmdet.overlaps import aligned


@MODELS.register_module()
class YOLOv5Head(BaseDenseHead):
    """Head of YOLOv5 v4.0, with which the Alpha-IoU paper trains (section 4.2, appendix B.1).

    One 1 x 1 convolution per map predicts for each anchor 4 numbers, an objectness and the classes. From sigmoids σ,
    the centre is that of the cell plus ``(2σ - 1) stride``, a side ``(2σ)²`` times the anchor's. The objectness learns
    how well a matched anchor's box fits. Losses are means over the matched anchors of a map (box, class) or all of its
    anchors (objectness), summed over the maps.

    The released alpha-IoU code trains the objectness on what it takes from 1 for the box loss, so on IoU^α; the paper
    does not say so. ``objectness='loss'`` does this with any loss, ``objectness='iou'`` trains on the IoU itself.

    Args:
        num_classes: Number of classes. A single one has no class loss, as in the released code.
        in_channels: Channels of the feature maps, from the finest on.
        anchor_generator: mmdet's ``YOLOAnchorGenerator``.
        loss_cls: Classification loss on one-hot targets.
        loss_bbox: Box loss on decoded boxes in px: ``IoULoss``, ``AlphaIoULoss``, ``NWDLoss``, …
        loss_obj: Objectness loss on targets in [0, 1].
        balance: Factor on the objectness loss of each map.
        objectness: ``'loss'`` or ``'iou'``.
        train_cfg: With ``assigner``; ``ShapeRatioAssigner`` by default.
        test_cfg: With ``nms_pre``, ``score_thr``, ``nms``, ``max_per_img``.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An unknown ``objectness``; numbers of maps that do not agree.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        anchor_generator: dict[str, Any],
        loss_cls: dict[str, Any],
        loss_bbox: dict[str, Any],
        loss_obj: dict[str, Any],
        balance: Sequence[float] = (4.0, 1.0, 0.4),
        objectness: str = 'loss',
        train_cfg: dict[str, Any] | None = None,
        test_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if objectness not in ('loss', 'iou'):
            raise ValueError(f"objectness={objectness!r} must be 'loss' or 'iou'")
        self.prior_generator = TASK_UTILS.build(anchor_generator)
        maps = self.prior_generator.num_levels
        if not len(in_channels) == len(balance) == maps:
            raise ValueError(
                f'in_channels={list(in_channels)}, balance={list(balance)} and the {maps} strides of anchor_generator '
                'must have one entry for each feature map'
            )
        self.num_classes, self.balance, self.objectness = num_classes, balance, objectness
        self.loss_cls, self.loss_bbox, self.loss_obj = (MODELS.build(loss) for loss in (loss_cls, loss_bbox, loss_obj))
        self.assigner = TASK_UTILS.build((train_cfg or {}).get('assigner', dict(type='ShapeRatioAssigner')))
        self.train_cfg, self.test_cfg = train_cfg, test_cfg
        self.convs = nn.ModuleList(
            nn.Conv2d(channels, priors * (5 + num_classes), 1)
            for channels, priors in zip(in_channels, self.prior_generator.num_base_priors, strict=True)
        )

    def init_weights(self) -> None:
        """Start from 8 objects in an image of 640 px, and as YOLOv5 does from classes that are likely there."""
        super().init_weights()
        for conv, (stride, _) in zip(self.convs, self.prior_generator.strides, strict=True):
            bias = conv.get_parameter('bias').data.view(-1, 5 + self.num_classes)  # one row for each anchor of a cell
            bias[:, 4] = math.log(8 / (640 / stride) ** 2)
            bias[:, 5:] = math.log(0.6 / (self.num_classes - 0.99))

    def forward(self, x: tuple[Tensor, ...]) -> tuple[list[Tensor]]:
        """Predictions of each map, shape [B, A x (4 + 1 + classes), H, W], before the sigmoid."""
        return ([conv(feature) for conv, feature in zip(self.convs, x, strict=True)],)

    def decode(self, predictions: Tensor, priors: Tensor, stride: tuple[int, int]) -> Tensor:
        """Boxes from the four numbers of each anchor.

        Args:
            predictions: Shape [..., P, 4 or more], before the sigmoid.
            priors: The anchors, shape [P, 4], xyxy in px.
            stride: Width and height of a cell in px.

        Returns:
            Shape [..., P, 4], xyxy in px, float32. A centre lies up to one cell from that of the anchor; a side is up
            to four times the anchor's.
        """
        offsets, scales = (2 * predictions[..., :4].float().sigmoid()).split(2, -1)
        centres = (priors[:, :2] + priors[:, 2:]) / 2 + (offsets - 1) * priors.new_tensor(stride)
        sizes = scales.square() * (priors[:, 2:] - priors[:, :2])
        return torch.cat([centres - sizes / 2, centres + sizes / 2], -1)

    def loss_by_feat(
        self,
        predictions: list[Tensor],
        batch_gt_instances: list[InstanceData],
        batch_img_metas: list[dict[str, Any]],
        batch_gt_instances_ignore: list[InstanceData] | None = None,
    ) -> dict[str, Tensor]:
        """Losses ``loss_cls``, ``loss_bbox`` and ``loss_obj``.

        Args:
            predictions: Of :meth:`forward`.
            batch_gt_instances: ``bboxes``, xyxy in px, and ``labels`` of each image.
            batch_img_metas: Not needed.
            batch_gt_instances_ignore: YOLOv5 has no regions to ignore.

        Returns:
            Scalars, finite and with gradients also where no image has an object.
        """
        boxes = torch.cat([get_box_tensor(gts.bboxes) for gts in batch_gt_instances]).float()
        labels = torch.cat([gts.labels for gts in batch_gt_instances])
        counts = torch.tensor([len(gts) for gts in batch_gt_instances], device=labels.device)
        images = torch.arange(len(counts), device=labels.device).repeat_interleave(counts)
        losses = []
        for prediction, outputs, priors, stride, anchors in zip(
            predictions,
            *self._by_anchor(predictions),
            self.prior_generator.strides,
            self.prior_generator.base_anchors,
            strict=True,
        ):
            sizes = (anchors[:, 2:] - anchors[:, :2]).to(boxes)
            gt_inds, prior_inds = self.assigner.assign(boxes, sizes, stride, prediction.shape[-2:])
            matched = images[gt_inds] * len(priors) + prior_inds
            outputs = outputs.flatten(0, 1)
            decoded = self.decode(outputs[matched], priors[prior_inds], stride)
            losses.append(self._level_losses(outputs, matched, decoded, boxes[gt_inds], labels[gt_inds]))
        loss_cls, loss_bbox, loss_obj = zip(*losses, strict=True)
        balanced = [balance * loss for balance, loss in zip(self.balance, loss_obj, strict=True)]
        return {'loss_cls': sum(loss_cls), 'loss_bbox': sum(loss_bbox), 'loss_obj': sum(balanced)}

    def _level_losses(
        self, outputs: Tensor, matched: Tensor, decoded: Tensor, targets: Tensor, labels: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Class, box and objectness loss of one map.

        Args:
            outputs: Predictions of all anchors of the batch, shape [N, 4 + 1 + classes].
            matched: Those of the P matches among them, shape [P].
            decoded: Their boxes, shape [P, 4].
            targets: Boxes of their objects, shape [P, 4].
            labels: Classes of their objects, shape [P].
        """
        fit = outputs.new_zeros(len(outputs), dtype=torch.float32)
        loss_cls = loss_bbox = outputs.sum() * 0
        if len(matched):
            losses = self.loss_bbox(decoded, targets, reduction_override='none')
            loss_bbox = losses.mean()
            if self.objectness == 'iou':
                overlaps = aligned('iou', decoded.detach(), targets)
            else:
                overlaps = (1 - losses.detach() / self.loss_bbox.loss_weight).clamp(min=0)
            # Of several objects that one anchor matches the best, which does not depend on their order.
            fit.scatter_reduce_(0, matched, overlaps.float(), 'amax')
            if self.num_classes > 1:
                classes = outputs[matched, 5:].float()
                loss_cls = self.loss_cls(classes, nn.functional.one_hot(labels, self.num_classes).to(classes))
        return loss_cls, loss_bbox, self.loss_obj(outputs[:, 4].float(), fit)

    def predict_by_feat(
        self,
        predictions: list[Tensor],
        batch_img_metas: list[dict[str, Any]],
        cfg: dict[str, Any] | None = None,
        rescale: bool = False,
        with_nms: bool = True,
    ) -> list[InstanceData]:
        """Detections of each image: ``bboxes``, xyxy in px, ``scores`` in [0, 1], objectness times class, ``labels``.

        Args:
            predictions: Of :meth:`forward`.
            batch_img_metas: With ``img_shape`` and, to rescale, ``scale_factor``.
            cfg: In place of ``test_cfg``.
            rescale: Give boxes in px of the original image.
            with_nms: Suppress boxes that overlap.
        """
        cfg = cfg or self.test_cfg or {}
        by_level, priors = self._by_anchor(predictions)
        decoded = [self.decode(*level) for level in zip(by_level, priors, self.prior_generator.strides, strict=True)]
        boxes, outputs = torch.cat(decoded, 1), torch.cat(by_level, 1).float()
        scores = outputs[..., 4:5].sigmoid() * outputs[..., 5:].sigmoid()
        results = []
        for image_boxes, image_scores, meta in zip(boxes, scores, batch_img_metas, strict=True):
            kept, labels, _, rest = filter_scores_and_topk(
                image_scores, cfg['score_thr'], cfg['nms_pre'], {'bboxes': image_boxes}
            )
            height, width = meta['img_shape'][:2]
            limit = boxes.new_tensor([width, height, width, height])
            instances = InstanceData(bboxes=rest['bboxes'].clamp(min=0).minimum(limit), scores=kept, labels=labels)
            results.append(self._bbox_post_process(instances, cfg, rescale, with_nms, meta))
        return results

    def _by_anchor(self, predictions: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Predictions of each map, shape [B, N, 4 + 1 + classes], and its anchors, shape [N, 4]; N = H x W x A."""
        outputs = [
            prediction.unflatten(1, (-1, 5 + self.num_classes)).permute(0, 3, 4, 1, 2).flatten(1, 3)
            for prediction in predictions
        ]
        sizes = [prediction.shape[-2:] for prediction in predictions]
        return outputs, self.prior_generator.grid_priors(sizes, torch.float32, predictions[0].device)
