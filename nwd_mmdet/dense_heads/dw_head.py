"""The dual weighting head: FCOS's layout, trained with a positive and a negative weight for every sample."""

from typing import Any

import torch
from mmcv.cnn import Scale
from mmdet.models.dense_heads import AnchorFreeHead
from mmdet.models.utils import multi_apply
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torch.nn import functional as F

from nwd_mmdet.dense_heads.box_refinement import BoxRefinement, as_distance
from nwd_mmdet.dense_heads.dual_weighting import dual_weighting_losses, flatten_levels, points_in_regions


@MODELS.register_module()
class DWHead(AnchorFreeHead):
    """Dual Weighting head (Li et al., CVPR 2022, "A Dual Weighting Label Assignment Scheme for Object Detection").

    FCOS's towers. The score of a box is the class score times the centerness (section 3.5), which has no target of its
    own here; the box may be refined (section 3.4). Works with images without objects, under mixed precision, and leaves
    out the points in ignored regions as negatives.

    The released code scales the predicted distances by the stride in training as well; so does this, and they start
    at 4 strides. Unlike its ReLU, the cut of distances at 0 lets them grow again: the values are the same.

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the feature maps.
        reg_refine: Whether boxes are refined.
        assigner: Config of the :class:`~nwd_mmdet.assigners.dw_assigner.DWAssigner`.
        loss_bbox: Regression loss on boxes.
        norm_cfg: Normalisation in the towers.
        init_cfg: Initialisation of the convolutions.
        **kwargs: As mmdet's ``AnchorFreeHead``: ``feat_channels``, ``stacked_convs``, ``strides`` and others.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        reg_refine: bool = True,
        assigner: dict = dict(type='DWAssigner'),  # noqa: B006  mmdet's way; it is not changed
        loss_bbox: dict = dict(type='GIoULoss', loss_weight=1.0),  # noqa: B006
        norm_cfg: dict | None = dict(type='GN', num_groups=32, requires_grad=True),  # noqa: B006
        init_cfg: dict | list | None = dict(  # noqa: B006
            type='Normal',
            layer='Conv2d',
            std=0.01,
            override=[
                dict(type='Normal', name='conv_cls', std=0.01, bias_prob=0.02),
                dict(type='Normal', name='conv_reg', std=0.01, bias=4.0),
            ],
        ),
        **kwargs: Any,
    ) -> None:
        self.reg_refine = reg_refine
        super().__init__(
            num_classes,
            in_channels,
            loss_bbox=loss_bbox,
            norm_cfg=norm_cfg,
            init_cfg=init_cfg,
            conv_bias=True,
            **kwargs,
        )
        self.assigner = TASK_UTILS.build(assigner)

    def _init_predictor(self) -> None:
        super()._init_predictor()
        self.conv_centerness = nn.Conv2d(self.feat_channels, 1, 3, padding=1)
        self.scales = nn.ModuleList([Scale(1.0) for _ in self.strides])
        if self.reg_refine:
            self.reg_offset = BoxRefinement(self.feat_channels)

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Predict.

        Args:
            feats: Feature map of each level, shape [B, in_channels, H, W].

        Returns:
            Of each level: class logits [B, C, H, W], distances to the left, top, right and bottom side [B, 4, H, W] in
            px, and centerness logits [B, 1, H, W].
        """
        return multi_apply(self.forward_single, feats, self.scales, self.prior_generator.strides)

    def forward_single(self, x: Tensor, scale: nn.Module, stride: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Predict on one level; see :meth:`forward`."""
        cls_score, bbox_pred, _, reg_feat = super().forward_single(x)
        sizes = bbox_pred.new_tensor([*stride, *stride]).float().view(1, 4, 1, 1)
        bbox_pred = as_distance(scale(bbox_pred).float()) * sizes  # half precision would overflow
        if self.reg_refine:
            bbox_pred = self.reg_offset(reg_feat, bbox_pred, stride)
        return cls_score, bbox_pred, self.conv_centerness(reg_feat)

    def loss_by_feat(
        self,
        cls_scores: list[Tensor],
        bbox_preds: list[Tensor],
        centernesses: list[Tensor],
        batch_gt_instances: list[InstanceData],
        batch_img_metas: list[dict],
        batch_gt_instances_ignore: list[InstanceData] | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses.

        Args:
            cls_scores: Class logits of each level, shape [B, C, H, W].
            bbox_preds: Distances in px, shape [B, 4, H, W].
            centernesses: Centerness logits, shape [B, 1, H, W].
            batch_gt_instances: Objects of each image, with ``bboxes`` (xyxy in px) and ``labels``.
            batch_img_metas: Unused.
            batch_gt_instances_ignore: Ignored regions of each image, with ``bboxes``.

        Returns:
            ``loss_cls_pos``, ``loss_loc``, ``loss_cls_neg``.
        """
        sizes, strides = [tuple(level.shape[-2:]) for level in cls_scores], self.prior_generator.strides
        points = torch.cat(self.prior_generator.grid_priors(sizes, device=cls_scores[0].device))
        class_logits, centerness_logits = flatten_levels(cls_scores), flatten_levels(centernesses)
        distances = flatten_levels(bbox_preds)
        ignored = None
        if batch_gt_instances_ignore is not None:
            regions = [instances.bboxes for instances in batch_gt_instances_ignore]
            ignored = points_in_regions(sizes, strides, regions)
        return dual_weighting_losses(
            self.assigner,
            self.loss_bbox,
            F.logsigmoid(class_logits) + F.logsigmoid(centerness_logits),
            torch.cat([points - distances[..., :2], points + distances[..., 2:]], -1),
            self.assigner.candidates(sizes, strides, [instances.bboxes for instances in batch_gt_instances]),
            batch_gt_instances,
            ignored,
        )

    def predict_by_feat(
        self, cls_scores: list[Tensor], bbox_preds: list[Tensor], centernesses: list[Tensor], **kwargs: Any
    ) -> list[InstanceData]:
        """Turn predictions into boxes; score threshold and ``nms_pre`` go by the product, as in the released code.

        Args:
            cls_scores: Class logits of each level, shape [B, C, H, W].
            bbox_preds: Distances in px, shape [B, 4, H, W].
            centernesses: Centerness logits, shape [B, 1, H, W].
            **kwargs: As mmdet's ``BaseDenseHead.predict_by_feat``.

        Returns:
            Boxes, scores and labels of each image.
        """
        products = [_logit_of_product(a.float(), b.float()) for a, b in zip(cls_scores, centernesses, strict=True)]
        return super().predict_by_feat(products, bbox_preds, None, **kwargs)

    def get_targets(self, *args: Any, **kwargs: Any) -> None:
        """Not used: targets come from ``assigner``."""
        raise NotImplementedError('DWHead takes its targets from its assigner')


def _logit_of_product(a: Tensor, b: Tensor) -> Tensor:
    """``logit(sigmoid(a) sigmoid(b))``, without rounding scores near 0 and 1."""
    return -torch.logaddexp(torch.logaddexp(-a, -b), -a - b)
