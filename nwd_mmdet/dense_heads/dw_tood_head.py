"""Dual weighting on TOOD's task-aligned head: the paper's DW*."""

from typing import Any

from mmdet.models.dense_heads import TOODHead
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.dense_heads.dual_weighting import dual_weighting_losses, flatten_levels, points_in_regions

# Smallest score whose logarithm is taken.
_EPS = 1e-12


@MODELS.register_module()
class DWTOODHead(TOODHead):
    """mmdet's ``TOODHead``, trained with dual weighting in place of task alignment learning.

    DW* of the paper's Table 7 (Li et al., CVPR 2022); its code was not released, so the combination is read off the
    text: TOOD's towers, scores and deformable sampling as they are, dual weighting for the rest.

    Args:
        assigner: Config of the :class:`~nwd_mmdet.assigners.dw_assigner.DWAssigner`.
        **kwargs: As mmdet's ``TOODHead``; its ``train_cfg`` with TOOD's assigners is not needed.
    """

    def __init__(self, *args: Any, assigner: dict = dict(type='DWAssigner'), **kwargs: Any) -> None:  # noqa: B006
        super().__init__(*args, **{**kwargs, 'train_cfg': None})
        self.assigner = TASK_UTILS.build(assigner)

    def loss_by_feat(
        self,
        cls_scores: list[Tensor],
        bbox_preds: list[Tensor],
        batch_gt_instances: list[InstanceData],
        batch_img_metas: list[dict],
        batch_gt_instances_ignore: list[InstanceData] | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses.

        Args:
            cls_scores: Scores (not logits) of each level, shape [B, C, H, W].
            bbox_preds: Boxes, xyxy in strides, shape [B, 4, H, W].
            batch_gt_instances: Objects of each image, with ``bboxes`` (xyxy in px) and ``labels``.
            batch_img_metas: Unused.
            batch_gt_instances_ignore: Ignored regions of each image, with ``bboxes``.

        Returns:
            ``loss_cls_pos``, ``loss_loc``, ``loss_cls_neg``.
        """
        sizes, strides = [tuple(level.shape[-2:]) for level in cls_scores], self.prior_generator.strides
        boxes = [level.float() * stride[0] for level, stride in zip(bbox_preds, strides, strict=True)]
        ignored = None
        if batch_gt_instances_ignore is not None:
            regions = [instances.bboxes for instances in batch_gt_instances_ignore]
            ignored = points_in_regions(sizes, strides, regions, offset=0)
        return dual_weighting_losses(
            self.assigner,
            self.loss_bbox,
            flatten_levels(cls_scores).clamp(min=_EPS).log(),
            flatten_levels(boxes),
            # TOOD's points are the centres of mmdet's anchors, the corners of the cells
            self.assigner.candidates(sizes, strides, [i.bboxes for i in batch_gt_instances], offset=0),
            batch_gt_instances,
            ignored,
        )
