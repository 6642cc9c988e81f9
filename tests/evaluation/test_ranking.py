"""Measures of a ranking against SciPy, scikit-learn, loops over all pairs, and every order of the tied."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from clvmodels.evaluation import ranking

MEASURES = [ranking.spearman, ranking.concordance_index, ranking.normalized_gini, ranking.top_decile_capture]
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=3, max_size=20)
# Seven customers with two groups of tied predictions; their tenths cut through customers.
SMALL = np.array([4.0, 0.0, 1.0, 7.0, 0.0, 2.0, 0.0]), np.array([3.0, 3.0, 3.0, 2.0, 1.0, 1.0, 0.5])


def tied(rng, customers=80):
    """Counts of which 70 % are 0, and predictions rounded to one decimal."""
    y_obs = rng.poisson(-np.log(0.7), customers).astype(float)
    return y_obs, np.round(rng.gamma(0.5 + y_obs), 1)


def continuous(rng, customers=80):
    y_obs = rng.gamma(0.7, 30.0, customers)
    return y_obs, y_obs * rng.random(customers) + rng.exponential(5.0, customers)


def constant_prediction(rng):
    return tied(rng)[0], np.full(80, 0.4)


@pytest.fixture(
    params=[(kind, seed) for kind in (tied, continuous) for seed in range(5)],
    ids=lambda case: f"{case[0].__name__}-{case[1]}",
)
def case(request):
    kind, seed = request.param
    return kind(np.random.default_rng(seed))


def best_first(y_obs, y_pred):
    """What was observed in every order that has the highest predictions first: (orders, customers)."""
    groups = [list(y_obs[y_pred == level]) for level in sorted(set(y_pred), reverse=True)]
    orders = itertools.product(*(itertools.permutations(group) for group in groups))
    return np.array([list(itertools.chain(*order)) for order in orders])


def lorenz_areas(orders):
    """Between the cumulative share of the total and the diagonal, by the trapezoid rule."""
    shares = np.cumsum(np.pad(orders, ((0, 0), (1, 0))), axis=1) / orders.sum(axis=1, keepdims=True)
    return np.trapezoid(shares - np.linspace(0, 1, shares.shape[1]), dx=1 / orders.shape[1], axis=1)


def shares_of_the_first_tenths(orders):
    """A customer on an edge counts for the part that is before it."""
    n = orders.shape[1]
    cumulative = np.cumsum(np.pad(orders, ((0, 0), (1, 0))), axis=1)
    return [np.interp(n * np.arange(1, 11) / 10, np.arange(n + 1), row) / row[-1] for row in cumulative]


def random_orders(y_obs, y_pred, rng, orders=4000):
    return np.array([y_obs[np.lexsort((rng.random(len(y_obs)), -y_pred))] for _ in range(orders)])


def concordance_over_all_pairs(y_obs, y_pred):
    first, second = np.triu_indices(len(y_obs), 1)
    observed, predicted = np.sign(y_obs[first] - y_obs[second]), np.sign(y_pred[first] - y_pred[second])
    return np.mean((observed * predicted)[observed != 0] + 1) / 2


def test_spearman_is_that_of_scipy(case):
    assert ranking.spearman(*case) == pytest.approx(stats.spearmanr(*case).statistic, rel=1e-12)


def test_spearman_is_the_correlation_of_average_ranks(case):
    ranks = [stats.rankdata(side) for side in case]
    assert ranking.spearman(*case) == pytest.approx(np.corrcoef(*ranks)[0, 1], rel=1e-12)


def test_concordance_counts_the_pairs(case):
    assert ranking.concordance_index(*case) == pytest.approx(concordance_over_all_pairs(*case), rel=1e-12)


def test_concordance_is_somers_d_on_the_scale_from_zero_to_one(case):
    assert ranking.concordance_index(*case) == pytest.approx((stats.somersd(*case).statistic + 1) / 2, rel=1e-12)


def test_concordance_of_two_outcomes_is_the_area_under_the_roc_curve(case):
    y_obs, y_pred = case
    bought = y_obs > np.median(y_obs)
    assert ranking.concordance_index(bought, y_pred) == pytest.approx(roc_auc_score(bought, y_pred), rel=1e-12)


def test_normalized_gini_by_hand():
    # Highest prediction first: 1, 3, 0. Cumulative shares 1/4, 4/4, 4/4 sum to 9/4; perfect: 3/4, 1, 1 sum to 11/4.
    # Less the diagonal's 1/3 + 2/3 + 1 = 2: (9/4 - 2) / (11/4 - 2) = 1/3.
    assert ranking.normalized_gini([3, 1, 0], [5, 6, 1]) == pytest.approx(1 / 3)


def test_normalized_gini_is_the_mean_over_all_orders_of_the_tied():
    perfect = lorenz_areas(best_first(SMALL[0], SMALL[0]))
    expected = lorenz_areas(best_first(*SMALL)).mean() / perfect.mean()
    assert ranking.normalized_gini(*SMALL) == pytest.approx(expected, rel=1e-12)


def test_normalized_gini_is_the_mean_over_random_orders_of_the_tied():
    y_obs, y_pred = tied(np.random.default_rng(1))
    found = lorenz_areas(random_orders(y_obs, y_pred, np.random.default_rng(2)))
    perfect = lorenz_areas(np.sort(y_obs)[None, ::-1]).item()
    error = 5 * found.std() / np.sqrt(len(found)) / perfect
    assert ranking.normalized_gini(y_obs, y_pred) == pytest.approx(found.mean() / perfect, abs=error)


def test_normalized_gini_without_ties_is_the_ratio_of_areas():
    y_obs, y_pred = continuous(np.random.default_rng(3))
    found, perfect = (lorenz_areas(y_obs[np.argsort(-score)][None]) for score in (y_pred, y_obs))
    assert ranking.normalized_gini(y_obs, y_pred) == pytest.approx((found / perfect).item(), rel=1e-10)


def test_normalized_gini_is_one_at_best_and_minus_one_at_worst():
    y = np.array([0.0, 1.0, 2.0, 7.0])
    assert ranking.normalized_gini(y, y**2) == pytest.approx(1.0)
    assert ranking.normalized_gini(y, -y) == pytest.approx(-1.0)


def test_tenths_hold_the_mean_over_all_orders_of_the_tied():
    expected = np.mean(shares_of_the_first_tenths(best_first(*SMALL)), axis=0)
    assert ranking.gains(*SMALL)[0] == pytest.approx(expected, rel=1e-12)
    assert ranking.top_decile_capture(*SMALL) == pytest.approx(expected[0], rel=1e-12)


def test_tenths_hold_the_mean_over_random_orders_of_the_tied():
    y_obs, y_pred = tied(np.random.default_rng(4), 83)
    shares = np.array(shares_of_the_first_tenths(random_orders(y_obs, y_pred, np.random.default_rng(5))))
    error = 5 * shares.std(axis=0) / np.sqrt(len(shares)) + 1e-9
    assert np.all(np.abs(ranking.gains(y_obs, y_pred)[0] - shares.mean(axis=0)) <= error)


@pytest.mark.parametrize("customers", [10, 23, 80, 97])
def test_tenths_without_ties_are_cumulative_shares(customers):
    y_obs, y_pred = continuous(np.random.default_rng(6), customers)
    expected = shares_of_the_first_tenths(y_obs[np.argsort(-y_pred)][None])[0]
    assert ranking.gains(y_obs, y_pred)[0] == pytest.approx(expected, rel=1e-10)


def test_the_top_tenth_of_a_constant_prediction_holds_a_tenth():
    assert ranking.top_decile_capture(*constant_prediction(np.random.default_rng(7))) == pytest.approx(0.1)


def test_a_constant_prediction_is_a_random_ranking():
    case = constant_prediction(np.random.default_rng(8))
    assert ranking.concordance_index(*case) == 0.5
    assert ranking.normalized_gini(*case) == 0.0
    assert np.isnan(ranking.spearman(*case))


@pytest.mark.parametrize("measure", [ranking.spearman, ranking.concordance_index, ranking.normalized_gini])
@pytest.mark.parametrize("constant", [[0, 0, 0], [2, 2, 2]])
def test_equal_outcomes_have_no_ranking(measure, constant):
    assert np.isnan(measure(constant, [1, 2, 3]))


def test_nothing_observed_has_no_shares():
    assert np.isnan(ranking.top_decile_capture([0, 0, 0], [1, 2, 3]))
    assert np.isnan(ranking.gains([0, 0, 0], [1, 2, 3])).all()


@pytest.mark.parametrize("measure", [ranking.spearman, ranking.concordance_index, ranking.normalized_gini])
def test_one_customer_has_no_ranking(measure):
    assert np.isnan(measure([3.0], [1.0]))


@pytest.mark.parametrize("measure", MEASURES)
def test_no_customers_have_no_ranking(measure):
    assert np.isnan(measure([], []))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_figure_without_weights_is_a_float(measure):
    assert isinstance(measure([1, 2, 3], [3, 2, 2]), float)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", [float, np.int32])
def test_weights_count_a_customer_so_many_times(measure, case, kind):
    counts = np.random.default_rng(9).poisson(1.0, (6, len(case[0])))
    repeated = [measure(*(np.repeat(side, row) for side in case)) for row in counts]
    assert measure(*case, counts.astype(kind)) == pytest.approx(repeated, rel=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
def test_weights_in_parts_of_a_customer_have_the_figures_of_whole_ones(measure, case):
    counts = np.random.default_rng(11).poisson(1.0, (6, len(case[0]))).astype(float)
    assert measure(*case, counts / 4) == pytest.approx(measure(*case, counts), rel=1e-10)


def test_pairs_of_very_many_customers_are_counted_without_overflow():
    # 100,000 of each kind: 1e10 pairs, all in the right order but for the ties.
    weights = np.full((1, 2), 100_000, dtype=np.int32)
    assert ranking.concordance_index([0, 1], [1, 2], weights).tolist() == [1.0]
    assert ranking.normalized_gini([0, 1], [1, 2], weights).tolist() == [1.0]


def test_all_tenths_of_weighted_customers_are_those_of_the_repeated_ones(case):
    counts = np.random.default_rng(10).poisson(1.0, (6, len(case[0])))
    repeated = [ranking.gains(*(np.repeat(side, row) for side in case))[0] for row in counts]
    assert ranking.gains(*case, counts.astype(float)) == pytest.approx(np.array(repeated), rel=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_draw_of_weights_without_any_purchase_is_undefined_and_the_others_are_not(measure):
    weights = np.array([[2.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    assert np.isnan(measure([0, 0, 2, 1], [1, 2, 3, 4], weights)).tolist() == [True, False]


@pytest.mark.parametrize("measure", [ranking.spearman, ranking.concordance_index, ranking.normalized_gini])
def test_weights_that_leave_customers_of_one_outcome_are_undefined(measure):
    assert np.isnan(measure([0.1, 0.1, 0.7], [1, 2, 3], np.array([[3.0, 1.0, 0.0]]))).all()


@pytest.mark.parametrize("measure", MEASURES)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_customers_does_not_matter(measure, pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    expected = measure(*np.array(pairs, float).T)
    assert measure(*np.array(shuffled, float).T) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
@given(PAIRS)
def test_only_the_order_of_the_predictions_matters(measure, pairs):
    y_obs, y_pred = np.array(pairs, float).T
    expected = measure(y_obs, y_pred)
    assert measure(y_obs, y_pred**3 - 7) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
@given(PAIRS, st.sampled_from([0.01, 3.0, 1e6]))
def test_the_unit_does_not_matter(measure, pairs, unit):
    y_obs, y_pred = np.array(pairs, float).T
    assert measure(unit * y_obs, y_pred) == pytest.approx(measure(y_obs, y_pred), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("measure", "turned"),
    [
        (ranking.spearman, lambda f: -f),
        (ranking.normalized_gini, lambda f: -f),
        (ranking.concordance_index, lambda f: 1 - f),
    ],
)
@given(PAIRS)
def test_the_opposite_ranking_has_the_opposite_figure(measure, turned, pairs):
    y_obs, y_pred = np.array(pairs, float).T
    assert measure(y_obs, -y_pred) == pytest.approx(turned(measure(y_obs, y_pred)), abs=1e-12, nan_ok=True)
