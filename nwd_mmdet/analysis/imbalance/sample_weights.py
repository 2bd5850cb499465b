"""What each sample counts for in the classification loss: sampling methods of the imbalance review, Table 3.

Oksuz et al., "Imbalance Problems in Object Detection: A Review", section 4.1: the loss of sample i is w_i CE(p_s), eq.
2, with w_i in {0, 1} of hard and any w_i >= 0 of soft sampling. The functions here take arrays of N samples, and return
w, float64 of shape [N]. ``positive``, bool of shape [N], tells foreground from background; ``p_s``, in [0, 1], is the
estimated probability of the true class, background included.

Where a method draws at random it is given by its expectation, the probability that the sample is drawn, so that
statistics need no seed. Where there are fewer candidates than wanted, all of them are taken. All functions raise
ValueError for arrays that are not of one length or not finite, probabilities outside [0, 1], and parameters out of
range. Methods that need the IoU of each sample are not here: classification losses do not get it.
"""

import numpy as np
from numpy.typing import ArrayLike

# Of GHM's limits, which are sums such as 0.9 - 0.4 / 2, so that a gradient norm of 0.7 is on this one in spite of
# rounding.
_TOLERANCE = 1e-9


def random_sampling(positive: ArrayLike, num_pos: int, num_neg: int) -> np.ndarray:
    """Uniformly drawn positives and negatives (R-CNN; review, section 4.1.1).

    Missing positives are replaced by as many negatives, so that the batch keeps its size.

    Args:
        positive: Shape [N], bool.
        num_pos: Positives wanted.
        num_neg: Negatives wanted.
    """
    positive = _mask(positive)
    return _drawn(positive, num_pos) + _drawn(~positive, _padded(positive, num_pos, num_neg))


def ssd_sampling(positive: ArrayLike, loss: ArrayLike, num_pos: int, num_neg: int) -> np.ndarray:
    """The negatives of highest loss, and random positives (SSD; review, section 4.1.1).

    Args:
        positive: Shape [N], bool.
        loss: Shape [N]. Of equal losses the first is taken.
        num_pos: Positives wanted; SSD takes all.
        num_neg: Negatives wanted; SSD has three times the number of positives.
    """
    positive, loss = _mask(positive), _column(loss, positive)
    return _drawn(positive, num_pos) + _hardest(~positive, loss, num_neg)


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
    return _drawn(positive, num_pos) + _hardest(unsure, _column(loss, positive), num_neg)


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


def _padded(positive: np.ndarray, num_pos: int, num_neg: int) -> int:
    """Negatives wanted where missing positives are replaced by them."""
    return num_neg + max(num_pos - int(positive.sum()), 0)


def _drawn(candidates: np.ndarray, num: int) -> np.ndarray:
    """The probability of each to be among ``num`` of the candidates."""
    return candidates * min(_checked_number(num) / max(candidates.sum(), 1), 1.0)


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
