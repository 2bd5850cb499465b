"""How much does a regression loss make of a small and of a large error? Loss and gradient against either.

The imbalance review (Oksuz et al., "Imbalance Problems in Object Detection: A Review", section 6.1, Figure 11): with L2
the hard samples dominate, with L1 all samples send the same gradient.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from torch import Tensor

from nwd_mmdet.losses import OverlapLoss
from nwd_mmdet.settings import dicts_in

_POINTS = 48  # of a curve


def loss_curve(
    loss_cfg: dict[str, Any],
    errors: Sequence[float] | Tensor,
    size: float,
    decoded: bool,
    std: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Loss of a square box of the object's size that is moved along its diagonal, and the slope of the loss.

    Losses on boxes and on deltas have gradients in different units; the slope by the move in px is the same thing for
    both, and scales like the gradient that the sample sends to the network.

    Args:
        loss_cfg: A box loss of mmdet's registry, as in ``loss_bbox``; its ``loss_weight`` counts. ``GHMR`` weighs every
            sample by the others: its curve is that of a batch which has every error once.
        errors: Shape [N], N > 0: distance of the centres along x, and as much along y, in px.
        size: Side of the object and of the box in px.
        decoded: Whether the head hands boxes in px to the loss (``reg_decoded_bbox=True``, as the IoU losses and
            ``NWDLoss`` need it), or deltas from a prior, which is of the object's size here.
        std: Of deltas: the ``target_stds`` of the head's box coder for x and y, 0.1 in R-CNN heads, 1 in RPN.

    Returns:
        Loss of each sample, the sum over the coordinates where the loss has one for each, and its derivative by the
        error in 1/px; both of shape [N], float64. For errors above 0 the derivative is the magnitude of the gradient,
        unless the loss rewards the error: mmdet's ``SIoULoss`` does without ``neg_gamma=True``.

    Raises:
        ValueError: Errors that are not [N] finite numbers, a size or std that is not positive, or a loss on boxes with
            ``decoded=False``.
        KeyError: A loss that is not registered.

    Example:
        >>> loss, gradient = loss_curve(dict(type='SmoothL1Loss', beta=1.0), [4.0, 16.0], size=8, decoded=False)
        >>> loss.tolist(), gradient.tolist()
        ([0.25, 3.0], [0.125, 0.25])
    """
    moves = torch.as_tensor(errors, dtype=torch.float64).detach().clone().requires_grad_()
    if moves.dim() != 1 or not len(moves) or not moves.isfinite().all():
        raise ValueError(
            f'errors must be one or more finite numbers of shape [N]; they have shape {tuple(moves.shape)}'
        )
    if not (size > 0 and std > 0):
        raise ValueError(f'size={size} and std={std} must be positive')
    loss = MODELS.build(loss_cfg)
    name = type(loss).__name__
    if not decoded and (isinstance(loss, OverlapLoss) or name.endswith('IoULoss')):
        raise ValueError(f'{name} compares boxes: decoded=True, and reg_decoded_bbox=True in the head')
    if decoded:
        target = moves.new_tensor([0, 0, size, size]).expand(len(moves), 4)
        pred = target + moves[:, None]
    else:
        target = moves.new_zeros(len(moves), 4)
        pred = target + moves[:, None] / (size * std) * moves.new_tensor([1, 1, 0, 0])
    values = loss(pred, target, torch.ones_like(pred), reduction_override='none')
    values = values.reshape(len(moves), -1).sum(1)  # L1 has a value for each coordinate, IoU losses one for each box
    (gradient,) = torch.autograd.grad(values.sum(), moves)
    return values.detach(), gradient


def errors_of_ious(ious: Sequence[float] | Tensor, size: float) -> Tensor:
    """The error of :func:`loss_curve` at which the box has an IoU, to draw loss and gradient against the IoU.

    A move by e leaves ((size - e) / size)² = 2 IoU / (1 + IoU) of the box on the object.

    Args:
        ious: Shape [N], in [0, 1]; at 0 the boxes touch.
        size: Side of the object and of the box in px.

    Returns:
        Shape [N], float64, px.

    Raises:
        ValueError: An IoU outside [0, 1].
    """
    values = torch.as_tensor(ious, dtype=torch.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f'IoUs must be in [0, 1], not {ious}')
    return size * (1 - (2 * values / (1 + values)).sqrt())


def curves_of_model(cfg: Config, size: float = 32.0) -> dict[str, Any]:
    """Loss and gradient of each box loss of a model against the error and against the IoU (Fig. 11).

    Args:
        cfg: With ``model``.
        size: Side of the object in px.

    Returns:
        Name of the loss in the config → its ``type``, ``error`` in px, ``loss``, ``gradient``, and ``iou`` at these
        errors; or ``absent``, the reason why there are none.
    """
    ious = torch.linspace(0.98, 0.02, _POINTS, dtype=torch.float64)
    errors = errors_of_ious(ious, size)
    found = {}
    for name, loss, decoded, std in _box_losses(cfg.model):
        try:
            values, gradients = loss_curve(loss, errors, size, decoded, std)
        except (ValueError, KeyError, TypeError) as error:
            found[name] = {'type': loss['type'], 'absent': str(error)}
            continue
        found[name] = {
            'type': loss['type'],
            'error': errors.tolist(),
            'iou': ious.tolist(),
            'loss': values.tolist(),
            'gradient': gradients.abs().tolist(),
        }
    return found


def _box_losses(model: Any) -> Iterator[tuple[str, dict[str, Any], bool, float]]:
    """Every ``loss_bbox`` inside: its name, settings, whether it compares boxes, and the std of the deltas' x."""
    for name, head in dicts_in(model, 'model'):
        if isinstance(head.get('loss_bbox'), dict):
            loss = dict(head['loss_bbox'])
            compares = str(loss['type']).endswith(('IoULoss', 'NWDLoss', 'OverlapLoss'))
            stds = (head.get('bbox_coder') or {}).get('target_stds', (1.0,))
            yield f'{name}.loss_bbox', loss, compares or bool(head.get('reg_decoded_bbox')), float(stds[0])
