"""What is kept of a prediction, against NumPy on all draws; and transforms that are uniform if it is right."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clvmodels import intervals
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.assessment import PIT_DRAWS, assess
from clvmodels.evaluation.forecasters import Prediction
from clvmodels.intervals import DrawBlocks

LEVELS = (0.5, 0.9)
CUSTOMERS = 30
IDS = pd.Index([f"c{i}" for i in range(CUSTOMERS)], name="customer_id")
# With 37 draws no end of an interval falls between two of them.
DRAWS = np.random.default_rng(1).poisson(np.random.default_rng(2).gamma(0.5, 2.0, CUSTOMERS), (37, CUSTOMERS)) * 1.0
BOUGHT = pd.Series(np.random.default_rng(3).poisson(0.7, CUSTOMERS), index=IDS)
MONEY = pd.Series(BOUGHT * 9.5, index=IDS)


def predicted(draws=DRAWS, ids=IDS, **more):
    return Prediction(mean=pd.Series(draws.mean(axis=0), index=ids), draws=DrawBlocks.of(draws), **more)


def points(values, ids=IDS):
    return Prediction(mean=pd.Series(values, index=ids, dtype=float))


def found(y_obs=BOUGHT, prediction=None, levels=LEVELS, random_seed=1):
    return assess(y_obs, predicted() if prediction is None else prediction, levels=levels, random_seed=random_seed)


@pytest.mark.parametrize("level", LEVELS)
def test_ends_are_drawn_outcomes_that_leave_the_same_share_out_on_either_side(level):
    table = found().customers
    for end, share in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
        expected = np.quantile(DRAWS, share, axis=0, method="inverted_cdf")
        assert table[f"{end}_{100 * level:g}"].tolist() == expected.tolist()


def test_the_median_is_a_drawn_outcome_with_half_of_the_draws_up_to_it():
    expected = np.quantile(DRAWS, 0.5, axis=0, method="inverted_cdf")
    assert found().customers["median"].tolist() == expected.tolist()


def test_the_median_of_an_even_number_of_draws_is_the_lower_of_the_two_in_the_middle():
    draws = np.array([[0.0], [1.0], [5.0], [9.0]])
    table = assess(pd.Series([3], index=["ann"]), predicted(draws, ["ann"]), levels=LEVELS, random_seed=1).customers
    assert table["median"].tolist() == [1.0]


def test_shares_below_and_up_to_an_observation_are_those_of_the_draws():
    table = found().customers
    assert table["cdf_below"].tolist() == np.mean(BOUGHT.to_numpy() > DRAWS, axis=0).tolist()
    assert table["cdf_at"].tolist() == np.mean(BOUGHT.to_numpy() >= DRAWS, axis=0).tolist()


def test_crps_is_the_distance_from_the_draws_less_half_of_that_between_them():
    first, second = np.triu_indices(len(DRAWS), 1)
    spread = np.abs(DRAWS[first] - DRAWS[second]).mean(axis=0)
    expected = np.abs(DRAWS - BOUGHT.to_numpy()).mean(axis=0) - spread / 2
    assert found().customers["crps"].to_numpy() == pytest.approx(expected, abs=1e-12)


def test_log_score_counts_the_draws_that_are_equal_to_the_observation():
    equal = np.sum(BOUGHT.to_numpy() == DRAWS, axis=0)
    assert found().customers["log_score"].to_numpy() == pytest.approx(-np.log((equal + 0.5) / 38), rel=1e-12)


def test_money_has_neither_a_log_score_nor_a_probability_of_buying():
    table = found(MONEY).customers
    assert table[["log_score", "active", "said_active"]].isna().to_numpy().all()


@pytest.mark.parametrize("level", LEVELS)
def test_attainable_is_the_share_of_all_draws_that_the_intervals_hold(level):
    table = found().customers
    lower, upper = (table[f"{end}_{100 * level:g}"].to_numpy() for end in ("lower", "upper"))
    expected = np.mean((lower <= DRAWS) & (upper >= DRAWS))
    assert found().attainable[level] == pytest.approx(expected, rel=1e-12)
    assert expected >= level


def test_totals_are_sums_over_the_customers():
    assert found().totals.tolist() == DRAWS.sum(axis=1).tolist()


def test_a_transform_lies_between_the_shares_below_and_up_to_the_observation():
    table = found().customers
    # The observation is ranked among the 37 draws and itself.
    below, at = 37 * table["cdf_below"] / 38, (37 * table["cdf_at"] + 1) / 38
    assert table["pit"].between(below, at).all()


def test_each_of_the_drawn_outcomes_has_one_transform_per_customer():
    counts = found().pit_counts
    assert counts.shape == (37, 100)
    assert (counts.sum(axis=1) == CUSTOMERS).all()


def test_transforms_of_no_more_than_some_of_the_draws_are_kept():
    many = np.random.default_rng(4).poisson(1.0, (PIT_DRAWS + 50, 3)) * 1.0
    y = pd.Series([0, 1, 2], index=list("abc"))
    assert len(found(y, predicted(many, y.index)).pit_counts) == PIT_DRAWS


def test_customers_are_matched_by_id_and_not_by_row():
    order = np.random.default_rng(5).permutation(CUSTOMERS)
    shuffled = predicted(DRAWS[:, order], IDS[order])
    pd.testing.assert_frame_equal(found(prediction=shuffled).customers, found().customers)
    assert found(prediction=shuffled).totals.tolist() == found().totals.tolist()


def test_rows_are_in_the_order_of_what_was_observed():
    assert found(BOUGHT[::-1]).customers.index.tolist() == IDS[::-1].tolist()


def test_the_size_of_the_blocks_does_not_matter(monkeypatch):
    whole = found()
    monkeypatch.setattr(intervals, "BLOCK_ELEMENTS", 37 * 4)
    parted = found()
    pd.testing.assert_frame_equal(parted.customers, whole.customers)
    assert (parted.pit_counts == whole.pit_counts).all()
    assert parted.totals.tolist() == whole.totals.tolist()
    assert parted.attainable == pytest.approx(whole.attainable)


def test_a_transform_does_not_depend_on_who_else_is_asked_about():
    some = IDS[[17, 3, 8]]
    alone = found(BOUGHT[some], predicted(DRAWS[:, [17, 3, 8]], some))
    assert alone.customers["pit"].tolist() == found().customers.loc[some, "pit"].tolist()


def test_the_same_seed_gives_the_same_transforms_and_another_one_others():
    again, other = found(random_seed=1), found(random_seed=2)
    assert again.customers["pit"].tolist() == found().customers["pit"].tolist()
    assert (other.customers["pit"] != found().customers["pit"]).any()
    assert other.customers.drop(columns="pit").equals(found().customers.drop(columns="pit"))


def test_without_draws_there_is_neither_a_median_nor_anything_else():
    assessment = found(prediction=points(DRAWS.mean(axis=0)))
    assert list(assessment.customers) == ["y_obs", "mean", "median", "active", "said_active"]
    assert assessment.customers["median"].isna().all()
    assert (assessment.totals, assessment.attainable, assessment.pit_counts) == (None, {}, None)
    assert np.isnan([assessment.pit_distance, assessment.pit_p_value]).all()


def test_who_is_said_to_buy_has_a_probability_of_one_half_or_more():
    y, mean = pd.Series([1, 0, 2], index=list("abc")), pd.Series([9.0, 0.0, 0.0], index=list("abc"))
    probability = pd.Series([0.9, 0.5, 0.4], index=list("cba"))
    table = found(y, Prediction(mean=mean, active=probability)).customers
    assert table["said_active"].tolist() == [False, True, True]


def test_without_a_probability_who_is_expected_to_buy_half_a_time_is_said_to():
    y = pd.Series([1, 0, 2], index=list("abc"))
    assert found(y, points([0.5, 0.49, 3.0], y.index)).customers["said_active"].tolist() == [True, False, True]


REFUSED = {
    "one is missing": (points([1.0, 2.0], ["a", "b"]), "2 rows are predicted for 3 customers"),
    "one is there twice": (points([1.0, 2.0, 3.0], ["a", "b", "b"]), "predict each once"),
    "one is unknown": (points([1.0, 2.0, 3.0], ["a", "b", "x"]), "predict each once"),
    "one is unknown, and all others are there": (points([1.0] * 4, list("abcx")), "4 rows are predicted for 3"),
    "a mean is missing": (points([1.0, np.nan, 3.0], list("abc")), "no finite mean for 1 of 3 customers"),
    "a mean is infinite": (points([1.0, np.inf, -np.inf], list("abc")), "no finite mean for 2 of 3 customers"),
    "draws of one customer less": (
        Prediction(mean=pd.Series([1.0, 2.0, 3.0], index=list("abc")), draws=DrawBlocks.of(np.ones((9, 2)))),
        "draws of 2 customers, and means of 3",
    ),
    "a draw is missing": (
        Prediction(
            mean=pd.Series([1.0, 2.0, 3.0], index=list("abc")),
            draws=DrawBlocks.of(np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])),
        ),
        "some draws are not finite",
    ),
}


@pytest.mark.parametrize(("prediction", "message"), REFUSED.values(), ids=REFUSED)
def test_a_prediction_is_refused_where(prediction, message):
    with pytest.raises(InvalidArgument, match=message):
        found(pd.Series([0, 1, 2], index=list("abc")), prediction)


def year(seed, *, shared=0.0, own=0.0, drawn_shared=0.0, drawn_own=0.0, customers=200, draws=200):
    """Purchases at known rates times an error that all customers share, and one of each; and the same drawn."""
    rng = np.random.default_rng(seed)
    rates, ids = rng.gamma(1.0, 1.0, customers), pd.RangeIndex(customers)

    def purchases(rows, common, individual):
        errors = common * rng.normal(size=(rows, 1)) + individual * rng.normal(size=(rows, customers))
        return rng.poisson(rates * np.exp(errors)).astype(float)

    y_obs = pd.Series(purchases(1, shared, own)[0].astype(int), index=ids)
    return found(y_obs, predicted(purchases(draws, drawn_shared, drawn_own), ids), random_seed=seed)


@pytest.fixture(scope="module")
def right_years():
    """Draws that share the rate's error, as the observations do."""
    return [year(seed, shared=0.3, drawn_shared=0.3) for seed in range(150)]


def test_transforms_of_right_predictions_are_uniform():
    transforms = year(1, own=0.5, drawn_own=0.5, customers=2000, draws=400).customers["pit"]
    assert stats.kstest(transforms, "uniform").pvalue > 0.01


def test_the_p_value_of_right_predictions_is_uniform_though_all_customers_share_an_error(right_years):
    p_values = [assessment.pit_p_value for assessment in right_years]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_kolmogorovs_own_test_would_call_most_of_the_same_predictions_wrong(right_years):
    plain = [stats.kstest(assessment.customers["pit"], "uniform").pvalue for assessment in right_years]
    assert np.mean(np.array(plain) < 0.05) > 0.3


@pytest.mark.parametrize(
    "spread", [{"own": 1.0}, {"drawn_own": 1.0}, {"shared": 1.0}], ids=["narrow", "wide", "without the shared error"]
)
def test_the_p_value_of_draws_with_the_wrong_spread_is_small(spread):
    p_values = [year(seed, customers=500, **spread).pit_p_value for seed in range(15)]
    assert np.median(p_values) < 0.02


def test_the_p_value_is_the_share_of_draws_that_are_as_far_from_uniform():
    # 199 customers: few distances are equal.
    assessment, edges = year(2, customers=199, draws=99), np.arange(1, 101) / 100
    observed = np.mean(assessment.customers["pit"].to_numpy()[:, None] <= edges, axis=0)
    distance = np.abs(observed - edges).max()
    drawn = np.abs(np.cumsum(assessment.pit_counts, axis=1) / 199 - edges).max(axis=1)
    assert assessment.pit_distance == pytest.approx(distance)
    assert assessment.pit_p_value == pytest.approx((1 + np.sum(drawn >= distance - 1e-12)) / 100)
