"""Any overlap of the package as a matching cost of DETR-style detectors."""

from typing import Any

from mmdet.models.task_modules.assigners.match_cost import BaseMatchCost
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.overlaps import Overlap


@TASK_UTILS.register_module()
class OverlapCost(BaseMatchCost):
    """``-overlap^α`` of predicted boxes and objects, for mmdet's ``HungarianAssigner``.

    Args:
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`, such as ``'nwd'``.
        alpha: α of the power, positive; overlaps below 0 have a power of 0 unless it is 1.
        weight: Factor on the cost.
        **params: Parameters of the overlap, such as ``constant=12.8``.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.
        ValueError: ``alpha`` not positive.

    Example:
        >>> import torch
        >>> predictions = InstanceData(bboxes=torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]]))
        >>> objects = InstanceData(bboxes=torch.tensor([[0.0, 0.0, 6.0, 6.0]]))
        >>> OverlapCost('nwd', constant=12.8, weight=2.0)(predictions, objects)
        tensor([[-2.0000],
                [-1.7908]])

        In a config::

            assigner=dict(
                type='HungarianAssigner',
                match_costs=[
                    dict(type='ClassificationCost', weight=1.0), dict(type='OverlapCost', metric='nwd', weight=2.0)])
    """

    def __init__(self, metric: str = 'iou', alpha: float = 1.0, weight: float = 1.0, **params: Any) -> None:
        super().__init__(weight=weight)
        if alpha <= 0:
            raise ValueError(f'alpha={alpha} must be positive, e.g. 1')
        self.overlap, self.alpha = Overlap(metric, **params), alpha

    def __call__(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        img_meta: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Compute the cost.

        Args:
            pred_instances: With ``bboxes``, shape [N, 4], xyxy in px.
            gt_instances: With ``bboxes``, shape [K, 4], xyxy in px.
            img_meta: Unused.
            **kwargs: Unused.

        Returns:
            Shape [N, K].
        """
        boxes, gts = get_box_tensor(pred_instances.bboxes), get_box_tensor(gt_instances.bboxes)
        overlaps = self.overlap.pairwise(boxes, gts)
        powers = overlaps if self.alpha == 1 else overlaps.clamp(min=0).pow(self.alpha)
        return powers * -float(self.weight)
