"""Any overlap of the package in any mmdet assigner."""

from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from torch import Tensor

from nwd_mmdet.overlaps import Overlap

_IOF = Overlap('iof')


@TASK_UTILS.register_module()
class OverlapCalculator:
    """Overlap calculator for the ``iou_calculator=`` of mmdet's assigners.

    Args:
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`, such as ``'nwd'``.
        **params: Parameters of the overlap, such as ``constant=12.8``.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.

    Example:
        >>> import torch
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0]])
        >>> OverlapCalculator('nwd', constant=12.8)(boxes, boxes)
        tensor([[1.0000, 0.8954],
                [0.8954, 1.0000]])

        In a config::

            assigner=dict(type='ATSSAssigner', topk=9, iou_calculator=dict(type='OverlapCalculator', metric='nwd'))
    """

    def __init__(self, metric: str = 'nwd', **params: float) -> None:
        self.overlap = Overlap(metric, **params)

    def __call__(
        self,
        bboxes1: Tensor | BaseBoxes,
        bboxes2: Tensor | BaseBoxes,
        mode: str = 'iou',
        is_aligned: bool = False,
    ) -> Tensor:
        """Compute the overlaps.

        Args:
            bboxes1: Shape [N, 4] or [N, 5] (with score), xyxy in px.
            bboxes2: Shape [M, 4] or [M, 5], xyxy in px; N boxes if ``is_aligned``.
            mode: ``'iof'`` gives intersection over foreground whatever the metric: assigners ask for it to find
                priors in ignored regions. ``'iou'``, mmdet's word for the main overlap, gives the metric.
            is_aligned: Compare box i with box i only.

        Returns:
            Shape [N, M], or [N] if ``is_aligned``; float32 or float64.

        Raises:
            ValueError: Another ``mode``.
        """
        if mode not in ('iou', 'iof'):
            raise ValueError(f"mode={mode!r} must be 'iou' (the metric {self.overlap.name!r}) or 'iof'")
        boxes1, boxes2 = (get_box_tensor(boxes)[..., :4] for boxes in (bboxes1, bboxes2))
        overlap = _IOF if mode == 'iof' else self.overlap
        return overlap.aligned(boxes1, boxes2) if is_aligned else overlap.pairwise(boxes1, boxes2)

    def __repr__(self) -> str:
        params = ''.join(f', {key}={value}' for key, value in self.overlap.params.items())
        return f'{type(self).__name__}(metric={self.overlap.name!r}{params})'
