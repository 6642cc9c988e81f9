"""The matrix by frequency and recency, against published numbers and lifetimes."""

import lifetimes
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import clvmodels as clv
from clvmodels.errors import InvalidArgument

TRUTH = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


@pytest.fixture
def weekly():
    return clv.BetaGeo.at(**TRUTH, time_unit="week")


@pytest.mark.parametrize(
    ("frequency", "expected"), [(10, 0.3473997627), (15, 0.0428271760), (20, 0.0041584331), (25, 0.0003583325)]
)
def test_expected_purchases_are_those_of_btyds_walkthrough(weekly, frequency, expected):
    matrix = weekly.frequency_recency_matrix(T=39, horizon=52, most=25)
    assert matrix.loc[(frequency, 20), "mean"] == pytest.approx(expected, rel=1e-8, abs=5e-11)


def test_in_days_as_well(weekly):
    daily = clv.BetaGeo.at(**TRUTH | {"alpha": 7 * 4.414}, time_unit="day")
    expected = daily.frequency_recency_matrix(T=31 * 7, horizon=52 * 7, most=26).loc[(26, 216), "mean"]
    alive = daily.frequency_recency_matrix(T=31 * 7, quantity="probability_alive", most=26).loc[(26, 216), "mean"]
    assert (expected, alive) == pytest.approx((25.7564069, 0.9688484), rel=1e-5)


def test_the_probability_alive_is_that_of_lifetimes(weekly):
    peer = lifetimes.BetaGeoFitter()
    peer.params_ = pd.Series(TRUTH)
    matrix = weekly.frequency_recency_matrix(T=39, quantity="probability_alive", most=7)["mean"]
    frequency, recency = (matrix.index.get_level_values(name).to_numpy() for name in ("frequency", "recency"))
    assert_allclose(matrix, peer.conditional_probability_alive(frequency, recency, 39), rtol=1e-9)


def test_each_row_is_the_answer_to_such_a_customer(purchases):
    matrix = purchases.frequency_recency_matrix(T=30.5, horizon=10, interval=0.8)
    cells = [(0, 0.0), (3, 30.0), (20, 3.0), (7, 1.0)]
    frame = pd.DataFrame(cells, columns=["frequency", "recency"]).assign(T=30.5)
    asked = purchases.expected_purchases(clv.RFM.from_frame(frame, time_unit="week"), horizon=10, interval=0.8)
    assert_allclose(matrix.loc[cells], asked, rtol=1e-9)


def test_the_rows_are_all_that_can_be_and_nothing_else(weekly):
    index = weekly.frequency_recency_matrix(T=2.9, horizon=1, most=16).index
    possible = [(0, 0), *((x, week) for x in range(1, 17) for week in (1, 2) if x <= 7 * week)]
    assert list(index) == possible
    assert index.names == ["frequency", "recency"]


def test_alive_now_needs_no_horizon_and_alive_later_takes_one(weekly):
    now, later = (
        weekly.frequency_recency_matrix(T=10, quantity="probability_alive", horizon=horizon)["mean"]
        for horizon in (None, 20)
    )
    assert (later < now).all()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"T": 39}, "horizon is missing"),
        ({"T": 39, "horizon": -1}, "horizon is -1"),
        ({"T": 0.5, "horizon": 1}, "T is 0.5; give one week at least"),
        ({"T": np.inf, "horizon": 1}, "T is inf"),
        ({"T": 39, "horizon": 1, "most": 0}, "most is 0"),
        ({"T": 39, "horizon": 1, "most": 2.5}, "most is 2.5"),
        ({"T": 39, "horizon": 1, "quantity": "lifetime"}, "choose one of expected_purchases, probability_alive"),
        ({"T": 39, "horizon": 1, "interval": 1}, "interval is 1"),
    ],
)
def test_a_choice_outside_its_domain_is_refused(weekly, choices, message):
    with pytest.raises(InvalidArgument, match=message):
        weekly.frequency_recency_matrix(**choices)
