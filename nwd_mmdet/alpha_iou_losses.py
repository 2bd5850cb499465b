"""The alpha-IoU family: powers of an overlap, and of its penalties, as regression losses."""

from collections.abc import Callable
from typing import Any

import torch
from mmdet.registry import MODELS
from torch import Tensor

from nwd_mmdet.losses import OverlapLoss
from nwd_mmdet.overlaps import aspect_penalty, distance_penalty, hull_penalty

# Smallest value a power is taken of; below it the gradient is 0 instead of infinite. The released code adds as much.
_EPS = 1e-9


@MODELS.register_module()
class AlphaIoULoss(OverlapLoss):
    """``1 - overlap^α``, with the penalties of the class to the power of α as well.

    He et al., "Alpha-IoU", NeurIPS 2021, section 3.2, eq. 1 to 4. With α > 1 boxes of high overlap get a larger share
    of loss and gradient; α = 1 is the plain loss, 3 the paper's choice. The gradient at overlap o is α o^(α-1) times
    that of the plain loss: small at first, so that a loss_weight tuned for α = 1 may be too small.

    Args:
        alpha: α of the overlap, positive; with ``box_cox`` also 0.
        penalty_alpha: α of the penalties (appendix B.2.1); None takes ``alpha``.
        box_cox: Divide ``1 - overlap^α`` by α (eq. 1), so that α = 0 is ``-ln(overlap)``.
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS` in place of IoU, such as ``'nwd'``.
        loss_weight: Factor on the loss.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        **params: Parameters of the overlap, such as ``constant=12.8``.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.
        ValueError: An α out of range, an unknown ``reduction``.

    Example:
        >>> import torch
        >>> pred, target = torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[1.0, 1.0, 7.0, 7.0]])
        >>> AlphaIoULoss(alpha=3.0)(pred, target), AlphaIoULoss(alpha=3.0, metric='nwd', constant=12.8)(pred, target)
        (tensor(0.8495), tensor(0.2821))
    """

    #: Penalties that are added: functions of two sets of aligned boxes, with values in [0, 1].
    penalties: tuple[Callable[[Tensor, Tensor], Tensor], ...] = ()

    def __init__(
        self,
        alpha: float = 3.0,
        penalty_alpha: float | None = None,
        box_cox: bool = False,
        metric: str = 'iou',
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        **params: Any,
    ) -> None:
        super().__init__(metric, loss_weight, reduction, **params)
        if alpha < 0 or (alpha == 0 and not box_cox):
            raise ValueError(f'alpha={alpha} must be positive, e.g. 3; 0 needs box_cox=True and is -ln(overlap)')
        self.alpha = alpha
        self.penalty_alpha = alpha if penalty_alpha is None else penalty_alpha
        if self.penalties and self.penalty_alpha <= 0:
            raise ValueError(f'penalty_alpha={self.penalty_alpha} must be positive, e.g. 3')
        self.box_cox = box_cox

    def loss_per_box(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of each pair of boxes, shape [N] for ``pred`` and ``target`` of shape [N, 4]."""
        overlap = self.overlap.aligned(pred, target)
        if self.alpha == 0:
            loss = -overlap.clamp(min=_EPS).log()
        else:
            loss = (1 - _power(overlap, self.alpha)) / (self.alpha if self.box_cox else 1)
        for penalty in self.penalties:
            loss = loss + _power(penalty(pred, target), self.penalty_alpha)
        return loss


@MODELS.register_module()
class AlphaGIoULoss(AlphaIoULoss):
    """``1 - IoU^α`` plus α-GIoU's penalty (eq. 4); arguments as :class:`AlphaIoULoss`.

    Example:
        >>> import torch
        >>> AlphaGIoULoss()(torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]]))
        tensor(1.0326)
    """

    penalties = (hull_penalty,)


@MODELS.register_module()
class AlphaDIoULoss(AlphaIoULoss):
    """``1 - IoU^α`` plus α-DIoU's penalty (eq. 4); arguments as :class:`AlphaIoULoss`.

    Example:
        >>> import torch
        >>> AlphaDIoULoss()(torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 10.0]]))
        tensor(1.0039)
    """

    penalties = (distance_penalty,)


@MODELS.register_module()
class AlphaCIoULoss(AlphaIoULoss):
    """``1 - IoU^α`` plus α-CIoU's two penalties (eq. 4).

    Args:
        *args: As :class:`AlphaIoULoss`.
        min_aspect_iou: IoU up to which aspect ratios are not compared. 0 is the paper's; with 0.5 and α = 1 it is
            mmdet's ``CIoULoss``.
        **kwargs: As :class:`AlphaIoULoss`.

    Example:
        >>> import torch
        >>> AlphaCIoULoss()(torch.tensor([[0.0, 0.0, 6.0, 6.0]]), torch.tensor([[4.0, 4.0, 10.0, 12.0]]))
        tensor(1.0046)
    """

    def __init__(self, *args: Any, min_aspect_iou: float = 0.0, **kwargs: Any) -> None:
        self.penalties = (distance_penalty, lambda pred, target: aspect_penalty(pred, target, min_aspect_iou))
        super().__init__(*args, **kwargs)


def _power(values: Tensor, alpha: float) -> Tensor:
    """``values^α`` with a finite gradient at 0."""
    return values if alpha == 1 else torch.where(values > _EPS, values.clamp(min=_EPS) ** alpha, values * 0)
