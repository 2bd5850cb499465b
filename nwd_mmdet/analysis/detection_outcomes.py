"""Which detections are right, which are wrong, and which objects are missed."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth
from nwd_mmdet.overlaps import pairwise


@dataclass(frozen=True)
class Outcome:
    """What became of the detections and objects of an image.

    Attributes:
        found: Shape [TP, 4], xyxy in px: detections of an object.
        wrong: Shape [FP, 4]: detections of none.
        missed: Shape [FN, 4]: objects without a detection.
        overlaps: Shape [TP]: IoU of every found detection with its object.
    """

    found: Tensor
    wrong: Tensor
    missed: Tensor
    overlaps: Tensor

    @property
    def counts(self) -> tuple[int, int, int]:
        """Numbers of true positives, false positives and false negatives."""
        return len(self.found), len(self.wrong), len(self.missed)


def outcomes(
    objects: GroundTruth, detections: Detections, score_thr: float = 0.3, iou_thr: float = 0.5
) -> dict[Hashable, Outcome]:
    """Match detections to objects as COCO's evaluation does, per image and class.

    From the surest on, a detection takes the object of its class that it overlaps most, of those that are still free
    and that it overlaps by ``iou_thr`` at least. One that finds none, but lies with that share of its area in a region
    to ignore (``iscrowd``) of its class, counts neither as right nor as wrong.

    Args:
        objects: The annotations.
        detections: On the same images and classes.
        score_thr: Detections with a lower score are left out.
        iou_thr: Smallest IoU of a match.

    Returns:
        Image id → outcome, for every image of ``objects``.
    """
    detections = detections.take(detections.scores >= score_thr)
    gt_rows = _rows_by_image(objects.image, len(objects.image_ids))
    dt_rows = _rows_by_image(detections.image, len(objects.image_ids))
    return {
        image_id: _match(objects.take(gts), detections.take(dts), iou_thr)
        for image_id, gts, dts in zip(objects.image_ids, gt_rows, dt_rows)
    }


def _rows_by_image(image: np.ndarray, count: int) -> list[np.ndarray]:
    """For every image position its rows, in their order."""
    order = np.argsort(image, kind='stable')
    return np.split(order, np.searchsorted(image[order], np.arange(1, count)))


def _match(objects: GroundTruth, detections: Detections, iou_thr: float) -> Outcome:
    """The outcome of one image."""
    gts, boxes = _corners(objects.boxes), _corners(detections.boxes)
    same_class = torch.from_numpy(detections.category[:, None] == objects.category)
    crowd = torch.from_numpy(objects.crowd)
    overlaps = pairwise('iou', boxes, gts).where(same_class & ~crowd, -1)  # [D, G]
    in_crowd = (pairwise('iof', boxes, gts).where(same_class & crowd, -1) >= iou_thr).any(1)
    found = torch.zeros(len(boxes), dtype=torch.bool)
    matched = torch.zeros(len(boxes), dtype=torch.float64)
    taken = torch.zeros(len(gts), dtype=torch.bool)
    for index in np.argsort(-detections.scores, kind='stable').tolist() if len(gts) else []:
        free = overlaps[index].where(~taken, -1)
        best = int(free.argmax())
        if free[best] >= iou_thr:
            found[index] = taken[best] = True
            matched[index] = free[best]
    return Outcome(boxes[found], boxes[~found & ~in_crowd], gts[~taken & ~crowd], matched[found])


def _corners(boxes: np.ndarray) -> Tensor:
    """x, y, width, height to xyxy, float64."""
    return torch.from_numpy(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1))
