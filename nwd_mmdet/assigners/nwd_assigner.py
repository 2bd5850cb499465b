"""Max-overlap assignment with NWD, by a neighbour search instead of a matrix of all pairs."""

import torch
from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.neighbors import neighbor_pairs, require_finite, search_radius
from nwd_mmdet.overlaps import aligned, constants_of, pairwise

# Overlaps per block where a whole row or column has to be looked at: 4 MB each in float32.
_MAX_BLOCK = 1 << 20


@TASK_UTILS.register_module()
class NWDAssigner(MaxIoUAssigner):
    """mmdet's ``MaxIoUAssigner`` with the NWD metric: the same assignment, in bounded memory.

    NWD paper, section 3.3 (NWD-based label assignment). Only priors near an object can reach a threshold, so the
    objects' neighbours are searched and everything else is background. ``gt_inds`` and ``labels`` equal those of
    ``MaxIoUAssigner`` with ``iou_calculator=dict(type='OverlapCalculator', metric='nwd')`` to the last bit;
    ``max_overlaps`` does so for every prior with an NWD of at least the lowest threshold, and is 0 below it (samplers
    that look at the overlap of negatives, as ``IoUBalancedNegSampler`` does, see one bin of easy negatives).

    Objects of any size and place are legal: without area, outside the image.

    Args:
        pos_iou_thr: A prior is positive from this NWD on.
        neg_iou_thr: Negative below this NWD, or within ``(low, high)``.
        min_pos_iou: The best priors of an object are positive from this NWD on, with ``match_low_quality``.
        gt_max_assign_all: All equally good best priors of an object, or the first.
        ignore_iof_thr: Priors with more than this share in an ignored region are left out; negative: never.
        ignore_wrt_candidates: The share is that of the prior's area (True) or of the region's (False).
        match_low_quality: Whether an object's best priors are positive below ``pos_iou_thr``, too.
        gpu_assign_thr: Accepted so that the class can take ``MaxIoUAssigner``'s place; memory is bounded anyway.
        constant: C of the NWD in network-input pixels, or one for each class. The RPN of mmdet's two-stage detectors
            does not know the classes (every object has label 0 there): give it one number.
        perm_repeat_gt_cfg: As in ``MaxIoUAssigner``.
    """

    def __init__(
        self,
        pos_iou_thr: float,
        neg_iou_thr: float | tuple[float, float],
        min_pos_iou: float = 0.0,
        gt_max_assign_all: bool = True,
        ignore_iof_thr: float = -1,
        ignore_wrt_candidates: bool = True,
        match_low_quality: bool = True,
        gpu_assign_thr: float = -1,
        constant: float | list[float] | tuple[float, ...] = 12.8,
        perm_repeat_gt_cfg: dict | None = None,
    ) -> None:
        self.constant = constant
        self.largest_constant = max(constant) if isinstance(constant, (list, tuple)) else constant
        super().__init__(
            pos_iou_thr=pos_iou_thr,
            neg_iou_thr=neg_iou_thr,
            min_pos_iou=min_pos_iou,
            gt_max_assign_all=gt_max_assign_all,
            ignore_iof_thr=ignore_iof_thr,
            ignore_wrt_candidates=ignore_wrt_candidates,
            match_low_quality=match_low_quality,
            gpu_assign_thr=gpu_assign_thr,
            iou_calculator=dict(type='OverlapCalculator', metric='nwd', constant=self.largest_constant),
        )
        self.perm_repeat_gt_cfg = perm_repeat_gt_cfg
        if pos_iou_thr <= 0:
            raise ValueError(f'pos_iou_thr={pos_iou_thr} must be positive: no prior would be too far from any object')
        low, high = neg_iou_thr if isinstance(neg_iou_thr, (tuple, list)) else (0.0, neg_iou_thr)
        self.neg_range = (low, high)
        # Below the lowest threshold an overlap decides nothing, but for the low-quality match of an object that no
        # prior is near to; those objects are looked at again.
        self.lowest_threshold = min(threshold for threshold in (pos_iou_thr, low, high) if threshold > 0)
        self._constants(torch.zeros(0, dtype=torch.long), torch.float32)  # bad numbers fail when the config is built

    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs: object,
    ) -> AssignResult:
        """Assign an object, background or nothing to every prior.

        Args:
            pred_instances: With ``priors``, shape [N, 4], xyxy in px.
            gt_instances: With ``bboxes``, shape [K, 4], xyxy in px, and ``labels``, shape [K].
            gt_instances_ignore: With ``bboxes``, the ignored regions.
            **kwargs: Accepted and unused, as in mmdet's assigners.

        Returns:
            ``gt_inds`` of shape [N]: 0 background, -1 neither, i + 1 for object i; ``labels`` and ``max_overlaps``
            of shape [N].

        Raises:
            ValueError: Priors or objects with NaN or infinite coordinates.
        """
        priors = _boxes('priors', pred_instances.priors)
        gts = _boxes('gt_instances.bboxes', gt_instances.bboxes).to(priors)
        gt_inds = priors.new_zeros(len(priors), dtype=torch.long)
        max_overlaps = priors.new_zeros(len(priors))
        labels = gt_inds.new_full((len(priors),), -1)
        if not len(gts) or not len(priors):
            return AssignResult(len(gts), gt_inds, max_overlaps, labels)

        if self.perm_repeat_gt_cfg is not None:
            # not in the first releases of mmdet 3
            from mmdet.models.task_modules.assigners.max_iou_assigner import perm_repeat_bboxes

            gts = perm_repeat_bboxes(gts, self.iou_calculator, self.perm_repeat_gt_cfg)
        active = ~self._ignored(priors, gt_instances_ignore)
        best_gt, low_quality_gt = torch.full_like(gt_inds, -1), torch.full_like(gt_inds, -1)
        max_overlaps[~active] = -1
        constants = self._constants(gt_instances.labels, priors.dtype)
        max_overlaps[active], best_gt[active], low_quality_gt[active] = self._search(priors[active], gts, constants)

        low, high = self.neg_range
        gt_inds = torch.where((max_overlaps >= low) & (max_overlaps < high), 0, -1)
        gt_inds = torch.where(max_overlaps >= self.pos_iou_thr, best_gt + 1, gt_inds)
        gt_inds = torch.where(low_quality_gt >= 0, low_quality_gt + 1, gt_inds)
        positive = gt_inds > 0
        labels[positive] = gt_instances.labels[gt_inds[positive] - 1]
        return AssignResult(len(gts), gt_inds, max_overlaps, labels)

    def _ignored(self, priors: Tensor, gt_instances_ignore: InstanceData | None) -> Tensor:
        """Which priors lie in ignored regions, bool, shape [N]."""
        ignored = torch.zeros(len(priors), dtype=torch.bool, device=priors.device)
        if self.ignore_iof_thr <= 0 or gt_instances_ignore is None or not len(gt_instances_ignore.bboxes):
            return ignored
        regions = _boxes('gt_instances_ignore.bboxes', gt_instances_ignore.bboxes).to(priors)
        block = max(_MAX_BLOCK // len(regions), 1)
        for start in range(0, len(priors), block):
            part = priors[start : start + block]
            if self.ignore_wrt_candidates:
                share = pairwise('iof', part, regions).amax(1)
            else:
                share = pairwise('iof', regions, part).amax(0)
            ignored[start : start + block] = share > self.ignore_iof_thr
        return ignored

    def _constants(self, labels: Tensor, dtype: torch.dtype) -> float | Tensor:
        """C, or C of each object, shape [K], where every class has its own."""
        return constants_of(labels, self.constant, dtype) if isinstance(self.constant, (list, tuple)) else self.constant

    def _search(self, priors: Tensor, gts: Tensor, constants: float | Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Overlap with the best object, that object, and the object of a low-quality match (-1: none), per prior."""
        max_overlaps = priors.new_zeros(len(priors))
        best_gt = torch.full((len(priors),), len(gts), device=priors.device)
        gt_max_overlaps = gts.new_full((len(gts),), -1)
        candidates: list[tuple[Tensor, Tensor, Tensor]] = []  # pairs that may be an object's best
        radius = search_radius(self.lowest_threshold, self.largest_constant)
        for prior, gt in neighbor_pairs(priors, gts, radius):
            overlaps = aligned('nwd', gts[gt], priors[prior], constant=_of(constants, gt))
            max_overlaps.scatter_reduce_(0, prior, overlaps, 'amax')
            best = overlaps == max_overlaps[prior]
            best_gt.scatter_reduce_(0, prior[best], gt[best], 'amin')  # of equally good objects the first
            gt_max_overlaps.scatter_reduce_(0, gt, overlaps, 'amax')
            best = overlaps == gt_max_overlaps[gt]
            candidates.append((prior[best], gt[best], overlaps[best]))
        matched = torch.full_like(best_gt, -1)
        if self.match_low_quality:
            lonely = self._look_farther(priors, gts, constants, radius, gt_max_overlaps, candidates)
            self._match_candidates(candidates, gt_max_overlaps, matched)
            self._match_one_by_one(priors, gts, constants, lonely, matched)
        return max_overlaps, best_gt, matched

    def _look_farther(
        self,
        priors: Tensor,
        gts: Tensor,
        constants: float | Tensor,
        radius: float,
        gt_max_overlaps: Tensor,
        candidates: list[tuple[Tensor, Tensor, Tensor]],
    ) -> Tensor:
        """Find the best priors of objects that have none within ``radius``, while a search is cheap.

        Enters them in ``gt_max_overlaps`` and ``candidates``; returns the objects that are still without, int64.
        """
        lonely = (gt_max_overlaps < 0).nonzero().squeeze(1)
        farthest = search_radius(self.min_pos_iou, self.largest_constant)
        for _ in range(4):
            if radius >= farthest:
                return lonely[:0]
            if not len(lonely):
                break
            radius *= 2
            for prior, gt in neighbor_pairs(priors, gts[lonely], radius):
                gt = lonely[gt]
                overlaps = aligned('nwd', gts[gt], priors[prior], constant=_of(constants, gt))
                gt_max_overlaps.scatter_reduce_(0, gt, overlaps, 'amax')
                best = overlaps == gt_max_overlaps[gt]
                candidates.append((prior[best], gt[best], overlaps[best]))
            lonely = lonely[gt_max_overlaps[lonely] < 0]
        return lonely

    def _match_candidates(
        self, candidates: list[tuple[Tensor, Tensor, Tensor]], gt_max_overlaps: Tensor, matched: Tensor
    ) -> None:
        """Enter the low-quality matches of the pairs (prior, object, overlap); of several objects, the last counts."""
        if not candidates:
            return
        prior, gt, overlaps = (torch.cat(parts) for parts in zip(*candidates))
        best = (overlaps == gt_max_overlaps[gt]) & (overlaps >= self.min_pos_iou)
        prior, gt = prior[best], gt[best]
        if not self.gt_max_assign_all:
            first = torch.full_like(gt_max_overlaps, len(matched), dtype=torch.long)
            first.scatter_reduce_(0, gt, prior, 'amin')
            gt = (first < len(matched)).nonzero().squeeze(1)
            prior = first[gt]
        matched.scatter_reduce_(0, prior, gt, 'amax')

    def _match_one_by_one(
        self, priors: Tensor, gts: Tensor, constants: float | Tensor, lonely: Tensor, matched: Tensor
    ) -> None:
        """The same for objects far from every prior, by looking at all priors; far enough, all of them tie at 0."""
        if not len(priors) or not len(lonely):
            return
        for gt in lonely.split(max(_MAX_BLOCK // len(priors), 1)):
            overlaps = pairwise('nwd', gts[gt], priors, constant=_of(constants, gt[:, None]))
            best, first = overlaps.max(dim=1)
            if self.gt_max_assign_all:
                hit = overlaps == best[:, None]
            else:
                hit = torch.zeros_like(overlaps, dtype=torch.bool).scatter_(1, first[:, None], True)
            hit &= (best >= self.min_pos_iou)[:, None]
            torch.maximum(matched, torch.where(hit, gt[:, None], -1).amax(0), out=matched)


def _of(constants: float | Tensor, gt: Tensor) -> float | Tensor:
    return constants[gt] if isinstance(constants, Tensor) else constants


def _boxes(name: str, boxes: Tensor) -> Tensor:
    boxes = get_box_tensor(boxes)
    require_finite(name, boxes)
    return boxes if boxes.dtype == torch.float64 else boxes.float()
