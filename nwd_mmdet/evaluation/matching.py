"""COCO's matching of detections to objects: the one matcher, of AP, oLRP and the pictures of right and wrong."""

from typing import NamedTuple

import numpy as np

from nwd_mmdet.compiled import compiled, inlined
from nwd_mmdet.evaluation.coco_arrays import BoolArray, Detections, FloatArray, GroundTruth, IntArray

# In matched IoUs: the detection matched nothing; it matched a crowd region and counts as neither right nor wrong.
UNMATCHED = 0.0
IGNORED = -1.0


class Matches(NamedTuple):
    """What became of N detections.

    Attributes:
        iou: Shape [N], float64: IoU with the matched object, 0 where unmatched, -1 where matched to a crowd region.
        gt: Shape [N], int64: row of the matched object or crowd region in the ground truth, -1 where unmatched.
    """

    iou: FloatArray
    gt: IntArray


def match_greedily(gt: GroundTruth, dt: Detections, threshold: float) -> Matches:
    """COCO's matching of one class at one IoU threshold.

    In descending score each detection takes, of the objects of its image that are free and overlap it by at least the
    threshold, the one that overlaps it most; where there is none, a crowd region, which stays free for others.

    Args:
        gt: The objects of the class.
        dt: Its detections, by image and, within an image, by descending score; N of them.
        threshold: IoU in (0, 1).

    Returns:
        The IoU and the object of each detection.
    """
    order = np.lexsort((gt.crowd, gt.image))  # crowd regions last, otherwise in the order of the file
    gt = gt.take(order)
    edges = np.arange(len(gt.image_ids) + 1)
    iou, row = _match(
        gt.boxes, gt.crowd, np.searchsorted(gt.image, edges), dt.boxes, np.searchsorted(dt.image, edges), threshold
    )
    return Matches(iou, np.append(order, -1)[row])


@compiled
def _match(
    gt_boxes: FloatArray,
    gt_crowd: BoolArray,
    gt_start: IntArray,
    dt_boxes: FloatArray,
    dt_start: IntArray,
    threshold: float,
) -> tuple[FloatArray, IntArray]:
    """Compiled loop of :func:`match_greedily`; ``*_start`` [I + 1] says where an image's boxes begin."""
    matched = np.full(len(dt_boxes), UNMATCHED)
    row = np.full(len(dt_boxes), -1)
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
                matched[d] = IGNORED if gt_crowd[match] else best
                row[d] = match
                taken[match] = not gt_crowd[match]
    return matched, row


@inlined
def _iou_xywh(detection: FloatArray, target: FloatArray, crowd: bool) -> float:
    """IoU; with a crowd region the share of the detection inside it. The operations and their order are COCO's."""
    width = min(detection[0] + detection[2], target[0] + target[2]) - max(detection[0], target[0])
    if width <= 0:
        return 0.0
    height = min(detection[1] + detection[3], target[1] + target[3]) - max(detection[1], target[1])
    if height <= 0:
        return 0.0
    intersection = width * height
    area = detection[2] * detection[3]
    return float(intersection / (area if crowd else area + target[2] * target[3] - intersection))
