"""How many objects a detector finds by each IoU or more: the numbers of the Alpha-IoU paper's Figure 2."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from terminaltables import AsciiTable

from nwd_mmdet.analysis.detection_outcomes import outcomes
from nwd_mmdet.evaluation.coco_arrays import Detections, GroundTruth

#: IoUs that are counted at.
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


def found_overlaps(objects: GroundTruth, detections: Detections, score_thr: float) -> np.ndarray:
    """IoUs of the detections that find an object of their class by 0.5 or more, shape [TP].

    Every object is found once, by the surest detection that overlaps it enough. This is COCO's matching at IoU 0.5, and
    each match keeps its IoU: COCO matches anew at each higher threshold, so that a less sure but tighter box can take
    the object there and its counts above 0.5 can be larger.

    Args:
        objects: The annotations.
        detections: After NMS, on the same images and classes.
        score_thr: Detections with a lower score are left out.
    """
    matched = outcomes(objects, detections, score_thr, iou_thr=THRESHOLDS[0])
    return torch.cat([torch.zeros(0, dtype=torch.float64), *(part.overlaps for part in matched.values())]).numpy()


def counts_at_least(overlaps: np.ndarray) -> list[int]:
    """For each of :data:`THRESHOLDS`, how many of the IoUs, shape [TP], reach it."""
    return [int((overlaps >= threshold).sum()) for threshold in THRESHOLDS]


def table(counts: Mapping[str, Sequence[int]], objects: int) -> str:
    """Detectors side by side, one row for each threshold, and by how much each finds more than the first.

    Args:
        counts: Name of the detector → what :func:`counts_at_least` returns for it.
        objects: Number of objects in all.
    """
    (first, base), *others = counts.items()
    rows = [['IoU', *counts, *(f'{name} over {first}' for name, _ in others)]]
    for index, threshold in enumerate(THRESHOLDS):
        ratios = [f'{part[index] / base[index] - 1:+.1%}' if base[index] else '-' for _, part in others]
        rows.append([f'>= {threshold:.2f}', *(f'{part[index]:,}' for part in counts.values()), *ratios])
    return AsciiTable(rows, f'objects found, of {objects:,}').table
