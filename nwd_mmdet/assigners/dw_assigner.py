"""Dual weighting: which points learn an object, and how strongly as positives and as negatives."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from mmdet.registry import TASK_UTILS
from torch import Tensor

from nwd_mmdet.assigners.point_grid import PointGrid, first_points, points_in_boxes
from nwd_mmdet.overlaps import Overlap

_EPS = 1e-12  # the released code's


class Candidates(NamedTuple):
    """Pairs of a point and an object whose candidate bag it is in; K pairs, ordered by object within a level.

    Attributes:
        point: Shape [K], int64: the point among all points of all images, image by image, level by level.
        gt: Shape [K], int64: the object among all objects of all images.
        prior: Shape [K]: weight of the centre prior, in [0, 1].
    """

    point: Tensor
    gt: Tensor
    prior: Tensor


class DWWeights(NamedTuple):
    """Weights of K candidate pairs, detached, shape [K] each.

    Attributes:
        w_pos: Of ``-ln s``; sums to 1 over an object's bag with the preset ``paper``.
        w_neg: Of ``-ln(1 - s)``, ``P_neg I_neg`` or the variant asked for.
        w_reg: Of the regression loss; equals ``w_pos``, as in the paper.
        p_neg: The probability of being a negative, in [0, 1].
    """

    w_pos: Tensor
    w_neg: Tensor
    w_reg: Tensor
    p_neg: Tensor


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Where the paper and the released code differ.

    Attributes:
        quality_from_loss: Whether the quality of a box is ``e^{-β L}`` of its regression loss L, or ``IoU^β``.
        stretched_p_neg: Whether P_neg is stretched to [0, 1] over each object's points, or falls from 1 to 0 between
            two overlaps.
        sigma: σ of the soft centre prior ``exp(-r²/2σ²)``, r in strides.
        mu_below: μ in the sum that w_pos is divided by; None takes μ.
        class_weight: Factor on the classification loss of the positives and on the regression loss.
        detached_importance: Whether I_neg is a constant for the gradient.
        negative_average: Whether the negative loss is divided by Σ(1 - P_neg) instead of the number of objects.
        focal_alpha: Weight of the focal loss outside the bag.
    """

    quality_from_loss: bool
    stretched_p_neg: bool
    sigma: float
    mu_below: float | None
    class_weight: float
    detached_importance: bool
    negative_average: bool
    focal_alpha: float


PRESETS = {
    'paper': Preset(
        quality_from_loss=False,
        stretched_p_neg=False,
        sigma=math.sqrt(0.5),
        mu_below=None,
        class_weight=1.0,
        detached_importance=True,
        negative_average=False,
        focal_alpha=0.75,
    ),
    'released': Preset(
        quality_from_loss=True,
        stretched_p_neg=True,
        sigma=1.11,
        mu_below=3.0,
        class_weight=0.25,
        detached_importance=False,
        negative_average=True,
        focal_alpha=1.0,
    ),
}
BAGS = ('soft_prior', 'threshold', 'topk')
NEGATIVES = ('p_neg*i_neg', 'p_neg', 'i_neg', 'none', '1-w_pos')


@TASK_UTILS.register_module()
class DWAssigner:
    """Dual weighting label assignment (Li et al., CVPR 2022, sections 3.2 and 3.3).

    A point inside an object, or near its centre, is in the object's candidate bag and gets a positive and a negative
    weight from the predicted score s and box. Only these pairs are ever held: memory grows with their number, not with
    points times objects.

    ``preset='paper'`` is what is printed: consistency ``t = s IoU^β`` (eq. 3), ``w_pos = e^{μt} t`` times the prior,
    divided by its sum over the bag (eq. 4), P_neg falling from 1 at IoU .5 to 0 at .95 (eq. 5, 6),
    ``I_neg = s^{γ2}`` (eq. 7), centre prior ``e^{-r²}`` (Table 4). ``preset='released'``, the default, is the published
    code, which gave the published 41.5 AP. It departs from the paper:

    * the quality of a box is ``p_loc = e^{-β L}`` with the regression loss L, in place of ``IoU^β``: ``t = s p_loc``;
    * ``w_pos`` has ``e^{5t}`` above and ``e^{3t}`` below the line, so that it does not sum to 1;
    * P_neg is ``(1 - IoU^{γ1}) / (1 - .5^{γ1})``, stretched to [0, 1] over each object's points: the best point
      has P_neg 0 whatever its IoU, and .95 plays no part;
    * I_neg takes part in the gradient;
    * σ of the prior is 1.11 strides (``e^{-r²/2.46}``);
    * the losses of positives have the factor .25, the negative one is divided by Σ(1 - P_neg), not by the number of
      objects, and the focal loss outside the bag has no α.

    Where points are in the bags of several objects of one class, the last object's w_neg counts.

    Args:
        preset: ``'released'`` or ``'paper'``.
        beta: β, weight of the box quality in t, and of the regression loss.
        mu: μ, how much w_pos prefers the most consistent points.
        gamma1: γ1, exponent of the IoU in P_neg.
        gamma2: γ2, exponent of the score in I_neg.
        theta: IoU up to which P_neg is 1, and, with ``'paper'``, from which on it is 0.
        bag: Table 4: ``'soft_prior'``, all points inside an object, weighted by the prior; ``'threshold'``, those
            within ``radius`` of its centre; ``'topk'``, the ``topk`` nearest on each level.
        radius: Distance in strides for ``'threshold'``.
        topk: Number for ``'topk'``.
        negative: Table 5: what w_neg is: ``'p_neg*i_neg'``, ``'p_neg'``, ``'i_neg'``, ``'none'`` (0) or ``'1-w_pos'``.
        overlap: Key of :data:`nwd_mmdet.overlaps.OVERLAPS` in place of IoU, such as ``'nwd'`` for tiny objects. With
            ``'released'`` choose the regression loss to match.
        overlap_params: Parameters of the overlap, such as ``dict(constant=12.8)``.
        small_objects: Other β and μ for small objects, which the paper names as the cure for its weakness there:
            ``dict(size=32, beta=3, mu=3)`` goes from these values at size √(wh) = 0 linearly to ``beta`` and ``mu`` at
            32 px.
        nearest_point: Whether an object that no point lies in gets the nearest point of the finest level. The
            released code leaves it without; with strides from 8 up that is a third of all objects of 6 px.

    Raises:
        ValueError: A value outside the choices or ranges above.

    Example:
        >>> objects = torch.tensor([[6.0, 6.0, 18.0, 14.0]])
        >>> assigner = DWAssigner(preset='paper')
        >>> bag = assigner.candidates([(4, 4)], [(8, 8)], [objects])  # points at 4, 12, 20 and 28 px
        >>> bag.point.tolist(), bag.gt.tolist()
        ([5], [0])
        >>> boxes = torch.tensor([[6.0, 6.0, 18.0, 15.0]])
        >>> assigner.assign(bag, torch.tensor([0.6]), boxes, objects, torch.tensor([0.1])).w_neg
        tensor([0.0620])
    """

    def __init__(
        self,
        preset: str = 'released',
        beta: float = 5.0,
        mu: float = 5.0,
        gamma1: float = 2.0,
        gamma2: float = 2.0,
        theta: tuple[float, float] = (0.5, 0.95),
        bag: str = 'soft_prior',
        radius: float = 1.7,
        topk: int = 9,
        negative: str = 'p_neg*i_neg',
        overlap: str = 'iou',
        overlap_params: dict[str, float] | None = None,
        small_objects: dict[str, float] | None = None,
        nearest_point: bool = False,
    ) -> None:
        for name, value, choices in (
            ('preset', preset, PRESETS),
            ('bag', bag, BAGS),
            ('negative', negative, NEGATIVES),
        ):
            if value not in choices:
                raise ValueError(f'{name}={value!r} must be one of {", ".join(map(repr, choices))}')
        if not 0 < theta[0] < theta[1] <= 1:
            raise ValueError(f'theta={theta} must be two overlaps with 0 < first < second <= 1, e.g. (0.5, 0.95)')
        if small_objects is not None and small_objects.keys() != {'size', 'beta', 'mu'}:
            raise ValueError(f'small_objects={small_objects} must have size (px), beta and mu')
        self.preset = PRESETS[preset]
        self.beta, self.mu, self.gamma1, self.gamma2, self.theta = beta, mu, gamma1, gamma2, tuple(theta)
        self.bag, self.radius, self.topk, self.negative = bag, radius, topk, negative
        self.overlap = Overlap(overlap, **(overlap_params or {}))
        self.small_objects = small_objects
        self.nearest_point = nearest_point

    def candidates(
        self,
        featmap_sizes: Sequence[Sequence[int]],
        strides: Sequence[tuple[int, int]],
        gt_bboxes: Sequence[Tensor],
        offset: float = 0.5,
    ) -> Candidates:
        """Find the candidate bags of all objects of a batch.

        Args:
            featmap_sizes: Height and width of each level.
            strides: Horizontal and vertical stride of each level in px.
            gt_bboxes: Objects of each image, shape [G, 4], xyxy in px.
            offset: Where the first point lies, in strides.
        """
        parts = []
        for point, gt, distance in points_in_boxes(featmap_sizes, strides, gt_bboxes, offset):
            keep = self._in_bag(gt, distance)
            parts.append(Candidates(point[keep], gt[keep], self._prior(distance[keep])))
        if self.nearest_point:
            grid, first = PointGrid(featmap_sizes[0], strides[0], offset), first_points(featmap_sizes, gt_bboxes)
            parts.append(self._nearest(torch.cat(list(gt_bboxes)), first, grid, parts))
        return Candidates(*(torch.cat(columns) for columns in zip(*parts)))

    def _in_bag(self, gt: Tensor, distance: Tensor) -> Tensor:
        if self.bag == 'threshold':
            return distance < self.radius
        if self.bag == 'topk':
            order = distance.argsort(stable=True)
            order = order[gt[order].argsort(stable=True)]  # by object, then by distance
            first = torch.searchsorted(gt[order], gt[order])
            rank = torch.empty_like(order)
            rank[order] = torch.arange(len(order), device=order.device) - first
            return rank < self.topk
        return torch.ones_like(gt, dtype=torch.bool)

    def _prior(self, distance: Tensor) -> Tensor:
        if self.bag != 'soft_prior':
            return torch.ones_like(distance)
        return torch.exp(-(distance**2) / (2 * self.preset.sigma**2))

    def _nearest(self, gts: Tensor, first_point: Tensor, grid: PointGrid, parts: list[Candidates]) -> Candidates:
        """The nearest point of the level for every object that has none."""
        without = torch.ones(len(gts), dtype=torch.bool, device=gts.device)
        for part in parts:
            without[part.gt] = False
        gt = without.nonzero().squeeze(1)
        cell, distance = grid.nearest_point(gts[gt])
        return Candidates(first_point[gt] + cell, gt, self._prior(distance))

    def assign(
        self, candidates: Candidates, scores: Tensor, boxes: Tensor, gts: Tensor, regression_loss: Tensor
    ) -> DWWeights:
        """Weigh the candidate pairs.

        Args:
            candidates: K pairs.
            scores: Shape [K]: predicted score, in [0, 1], of the object's class at the point.
            boxes: Shape [K, 4]: predicted box at the point, xyxy in px.
            gts: Shape [G, 4]: all objects, xyxy in px.
            regression_loss: Shape [K]: loss of the box, which ``'released'`` measures its quality by.
        """
        with torch.no_grad():
            scores, gt = scores.detach(), candidates.gt
            overlaps = self.overlap.aligned(boxes.detach(), gts[gt])
            beta, mu = self._beta_and_mu(gts)
            if self.preset.quality_from_loss:
                quality = torch.exp(-beta[gt] * regression_loss.detach())
            else:
                quality = overlaps.clamp(0) ** beta[gt]
            consistency = scores * quality
            w_pos = self._w_pos(consistency, candidates, mu)
            p_neg = self.p_neg(overlaps, gt, len(gts))
            variants: dict[str, Callable[[], Tensor]] = {
                'p_neg*i_neg': lambda: p_neg * scores**self.gamma2,
                'p_neg': lambda: p_neg,
                'i_neg': lambda: scores**self.gamma2,
                'none': lambda: torch.zeros_like(p_neg),
                '1-w_pos': lambda: (1 - w_pos).clamp(min=0),
            }
            return DWWeights(w_pos, variants[self.negative](), w_pos, p_neg)

    def _beta_and_mu(self, gts: Tensor) -> tuple[Tensor, Tensor]:
        """β and μ of every object, shape [G] each."""
        normal = gts.new_ones(len(gts))
        if self.small_objects is None:
            return normal * self.beta, normal * self.mu
        size = ((gts[:, 2:] - gts[:, :2]).clamp(min=0)).prod(1).sqrt()
        share = (size / self.small_objects['size']).clamp(max=1)
        beta = torch.lerp(normal * self.small_objects['beta'], normal * self.beta, share)
        return beta, torch.lerp(normal * self.small_objects['mu'], normal * self.mu, share)

    def _w_pos(self, consistency: Tensor, candidates: Candidates, mu: Tensor) -> Tensor:
        gt, weighted = candidates.gt, consistency * candidates.prior
        mu_below = mu if self.preset.mu_below is None else torch.full_like(mu, self.preset.mu_below)
        below = torch.zeros_like(mu).index_add_(0, gt, torch.exp(mu_below[gt] * consistency) * weighted)
        return torch.exp(mu[gt] * consistency) * weighted / below.clamp(min=_EPS)[gt]

    def p_neg(self, overlaps: Tensor, gt: Tensor, num_gts: int) -> Tensor:
        """P_neg of overlaps of shape [K] with the objects ``gt`` of shape [K], of which there are ``num_gts``."""
        low, high = (math.pow(theta, self.gamma1) for theta in self.theta)
        powers = overlaps.clamp(0).pow(self.gamma1)
        if not self.preset.stretched_p_neg:
            return ((high - powers) / (high - low)).clamp(0, 1)
        falling = (1 - powers) / (1 - low)
        smallest = falling.new_full((num_gts,), math.inf).scatter_reduce_(0, gt, falling, 'amin')[gt]
        largest = falling.new_full((num_gts,), -math.inf).scatter_reduce_(0, gt, falling, 'amax')[gt].clamp(max=1)
        stretched = (falling - smallest + _EPS) / (largest - smallest + _EPS)
        return torch.where(overlaps < self.theta[0], 1.0, stretched)
