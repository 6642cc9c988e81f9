"""Simulated customers behave as the formulas say, and as the seed says."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_rfm, simulate_transactions
from clvmodels.errors import InvalidArgument
from clvmodels.formulas.beta_geo import BetaGeoParams, expected_purchases
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.rfm import rfm_summary, split_holdout

ACTIVE = BetaGeoParams(r=2.0, alpha=20.0, a=1.5, b=6.0)
SPEND = GammaGammaParams(p=6.25, q=3.74, v=15.44)


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def test_new_customers_buy_as_often_as_the_formula_says():
    rfm = simulate_rfm(customers=20_000, length=52, arrivals=0, purchases=ACTIVE, random_seed=1)
    frequency = rfm.frame["frequency"]
    assert frequency.mean() == pytest.approx(expected_purchases(ACTIVE, 52, 0, 0, 0), abs=4 * standard_error(frequency))


def test_the_mean_spend_is_that_of_the_formula():
    log = simulate_transactions(customers=20_000, length=1, arrivals=0, purchases=ACTIVE, spend=SPEND, random_seed=2)
    first = log.drop_duplicates("customer_id")["value"]
    assert first.mean() == pytest.approx(SPEND.p * SPEND.v / (SPEND.q - 1), abs=4 * standard_error(first))


def test_the_spend_of_one_customer_varies_as_a_gamma_of_shape_p():
    steady = SPEND._replace(p=400.0)
    log = simulate_transactions(customers=200, length=200, purchases=ACTIVE, spend=steady, random_seed=3)
    values = log.groupby("customer_id")["value"].agg(["mean", "std", "size"])
    many = values[values["size"] >= 10]
    assert (many["std"] / many["mean"]).mean() == pytest.approx(1 / np.sqrt(400), rel=0.1)


def test_without_dropout_the_gaps_are_exponential():
    loyal = BetaGeoParams(r=1e4, alpha=1e4, a=1e-9, b=1.0)  # one purchase a week, for ever
    log = simulate_transactions(customers=50, length=200, arrivals=0, purchases=loyal, spend=None, random_seed=4)
    assert len(log) / 50 == pytest.approx(201, abs=4 * np.sqrt(200 / 50))
    gaps = log.groupby("customer_id")["date"].diff().dropna() / pd.Timedelta(weeks=1)
    assert gaps.std() == pytest.approx(1, abs=0.05)


def test_with_certain_dropout_there_is_one_repeat_purchase_at_most():
    fickle = ACTIVE._replace(a=1e9, b=1e-9)
    assert simulate_rfm(customers=500, length=500, purchases=fickle, random_seed=5).frame["frequency"].max() == 1


def test_the_transactions_and_the_rfm_of_a_seed_are_of_the_same_customers():
    choices = {"customers": 300, "length": 39.0, "purchases": ACTIVE._replace(alpha=200.0), "random_seed": 6}
    log, exact = simulate_transactions(**choices), simulate_rfm(**choices).frame
    days = rfm_summary(log, observation_end="2020-09-29").frame
    assert days.index.tolist() == exact.index.tolist()
    np.testing.assert_allclose(days["T"], exact["T"], atol=1 / 7)
    same = days["frequency"] == exact["frequency"]  # but where two purchases fall on one day
    assert same.mean() > 0.98
    np.testing.assert_allclose(days.loc[same, "recency"], exact.loc[same, "recency"], atol=1 / 7)
    np.testing.assert_allclose(days["total_value"], exact["total_value"])
    np.testing.assert_allclose(days.loc[same, "monetary_value"], exact.loc[same, "monetary_value"])


def test_a_holdout_can_be_cut_from_simulated_transactions():
    log = simulate_transactions(customers=200, length=78, random_seed=7)
    split = split_holdout(log, calibration_end="2020-09-29", holdout_end="2021-06-29")
    assert (len(split.calibration), split.new_customers, split.horizon) == (200, 0, 39)
    assert split.holdout["purchases"].sum() > 0


@pytest.mark.parametrize("simulate", [simulate_transactions, simulate_rfm])
def test_the_same_seed_gives_the_same_customers(simulate):
    tables = [simulate(customers=20, random_seed=seed) for seed in (8, 8, 9)]
    one, same, other = (getattr(table, "frame", table) for table in tables)
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_a_generator_is_continued_and_not_restarted():
    rng = np.random.default_rng(10)
    first, second = simulate_rfm(customers=20, random_seed=rng), simulate_rfm(customers=20, random_seed=rng)
    assert first.fingerprint != second.fingerprint


def test_transactions_are_in_the_order_of_time_and_within_the_length():
    log = simulate_transactions(
        customers=50, length=2, arrivals=1, time_unit="month", start="2021-03-01", random_seed=11
    )
    assert log["date"].is_monotonic_increasing
    assert log["date"].min() >= pd.Timestamp("2021-03-01")
    assert log["date"].max() < pd.Timestamp("2021-03-01") + pd.Timedelta(days=2 * 30.4375)


def test_first_purchases_arrive_within_their_time():
    log = simulate_transactions(customers=500, length=52, arrivals=4, random_seed=12)
    weeks = (log.groupby("customer_id")["date"].min() - pd.Timestamp("2020-01-01")) / pd.Timedelta(weeks=1)
    assert weeks.max() < 4
    assert weeks.mean() == pytest.approx(2, abs=4 * standard_error(weeks))


def test_purchases_without_spend_have_no_amounts():
    assert simulate_transactions(customers=5, spend=None, random_seed=13).columns.tolist() == ["customer_id", "date"]
    assert not simulate_rfm(customers=5, spend=None, random_seed=13).has_value


@pytest.mark.parametrize("simulate", [simulate_transactions, simulate_rfm])
@pytest.mark.parametrize(
    "wrong", [{"customers": 0}, {"length": 0}, {"length": np.inf}, {"arrivals": -1}, {"arrivals": 1e9}]
)
def test_numbers_that_make_no_sense_are_refused(simulate, wrong):
    with pytest.raises(InvalidArgument, match="give at least one customer, and a finite length"):
        simulate(**wrong)


def test_an_unknown_time_unit_is_refused():
    with pytest.raises(InvalidArgument, match="time_unit is 'weeks'"):
        simulate_transactions(time_unit="weeks")
