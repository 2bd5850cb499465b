"""Regression losses on decoded boxes, made from the overlaps of :mod:`nwd_mmdet.overlaps`."""

from collections.abc import Callable
from typing import Any

import torch
from mmdet.models.losses.utils import weight_reduce_loss
from mmdet.registry import MODELS
from torch import Tensor, nn

from nwd_mmdet.overlaps import Constant, Overlap, as_boxes, in_one_unit, wasserstein


def _refuse_deltas(loss: str, target: Tensor) -> None:
    """Raise ValueError for targets that are no boxes: regression deltas, as a rule."""
    x1, y1, x2, y2 = target.unbind(1)
    inverted = (x2 < x1) | (y2 < y1)
    if inverted.any():
        row = int(inverted.nonzero()[0])
        raise ValueError(
            f'{loss} compares boxes (x1, y1, x2, y2) in pixels, but target row {row} is '
            f'{[round(value, 4) for value in target[row].tolist()]}, with x2 < x1 or y2 < y1. Most likely the head '
            'hands over encoded regression deltas: set reg_decoded_bbox=True beside loss_bbox in its config.'
        )


@MODELS.register_module()
class OverlapLoss(nn.Module):
    """``1 - overlap`` of predicted and target boxes, for any overlap by name.

    Heads that regress deltas must decode first: set ``reg_decoded_bbox=True`` beside ``loss_bbox``.

    Args:
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`.
        loss_weight: Factor on the loss.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        **params: Parameters of the overlap, such as ``constant=12.8`` for ``'nwd'``.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.
        ValueError: Unknown ``reduction``.

    Example:
        >>> pred, target = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> OverlapLoss('dotd', constant=12.8)(pred, target)
        tensor(0.3572)
    """

    def __init__(self, metric: str = 'iou', loss_weight: float = 1.0, reduction: str = 'mean', **params: float) -> None:
        super().__init__()
        if reduction not in ('none', 'mean', 'sum'):
            raise ValueError(f"reduction={reduction!r} must be 'none', 'mean' or 'sum'")
        self.overlap = Overlap(metric, **params)
        self.loss_weight = loss_weight
        self.reduction = reduction

    def loss_per_box(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of each pair of boxes, shape [N] for ``pred`` and ``target`` of shape [N, 4]."""
        return 1 - self.overlap.aligned(pred, target)

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Compute the loss, in float32 at least whatever autocast says.

        Args:
            pred: Decoded boxes, shape [N, 4], xyxy in px.
            target: Boxes, shape [N, 4], xyxy in px.
            weight: Shape [N], or [N, 4] whose mean over the coordinates counts.
            avg_factor: Divide the sum by it instead of N; only with reduction ``'mean'``.
            reduction_override: Takes the place of ``reduction``.
            **kwargs: Accepted and unused, as in mmdet's losses.

        Returns:
            A scalar, or shape [N] with reduction ``'none'``.

        Raises:
            ValueError: Shapes that are not [N, 4]; a target with x2 < x1 or y2 < y1, as regression deltas have it (a
                few of them can pass for boxes, a batch can not).
        """
        if weight is not None and weight.dim() > 1:
            weight = weight.mean(-1)
        reduction = reduction_override or self.reduction
        pred, target = as_boxes(pred, 'pred'), as_boxes(target, 'target')
        if pred.shape != target.shape:
            raise ValueError(f'pred {tuple(pred.shape)} and target {tuple(target.shape)} must have the same shape')
        _refuse_deltas(type(self).__name__, target)
        if not len(pred) and reduction != 'none':
            return pred.sum() * 0  # the mean of nothing would be NaN
        loss: Tensor = weight_reduce_loss(self.loss_per_box(pred, target), weight, reduction, avg_factor)
        return self.loss_weight * loss


@MODELS.register_module()
class NWDLoss(OverlapLoss):
    """NWD as a regression loss (NWD paper, section 3.3, eq. 9), and the released code's variants on the distance.

    With W the Wasserstein distance in px: ``exp`` 1 - e^(-W/C), the paper's; ``sqrt`` W; ``log`` ln(W² + 1);
    ``norm_sqrt`` 1 - 1/(γ + W); ``w2`` W². Only ``exp`` uses C, only ``norm_sqrt`` γ.

    Args:
        constant: C in network-input pixels, about the mean absolute object size; or one for each class, with heads that
            hand over the classes as :class:`~nwd_mmdet.classwise_bbox_head.ClasswiseBBoxHead` does. mmdet's do not.
        mode: One of the five above.
        loss_weight: Factor on the loss; the paper's RPN uses 10.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        gamma: γ of ``norm_sqrt``, in px.

    Raises:
        ValueError: Unknown ``mode`` or ``reduction``; a constant that is no positive number.

    Example:
        >>> pred, target = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]])
        >>> NWDLoss(constant=12.8)(pred, target)
        tensor(0.3572)

        In a config, with the weight that the paper's RPN has::

            rpn_head=dict(reg_decoded_bbox=True, loss_bbox=dict(type='NWDLoss', constant=12.8, loss_weight=10.0))
    """

    _VARIANTS: dict[str, Callable[[Tensor, float], Tensor]] = {
        'sqrt': lambda distance, gamma: distance,
        'log': lambda distance, gamma: torch.log1p(distance.square()),
        'norm_sqrt': lambda distance, gamma: 1 - 1 / (gamma + distance),
        'w2': lambda distance, gamma: distance.square(),
    }

    def __init__(
        self,
        constant: Constant = 12.8,
        mode: str = 'exp',
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        gamma: float = 2.0,
    ) -> None:
        _, one_constant = in_one_unit(torch.zeros(0, 4), constant, torch.zeros(0, dtype=torch.long))
        super().__init__('nwd', loss_weight, reduction, constant=one_constant)
        self.constant, self.is_classwise = constant, isinstance(constant, (list, tuple))
        if self.is_classwise and mode != 'exp':
            raise ValueError(f'mode={mode!r} does not use C: constant={constant}, one for each class, needs mode="exp"')
        if mode != 'exp' and mode not in self._VARIANTS:
            raise ValueError(f'mode={mode!r} must be one of exp, {", ".join(self._VARIANTS)}')
        self.mode = mode
        self.gamma = gamma

    def forward(self, pred: Tensor, target: Tensor, *args: Any, labels: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Compute the loss; as :meth:`OverlapLoss.forward`.

        Args:
            pred: Decoded boxes, shape [N, 4], xyxy in px.
            target: Boxes, shape [N, 4], xyxy in px.
            *args: As :meth:`OverlapLoss.forward`.
            labels: Shape [N], the classes; needed where every class has its own C.
            **kwargs: As :meth:`OverlapLoss.forward`.

        Returns:
            A scalar, or shape [N] with reduction ``'none'``.

        Raises:
            ValueError: One C for each class and no ``labels``; a class without a C; and as :meth:`OverlapLoss.forward`.
        """
        if self.is_classwise:
            if labels is None:
                raise ValueError(
                    f'constant={self.constant} has one number for each class, but the head does not tell the loss the '
                    "classes: take type='ClasswiseBBoxHead' for the R-CNN's bbox_head, or give a single number"
                )
            both = torch.cat([as_boxes(pred, 'pred'), as_boxes(target, 'target')], 1)
            pred, target = in_one_unit(both, self.constant, labels)[0].chunk(2, 1)
        return super().forward(pred, target, *args, **kwargs)

    def loss_per_box(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of each pair of boxes, shape [N] for ``pred`` and ``target`` of shape [N, 4]."""
        if self.mode == 'exp':
            return super().loss_per_box(pred, target)
        return self._VARIANTS[self.mode](wasserstein(pred, target), self.gamma)
