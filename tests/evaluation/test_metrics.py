"""Every measure against a second definition of it: by hand, by loops, or by scipy."""

import itertools

import numpy as np
import pytest
from scipy import stats

from clvmodels.evaluation import metrics


def gini_of_ranking(y_obs, y_pred):
    """The Gini of a ranking from its definition, each tied group sharing its total evenly, in O(n^2)."""
    cumulative, area = 0.0, 0.0
    for level in sorted(set(y_pred), reverse=True):
        group = [y for y, p in zip(y_obs, y_pred, strict=True) if p == level]
        for _ in group:
            cumulative += sum(group) / len(group)
            area += cumulative / sum(y_obs)
    n = len(y_obs)
    return (area - (n + 1) / 2) / n


def random_case(seed, customers=60):
    rng = np.random.default_rng(seed)
    y_obs = rng.poisson(rng.gamma(0.5, 2.0, customers)).astype(float)
    return y_obs, np.round(y_obs * rng.random(customers) + rng.exponential(1.0, customers), 1)


def test_bias_is_the_relative_error_of_the_total():
    # Observed 10 in all, predicted 8: 20 % too low.
    assert metrics.bias([4, 6], [5, 3]) == pytest.approx(-0.2)


def test_bias_of_nothing_observed_is_undefined():
    assert np.isnan(metrics.bias([0, 0], [1, 2]))


def test_predicting_nothing_has_a_bias_of_minus_one():
    assert metrics.bias([1, 0, 2], [0, 0, 0]) == -1


def test_absolute_error_by_hand():
    # |2 - 1| + |5 - 3| + |0 - 4| = 7 over 3 customers.
    assert metrics.mae([1, 3, 4], [2, 5, 0]) == pytest.approx(7 / 3)


def test_squared_error_by_hand():
    # (1 + 4 + 16) / 3 = 7.
    assert metrics.rmse([1, 3, 4], [2, 5, 0]) == pytest.approx(np.sqrt(7))


def test_errors_of_unsigned_counts_do_not_wrap_around():
    counts = np.array([3, 3], dtype=np.uint8)
    assert metrics.rmse(counts, np.array([1, 1], dtype=np.uint8)) == pytest.approx(2.0)
    assert metrics.mae(np.array([1, 1], dtype=np.uint8), counts) == pytest.approx(2.0)


@pytest.mark.parametrize("seed", range(5))
def test_pearson_is_numpys_correlation(seed):
    y_obs, y_pred = random_case(seed)
    assert metrics.pearson(y_obs, y_pred) == pytest.approx(np.corrcoef(y_obs, y_pred)[0, 1], rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_spearman_is_the_correlation_of_average_ranks(seed):
    y_obs, y_pred = random_case(seed)
    ranks = stats.rankdata(y_obs), stats.rankdata(y_pred)
    assert metrics.spearman(y_obs, y_pred) == pytest.approx(np.corrcoef(*ranks)[0, 1], rel=1e-12)


NEARLY_CONSTANT = np.full(3, 0.3) + np.array([0.0, 1e-16, 2e-16])


@pytest.mark.parametrize("measure", [metrics.pearson, metrics.spearman])
@pytest.mark.parametrize("constant", [[0, 0, 0], [2.5, 2.5, 2.5], NEARLY_CONSTANT], ids=["zeros", "equal", "nearly"])
def test_correlation_with_a_constant_is_undefined_and_does_not_warn(measure, constant):
    assert np.isnan(measure([1, 2, 3], constant))
    assert np.isnan(measure(constant, [1, 2, 3]))


@pytest.mark.parametrize("measure", [metrics.pearson, metrics.spearman, metrics.normalized_gini])
def test_one_customer_has_no_correlation_and_no_ranking(measure):
    assert np.isnan(measure([3.0], [1.0]))


@pytest.mark.parametrize("seed", range(20))
def test_normalized_gini_is_the_ratio_of_areas_with_ties_shared_evenly(seed):
    y_obs, y_pred = random_case(seed)
    expected = gini_of_ranking(y_obs, y_pred) / gini_of_ranking(y_obs, y_obs)
    assert metrics.normalized_gini(y_obs, y_pred) == pytest.approx(expected, rel=1e-9)


def test_normalized_gini_is_the_mean_over_all_orders_of_the_tied():
    y_obs, y_pred = np.array([5.0, 0.0, 2.0, 1.0, 0.0]), np.array([3.0, 3.0, 3.0, 1.0, 0.0])
    orders = [
        metrics.normalized_gini(y_obs, y_pred + np.array([*extra, 0.0, 0.0]) / 10)
        for extra in itertools.permutations(range(3))
    ]
    assert metrics.normalized_gini(y_obs, y_pred) == pytest.approx(np.mean(orders))


def test_normalized_gini_by_hand():
    # Highest prediction first: 1, 3, 0. Cumulative shares 1/4, 4/4, 4/4 sum to 9/4; perfect: 3/4, 1, 1 sum to 11/4.
    # Less the diagonal's 1/3 + 2/3 + 1 = 2: (9/4 - 2) / (11/4 - 2) = 1/3.
    assert metrics.normalized_gini([3, 1, 0], [5, 6, 1]) == pytest.approx(1 / 3)


def test_normalized_gini_is_one_at_best_and_minus_one_at_worst():
    y = np.array([0.0, 1.0, 2.0, 7.0])
    assert metrics.normalized_gini(y, y**2) == pytest.approx(1.0)
    assert metrics.normalized_gini(y, -y) == pytest.approx(-1.0)


def test_normalized_gini_of_a_constant_prediction_is_zero():
    assert metrics.normalized_gini([0, 1, 4], [2, 2, 2]) == pytest.approx(0.0)


@pytest.mark.parametrize("constant", [[0, 0, 0], [2, 2, 2]])
def test_normalized_gini_without_anything_to_rank_is_undefined(constant):
    assert np.isnan(metrics.normalized_gini(constant, [1, 2, 3]))


def test_normalized_gini_depends_on_the_order_only():
    y_obs, y_pred = random_case(3)
    assert metrics.normalized_gini(y_obs, y_pred) == pytest.approx(metrics.normalized_gini(y_obs, np.exp(y_pred)))


def test_the_bounds_of_an_interval_are_inside():
    # 1 and 4 on a bound, 3 inside, 9 outside.
    assert metrics.coverage([1, 4, 3, 9], [1, 0, 2, 0], [2, 4, 5, 8]) == 0.75


def test_coverage_and_width_without_intervals_are_undefined():
    missing = np.full(2, np.nan)
    assert np.isnan(metrics.coverage([1, 2], missing, missing))
    assert np.isnan(metrics.width(missing, missing))


def test_an_interval_without_upper_end_covers():
    assert metrics.coverage([1, 5], [0, 7], [np.inf, np.inf]) == 0.5


def test_width_is_the_mean_distance_of_the_bounds():
    assert metrics.width([0, 1], [4, 3]) == 3.0
