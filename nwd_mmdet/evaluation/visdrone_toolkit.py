"""VisDrone-DET's own evaluation, that of its challenge and toolkit.

Reimplemented from the VisDrone2018-DET-toolkit (MATLAB); compared with hand-computed cases, not with the toolkit's
output. What differs from COCO's:

* objects and detections with at least half of their area inside the ignored regions of their image are dropped;
* of each image the best 500 detections over all classes count, not 500 of each class;
* AP is the area under the precision-recall curve made monotone (VOC 2010 and later), not a mean over 101 recalls.

As COCO's crowd, an object with score 0 takes any number of detections that no other object takes, by the share of the
detection that it covers.

Where this follows the definition and the toolkit does not: the toolkit draws ignored regions up to one pixel larger
(which drops some 3 more of the 38,759 objects of val), and counts objects with score 0 among those that recall asks for
(the released train and val have none).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nwd_mmdet.evaluation.coco_arrays import BoolArray, Detections, FloatArray, GroundTruth, xyxy_of
from nwd_mmdet.evaluation.coco_protocols import IOU_THRESHOLDS
from nwd_mmdet.evaluation.evaluation_result import EvaluationResult
from nwd_mmdet.evaluation.matching import match_greedily

PROTOCOL = 'visdrone-official'
MAX_DETS = (1, 10, 100, 500)


def evaluate_toolkit(gt: GroundTruth, dt: Detections, regions: Sequence[FloatArray]) -> EvaluationResult:
    """Evaluate by the protocol of VisDrone's toolkit.

    Args:
        gt: The objects; those with score 0 as crowd, which match without counting.
        dt: The detections.
        regions: Ignored regions of each image, in the order of ``gt.image_ids``: shape [R, 4], x, y, width, height.

    Returns:
        ``AP AP_50 AP_75 AR_1 AR_10 AR_100 AR_500``, means over the classes that have objects, and the same with
        ``_weighted``: what the toolkit prints, whose mean counts a class once for every image it occurs in. Each class
        has ``AP AP_50 AP_75``. ``counts`` tells what was evaluated, and what was dropped.
    """
    kept_gt, kept_dt = gt.take(~_in_regions(gt, regions)), dt.take(~_in_regions(dt, regions))
    best = [kept_dt.best_per_image(number) for number in MAX_DETS]
    classes, thresholds = len(gt.category_ids), len(IOU_THRESHOLDS)
    precision = np.full((classes, thresholds), np.nan)
    recall = np.full((classes, thresholds, len(MAX_DETS)), np.nan)
    for category in range(classes):
        objects = kept_gt.take(kept_gt.category == category)
        if objects.crowd.all():  # true also of no objects
            continue
        for m, candidates in enumerate(best):
            found = candidates.take(candidates.category == category)
            for t, threshold in enumerate(IOU_THRESHOLDS):
                precision[category, t], recall[category, t, m] = _average_precision(objects, found, threshold)
    images_with = np.array([len(np.unique(kept_gt.image[kept_gt.category == c])) for c in range(classes)], float)
    counts = {
        'images': len(gt.image_ids),
        'annotations': len(kept_gt),
        'detections': len(best[-1]),
        'annotations in ignored regions': len(gt) - len(kept_gt),
        'detections in ignored regions': len(dt) - len(kept_dt),
    }
    columns: Mapping[str, FloatArray] = {
        'AP': precision.mean(1),
        'AP_50': precision[:, 0],
        'AP_75': precision[:, int(np.argmin(np.abs(IOU_THRESHOLDS - 0.75)))],
    }
    averaged = {**columns, **{f'AR_{number}': recall[:, :, m].mean(1) for m, number in enumerate(MAX_DETS)}}
    metrics = {key: _mean(values) for key, values in averaged.items()}
    metrics |= {f'{key}_weighted': _mean(values, images_with) for key, values in averaged.items()}
    classwise = {
        name: {key: None if np.isnan(values[c]) else float(values[c]) for key, values in columns.items()}
        for c, name in enumerate(gt.category_names)
    }
    return EvaluationResult(PROTOCOL, MAX_DETS, metrics, classwise, counts)


def regions_of(dataset: Mapping[str, Any], gt: GroundTruth) -> list[FloatArray]:
    """``ignore_regions`` of a COCO data set, by image in the order of ``gt``: shape [R, 4], x, y, width, height."""
    regions = {image['id']: image.get('ignore_regions', []) for image in dataset['images']}
    return [np.array(regions[image_id], float).reshape(-1, 4) for image_id in gt.image_ids]


def _in_regions(boxes: GroundTruth | Detections, regions: Sequence[FloatArray]) -> BoolArray:
    """Which boxes have at least half of their area inside the regions of their image, by pixels; bool, shape [N]."""
    inside = np.zeros(len(boxes), bool)
    order = np.argsort(boxes.image, kind='stable')
    edges = np.searchsorted(boxes.image[order], np.arange(len(regions) + 1))
    for image, areas in enumerate(regions):
        rows = order[edges[image] : edges[image + 1]]
        if len(rows) and len(areas):
            inside[rows] = _share_inside(boxes.boxes[rows], areas) >= 0.5
    return inside


def _share_inside(boxes: FloatArray, regions: FloatArray) -> FloatArray:
    """Share of each box's area that the union of the regions covers; boxes are rounded to pixels, as in the toolkit."""
    corners = np.rint(xyxy_of(regions)).astype(int).clip(min=0)
    mask = np.zeros((corners[:, 3].max() + 1, corners[:, 2].max() + 1), np.int64)
    for x1, y1, x2, y2 in corners:
        mask[y1 + 1 : y2 + 1, x1 + 1 : x2 + 1] = 1
    integral = mask.cumsum(0).cumsum(1)  # [y, x]: covered pixels above and to the left
    box = np.rint(xyxy_of(boxes)).astype(int)
    area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    x1, y1, x2, y2 = (box.clip(0, [integral.shape[1] - 1, integral.shape[0] - 1] * 2)).T
    covered = integral[y2, x2] - integral[y1, x2] - integral[y2, x1] + integral[y1, x1]
    share: FloatArray = covered / np.maximum(area, 1)
    return share


def _average_precision(gt: GroundTruth, dt: Detections, threshold: float) -> tuple[float, float]:
    """Area under the monotone precision-recall curve of one class, and the largest recall."""
    ious = match_greedily(gt, dt, threshold).iou[np.argsort(-dt.scores, kind='stable')]
    true, false = np.cumsum(ious > 0), np.cumsum(ious == 0)
    recall = true / np.count_nonzero(~gt.crowd)
    precision = true / np.maximum(true + false, 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(recall, prepend=0.0)
    return float((steps * envelope).sum()), float(recall[-1]) if len(recall) else 0.0


def _mean(values: FloatArray, weights: FloatArray | None = None) -> float:
    defined = ~np.isnan(values)
    if not defined.any():
        return -1.0
    return float(np.average(values[defined], weights=None if weights is None else weights[defined]))
