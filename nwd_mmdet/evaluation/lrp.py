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

from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.evaluation.matching import UNMATCHED, match_greedily


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
    ious = match_greedily(gt, dt, tau).iou[order]
    true = ious > 0
    tp = np.cumsum(true)
    if not true.any():
        return OptimalLRP(1.0, np.nan, np.nan, 1.0, np.nan)
    fp = np.cumsum(ious == UNMATCHED)
    fn = num_objects - tp
    error = np.cumsum(np.where(true, 1 - ious, 0))
    lrp = (error / (1 - tau) + fp + fn) / (tp + fp + fn)
    best = int(np.argmin(lrp))
    loc = error[best] / tp[best] if tp[best] else np.nan
    false = fp[best] / (tp[best] + fp[best]) if tp[best] + fp[best] else np.nan
    return OptimalLRP(lrp[best], loc, false, fn[best] / num_objects, dt.scores[order[best]])
