"""Sample weights: the toy example of six boxes (review, Table 3), and the laws of sampling."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nwd_mmdet.analysis.imbalance import sample_weights as sw

# Table 3: two positives and four negatives; one positive and two negatives are to be chosen.
POSITIVE = np.array([1, 1, 0, 0, 0, 0], bool)
P_S = np.array([0.8, 0.2, 0.1, 0.3, 0.6, 1.0])
LOSS = np.array([0.22, 1.61, 2.30, 1.20, 0.51, 0.00])
IOU = np.array([0.95, 0.55, 0.35, 0.15, 0.06, 0.00])
# Of the expectation of "random sample × n" from k boxes each has n / k; the table prints the words.
HALF, THIRD = 1 / 2, 1 / 3
RANDOM = {
    'random': functools.partial(sw.random_sampling, POSITIVE, 1, 2),
    'ssd': functools.partial(sw.ssd_sampling, POSITIVE, LOSS, 1, 2),
    'iou_balanced': functools.partial(sw.iou_balanced_sampling, POSITIVE, IOU, 1, 2, num_bins=2),
    'iou_lower_bound': functools.partial(sw.iou_lower_bound, POSITIVE, IOU, 1, 2, low=0.05),
}


def test_losses_of_the_toy_example():
    np.testing.assert_allclose(-np.log(P_S), LOSS, atol=0.005)


@pytest.mark.parametrize(
    ('weights', 'printed'),
    [
        (RANDOM['random'](), [HALF, HALF, HALF, HALF, HALF, HALF]),
        (RANDOM['ssd'](), [HALF, HALF, 1, 1, 0, 0]),
        (sw.ohem(POSITIVE, LOSS, 1, 2), [0, 1, 1, 1, 0, 0]),
        # Two bins of [0, 0.35]: one of the first negative, one of the three others.
        (RANDOM['iou_balanced'](), [HALF, HALF, 1, THIRD, THIRD, THIRD]),
        (RANDOM['iou_lower_bound'](), [HALF, HALF, 2 * THIRD, 2 * THIRD, 2 * THIRD, 0]),
        (sw.negative_anchor_filtering(POSITIVE, P_S, LOSS, 1, 2, 0.9), [HALF, HALF, 1, 1, 0, 0]),
        (sw.focal(P_S, gamma=1), [0.2, 0.8, 0.9, 0.7, 0.4, 0.0]),
        (sw.pisa(POSITIVE, IOU, 1 - P_S, gamma=1, beta=0), [1.00, 0.75, 1.00, 0.75, 0.50, 0.25]),
        (sw.fixed_coefficients(POSITIVE), [1, 1, 0.5, 0.5, 0.5, 0.5]),  # not in the table; section 4.1.2
    ],
    ids=['random', 'ssd', 'ohem', 'iou-balanced', 'lower-bound', 'anchor-filtering', 'focal', 'pisa', 'fixed'],
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


@pytest.mark.parametrize('name', RANDOM)
def test_drawn_samples_have_the_expectation(name):
    generator = np.random.default_rng(0)
    drawn = np.stack([RANDOM[name](generator=generator) for _ in range(2000)])
    assert set(np.unique(drawn)) == {0, 1}
    assert (drawn[:, POSITIVE].sum(1) == 1).all() and (drawn[:, ~POSITIVE].sum(1) == 2).all()
    np.testing.assert_allclose(drawn.mean(0), RANDOM[name](), atol=0.05)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=25),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(1, 4),
    st.booleans(),
)
def test_iou_balanced_sampling_takes_as_many_as_wanted(samples, num_pos, num_neg, num_bins, drawn):
    positive = np.array([positive for positive, _ in samples], bool)
    iou = np.array([value for _, value in samples])
    generator = np.random.default_rng(0) if drawn else None
    weights = sw.iou_balanced_sampling(positive, iou, num_pos, num_neg, num_bins, generator)
    positives, negatives = int(positive.sum()), int((~positive).sum())
    assert (weights >= 0).all() and (weights <= 1 + 1e-9).all()
    assert weights[positive].sum() == pytest.approx(min(num_pos, positives))
    assert weights[~positive].sum() == pytest.approx(min(num_neg + max(num_pos - positives, 0), negatives))


def test_missing_positives_become_negatives():
    positive = np.array([1, 0, 0, 0, 0], bool)
    assert sw.random_sampling(positive, 2, 1).tolist() == [1, 0.5, 0.5, 0.5, 0.5]
    assert sw.ohem(positive, [1, 4, 3, 2, 1], 2, 1).tolist() == [1, 1, 1, 0, 0]
    assert sw.ssd_sampling(positive, [1, 4, 3, 2, 1], None, 3).tolist() == [1, 1, 1, 1, 0]
    assert sw.ohem(positive, [1, 1, 1, 1, 1], 9, 9).tolist() == [1] * 5


def test_pisa_by_class_and_kind():
    positive = np.array([1, 1, 1, 0, 0], bool)
    iou, score, labels = [0.6, 0.9, 0.5, 0, 0], [0, 0, 0, 0.1, 0.2], [0, 0, 1, 0, 0]
    weights = sw.pisa(positive, iou, score, labels, gamma=(2.0, 1.0), beta=(0.0, 0.5))
    np.testing.assert_allclose(weights, [0.25, 1, 1, 0.75, 1])  # ranks of two: 1 and 1/2


@pytest.mark.parametrize('positive', [[], [True], [False, False]], ids=['none', 'one', 'negatives'])
def test_few_samples(positive):
    some = np.zeros(len(positive))
    for weights in (
        sw.random_sampling(positive, 1, 1),
        sw.ssd_sampling(positive, some, None, 1),
        sw.ohem(positive, some, 1, 1),
        sw.iou_balanced_sampling(positive, some, 1, 1, generator=np.random.default_rng(0)),
        sw.iou_lower_bound(positive, some, 1, 1),
        sw.negative_anchor_filtering(positive, some, some, 1, 1),
        sw.fixed_coefficients(positive),
        sw.focal(some),
        sw.ghm(some),
        sw.pisa(positive, some, some),
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
        (lambda: sw.pisa([True], [0.5], [0.5], beta=2), 'beta=2'),
        (lambda: sw.iou_balanced_sampling([True], [0.5], 1, 1, 0), 'num_bins=0'),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
