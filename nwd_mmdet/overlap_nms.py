"""Exact greedy NMS, and soft-NMS, with any overlap of :mod:`nwd_mmdet.overlaps`."""

import logging
import math
from collections.abc import Callable

import numpy as np
import torch
from mmengine.logging import print_log
from numpy.typing import NDArray
from torch import Tensor

from nwd_mmdet.compiled import compiled
from nwd_mmdet.overlaps import Overlap
from nwd_mmdet.tracing import refuse_tracing

# Boxes decided on at a time, and kept boxes they are compared with at a time: 8 MB a matrix in float64.
_BLOCK = 256
_MAX_KEPT = 4096

_left_out_before = False  # one warning a process, not one an image


def overlap_nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    metric: str = 'iou',
    idxs: Tensor | None = None,
    score_threshold: float = 0,
    max_num: int = -1,
    **params: float,
) -> tuple[Tensor, Tensor]:
    """Greedy NMS that suppresses a box where its overlap with a better kept box exceeds the threshold.

    The overlap is computed in float64, equal scores keep their input order. Every box is compared with every kept one,
    a block at a time, so memory is bounded. For NWD :func:`nwd_mmdet.nms.nwd_nms` decides the same without comparing
    all; for IoU mmcv's ``nms`` is compiled. Boxes that are not finite are left out, see :func:`finite_rows`.

    Args:
        boxes: Shape [N, 4], xyxy in px.
        scores: Shape [N].
        iou_threshold: Overlap in [-1, 1] above which a box is suppressed.
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`; called with the kept box first.
        idxs: Shape [N], integers, the class or level of each box: only boxes of the same one touch each other.
        score_threshold: Boxes with a score not above it are dropped first, if it is positive.
        max_num: Keep at most so many boxes, if it is positive.
        **params: Parameters of the overlap, such as ``constant=12.8``.

    Returns:
        ``dets`` of shape [K, 5] (box and score) sorted by score, and ``keep`` of shape [K], int64 indices into
        the input.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.
        ValueError: A threshold outside [-1, 1] or mismatched shapes.
        RuntimeError: Under tracing or export.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0], [30.0, 30.0, 36.0, 36.0]])
        >>> overlap_nms(boxes, torch.tensor([0.9, 0.8, 0.7]), iou_threshold=0.5, metric='diou')[1].tolist()
        [0, 2]
    """
    overlap = Overlap(metric, **params)
    groups = check_boxes(boxes, scores, idxs, iou_threshold, lowest=-1)
    order = best_first(boxes, scores, score_threshold)
    groups, ordered = groups[order], boxes.detach()[order.to(boxes.device)].double()
    kept = torch.zeros(len(order), dtype=torch.bool)
    for group in torch.unique(groups):
        rows = (groups == group).nonzero().squeeze(1)
        kept[rows] = _greedy_keep(ordered[rows.to(boxes.device)], overlap, iou_threshold)
    keep = order[kept][: max_num if max_num > 0 else None].to(boxes.device)
    return torch.cat([boxes[keep], scores[keep, None]], dim=1), keep


def soft_overlap_nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float = 0.3,
    metric: str = 'iou',
    idxs: Tensor | None = None,
    sigma: float = 0.5,
    min_score: float = 1e-3,
    method: str = 'linear',
    max_num: int = -1,
    **params: float,
) -> tuple[Tensor, Tensor]:
    """Soft-NMS (Bodla et al., ICCV 2017) with any overlap: boxes near a better one lose score instead of vanishing.

    The best remaining box is taken, again and again, and the scores of the others are multiplied by a factor of their
    overlap o with it: ``1 - o`` where o exceeds the threshold (``linear``, the paper's eq. 2), ``exp(-o²/σ)``
    (``gaussian``, eq. 3), or 0 where o exceeds the threshold (``naive``, plain NMS). It runs on the CPU, as mmcv's
    ``soft_nms``, whose arguments these are. NWD is above 0 for boxes that do not touch: 0.3 is 15 px at C = 12.8.

    Args:
        boxes: Shape [N, 4], xyxy in px.
        scores: Shape [N].
        iou_threshold: Overlap in [-1, 1] above which ``linear`` and ``naive`` act.
        metric: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`, such as ``'nwd'``; called with the better box first.
        idxs: Shape [N], integers, the class or level of each box: only boxes of the same one touch each other.
        sigma: σ of ``gaussian``, positive.
        min_score: Boxes whose score falls below it are dropped.
        method: ``'linear'``, ``'gaussian'`` or ``'naive'``.
        max_num: Keep at most so many boxes, if it is positive.
        **params: Parameters of the overlap, such as ``constant=12.8``.

    Returns:
        ``dets`` of shape [K, 5], boxes and their new scores, sorted by these; ``keep`` of shape [K], int64 indices.

    Raises:
        KeyError: Unknown ``metric``; the message lists the choices.
        ValueError, RuntimeError: Unknown ``method``, ``sigma`` not positive, and as :func:`overlap_nms`.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0], [30.0, 30.0, 36.0, 36.0]])
        >>> soft_overlap_nms(boxes, torch.tensor([0.9, 0.8, 0.7]))[0][:, 4]
        tensor([0.9000, 0.7000, 0.3745])
    """
    overlap = Overlap(metric, **params)
    groups = check_boxes(boxes, scores, idxs, iou_threshold, lowest=-1)
    factor, finite = _decay(method, iou_threshold, sigma), finite_rows(boxes, scores)
    cpu_boxes, cpu_scores = boxes.detach().cpu().double(), scores.detach().cpu().double()
    kept, kept_scores = [groups[:0]], [cpu_scores[:0]]
    for group in torch.unique(groups):
        rows = (finite & (groups == group)).nonzero().squeeze(1)
        picked, new_scores = _soft_keep(cpu_boxes[rows], cpu_scores[rows], overlap, factor, min_score)
        kept.append(rows[picked])
        kept_scores.append(new_scores)
    new_scores, order = torch.cat(kept_scores).sort(descending=True, stable=True)
    order = order[: max_num if max_num > 0 else None]
    keep = torch.cat(kept)[order].to(boxes.device)
    return torch.cat([boxes[keep], new_scores[: len(order)].to(boxes)[:, None]], dim=1), keep


def check_boxes(boxes: Tensor, scores: Tensor, idxs: Tensor | None, iou_threshold: float, lowest: float = 0) -> Tensor:
    """Return the groups on the CPU, all 0 for no ``idxs``.

    Raises:
        ValueError: Input that no NMS can deal with.
        RuntimeError: As :func:`~nwd_mmdet.tracing.refuse_tracing`.
    """
    refuse_tracing()
    groups = torch.zeros(len(scores), dtype=torch.long) if idxs is None else idxs.detach().cpu()
    if boxes.dim() != 2 or boxes.size(1) != 4 or not len(boxes) == len(scores) == len(groups):
        raise ValueError(
            f'boxes {tuple(boxes.shape)}, scores {tuple(scores.shape)} and idxs {tuple(groups.shape)} '
            'must have shapes [N, 4], [N] and [N]'
        )
    if not lowest <= iou_threshold <= 1:
        raise ValueError(f'iou_threshold={iou_threshold} must be an overlap in [{lowest}, 1], e.g. 0.7')
    return groups


def finite_rows(boxes: Tensor, scores: Tensor) -> Tensor:
    """Which boxes have neither a NaN nor an infinite number in them or as their score: bool on the CPU, shape [N].

    NMS leaves the others out, as if they were not in the input, so that an overflow in one image does not end a run;
    the first time in a process a warning is logged. mmdet has no such rule: scores that are NaN are not above
    ``score_thr`` and fall out there, and so do NaN boxes of an RPN with ``min_bbox_size=0``; any other such box makes
    the offset between the classes NaN in mmcv's ``batched_nms``, which then suppresses nothing in that image.
    """
    global _left_out_before
    finite = (boxes.isfinite().all(1) & scores.isfinite()).cpu()
    left_out = len(finite) - int(finite.sum())
    if left_out and not _left_out_before:
        _left_out_before = True
        print_log(
            f'NMS leaves out {left_out:,} of {len(finite):,} boxes: their coordinates or scores are NaN or infinite. '
            'The likely cause is a diverged training (lower the learning rate, clip gradients) or an overflow in half '
            'precision. This is said once in a process.',
            logger='current',
            level=logging.WARNING,
        )
    return finite


def best_first(boxes: Tensor, scores: Tensor, score_threshold: float) -> Tensor:
    """Indices of finite boxes by descending score, int64 on the CPU; those above the threshold if it is positive.

    Sorting on the CPU makes the order of equal scores, and so the result, the same on every device.
    """
    finite, scores = finite_rows(boxes, scores), scores.detach().cpu()
    order = scores.argsort(descending=True, stable=True)
    order = order[finite[order]]
    return order[scores[order] > score_threshold] if score_threshold > 0 else order


def _greedy_keep(boxes: Tensor, overlap: Overlap, threshold: float) -> Tensor:
    """Which boxes of one group, best first, are kept: bool on the CPU, shape [N]."""
    kept = [torch.zeros(0, dtype=torch.bool)]
    survivors = boxes[:0]
    for block in torch.split(boxes, _BLOCK):
        alive = torch.ones(len(block), dtype=torch.bool, device=boxes.device)
        for better in torch.split(survivors, _MAX_KEPT):
            alive &= ~(overlap.pairwise(better, block) > threshold).any(0)
        suppresses = overlap.pairwise(block, block) > threshold
        alive = torch.from_numpy(_walk(suppresses.cpu().numpy(), alive.cpu().numpy()))
        kept.append(alive)
        survivors = torch.cat([survivors, block[alive.to(boxes.device)]])
    return torch.cat(kept)


@compiled
def _walk(suppresses: NDArray[np.bool_], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Walk through the boxes of a block; those alive suppress the later ones in their row."""
    for box in range(len(alive)):
        if alive[box]:
            for later in range(box + 1, len(alive)):
                if suppresses[box, later]:
                    alive[later] = False
    return alive


def _decay(method: str, threshold: float, sigma: float) -> Callable[[Tensor], Tensor]:
    """Factor on the scores as a function of the overlap with the box taken."""
    if sigma <= 0:
        raise ValueError(f'sigma={sigma} must be positive, e.g. 0.5')
    methods: dict[str, Callable[[Tensor], Tensor]] = {
        'linear': lambda overlaps: torch.where(overlaps > threshold, 1 - overlaps, 1.0),
        'gaussian': lambda overlaps: torch.exp(-(overlaps**2) / sigma),
        'naive': lambda overlaps: (overlaps <= threshold).double(),
    }
    if method not in methods:
        raise ValueError(f'method={method!r} must be one of {", ".join(methods)}')
    return methods[method]


def _soft_keep(
    boxes: Tensor, scores: Tensor, overlap: Overlap, factor: Callable[[Tensor], Tensor], min_score: float
) -> tuple[Tensor, Tensor]:
    """Indices of the boxes of one group in the order they are taken, and their scores by then."""
    scores = scores.clone()
    taken: list[int] = []
    taken_scores: list[float] = []
    while len(taken) < len(scores):
        best = int(scores.argmax())
        score = float(scores[best])
        if score < min_score or score == -math.inf:
            break
        taken.append(best)
        taken_scores.append(score)
        scores *= factor(overlap.pairwise(boxes[best : best + 1], boxes)[0])
        scores[taken] = -math.inf
    return torch.tensor(taken, dtype=torch.long), torch.tensor(taken_scores, dtype=torch.float64)
