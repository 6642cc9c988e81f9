"""Measures of point predictions against second definitions: by hand, by NumPy, SciPy and scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_poisson_deviance,
    root_mean_squared_error,
)
from threadpoolctl import threadpool_limits

from clvmodels.evaluation import metrics

MEASURES = [metrics.bias, metrics.mae, metrics.rmse, metrics.pearson]
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=3, max_size=20)


def tied(rng, customers=80):
    """Counts of which 70 % are 0, and predictions rounded to one decimal."""
    y_obs = rng.poisson(-np.log(0.7), customers).astype(float)
    return y_obs, np.round(rng.gamma(0.5 + y_obs), 1)


def continuous(rng, customers=80):
    y_obs = rng.gamma(0.7, 30.0, customers)
    return y_obs, y_obs * rng.random(customers) + rng.exponential(5.0, customers)


@pytest.fixture(
    params=[(kind, seed) for kind in (tied, continuous) for seed in range(5)],
    ids=lambda case: f"{case[0].__name__}-{case[1]}",
)
def case(request):
    kind, seed = request.param
    return kind(np.random.default_rng(seed))


def test_bias_is_the_relative_error_of_the_total():
    # Observed 10 in all, predicted 8: 20 % too low.
    assert metrics.bias([4, 6], [5, 3]) == pytest.approx(-0.2)


def test_bias_is_the_ratio_of_the_means_less_one(case):
    y_obs, y_pred = case
    assert metrics.bias(y_obs, y_pred) == pytest.approx(np.mean(y_pred) / np.mean(y_obs) - 1, rel=1e-12)


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


def test_errors_are_those_of_scikit_learn(case):
    assert metrics.mae(*case) == pytest.approx(mean_absolute_error(*case), rel=1e-12)
    assert metrics.rmse(*case) == pytest.approx(root_mean_squared_error(*case), rel=1e-12)


def test_errors_of_unsigned_counts_do_not_wrap_around():
    counts = np.array([3, 3], dtype=np.uint8)
    assert metrics.rmse(counts, np.array([1, 1], dtype=np.uint8)) == pytest.approx(2.0)
    assert metrics.mae(np.array([1, 1], dtype=np.uint8), counts) == pytest.approx(2.0)


def test_the_constant_with_the_least_absolute_error_is_the_median_and_with_the_least_squared_one_the_mean():
    y_obs, _ = continuous(np.random.default_rng(1), 81)
    constants = np.sort([*np.linspace(0, 60, 500), np.median(y_obs), np.mean(y_obs)])
    for measure, best in ((metrics.mae, np.median(y_obs)), (metrics.rmse, np.mean(y_obs))):
        figures = [measure(y_obs, np.full(81, constant)) for constant in constants]
        assert constants[np.argmin(figures)] == best


def test_mape_is_that_of_scikit_learn():
    y_obs, y_pred = continuous(np.random.default_rng(2))
    assert metrics.mape(y_obs, y_pred) == pytest.approx(mean_absolute_percentage_error(y_obs, y_pred), rel=1e-12)


@pytest.mark.parametrize("y_obs", [[0, 2], []])
def test_mape_is_undefined_where_an_observation_is_zero_or_there_is_none(y_obs):
    assert np.isnan(metrics.mape(y_obs, np.ones(len(y_obs))))


def test_pearson_is_that_of_scipy(case):
    assert metrics.pearson(*case) == pytest.approx(stats.pearsonr(*case).statistic, rel=1e-10)


def test_pearson_of_large_values_that_differ_little_is_exact():
    # A mean of 1e8 must not swallow the spread of 1.
    y_obs, y_pred = continuous(np.random.default_rng(3))
    shifted = metrics.pearson(y_obs + 1e8, y_pred)
    assert shifted == pytest.approx(stats.pearsonr(y_obs, y_pred).statistic, rel=1e-6)


NEARLY_CONSTANT = np.full(3, 0.3) + np.array([0.0, 1e-16, 2e-16])


@pytest.mark.parametrize("constant", [[0, 0, 0], [2.5, 2.5, 2.5], NEARLY_CONSTANT], ids=["zeros", "equal", "nearly"])
def test_pearson_with_a_constant_is_undefined(constant):
    assert np.isnan(metrics.pearson([1, 2, 3], constant))
    assert np.isnan(metrics.pearson(constant, [1, 2, 3]))


def test_one_customer_has_errors_but_no_correlation():
    assert metrics.bias([4.0], [3.0]) == -0.25
    assert metrics.mae([4.0], [3.0]) == metrics.rmse([4.0], [3.0]) == 1.0
    assert np.isnan(metrics.pearson([4.0], [3.0]))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_figure_without_weights_is_a_float(measure):
    assert isinstance(measure([1, 2, 3], [3, 2, 2]), float)


@pytest.mark.parametrize("measure", MEASURES)
def test_weights_count_a_customer_so_many_times(measure, case):
    counts = np.random.default_rng(4).poisson(1.0, (6, len(case[0])))
    repeated = [measure(*(np.repeat(side, row) for side in case)) for row in counts]
    assert measure(*case, counts.astype(float)) == pytest.approx(repeated, rel=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
def test_weights_that_leave_one_customer_give_the_figure_of_that_customer(measure):
    figure = measure([4.0, 2.0], [3.0, 5.0], np.array([[3.0, 0.0]]))
    assert figure == pytest.approx([measure([4.0], [3.0])], nan_ok=True)


@pytest.mark.parametrize("measure", [metrics.bias, metrics.pearson])
def test_a_draw_of_weights_without_any_purchase_is_undefined_and_the_others_are_not(measure):
    weights = np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    assert np.isnan(measure([0, 0, 2, 1], [1, 2, 3, 4], weights)).tolist() == [True, False]


def test_the_mean_of_a_missing_loss_is_missing():
    losses = np.array([[1.0, 2.0], [np.nan, 4.0]])
    assert metrics.means(losses, None)[0] == pytest.approx([np.nan, 3.0], nan_ok=True)
    assert np.isnan(metrics.means(losses, np.ones((2, 2)))).tolist() == [[True, False]] * 2


@pytest.mark.parametrize("measure", MEASURES)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_customers_does_not_matter(measure, pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    expected = measure(*np.array(pairs, float).T)
    assert measure(*np.array(shuffled, float).T) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@given(PAIRS, st.sampled_from([0.01, 3.0, 1e6]))
def test_errors_are_in_the_unit_of_what_is_predicted_and_the_others_have_none(pairs, unit):
    y_obs, y_pred = np.array(pairs, float).T
    for measure, scale in zip(MEASURES, (1, unit, unit, 1), strict=True):
        expected = scale * measure(y_obs, y_pred)
        assert measure(unit * y_obs, unit * y_pred) == pytest.approx(expected, rel=1e-9, abs=1e-12 * unit, nan_ok=True)


def by_a_loop(columns, weights):
    """Means of what counts, one by one."""
    found = np.full((len(weights), columns.shape[1]), np.nan)
    for draw, row in enumerate(weights):
        for column in range(columns.shape[1]):
            counted = [w * value for w, value in zip(row, columns[:, column], strict=True) if w]
            # Infinite both ways, which math.fsum refuses, is not a number.
            ends = set(counted) >= {np.inf, -np.inf}
            found[draw, column] = np.nan if ends or not row.sum() else math.fsum(counted) / row.sum()
    return found


def test_means_of_what_is_missing_or_infinite_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(40, 5))
    columns[[3, 8], 1], columns[5, 2], columns[[5, 9], 3], columns[:, 4] = np.nan, np.inf, [np.inf, -np.inf], np.nan
    weights = rng.integers(0, 2, size=(60, 40))
    weights[0] = 0
    found = metrics.means(columns, weights)
    assert np.allclose(found, by_a_loop(columns, weights), rtol=1e-12, atol=1e-15, equal_nan=True)
    assert np.isfinite(found[:, 1]).any()
    assert np.isinf(found[:, 3]).any()


def test_weighted_means_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(1)
    columns, weights = rng.normal(size=(200_003, 7)), rng.integers(0, 3, size=(25, 200_003))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(metrics.means(columns, weights))
    assert np.array_equal(*found)


@pytest.mark.parametrize("seed", range(3))
def test_the_poisson_deviance_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    guess = rng.gamma(0.5, 2.0, size=200) + 1e-9
    y = rng.poisson(guess) * rng.choice([1.0, 2.5], size=200)
    assert metrics.poisson_deviance(y, guess) == pytest.approx(mean_poisson_deviance(y, guess))


def test_a_forecast_of_nothing_that_fails_costs_an_infinite_deviance():
    assert metrics.poisson_deviance([0, 0], [0, 0]) == 0
    assert metrics.poisson_deviance([0, 1], [0, 0]) == np.inf
    # Who does not count costs nothing.
    assert metrics.poisson_deviance([0, 1], [0, 0], np.array([[1, 0], [1, 1]])).tolist() == [0, np.inf]
