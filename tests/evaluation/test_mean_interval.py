"""The interval of a mean of skewed figures: limits, another method where both are good, and its coverage."""

import numpy as np
import pytest
from scipy import stats

from clvmodels.evaluation.mean_interval import mean_interval


def rare_counts(rng, customers, mean=0.2, shape=0.15):
    return rng.negative_binomial(shape, shape / (shape + mean), customers).astype(float)


def test_of_many_poisson_counts_it_is_garwoods_interval_of_their_sum():
    y = np.random.default_rng(3).poisson(0.5, 20_000)
    total = y.sum()
    exact = stats.chi2.ppf([0.05, 0.95], [2 * total, 2 * total + 2]) / 2 / len(y)
    assert mean_interval(y.astype(float), interval=0.9) == pytest.approx(exact, rel=1e-3)


def test_of_figures_far_from_zero_it_is_students():
    y = 1e4 + np.array([1.0, 2, 3, 4, 5, 9])
    expected = stats.t.interval(0.9, 5, loc=y.mean(), scale=stats.sem(y))
    assert np.array(mean_interval(y, interval=0.9)) - 1e4 == pytest.approx(np.array(expected) - 1e4, abs=0.01)


@pytest.mark.parametrize("factor", [0.01, 100])
def test_the_currency_does_not_matter(factor):
    y = rare_counts(np.random.default_rng(4), 50)
    expected = [factor * end for end in mean_interval(y, interval=0.9)]
    assert mean_interval(factor * y, interval=0.9) == pytest.approx(expected)


def test_of_many_customers_it_is_the_corrected_bootstrap_over_them():
    y = rare_counts(np.random.default_rng(1), 1500)
    drawn = stats.bootstrap([y], np.mean, confidence_level=0.9, n_resamples=4000, batch=500, rng=1)
    lower, upper = mean_interval(y, interval=0.9)
    width = upper - lower
    assert [lower, upper] == pytest.approx([*drawn.confidence_interval], abs=0.1 * width)


@pytest.mark.parametrize("customers", [10, 30, 100])
def test_it_holds_the_mean_of_rare_purchases_where_students_ends_too_low(customers):
    """Of 600 samples 540 are to be held; 22 are three standard errors."""
    rng = np.random.default_rng(customers)
    samples = [y for y in (rare_counts(rng, customers, mean=1.5, shape=0.6) for _ in range(600)) if np.ptp(y)]
    lower, upper = np.array([mean_interval(y, interval=0.9) for y in samples]).T
    student = np.array([stats.t.interval(0.9, customers - 1, y.mean(), stats.sem(y)) for y in samples]).T[1]
    assert np.mean((lower <= 1.5) & (upper >= 1.5)) == pytest.approx(0.9, abs=0.037)
    assert np.mean(upper < 1.5) < 0.8 * np.mean(student < 1.5)


def test_a_wider_probability_takes_a_wider_interval():
    y = rare_counts(np.random.default_rng(2), 200)
    ends = [mean_interval(y, interval=interval) for interval in (0.5, 0.8, 0.95)]
    assert ends[0][0] > ends[1][0] > ends[2][0] >= 0
    assert ends[0][1] < ends[1][1] < ends[2][1]


@pytest.mark.parametrize("y", [[], [3.0], [0.0, 0.0, 0.0]], ids=["nobody", "one customer", "all alike"])
def test_without_spread_it_is_missing(y):
    assert np.isnan(mean_interval(np.array(y), interval=0.9)).all()
