"""A purchase is a customer's day: nothing that is counted or expected is more than the days there are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.models.by_period import predictive_by_period, predictive_new_by_period
from clvmodels.models.new_customers import predictive_new_customers
from clvmodels.models.outcomes import days_begun
from clvmodels.rfm import days_per_unit


def customer(x, t_x, T, time_unit="day"):
    table = pd.DataFrame({"frequency": [x], "recency": [t_x], "T": [T], "monetary_value": [10.0]}, index=["a"])
    return clv.RFM.from_frame(table, time_unit=time_unit)


def at(time_unit="day", r=5.0, alpha=6.0, a=0.05, b=50.0):
    return clv.BetaGeo.at(r=r, alpha=alpha, a=a, b=b, time_unit=time_unit, random_seed=1)


def spend(time_unit="day"):
    return clv.GammaGamma.at(p=1e6, q=1e6, v=10.0, time_unit=time_unit)


DAILY = 490, 500.0, 501.0


def test_who_buys_nearly_every_day_buys_on_no_more_days_than_the_horizon_has():
    table = at().predictive_purchases(customer(*DAILY), horizon=30)
    assert table.loc["a", "upper"] == 30
    assert 25 < table.loc["a", "mean"] <= 30


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.sampled_from(["day", "week", "month", "year"]),
    st.floats(0, 3),
    st.sampled_from([(0, 0.0, 1.0), (1, 1e-9, 1e-9), (490, 1e-3, 1e-3), (490, 1.0, 1.0)]),
)
def test_no_outcome_has_more_purchases_than_days_whatever_the_rate(time_unit, horizon, seen):
    """Rates of up to 1e9 per time unit: and they are drawn at once."""
    rfm, posterior = customer(*seen, time_unit), at(time_unit)
    days = np.ceil(horizon * days_per_unit(time_unit) * (1 - 1e-12))
    drawn = posterior.draws("predictive_purchases", rfm, horizon=horizon).to_numpy()
    assert drawn.max() <= days
    expected = posterior.expected_purchases(rfm, horizon=horizon).loc["a", "mean"]
    assert expected <= days + 1e-9
    discounted = posterior.expected_discounted_purchases(rfm, horizon=horizon, annual_discount_rate=0.1)
    assert discounted.loc["a", "mean"] <= expected * (1 + 1e-9) + 1e-12
    # One draw in a thousand more or less.
    assert drawn.mean() <= expected + 6 * drawn.std() / np.sqrt(drawn.size) + 2e-3 * days


def test_every_period_has_at_most_its_days():
    rfm, edges = customer(*DAILY), np.array([0.0, 7.0, 8.0, 30.0])
    by_period = at().predictive_total_by_period(rfm, edges=edges)
    assert np.all(by_period <= np.diff(edges))
    assert np.all(by_period.max(axis=0) == np.diff(edges))
    total = at().draws("predictive_purchases", rfm, horizon=30).to_numpy().ravel()
    assert np.array_equal(by_period.sum(axis=1), total)
    known = predictive_by_period(at(), spend(), rfm, edges=edges)
    assert np.array_equal(known[..., 1], by_period)


def test_replicated_histories_have_at_most_one_purchase_a_day():
    frequencies = at(r=500.0, alpha=6.0).replicated_frequencies(customer(3, 5.0, 10.0)).array()
    assert frequencies.max() == 10


def test_the_value_drawn_is_that_of_a_purchase_a_day():
    value = clv.LifetimeValue(at(), spend())
    upper = value.predictive(customer(*DAILY), horizon=30).loc["a", "upper"]
    expected = value.spend.expected_average_spend(customer(*DAILY)).loc["a", "mean"]
    assert upper == pytest.approx(30 * expected, rel=0.01)


@pytest.mark.parametrize("begin", [0.0, 0.4, 3.9])
def test_a_new_customers_first_purchase_takes_its_day(begin):
    posterior, won = at(r=500.0, alpha=1.0), np.ones((1000, 1), dtype=int)
    windows, edges = np.array([[begin, begin + 1e-9]]), np.array([0.0, 10.0])
    made = predictive_new_by_period(posterior, None, won, windows=windows, edges=edges)
    assert made[:, 0, 1].max() == 10 - np.floor(begin)


def test_new_customers_of_a_day_buy_on_that_day_alone():
    drawn = predictive_new_customers(at(r=500.0, alpha=1.0), None, lambda size, _: np.full(size, 5.0), horizon=1)
    assert drawn["purchases"].equals(drawn["customers"].astype(float))


def test_days_are_counted_from_the_first_that_begins():
    assert days_begun(0.0, 7.0) == 0
    assert days_begun(0.1, 7.0) == 1
    assert all(days_begun(days / 30.4375, 30.4375) == days for days in range(2000))


def test_the_expectation_of_one_who_buys_now_and_then_stays_that_of_the_formula():
    """Days do not matter: the mean of what is drawn is the expectation of continuous time."""
    posterior, rfm = at("week", r=2.0, alpha=10.0, a=1.0, b=5.0), customer(4, 30.0, 39.0, "week")
    drawn = posterior.draws("predictive_purchases", rfm, horizon=52).to_numpy()
    expected = posterior.expected_purchases(rfm, horizon=52).loc["a", "mean"]
    assert drawn.mean() == pytest.approx(expected, abs=4 * drawn.std() / np.sqrt(drawn.size))


def test_a_horizon_of_more_days_than_can_be_drawn_is_refused():
    with pytest.raises(clv.ClvError, match="at most 365,250 days"):
        at("year").predictive_purchases(customer(1, 1.0, 2.0, "year"), horizon=2000)
