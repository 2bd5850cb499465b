"""What the parts of a detector have to know of an overlap that they are to compare boxes by."""

import inspect
from dataclasses import dataclass
from typing import Any

import torch

from nwd_mmdet.config import NWD_METRICS
from nwd_mmdet.overlaps import OVERLAPS, aligned

#: NMS thresholds of NWD, see docs/enable.md: those of the proposals, and those of the detections.
PROPOSAL_THRESHOLD, DETECTION_THRESHOLD = 0.85, 0.5


@dataclass(frozen=True)
class Metric:
    """An overlap of :data:`nwd_mmdet.overlaps.OVERLAPS`, and its constant.

    Attributes:
        name: Key of the table.
        constant: C or S in network-input px, or ``'auto'``; without effect for an overlap that has none.

    Raises:
        KeyError: Unknown ``name``; the message lists the choices.

    Example:
        >>> nwd, giou = Metric('nwd'), Metric('giou')
        >>> nwd.in_pixels, nwd.below_zero, nwd.is_a_distance
        (True, False, True)
        >>> giou.in_pixels, giou.below_zero, giou.is_a_distance
        (False, True, False)
    """

    name: str
    constant: float | str = 'auto'

    def __post_init__(self) -> None:
        OVERLAPS[self.name]  # raises for an unknown name

    @property
    def in_pixels(self) -> bool:
        """Whether it has a constant in px, so that boxes in another unit give other values."""
        return 'constant' in inspect.signature(OVERLAPS[self.name]).parameters

    @property
    def has_knob(self) -> bool:
        """Whether ``nwd_constant`` at the top level of a config fills its constant in."""
        return self.name in NWD_METRICS

    @property
    def below_zero(self) -> bool:
        """Whether boxes that lie apart have less than 0."""
        return self._of_boxes_apart() < 0

    @property
    def is_a_distance(self) -> bool:
        """Whether boxes that lie apart have more than 0, however large: it has thresholds of its own."""
        return self._of_boxes_apart() > 0

    def _of_boxes_apart(self) -> float:
        boxes = torch.tensor([[0.0, 0.0, 64.0, 64.0], [128.0, 0.0, 192.0, 64.0]])
        return float(aligned(self.name, boxes[:1], boxes[1:]))

    def settings(self) -> dict[str, Any]:
        """``metric`` and, where no ``nwd_constant`` fills it in, ``constant`` of a part."""
        own = {'constant': self.constant} if self.in_pixels and not self.has_knob else {}
        return {'metric': self.name, **own}

    def calculator(self) -> dict[str, Any]:
        """``iou_calculator`` of an assigner."""
        return {'type': 'OverlapCalculator', **self.settings()}

    def loss(self) -> dict[str, Any]:
        """Settings of a box loss, without its weight."""
        return {'type': 'NWDLoss'} if self.name == 'nwd' else {'type': 'OverlapLoss', **self.settings()}

    def nms(self, threshold: float, proposals: bool, soft: bool) -> dict[str, Any]:
        """Settings of an NMS that takes the place of one by IoU.

        Args:
            threshold: Of the IoU; kept where it means the same.
            proposals: Whether it is the NMS of an RPN.
            soft: Whether it is soft-NMS.
        """
        if self.is_a_distance:
            threshold = PROPOSAL_THRESHOLD if proposals else DETECTION_THRESHOLD
        if soft:
            return {'type': 'soft_overlap_nms', 'iou_threshold': threshold, **self.settings()}
        if self.name == 'nwd':
            return {'type': 'nwd_nms', 'iou_threshold': threshold}
        return {'type': 'overlap_nms', 'iou_threshold': threshold, **self.settings()}
