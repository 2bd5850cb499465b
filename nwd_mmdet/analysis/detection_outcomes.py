"""Which detections are right, which are wrong, and which objects are missed."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth, xyxy_of
from nwd_mmdet.evaluation.matching import IGNORED, match_greedily


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
    """Match detections to objects as COCO's evaluation does, by its own matcher.

    See :func:`~nwd_mmdet.evaluation.matching.match_greedily`. From the surest on, a detection takes the object of its
    image and class that it overlaps most, of those that are still free and that it overlaps by ``iou_thr`` at least; of
    equally overlapped ones the last in the file. One that finds none, but lies with that share of its area in a region
    to ignore (``iscrowd``) of its class, counts neither as right nor as wrong.

    Args:
        objects: The annotations.
        detections: On the same images and classes.
        score_thr: Detections with a lower score are left out.
        iou_thr: Smallest IoU of a match, in [0, 1].

    Returns:
        Image id → outcome, for every image of ``objects``; detections in descending score.
    """
    detections = detections.take(detections.scores >= score_thr)
    detections = detections.take(np.lexsort((-detections.scores, detections.image)))
    iou, row = np.zeros(len(detections)), np.full(len(detections), -1)
    for category in np.unique(detections.category):
        gts, dts = (np.flatnonzero(part.category == category) for part in (objects, detections))
        iou[dts], taken = match_greedily(objects.take(gts), detections.take(dts), iou_thr)
        row[dts] = np.append(gts, -1)[taken]
    matched = row >= 0
    found = matched & (iou != IGNORED)
    missed = ~objects.crowd
    missed[row[matched]] = False
    boxes, image, count = xyxy_of(detections.boxes), detections.image, len(objects.image_ids)
    parts = zip(
        objects.image_ids,
        _split(boxes[found], image[found], count),
        _split(boxes[~matched], image[~matched], count),
        _split(xyxy_of(objects.boxes)[missed], objects.image[missed], count),
        _split(iou[found], image[found], count),
        strict=True,
    )
    return {image_id: Outcome(*tensors) for image_id, *tensors in parts}


def total_counts(parts: Iterable[Outcome]) -> tuple[int, int, int]:
    """Numbers of true positives, false positives and false negatives over images."""
    found, wrong, missed = np.sum([(0, 0, 0), *(part.counts for part in parts)], axis=0).tolist()
    return found, wrong, missed


def _split(values: np.ndarray, image: np.ndarray, count: int) -> Sequence[Tensor]:
    """The values, shape [N, …], of each of ``count`` images, in their order; ``image`` [N] says whose they are."""
    order = np.argsort(image, kind='stable')
    return torch.from_numpy(values[order]).split(np.bincount(image, minlength=count).tolist())
