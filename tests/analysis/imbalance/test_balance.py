"""Measures of balance against values by hand, their laws, and the histograms against NumPy's."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from nwd_mmdet.analysis.imbalance.balance import Histogram, Histogram2d, measure_balance

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=20).filter(any)
MEASURES = ('entropy', 'gini', 'max_min_ratio', 'wasserstein')


def numbers(counts, ordered=False):
    balance = measure_balance(counts, ordered)
    return [getattr(balance, name) for name in MEASURES]


@pytest.mark.parametrize(
    ('counts', 'ordered', 'expected'),
    [
        ([5, 5, 5, 5], False, [1, 0, 1, 0]),
        ([5, 5, 5, 5], True, [1, 0, 1, 0]),
        ([12, 0, 0, 0], False, [0, 0.75, None, 0.75]),
        ([12, 0, 0, 0], True, [0, 0.75, None, 0.5]),  # moved by (0 + 1 + 2 + 3) / 4 bins of 3 on average
        ([0, 12, 0, 0], True, [0, 0.75, None, 1 / 3]),
        ([6, 6, 0, 0], False, [0.5, 0.5, None, 0.5]),
        ([6, 6, 0, 0], True, [0.5, 0.5, None, 1 / 3]),  # half of it by 2 bins of 3
        ([6, 0, 0, 6], True, [0.5, 0.5, None, 1 / 6]),  # a quarter by 1 bin of 3, from either side
        ([3, 1], False, [0.8112781, 0.25, 3, 0.25]),
        ([3, 1], True, [0.8112781, 0.25, 3, 0.25]),
        ([7], False, [1, 0, 1, 0]),
        ([0], False, [None] * 4),
        ([0, 0], True, [None] * 4),
        ([], False, [None] * 4),
        ([1e300, 1e-300], False, [0, 0.5, None, 0.5]),  # a ratio beyond float64
    ],
    ids=str,
)
def test_balance_by_hand(counts, ordered, expected):
    assert numbers(counts, ordered) == [None if value is None else pytest.approx(value, abs=1e-7) for value in expected]


def test_balance_is_json():
    balance = measure_balance([4, 0, 2])
    assert json.loads(json.dumps(balance.as_dict(), allow_nan=False)) == balance.as_dict()
    assert (balance.bins, balance.empty, balance.total, balance.ordered) == (3, 1, 6.0, False)


@pytest.mark.parametrize('counts', [[1, -1], [1, math.nan], [1, math.inf], [[1, 2]], 3])
def test_balance_refuses(counts):
    with pytest.raises(ValueError, match='finite and not negative'):
        measure_balance(counts)


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.floats(0.01, 100), st.randoms(), st.booleans())
def test_laws_of_balance(counts, scale, random, ordered):
    measured = measure_balance(counts, ordered)
    bins = len(counts)
    assert 0 <= measured.entropy <= 1
    assert 0 <= measured.gini <= 1 - 1 / bins + 1e-12
    assert -1e-12 <= measured.wasserstein <= (0.5 if ordered else 1 - 1 / bins) + 1e-12
    assert numbers(np.array(counts) * scale, ordered) == pytest.approx(numbers(counts, ordered), abs=1e-9)
    assert numbers(counts[::-1], ordered) == pytest.approx(numbers(counts, ordered), abs=1e-9)
    shuffled = random.sample(counts, bins)
    assert numbers(shuffled) == pytest.approx(numbers(counts), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_formulas_written_out(counts):
    values, bins = np.array(counts, float), len(counts)
    measured = measure_balance(counts, ordered=True)
    assert measured.gini == pytest.approx(np.abs(values[:, None] - values).mean() / values.mean() / 2)
    positions = np.arange(bins) / (bins - 1)
    assert measured.wasserstein == pytest.approx(wasserstein_distance(positions, positions, values), abs=1e-12)


def test_histogram_edges_and_outside():
    histogram = Histogram([0, 1, 2, 4])
    histogram.add([0, 0.5, 1, 2, 4, -1, 4.1, math.nan, math.inf, -math.inf])
    assert histogram.counts.tolist() == [2, 1, 2]  # the upper edge of the last bin is in it
    assert (histogram.below, histogram.above, histogram.undefined) == (2, 2, 1)
    json.dumps(histogram.as_dict(), allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-2, 12), max_size=40), st.integers(0, 40))
def test_histogram_streams(values, cut):
    whole, parts = Histogram(np.arange(11)), Histogram(np.arange(11))
    whole.add(values)
    parts.add(values[:cut])
    parts.add(values[cut:])
    assert whole.counts.tolist() == np.histogram(values, np.arange(11))[0].tolist() == parts.counts.tolist()
    assert whole.as_dict() == parts.as_dict()
    assert whole.counts.sum() + whole.below + whole.above == len(values)


def test_histogram_weights():
    histogram = Histogram([0, 1, 2])
    histogram.add([0.5, 0.6, 1.5, 3], [0.25, 0.5, 2, 8])
    assert histogram.counts.tolist() == [0.75, 2]
    assert histogram.above == 8
    for weights in ([1], [1, math.nan]):
        with pytest.raises(ValueError, match='one finite weight each'):
            histogram.add([0, 1], weights)


def test_histogram_2d():
    centres = Histogram2d([0, 0.5, 1], [0, 0.5, 1])
    centres.add([0.1, 0.9, 1.0, 0.2], [0.1, 0.1, 0.2, 0.7])
    centres.add([1.1, math.nan, 0.5, math.inf], [0.5, 0.5, 1.0, 0.0])
    assert centres.counts.tolist() == [[1, 2], [1, 1]]  # rows are y
    assert (centres.outside, centres.undefined) == (2, 1)
    assert centres.balance() == measure_balance([1, 2, 1, 1])
    json.dumps(centres.as_dict(), allow_nan=False)
    with pytest.raises(ValueError, match='no pairs'):
        centres.add([1], [])


@pytest.mark.parametrize('edges', [[], [0], [0, 0], [1, 0], [0, math.inf], [math.nan, 1], [[0, 1]]])
def test_edges_refused(edges):
    with pytest.raises(ValueError, match='ascending finite'):
        Histogram(edges)
    with pytest.raises(ValueError, match='ascending finite'):
        Histogram2d([0, 1], edges)
