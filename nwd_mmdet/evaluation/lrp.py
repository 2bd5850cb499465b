"""Optimal Localisation-Recall-Precision error (oLRP), which says in one number, and why, how wrong a detector is.

Oksuz, Cam, Kalkan, Akbas, "One Metric to Measure them All: Localisation Recall Precision (LRP) for Evaluating Visual
Detection Tasks", TPAMI 2021 (arXiv 2011.10772), and "Localization Recall Precision (LRP): A New Performance Metric for
Object Detection", ECCV 2018. At a score threshold s, with TP, FP, FN counted at IoU >= tau::

    LRP(s) = (Σ_TP (1 - IoU) / (1 - tau) + FP + FN) / (TP + FP + FN)        in [0, 1], 0 is perfect
    oLRP   = min over s of LRP(s)

and at the s that attains it: localisation (mean 1 - IoU of the TPs), FP (1 - precision) and FN (1 - recall).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from nwd_mmdet.compiled import compiled
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth

# In matched IoUs: the detection matched nothing; it matched a crowd region and counts as neither right nor wrong.
_UNMATCHED = 0.0
_IGNORED = -1.0


class OptimalLRP(NamedTuple):
    """oLRP of one class; all values in [0, 1], lower is better; NaN where there is nothing to compute them from."""

    olrp: float
    loc: float
    fp: float
    fn: float
    threshold: float  # the score at which LRP is smallest: detections below it are better not shown


def optimal_lrp(gt: GroundTruth, dt: Detections, tau: float = 0.5) -> OptimalLRP:
    """oLRP of one class over all images and sizes.

    The conventions are those of the AI-TOD authors' evaluator: every detection is a candidate threshold, also among
    equal scores; without any true positive oLRP and FN are 1, localisation, FP and threshold are NaN; a class without
    objects has NaN everywhere.

    Args:
        gt: The objects of the class.
        dt: Its detections, by image and, within an image, by descending score.
        tau: The IoU from which on a detection is right, in [0, 1).
    """
    num_objects = np.count_nonzero(~gt.crowd)
    if num_objects == 0:
        return OptimalLRP(*[np.nan] * 5)
    order = np.argsort(-dt.scores, kind='stable')
    ious = match_greedily(gt, dt, tau)[order]
    true = ious > 0
    tp = np.cumsum(true)
    if not true.any():
        return OptimalLRP(1.0, np.nan, np.nan, 1.0, np.nan)
    fp = np.cumsum(ious == _UNMATCHED)
    fn = num_objects - tp
    error = np.cumsum(np.where(true, 1 - ious, 0))
    lrp = (error / (1 - tau) + fp + fn) / (tp + fp + fn)
    best = int(np.argmin(lrp))
    loc = error[best] / tp[best] if tp[best] else np.nan
    false = fp[best] / (tp[best] + fp[best]) if tp[best] + fp[best] else np.nan
    return OptimalLRP(lrp[best], loc, false, fn[best] / num_objects, dt.scores[order[best]])


def match_greedily(gt: GroundTruth, dt: Detections, threshold: float) -> np.ndarray:
    """COCO's matching of one class at one IoU threshold.

    In descending score each detection takes, of the objects of its image that are free and overlap it by at least the
    threshold, the one that overlaps it most; where there is none, a crowd region, which stays free for others.

    Args:
        gt: The objects of the class.
        dt: Its detections, by image and, within an image, by descending score; N of them.
        threshold: IoU in (0, 1).

    Returns:
        Shape [N], float64: IoU with the matched object, 0 where unmatched, -1 where matched to a crowd region.
    """
    gt = gt.take(np.lexsort((gt.crowd, gt.image)))  # crowd regions last, otherwise in the order of the file
    edges = np.arange(len(gt.image_ids) + 1)
    return _match(
        gt.boxes, gt.crowd, np.searchsorted(gt.image, edges), dt.boxes, np.searchsorted(dt.image, edges), threshold
    )


@compiled
def _match(
    gt_boxes: np.ndarray,
    gt_crowd: np.ndarray,
    gt_start: np.ndarray,
    dt_boxes: np.ndarray,
    dt_start: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """Compiled loop of :func:`match_greedily`; ``*_start`` [I + 1] says where an image's boxes begin."""
    matched = np.full(len(dt_boxes), _UNMATCHED)
    taken = np.zeros(len(gt_boxes), np.bool_)
    for image in range(len(dt_start) - 1):
        for d in range(dt_start[image], dt_start[image + 1]):
            match, best = -1, threshold
            for g in range(gt_start[image], gt_start[image + 1]):
                if taken[g]:
                    continue
                if match >= 0 and gt_crowd[g] and not gt_crowd[match]:
                    break
                iou = _iou_xywh(dt_boxes[d], gt_boxes[g], gt_crowd[g])
                if iou >= best:  # of equals the last one, as in pycocotools
                    match, best = g, iou
            if match >= 0:
                matched[d] = _IGNORED if gt_crowd[match] else best
                taken[match] = not gt_crowd[match]
    return matched


@njit(nogil=True, inline='always')
def _iou_xywh(detection: np.ndarray, target: np.ndarray, crowd: bool) -> float:
    """IoU; with a crowd region the share of the detection inside it. The operations and their order are COCO's."""
    width = min(detection[0] + detection[2], target[0] + target[2]) - max(detection[0], target[0])
    if width <= 0:
        return 0.0
    height = min(detection[1] + detection[3], target[1] + target[3]) - max(detection[1], target[1])
    if height <= 0:
        return 0.0
    intersection = width * height
    area = detection[2] * detection[3]
    return intersection / (area if crowd else area + target[2] * target[3] - intersection)
