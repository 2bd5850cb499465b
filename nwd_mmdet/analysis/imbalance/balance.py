"""How imbalanced is a distribution? Four numbers for it, and histograms that take values as they come."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Balance:
    """How far counts of K bins are from being all equal.

    How to measure imbalance is an open question of the imbalance review (Oksuz et al., "Imbalance Problems in Object
    Detection: A Review", section 9.2); these are four usual answers. None depends on the scale of the counts; with
    ``ordered=False`` none depends on their order. Where there is nothing to measure, no bins or only zeros, they are
    None; a single bin with counts is balanced.

    Attributes:
        bins: K, the number of bins or classes, empty ones included.
        empty: How many of them have the count 0.
        total: Sum of the counts.
        entropy: Shannon entropy divided by that of equal counts, ln K: 1 if balanced, 0 if all counts are in one bin.
        gini: Gini coefficient, the mean difference of two bins over twice the mean count: 0 if balanced, 1 - 1/K if all
            counts are in one bin.
        max_min_ratio: Largest count over the smallest, 1 if balanced. None where it is infinite, as JSON has no such
            number: where the smallest is 0, so that ``empty`` is not.
        wasserstein: 1-Wasserstein distance to equal counts: the share of the counts that must move, times how far, 0 if
            balanced. Of unordered classes any two are at distance 1, so that it is the total variation distance: 1 -
            1/K if all counts are in one class. Ordered bins are at the distance of their positions over K - 1, from 0
            to 1: at most 1/2, where all counts are in the first or the last bin.
        ordered: Which of the two ``wasserstein`` is.
    """

    bins: int
    empty: int
    total: float
    entropy: float | None
    gini: float | None
    max_min_ratio: float | None
    wasserstein: float | None
    ordered: bool

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for ``json.dump``: finite numbers and None."""
        return asdict(self)


def measure_balance(counts: ArrayLike, ordered: bool = False) -> Balance:
    """Compare counts with equal counts.

    Args:
        counts: Shape [K]: one number for each class or bin, not negative, finite; shares and sums of weights will do.
        ordered: Whether neighbouring bins are alike, as of sizes or IoUs; False for classes.

    Raises:
        ValueError: Counts that are negative, not finite, or not of shape [K].
    """
    values = np.asarray(counts, np.float64)
    if values.ndim != 1 or not np.isfinite(values.sum()) or (values < 0).any():
        raise ValueError(f'counts must be finite and not negative, of shape [K]; got shape {values.shape}, {values}')
    bins, empty, total = len(values), int((values == 0).sum()), float(values.sum())
    if total == 0:
        return Balance(bins, empty, total, None, None, None, None, ordered)
    if bins == 1:
        return Balance(bins, empty, total, 1.0, 0.0, 1.0, 0.0, ordered)
    shares = values / total
    ratio = math.inf if empty else float(values.max()) / float(values.min())
    return Balance(
        bins,
        empty,
        total,
        _entropy(shares),
        _gini(shares),
        ratio if math.isfinite(ratio) else None,
        _distance_in_bins(shares) if ordered else float(np.abs(shares - 1 / bins).sum() / 2),
        ordered,
    )


def _entropy(shares: np.ndarray) -> float:
    present = shares[shares > 0]
    return abs(float(np.clip(-(present * np.log(present)).sum() / math.log(len(shares)), 0, 1)))  # no -0.0


def _gini(shares: np.ndarray) -> float:
    """Mean absolute difference over twice the mean, from the sorted shares in place of all pairs."""
    bins = len(shares)
    ranks = np.arange(1, bins + 1)
    return max(float(((2 * ranks - bins - 1) * np.sort(shares)).sum() / bins), 0.0)


def _distance_in_bins(shares: np.ndarray) -> float:
    """In one dimension the distance is the area between the two cumulative distributions."""
    bins = len(shares)
    gap = np.cumsum(shares) - np.arange(1, bins + 1) / bins
    return float(np.abs(gap[:-1]).sum() / (bins - 1))


class Histogram:
    """Counts of values in fixed bins; what was added is not kept, so memory does not grow.

    A bin holds its lower edge; the last one holds its upper edge as well, as in ``np.histogram``.

    Args:
        edges: Shape [B + 1], ascending, finite.

    Attributes:
        edges: Shape [B + 1], float64.
        counts: Shape [B], float64: number of values, or sum of their weights.
        below: Number, or weight, of values below the first edge, -inf included.
        above: The same above the last edge, inf included.
        undefined: The same of NaN.

    Raises:
        ValueError: Edges that do not ascend or are not finite.

    Example:
        >>> sizes = Histogram([0, 8, 16, 32])
        >>> sizes.add([3, 8, 32, 40])
        >>> sizes.counts.tolist(), sizes.above
        ([1.0, 1.0, 1.0], 1.0)
    """

    def __init__(self, edges: ArrayLike) -> None:
        self.edges = _checked_edges(edges)
        self.counts = np.zeros(len(self.edges) - 1)
        self.below = self.above = self.undefined = 0.0

    def add(self, values: ArrayLike, weights: ArrayLike | None = None) -> None:
        """Count values.

        Args:
            values: Any shape.
            weights: Of the same shape, finite: what each counts for, in place of 1.

        Raises:
            ValueError: Weights of another shape or not finite.
        """
        values = np.asarray(values, np.float64).ravel()
        weights = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64).ravel()
        if len(weights) != len(values) or not np.isfinite(weights).all():
            raise ValueError(f'{len(weights)} weights for {len(values)} values: one finite weight each is needed')
        bins = len(self.counts)
        # Two positions before the first bin, of NaN and of lower values, and one after the last.
        position = np.where(np.isnan(values), 0, _bin_indices(values, self.edges) + 2)
        sums = np.bincount(position, weights, minlength=bins + 3)
        self.undefined += float(sums[0])
        self.below += float(sums[1])
        self.counts += sums[2:-1]
        self.above += float(sums[-1])

    def as_dict(self) -> dict[str, Any]:
        """Edges and counts, ready for ``json.dump``."""
        outside = {'below': self.below, 'above': self.above, 'undefined': self.undefined}
        return {'edges': self.edges.tolist(), 'counts': self.counts.tolist(), **outside}


class Histogram2d:
    """Counts of pairs of values in a fixed grid, such as of object centres over the normalised image.

    Cells hold their lower edges, the last row and column their upper edges as well. Memory does not grow.

    Args:
        x_edges: Shape [X + 1], ascending, finite.
        y_edges: Shape [Y + 1], likewise.

    Attributes:
        x_edges: Shape [X + 1], float64.
        y_edges: Shape [Y + 1], float64.
        counts: Shape [Y, X], int64: as an image, x to the right.
        outside: Number of pairs of which one value at least is in no bin, infinite ones included.
        undefined: Number of pairs with a NaN.

    Raises:
        ValueError: Edges that do not ascend or are not finite.
    """

    def __init__(self, x_edges: ArrayLike, y_edges: ArrayLike) -> None:
        self.x_edges = _checked_edges(x_edges)
        self.y_edges = _checked_edges(y_edges)
        self.counts = np.zeros((len(self.y_edges) - 1, len(self.x_edges) - 1), np.int64)
        self.outside = self.undefined = 0

    def add(self, x: ArrayLike, y: ArrayLike) -> None:
        """Count pairs.

        Args:
            x: Any shape.
            y: The same shape.

        Raises:
            ValueError: Different shapes.
        """
        x, y = np.asarray(x, np.float64).ravel(), np.asarray(y, np.float64).ravel()
        if len(x) != len(y):
            raise ValueError(f'{len(x)} values of x and {len(y)} of y are no pairs')
        defined = ~(np.isnan(x) | np.isnan(y))
        column, row = _bin_indices(x, self.x_edges), _bin_indices(y, self.y_edges)
        rows, columns = self.counts.shape
        inside = defined & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        cells = row[inside] * columns + column[inside]
        self.counts += np.bincount(cells, minlength=rows * columns).reshape(rows, columns)
        self.outside += int((defined & ~inside).sum())
        self.undefined += int((~defined).sum())

    def balance(self) -> Balance:
        """How evenly the cells are filled, as unordered bins; pairs in none are left out."""
        return measure_balance(self.counts.ravel())

    def as_dict(self) -> dict[str, Any]:
        """Edges and counts, ready for ``json.dump``."""
        edges = {'x_edges': self.x_edges.tolist(), 'y_edges': self.y_edges.tolist()}
        return {**edges, 'counts': self.counts.tolist(), 'outside': self.outside, 'undefined': self.undefined}


def _checked_edges(edges: ArrayLike) -> np.ndarray:
    values = np.array(edges, np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        raise ValueError(f'edges must be two or more ascending finite numbers, not {values}')
    return values


def _bin_indices(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Position of the bin of each value: -1 below the first edge, B above the last; a NaN has B as well."""
    indices = np.searchsorted(edges, values, 'right') - 1
    return np.where(values == edges[-1], len(edges) - 2, indices)
