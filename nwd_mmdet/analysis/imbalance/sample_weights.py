"""What each sample counts for in the classification loss: the sampling methods of the imbalance review, Table 3.

Oksuz et al., "Imbalance Problems in Object Detection: A Review", section 4.1: the loss of sample i is w_i CE(p_s), eq.
2, with w_i in {0, 1} of hard and any w_i >= 0 of soft sampling. The functions here take arrays of N samples, and return
w, float64 of shape [N]. ``positive``, bool of shape [N], tells foreground from background; ``p_s``, in [0, 1], is the
estimated probability of the true class, background included.

Where a method draws at random it is given by its expectation, the probability that the sample is drawn, so that
statistics need no seed; with a ``generator`` it is drawn, and w is 0 or 1. Where there are fewer candidates than
wanted, all of them are taken. All functions raise ValueError for arrays that are not of one length or not finite,
probabilities and IoUs outside [0, 1], and parameters out of range.
"""

import numpy as np
from numpy.typing import ArrayLike

# Of GHM's limits, which are sums such as 0.9 - 0.4 / 2, so that a gradient norm of 0.7 is on this one in spite of
# rounding.
_TOLERANCE = 1e-9


def random_sampling(
    positive: ArrayLike, num_pos: int, num_neg: int, generator: np.random.Generator | None = None
) -> np.ndarray:
    """Uniformly drawn positives and negatives (R-CNN; review, section 4.1.1).

    Missing positives are replaced by as many negatives, so that the batch keeps its size.

    Args:
        positive: Shape [N], bool.
        num_pos: Positives wanted.
        num_neg: Negatives wanted.
        generator: Draws them; None gives the probabilities.
    """
    positive = _mask(positive)
    return _draw(positive, num_pos, generator) + _draw(~positive, _padded(positive, num_pos, num_neg), generator)


def ssd_sampling(
    positive: ArrayLike,
    loss: ArrayLike,
    num_pos: int | None,
    num_neg: int,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """The negatives of highest loss, and random positives (SSD; review, section 4.1.1).

    Args:
        positive: Shape [N], bool.
        loss: Shape [N]. Of equal losses the first is taken.
        num_pos: Positives wanted; None takes all, as SSD does.
        num_neg: Negatives wanted; SSD has three times the number of positives.
        generator: Draws the positives; None gives the probabilities.
    """
    positive, loss = _mask(positive), _column(loss, positive)
    num_pos = int(positive.sum()) if num_pos is None else num_pos
    return _draw(positive, num_pos, generator) + _hardest(~positive, loss, num_neg)


def ohem(positive: ArrayLike, loss: ArrayLike, num_pos: int, num_neg: int) -> np.ndarray:
    """The positives and the negatives of highest loss (OHEM; review, section 4.1.1).

    As in Table 3 and mmdet's ``OHEMSampler``, positives and negatives have numbers of their own; the original ranks
    both together.

    Args:
        positive: Shape [N], bool.
        loss: Shape [N]. Of equal losses the first is taken.
        num_pos: Positives wanted; missing ones are replaced by negatives.
        num_neg: Negatives wanted.
    """
    positive, loss = _mask(positive), _column(loss, positive)
    return _hardest(positive, loss, num_pos) + _hardest(~positive, loss, _padded(positive, num_pos, num_neg))


def iou_balanced_sampling(
    positive: ArrayLike,
    iou: ArrayLike,
    num_pos: int,
    num_neg: int,
    num_bins: int = 3,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """As many random negatives from each bin of IoU (Libra R-CNN; review, section 4.1.1).

    The bins divide the range from 0 to the highest IoU of a negative into equal parts; a negative on a limit is of the
    upper one. What the bins cannot give, and what is left where ``num_bins`` does not divide ``num_neg``, is drawn
    from the other negatives. The method does not say which positives to take; they are random, as in mmdet.
    ``IoUBalancedNegSampler`` there takes the highest IoU of all samples, positives included, for the range.

    Args:
        positive: Shape [N], bool.
        iou: Shape [N]: of the sample with the object it overlaps most.
        num_pos: Positives wanted; missing ones are replaced by negatives.
        num_neg: Negatives wanted.
        num_bins: K.
        generator: Draws them; None gives the probabilities.
    """
    positive, iou = _mask(positive), _share(iou, positive)
    if num_bins < 1:
        raise ValueError(f'num_bins={num_bins} must be positive')
    num_neg = _padded(positive, num_pos, num_neg)
    highest = iou[~positive].max(initial=0)
    bins = np.minimum(iou / highest * num_bins, num_bins - 1).astype(int) if highest > 0 else np.zeros(len(iou), int)
    weights = np.zeros(len(iou))
    for k in range(num_bins):
        weights += _draw(~positive & (bins == k), num_neg // num_bins, generator)
    missing = min(num_neg, int((~positive).sum())) - round(weights.sum())
    left = ~positive * (1 - weights)
    if generator is not None:
        weights += _draw(left > 0, missing, generator)
    elif missing > 0:
        weights += left * missing / left.sum()
    return weights + _draw(positive, num_pos, generator)


def iou_lower_bound(
    positive: ArrayLike,
    iou: ArrayLike,
    num_pos: int,
    num_neg: int,
    low: float = 0.1,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Random negatives of those with an IoU of ``low`` at least (Fast R-CNN; review, section 4.1.1).

    Args:
        positive: Shape [N], bool. The method does not say which positives to take; they are random.
        iou: Shape [N]: of the sample with the object it overlaps most.
        num_pos: Positives wanted; missing ones are replaced by negatives.
        num_neg: Negatives wanted.
        low: Smallest IoU of a negative, inclusive.
        generator: Draws them; None gives the probabilities.
    """
    positive, iou = _mask(positive), _share(iou, positive)
    negatives = _draw(~positive & (iou >= low), _padded(positive, num_pos, num_neg), generator)
    return negatives + _draw(positive, num_pos, generator)


def negative_anchor_filtering(
    positive: ArrayLike, p_s: ArrayLike, loss: ArrayLike, num_pos: int, num_neg: int, threshold: float = 0.99
) -> np.ndarray:
    """OHEM of the negatives that are not surely background, p_s <= ``threshold`` (RefineDet; review, section 4.1.1).

    Args:
        positive: Shape [N], bool. The method does not say which positives to take; they are random, in expectation.
        p_s: Shape [N].
        loss: Shape [N].
        num_pos: Positives wanted.
        num_neg: Negatives wanted.
        threshold: Highest background probability of a negative.
    """
    positive = _mask(positive)
    unsure = ~positive & (_share(p_s, positive) <= threshold)
    return _draw(positive, num_pos, None) + _hardest(unsure, _column(loss, positive), num_neg)


def fixed_coefficients(positive: ArrayLike, positive_weight: float = 1.0, negative_weight: float = 0.5) -> np.ndarray:
    """A constant for positives and one for negatives (YOLO; review, section 4.1.2)."""
    return np.where(_mask(positive), float(positive_weight), float(negative_weight))


def focal(p_s: ArrayLike, gamma: float = 2.0) -> np.ndarray:
    """(1 - p_s)^γ (focal loss; review, eq. 3), in [0, 1]; γ = 0 is 1 throughout.

    Args:
        p_s: Shape [N].
        gamma: γ.
    """
    return (1 - _share(p_s, p_s)) ** gamma


def ghm(gradient_norm: ArrayLike, epsilon: float = 0.1) -> np.ndarray:
    """m / G(i): less, the more samples have a similar gradient norm (GHM; review, eq. 4).

    G is the gradient density of GHM's paper (Li et al., AAAI 2019, eq. 5 to 8): the number of samples whose gradient
    norm is at most ε/2 away, over the length of that window inside [0, 1]. Both ends count as inside here, by the
    review's toy example; the paper leaves the upper one out. mmdet's ``GHMC`` divides [0, 1] into fixed windows, and
    the weights by the number of windows that are not empty.

    Args:
        gradient_norm: Shape [N], in [0, 1]: of the cross-entropy with respect to the logit, 1 - p_s.
        epsilon: ε, the length of the window.

    Returns:
        Shape [N], positive; m = N weights that are all 1 where gradient norms are spread evenly.
    """
    norm = _share(gradient_norm, gradient_norm)
    if epsilon <= 0:
        raise ValueError(f'epsilon={epsilon} must be positive')
    low, high = norm - epsilon / 2, norm + epsilon / 2
    ordered = np.sort(norm)
    first = np.searchsorted(ordered, low - _TOLERANCE, 'left')
    end = np.searchsorted(ordered, high + _TOLERANCE, 'right')
    return len(norm) * (np.minimum(high, 1) - np.maximum(low, 0)) / (end - first)


def pisa(
    positive: ArrayLike,
    iou: ArrayLike,
    score: ArrayLike,
    labels: ArrayLike | None = None,
    gamma: float | tuple[float, float] = 1.0,
    beta: float | tuple[float, float] = 0.0,
) -> np.ndarray:
    """((1 - β) r + β)^γ with the rank r of IoU or score from 1 down to 1/N_max (PISA; review, eq. 5 and 6).

    Positives are ranked by IoU, negatives by foreground score, each among its class; N_max is the size of the largest
    class of either. Of equal values the first has the higher rank. PISA's paper (Cao et al., CVPR 2020) ranks
    positives of the same object before all of them, and keeps the sum of the loss; neither is in the review's
    equations.

    Args:
        positive: Shape [N], bool.
        iou: Shape [N]: after regression, with the object; read of positives.
        score: Shape [N], in [0, 1]: highest foreground probability; read of negatives.
        labels: Shape [N]: class of a positive's object, and of a negative's highest score; None is one class.
        gamma: γ, for all or for positives and negatives.
        beta: β in [0, 1], the smallest weight where γ is 1, likewise.
    """
    positive = _mask(positive)
    value = np.where(positive, _share(iou, positive), _share(score, positive))
    labels = np.zeros(len(positive)) if labels is None else _column(labels, positive)
    gammas, betas = np.broadcast_to(gamma, 2), np.broadcast_to(beta, 2)
    if (betas < 0).any() or (betas > 1).any():
        raise ValueError(f'beta={beta} must be in [0, 1]')
    # By class, then from the highest value down; the rank is the distance from where the class begins.
    group = np.unique(np.stack([positive, labels], 1), axis=0, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((-value, group))
    sizes = np.bincount(group)
    rank = np.empty(len(value))
    rank[order] = np.arange(len(value)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    normalised = 1 - rank / sizes.max(initial=1)
    which = np.where(positive, 0, 1)
    return ((1 - betas[which]) * normalised + betas[which]) ** gammas[which]


def _padded(positive: np.ndarray, num_pos: int, num_neg: int) -> int:
    """Negatives wanted where missing positives are replaced by them."""
    return num_neg + max(num_pos - int(positive.sum()), 0)


def _draw(candidates: np.ndarray, num: int, generator: np.random.Generator | None) -> np.ndarray:
    """``num`` of the candidates, each with the same probability."""
    rows = np.flatnonzero(candidates)
    taken = min(_checked_number(num), len(rows))
    weights = np.zeros(len(candidates))
    if generator is None:
        weights[rows] = taken / max(len(rows), 1)
    else:
        weights[generator.choice(rows, taken, replace=False)] = 1
    return weights


def _hardest(candidates: np.ndarray, loss: np.ndarray, num: int) -> np.ndarray:
    """The ``num`` candidates of highest loss."""
    rows = np.flatnonzero(candidates)
    weights = np.zeros(len(candidates))
    weights[rows[np.argsort(-loss[rows], kind='stable')][: _checked_number(num)]] = 1
    return weights


def _checked_number(num: int) -> int:
    if num < 0:
        raise ValueError(f'{num} samples are wanted; it must be 0 at least')
    return num


def _mask(positive: ArrayLike) -> np.ndarray:
    mask = np.asarray(positive, bool)
    if mask.ndim != 1:
        raise ValueError(f'positive has the shape {mask.shape}; it must be [N]')
    return mask


def _column(values: ArrayLike, like: ArrayLike) -> np.ndarray:
    """Finite numbers of the shape of ``like``."""
    column = np.asarray(values, np.float64)
    if column.ndim != 1 or column.shape != np.shape(like) or not np.isfinite(column).all():
        shapes = f'{column.shape} beside {np.shape(like)}'
        raise ValueError(f'arrays of shapes {shapes}: finite numbers of one shape [N] are needed')
    return column


def _share(values: ArrayLike, like: ArrayLike) -> np.ndarray:
    """Numbers in [0, 1] of the shape of ``like``."""
    column = _column(values, like)
    if len(column) and (column.min() < 0 or column.max() > 1):
        raise ValueError(f'values from {column.min()} to {column.max()}: they must be in [0, 1]')
    return column
