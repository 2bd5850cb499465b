"""Exact greedy non-maximum suppression with NWD, and NMS of every kind by name in any mmdet ``nms`` dict."""

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nwd_mmdet.neighbors import search_radius, suppress_neighbors
from nwd_mmdet.overlap_nms import best_first, check_boxes, overlap_nms, soft_overlap_nms
from nwd_mmdet.overlaps import Constant, in_one_unit
from nwd_mmdet.settings import type_name


def nwd_nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    constant: float = 12.8,
    score_threshold: float = 0,
    max_num: int = -1,
) -> tuple[Tensor, Tensor]:
    """Greedy NMS that suppresses a box where its NWD with a better kept box exceeds the threshold.

    NWD paper, section 3.3 (NWD-based NMS). The decision is exact: distances are compared in float64, equal scores
    keep their input order, and CPU and GPU give the same result. The released operator suppresses on ``>`` on a GPU
    and ``>=`` on a CPU; this is ``>`` on both. Boxes that are NaN or infinite, or whose score is, are left out, see
    :func:`nwd_mmdet.overlap_nms.finite_rows`.

    Args:
        boxes: Shape [N, 4], xyxy in px.
        scores: Shape [N].
        iou_threshold: NWD in [0, 1] above which a box is suppressed. It is a distance of ``C ln(1/t)`` px, so
            thresholds do not carry over from IoU: 0.85 means 2.1 px at C = 12.8.
        constant: C of the NWD in px, see :func:`nwd_mmdet.distance_overlaps.nwd`.
        score_threshold: Boxes with a score not above it are dropped first, if it is positive.
        max_num: Keep at most so many boxes, if it is positive.

    Returns:
        ``dets`` of shape [K, 5] (box and score) sorted by score, and ``keep`` of shape [K], int64 indices into
        the input.

    Raises:
        ValueError: A threshold outside [0, 1] or mismatched shapes.
        RuntimeError: Under ``torch.jit.trace``, ``torch.onnx.export`` or ``torch.export``: docs/deployment.md says
            how to export a detector.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0], [30.0, 30.0, 36.0, 36.0]])
        >>> dets, keep = nwd_nms(boxes, torch.tensor([0.9, 0.8, 0.7]), iou_threshold=0.85)
        >>> keep.tolist()
        [0, 2]
    """
    groups = torch.zeros(len(scores), dtype=torch.long)
    return batched_nwd_nms(boxes, scores, groups, iou_threshold, constant, score_threshold, max_num)


def batched_nwd_nms(
    boxes: Tensor,
    scores: Tensor,
    idxs: Tensor,
    iou_threshold: float,
    constant: Constant = 12.8,
    score_threshold: float = 0,
    max_num: int = -1,
) -> tuple[Tensor, Tensor]:
    """:func:`nwd_nms` within each group: boxes of different classes or levels never touch each other.

    Groups are told apart by their index. Shifting each group's boxes by the largest coordinate, as mmcv's
    ``batched_nms`` does, is not enough for a distance: small boxes in opposite corners of neighbouring groups
    still come near each other.

    Args:
        boxes: Shape [N, 4], xyxy in px.
        scores: Shape [N].
        idxs: Shape [N], integers: the class or level of each box.
        iou_threshold: See :func:`nwd_nms`.
        constant: See :func:`nwd_nms`; or one for each class, where ``idxs`` are classes.
        score_threshold: See :func:`nwd_nms`.
        max_num: Keep at most so many boxes over all groups, if it is positive.

    Returns:
        ``dets`` of shape [K, 5] sorted by score over all groups, and ``keep`` of shape [K].

    Raises:
        ValueError: As :func:`nwd_nms`; a class without a constant.
        RuntimeError: As :func:`nwd_nms`.

    Example:
        >>> boxes = torch.tensor([[0.0, 0.0, 6.0, 6.0], [1.0, 1.0, 7.0, 7.0], [0.0, 0.0, 6.0, 6.0]])
        >>> classes = torch.tensor([0, 0, 1])
        >>> dets, keep = batched_nwd_nms(boxes, torch.tensor([0.9, 0.8, 0.7]), classes, iou_threshold=0.85)
        >>> keep.tolist()
        [0, 2]
    """
    groups = check_boxes(boxes, scores, idxs, iou_threshold)
    order = best_first(boxes, scores, score_threshold)
    groups = groups[order]
    ordered, one_constant = in_one_unit(boxes.detach().cpu()[order].double(), constant, groups)
    kept = suppress_neighbors(ordered, groups, search_radius(iou_threshold, one_constant))
    keep = order[kept][: max_num if max_num > 0 else None].to(boxes.device)
    return torch.cat([boxes[keep], scores[keep, None]], dim=1), keep


#: What an ``nms`` dict can name, beside mmcv's own.
NMS_TYPES: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    'nwd_nms': batched_nwd_nms,
    'overlap_nms': overlap_nms,
    'soft_overlap_nms': soft_overlap_nms,
}


def bind_in_mmcv() -> None:
    """Make ``nms=dict(type='nwd_nms', ...)`` and the other ``NMS_TYPES`` work wherever mmdet takes an nms dict.

    mmcv's ``batched_nms`` looks the type up by name in its own module, and shifts groups apart by an offset that a
    distance metric sees through. So calls for these names are answered here, with the unshifted boxes; every other
    type takes mmcv's way. Modules that imported mmcv's function before are served too.
    """
    mmcv_nms: Any = importlib.import_module('mmcv.ops.nms')
    if hasattr(mmcv_nms, 'nwd_nms'):
        return
    mmcv_nms.nwd_nms = nwd_nms
    original = mmcv_nms.batched_nms

    @functools.wraps(original)
    def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, nms_cfg: Any, class_agnostic: bool = False) -> Any:
        if nms_cfg is None:
            return original(boxes, scores, idxs, nms_cfg, class_agnostic)
        kind = type_name(nms_cfg)  # pure-Python configs have the function itself, and their copies its dotted name
        if kind not in NMS_TYPES:
            if str(nms_cfg.get('type')).startswith('mmcv.'):  # a name that mmcv writes and does not find
                nms_cfg = {**nms_cfg, 'type': kind}
            return original(boxes, scores, idxs, nms_cfg, class_agnostic)
        # mmengine marks what a config inherits from a package with its _scope_.
        no_params = ('type', 'split_thr', 'class_agnostic', '_scope_')
        params = {key: value for key, value in nms_cfg.items() if key not in no_params}
        if nms_cfg.get('class_agnostic', class_agnostic):
            idxs = torch.zeros_like(idxs)
        return NMS_TYPES[kind](boxes, scores, idxs=idxs, **params)

    for module in list(sys.modules.values()):
        if getattr(module, '__dict__', {}).get('batched_nms') is original:
            setattr(module, 'batched_nms', batched_nms)  # noqa: B010  a module's type declares no such attribute
