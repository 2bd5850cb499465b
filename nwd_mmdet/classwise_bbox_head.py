"""A box head whose box loss knows the classes."""

from typing import Any

from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmdet.structures.bbox import get_box_tensor
from torch import Tensor


@MODELS.register_module()
class ClasswiseBBoxHead(Shared2FCBBoxHead):
    """mmdet's ``Shared2FCBBoxHead`` that hands the class of every positive to its box loss, as ``labels``.

    For ``loss_bbox=dict(type='NWDLoss', constant=[...])`` with a C for each class.

    Args:
        **kwargs: As ``Shared2FCBBoxHead``.

    Raises:
        ValueError: With ``reg_decoded_bbox=False``: the loss compares boxes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not self.reg_decoded_bbox:
            raise ValueError('reg_decoded_bbox=False hands deltas to the loss; set reg_decoded_bbox=True')

    def loss(
        self,
        cls_score: Tensor,
        bbox_pred: Tensor,
        rois: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        bbox_weights: Tensor,
        reduction_override: str | None = None,
    ) -> dict[str, Tensor]:
        """Losses ``loss_cls`` and ``loss_bbox``, and ``acc``, of R proposals; arguments as in mmdet's ``BBoxHead``."""
        losses = super().loss(
            cls_score, None, rois, labels, label_weights, bbox_targets, bbox_weights, reduction_override
        )
        positive = ((labels >= 0) & (labels < self.num_classes)).nonzero().squeeze(1)
        boxes = get_box_tensor(self.bbox_coder.decode(rois[positive, 1:], bbox_pred[positive]))
        if not self.reg_class_agnostic:
            boxes = boxes.view(len(positive), self.num_classes, 4)
            boxes = boxes.take_along_dim(labels[positive, None, None], dim=1).squeeze(1)
        losses['loss_bbox'] = self.loss_bbox(
            boxes,
            bbox_targets[positive],
            bbox_weights[positive],
            avg_factor=len(labels),
            reduction_override=reduction_override,
            labels=labels[positive],
        )
        return losses
