"""Max-overlap assignment with any overlap, without the matrix of all pairs."""

from typing import Any

import torch
from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.assigners.ignored_regions import priors_in_regions
from nwd_mmdet.overlaps import Overlap

# Overlaps that no pair without a common area brings above 0.
_NEVER_ABOVE_IOU = {'iou', 'giou', 'diou', 'ciou'}
# Priors in a row of the grid that are looked at together.
_GROUP = 96


class OneByOneAssigner(MaxIoUAssigner):
    """mmdet's ``MaxIoUAssigner`` with any overlap of the package, in memory that grows with the priors alone.

    The same ``gt_inds`` without the matrix of all pairs, which takes gigabytes where an image has thousands of objects.
    Objects are matched one by one; with an overlap that is at most the IoU, with the priors around them alone.

    Args:
        overlap: Key of :data:`nwd_mmdet.overlaps.OVERLAPS`.
        params: Parameters of the overlap.
        **rules: Arguments of ``MaxIoUAssigner``.

    Example:
        >>> anchors = torch.tensor([[0.0, 0.0, 8.0, 8.0], [8.0, 8.0, 16.0, 16.0]])
        >>> objects = InstanceData(bboxes=torch.tensor([[1.0, 1.0, 7.0, 7.0]]))
        >>> assigner = OneByOneAssigner('giou', {}, pos_iou_thr=0.5, neg_iou_thr=0.5)
        >>> assigner.assign(InstanceData(priors=anchors), objects).gt_inds.tolist()
        [1, 0]
    """

    def __init__(self, overlap: str, params: dict[str, Any], **rules: Any) -> None:
        super().__init__(**rules, iou_calculator=dict(type='OverlapCalculator', metric=overlap, **params))
        self.overlap = Overlap(overlap, **params)

    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs: object,
    ) -> AssignResult:
        """Assign objects to priors; arguments and ``gt_inds`` as in ``MaxIoUAssigner``, except that -1 is 0 here."""
        priors, gts = pred_instances.priors, gt_instances.bboxes
        active = torch.arange(len(priors))
        if gt_instances_ignore is not None:
            inside = priors_in_regions(
                priors, gt_instances_ignore.bboxes, self.ignore_iof_thr, self.ignore_wrt_candidates
            )
            active = active[~inside]
        groups = _Groups(priors, active)
        max_overlaps = priors.new_full((len(priors),), -torch.inf)
        best_gt, low_quality_gt = (torch.full((len(priors),), -1) for _ in range(2))
        for index, gt in enumerate(gts):
            near, overlaps = self._overlaps(gt, priors, groups)
            if not len(near):
                continue
            better = overlaps > max_overlaps[near]  # of equally good objects the first
            max_overlaps[near[better]] = overlaps[better]
            best_gt[near[better]] = index
            if self.match_low_quality and overlaps.max() >= self.min_pos_iou:
                best = near[overlaps == overlaps.max()] if self.gt_max_assign_all else near[overlaps.argmax()]
                low_quality_gt[best] = index  # of several objects the last
        gt_inds = torch.where(max_overlaps >= self.pos_iou_thr, best_gt + 1, 0)
        gt_inds = torch.where(low_quality_gt >= 0, low_quality_gt + 1, gt_inds)
        return AssignResult(len(gts), gt_inds, max_overlaps, labels=None)

    def _overlaps(self, gt: Tensor, priors: Tensor, groups: '_Groups') -> tuple[Tensor, Tensor]:
        """The priors that may become positive for an object, int64, shape [M], and their overlaps, shape [M]."""
        if self.overlap.name in _NEVER_ABOVE_IOU:
            near = groups.around(gt)
            overlaps = self.overlap.pairwise(gt[None], priors[near])[0]
            # A threshold of 0 makes positives of priors that touch nothing, if nothing is better.
            if self.min_pos_iou > 0 or (overlaps > 0).any():
                return near, overlaps
        return groups.active, self.overlap.pairwise(gt[None], priors[groups.active])[0]


class _Groups:
    """Priors in groups of neighbours, as generators list them, so that most can be passed over at once.

    Args:
        priors: Shape [N, 4], xyxy in px.
        active: Indices of those that count, int64, ascending.
    """

    def __init__(self, priors: Tensor, active: Tensor) -> None:
        self.active = active
        padded = -(-len(active) // _GROUP) * _GROUP  # the last prior fills up the last group
        self.members = active[torch.arange(padded).clamp(max=len(active) - 1)].reshape(-1, _GROUP)
        boxes = priors[self.members]
        self.low, self.high = boxes[..., :2].amin(1), boxes[..., 2:].amax(1)

    def around(self, gt: Tensor) -> Tensor:
        """Indices of at least those priors that share an area with a box, int64, ascending."""
        return self.members[((self.low < gt[2:]) & (self.high > gt[:2])).all(1)].flatten()
