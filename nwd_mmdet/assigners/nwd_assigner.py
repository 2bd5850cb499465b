"""Max-overlap assignment with NWD, by a neighbour search instead of a matrix of all pairs."""

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from nwd_mmdet.assigners.ignored_regions import priors_in_regions
from nwd_mmdet.neighbors import neighbor_pairs, require_finite, search_radius
from nwd_mmdet.overlaps import Constant, aligned, constants_of, pairwise

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

    Example:
        >>> anchors = torch.tensor([[0.0, 0.0, 8.0, 8.0], [8.0, 8.0, 16.0, 16.0], [64.0, 64.0, 72.0, 72.0]])
        >>> objects = InstanceData(bboxes=torch.tensor([[1.0, 1.0, 7.0, 7.0]]), labels=torch.tensor([2]))
        >>> assigner = NWDAssigner(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3, constant=12.8)
        >>> result = assigner.assign(InstanceData(priors=anchors), objects)
        >>> result.gt_inds.tolist(), result.labels.tolist()
        ([1, -1, 0], [2, -1, -1])
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> 'NWDAssigner':
        """Refuse arguments of other assigners, as a config has them where the type alone was changed."""
        try:
            inspect.signature(cls.__init__).bind_partial(None, *args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f'{cls.__name__} takes the arguments of MaxIoUAssigner, and constant: {error}. If it is another '
                "assigner's, keep that one and set its iou_calculator=dict(type='OverlapCalculator', metric='nwd', "
                'constant=12.8); else replace all of its settings, with _delete_=True'
            ) from None
        return object.__new__(cls)

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
        constant: Constant = 12.8,
        perm_repeat_gt_cfg: dict[str, Any] | None = None,
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
        active = torch.ones_like(gt_inds, dtype=torch.bool)
        if gt_instances_ignore is not None and self.ignore_iof_thr > 0:
            regions = _boxes('gt_instances_ignore.bboxes', gt_instances_ignore.bboxes).to(priors)
            active = ~priors_in_regions(priors, regions, self.ignore_iof_thr, self.ignore_wrt_candidates)
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

    def _constants(self, labels: Tensor, dtype: torch.dtype) -> float | Tensor:
        """C, or C of each object, shape [K], where every class has its own."""
        return constants_of(labels, self.constant, dtype) if isinstance(self.constant, (list, tuple)) else self.constant

    def _search(self, priors: Tensor, gts: Tensor, constants: float | Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Overlap with the best object, that object, and the object of a low-quality match (-1: none), per prior."""
        max_overlaps = priors.new_zeros(len(priors))
        best_gt = torch.full((len(priors),), len(gts), device=priors.device)
        best_priors = _BestPriors(gts)
        radius = search_radius(self.lowest_threshold, self.largest_constant)
        for prior, gt, overlaps in _near_pairs(priors, gts, constants, radius):
            max_overlaps.scatter_reduce_(0, prior, overlaps, 'amax')
            best = overlaps == max_overlaps[prior]
            best_gt.scatter_reduce_(0, prior[best], gt[best], 'amin')  # of equally good objects the first
            best_priors.add(prior, gt, overlaps)
        matched = torch.full_like(best_gt, -1)
        if self.match_low_quality:
            for prior, gt in self._low_quality_pairs(priors, gts, constants, radius, best_priors):
                matched.scatter_reduce_(0, prior, gt, 'amax')  # of several objects the last
        return max_overlaps, best_gt, matched

    def _low_quality_pairs(
        self, priors: Tensor, gts: Tensor, constants: float | Tensor, radius: float, best_priors: '_BestPriors'
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Priors and objects of the low-quality matches.

        Objects without a prior within ``radius`` are searched for farther away while that is cheap. What is left, far
        from every prior, is compared with all of them; far enough, all of them tie at 0.
        """
        farthest = search_radius(self.min_pos_iou, self.largest_constant)
        unmatched = best_priors.missing()
        for _ in range(4):
            if radius >= farthest:
                unmatched = unmatched[:0]
            if not len(unmatched):
                break
            radius *= 2
            for prior, gt, overlaps in _near_pairs(priors, gts, constants, radius, unmatched):
                best_priors.add(prior, gt, overlaps)
            unmatched = best_priors.missing()
        yield best_priors.pairs(self.min_pos_iou, self.gt_max_assign_all)
        for gt in torch.split(unmatched, max(_MAX_BLOCK // max(len(priors), 1), 1)) if len(priors) else ():
            overlaps = pairwise('nwd', gts[gt], priors, constant=_of(constants, gt[:, None]))
            best, first = overlaps.max(dim=1)
            if self.gt_max_assign_all:
                hit = overlaps == best[:, None]
            else:
                hit = torch.zeros_like(overlaps, dtype=torch.bool).scatter_(1, first[:, None], True)
            row, prior = (hit & (best >= self.min_pos_iou)[:, None]).nonzero(as_tuple=True)
            yield prior, gt[row]


class _BestPriors:
    """The best priors of every object, from pairs that come in chunks."""

    def __init__(self, gts: Tensor) -> None:
        self.overlaps = gts.new_full((len(gts),), -1)  # of every object with its best prior so far
        self._candidates: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, prior: Tensor, gt: Tensor, overlaps: Tensor) -> None:
        """Take a chunk of pairs."""
        self.overlaps.scatter_reduce_(0, gt, overlaps, 'amax')
        best = overlaps == self.overlaps[gt]
        self._candidates.append((prior[best], gt[best], overlaps[best]))

    def missing(self) -> Tensor:
        """Objects of which no pair has come, int64."""
        return (self.overlaps < 0).nonzero().squeeze(1)

    def pairs(self, min_overlap: float, ties: bool) -> tuple[Tensor, Tensor]:
        """Best prior and object, int64, of all objects that overlap it by ``min_overlap`` at least.

        Args:
            min_overlap: Smallest overlap.
            ties: All equally good priors of an object, or the first.
        """
        if not self._candidates:
            return self.missing()[:0], self.missing()[:0]
        prior, gt, overlaps = (torch.cat(parts) for parts in zip(*self._candidates))
        best = (overlaps == self.overlaps[gt]) & (overlaps >= min_overlap)
        prior, gt = prior[best], gt[best]
        if not ties:
            none = torch.iinfo(prior.dtype).max
            first = torch.full_like(self.overlaps, none, dtype=prior.dtype).scatter_reduce_(0, gt, prior, 'amin')
            gt = (first < none).nonzero().squeeze(1)
            prior = first[gt]
        return prior, gt


def _near_pairs(
    priors: Tensor, gts: Tensor, constants: float | Tensor, radius: float, rows: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Prior, object and their NWD, of all pairs within ``radius``, in chunks; of the objects ``rows``, or of all."""
    for prior, gt in neighbor_pairs(priors, gts if rows is None else gts[rows], radius):
        gt = gt if rows is None else rows[gt]
        yield prior, gt, aligned('nwd', gts[gt], priors[prior], constant=_of(constants, gt))


def _of(constants: float | Tensor, gt: Tensor) -> float | Tensor:
    return constants[gt] if isinstance(constants, Tensor) else constants


def _boxes(name: str, boxes: Tensor) -> Tensor:
    boxes = get_box_tensor(boxes)
    require_finite(name, boxes)
    return boxes if boxes.dtype == torch.float64 else boxes.float()
