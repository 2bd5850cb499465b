"""Sample weights: the toy example of six boxes (review, Table 3), and the laws of sampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nwd_mmdet.analysis.imbalance import sample_weights as sw

# Table 3: two positives and four negatives; one positive and two negatives are to be chosen.
POSITIVE = np.array([1, 1, 0, 0, 0, 0], bool)
P_S = np.array([0.8, 0.2, 0.1, 0.3, 0.6, 1.0])
LOSS = np.array([0.22, 1.61, 2.30, 1.20, 0.51, 0.00])
HALF = 1 / 2  # the expectation of "random sample × 1" from two boxes, and of two from four; the table prints the words


def test_losses_of_the_toy_example():
    np.testing.assert_allclose(-np.log(P_S), LOSS, atol=0.005)


@pytest.mark.parametrize(
    ('weights', 'printed'),
    [
        (sw.random_sampling(POSITIVE, 1, 2), [HALF, HALF, HALF, HALF, HALF, HALF]),
        (sw.ssd_sampling(POSITIVE, LOSS, 1, 2), [HALF, HALF, 1, 1, 0, 0]),
        (sw.ohem(POSITIVE, LOSS, 1, 2), [0, 1, 1, 1, 0, 0]),
        (sw.negative_anchor_filtering(POSITIVE, P_S, LOSS, 1, 2, 0.9), [HALF, HALF, 1, 1, 0, 0]),
        (sw.focal(P_S, gamma=1), [0.2, 0.8, 0.9, 0.7, 0.4, 0.0]),
        (sw.fixed_coefficients(POSITIVE), [1, 1, 0.5, 0.5, 0.5, 0.5]),  # not in the table; section 4.1.2
    ],
    ids=['random', 'ssd', 'ohem', 'anchor-filtering', 'focal', 'fixed'],
)
def test_toy_example(weights, printed):
    np.testing.assert_allclose(weights, printed, atol=1e-12)


def test_toy_example_of_ghm():
    # The table prints .66 .66 .60 .66 1.2 .60. Eq. 4 with GHM's gradient density gives the .60, 1.2 and .60, all of
    # which only come out with the window's ends inside; but .80 in place of .66: three of the six norms in a window of
    # 0.4 are a density of 3 / 0.4 = 7.5, and 6 / 7.5 = 0.8. (.66 would be a density of 9, which no number of samples
    # has in a window of 0.4, nor of the 0.3 and 0.2 at the ends.)
    printed = np.array([0.66, 0.66, 0.60, 0.66, 1.2, 0.60])
    weights = sw.ghm(1 - P_S, epsilon=0.4)
    as_printed = printed != 0.66
    np.testing.assert_allclose(weights[as_printed], printed[as_printed])
    np.testing.assert_allclose(weights[~as_printed], 0.8)


def test_ghm_of_evenly_spread_norms():
    weights = sw.ghm(np.linspace(0, 1, 10_001), epsilon=0.1)
    np.testing.assert_allclose(weights, 1, rtol=0.01)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 9)), max_size=25), st.integers(0, 9), st.integers(0, 9))
def test_sampling_takes_as_many_as_wanted(samples, num_pos, num_neg):
    positive = np.array([positive for positive, _ in samples], bool)
    loss = np.array([value for _, value in samples])
    positives, negatives = int(positive.sum()), int((~positive).sum())
    replaced = max(num_pos - positives, 0)
    for weights, wanted in (
        (sw.random_sampling(positive, num_pos, num_neg), num_neg + replaced),
        (sw.ohem(positive, loss, num_pos, num_neg), num_neg + replaced),
        (sw.ssd_sampling(positive, loss, num_pos, num_neg), num_neg),
        (sw.negative_anchor_filtering(positive, np.zeros(len(loss)), loss, num_pos, num_neg), num_neg),
    ):
        assert (weights >= 0).all() and (weights <= 1).all()
        assert weights[positive].sum() == pytest.approx(min(num_pos, positives))
        assert weights[~positive].sum() == pytest.approx(min(wanted, negatives))


def test_missing_positives_become_negatives():
    positive = np.array([1, 0, 0, 0, 0], bool)
    assert sw.random_sampling(positive, 2, 1).tolist() == [1, 0.5, 0.5, 0.5, 0.5]
    assert sw.ohem(positive, [1, 4, 3, 2, 1], 2, 1).tolist() == [1, 1, 1, 0, 0]
    assert sw.ssd_sampling(positive, [1, 4, 3, 2, 1], 1, 3).tolist() == [1, 1, 1, 1, 0]
    assert sw.ohem(positive, [1, 1, 1, 1, 1], 9, 9).tolist() == [1] * 5


@pytest.mark.parametrize('positive', [[], [True], [False, False]], ids=['none', 'one', 'negatives'])
def test_few_samples(positive):
    some = np.zeros(len(positive))
    for weights in (
        sw.random_sampling(positive, 1, 1),
        sw.ssd_sampling(positive, some, 1, 1),
        sw.ohem(positive, some, 1, 1),
        sw.negative_anchor_filtering(positive, some, some, 1, 1),
        sw.fixed_coefficients(positive),
        sw.focal(some),
        sw.ghm(some),
    ):
        assert weights.shape == (len(positive),) and np.isfinite(weights).all()


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda: sw.ohem([True], [1, 2], 1, 1), 'one shape'),
        (lambda: sw.ohem([True], [np.nan], 1, 1), 'finite'),
        (lambda: sw.ohem([True], [1], -1, 1), '-1 samples'),
        (lambda: sw.random_sampling([[True]], 1, 1), 'must be'),
        (lambda: sw.focal([1.5]), r'in \[0, 1\]'),
        (lambda: sw.ghm([0.5], epsilon=0), 'epsilon=0'),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
