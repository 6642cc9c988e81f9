"""What the model would have seen of the same customers, against closed forms and customers followed one by one."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams

TRUTH = BetaGeoParams(0.8, 6.0, 0.9, 2.5)
EDGES = [-39.0, -30.0, -20.0, -7.0, 0.0]


@pytest.fixture(scope="module")
def given():
    return clv.BetaGeo.at(**TRUTH._asdict(), time_unit="week", random_seed=1)


def observed_for(*lengths, frequency=0, recency=0.0):
    table = {"frequency": frequency, "recency": recency, "T": np.array(lengths)}
    return clv.RFM.from_frame(pd.DataFrame(table, index=[f"c{i}" for i in range(len(lengths))]), time_unit="week")


@pytest.fixture(scope="module")
def many():
    """A thousand customers, first seen on any day of twelve weeks before the last 27."""
    return observed_for(*np.linspace(27, 39, 1000))


def followed(lengths, edges, repetitions, rng):
    """New customers, followed one purchase at a time: all their repeat purchases by period (repetitions, periods)."""
    size = repetitions * len(lengths)
    rate, dropout = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, size), rng.beta(TRUTH.a, TRUTH.b, size)
    clock, world = -np.tile(lengths, repetitions), np.repeat(np.arange(repetitions), len(lengths))
    alive, counts = np.ones(size, bool), np.zeros((repetitions, len(edges) - 1))
    while alive.any():
        clock = clock + rng.exponential(size=size) / rate
        alive &= clock <= 0
        seen = alive & (clock > edges[0])
        np.add.at(counts, (world[seen], np.searchsorted(edges, clock[seen]) - 1), 1)
        alive &= rng.random(size) >= dropout
    return counts


def test_replicated_customers_buy_as_often_as_new_ones_are_expected_to(given):
    rfm = observed_for(*[5.0] * 300, *[39.0] * 300)
    means = given.replicated_frequencies(rfm).array().reshape(-1, 2, 300).mean(axis=(0, 2))
    expected = [float(beta_geo.expected_purchases(TRUTH, T, 0, 0, 0)) for T in (5, 39)]
    assert means == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("T", [0.5, 10.0, 100.0])
def test_the_share_without_a_repeat_purchase_is_the_closed_form(given, T):
    drawn = given.replicated_frequencies(observed_for(*[T] * 200)).array()
    exact = (TRUTH.alpha / (TRUTH.alpha + T)) ** TRUTH.r
    assert np.mean(drawn == 0) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / drawn.size))


def test_the_distribution_is_that_of_followed_customers(given):
    drawn = given.replicated_frequencies(observed_for(*[39.0] * 100)).array().ravel()
    reference = followed(np.array([39.0]), [-39.0, 0.0], 100_000, np.random.default_rng(5)).ravel()
    shares = [np.bincount(each.astype(int), minlength=60)[:12] / len(each) for each in (drawn, reference)]
    assert shares[0] == pytest.approx(shares[1], abs=0.008)


def test_totals_by_period_are_those_of_followed_customers(given, many):
    drawn = given.replicated_total_by_period(many, edges=EDGES)
    reference = followed(many.frame["T"].to_numpy(), EDGES, 300, np.random.default_rng(6))
    assert drawn.shape == (1000, 4)
    assert drawn.mean(axis=0) == pytest.approx(reference.mean(axis=0), rel=0.02)
    assert drawn.std(axis=0) == pytest.approx(reference.std(axis=0), rel=0.15)


def test_mean_totals_by_period_are_differences_of_the_closed_form(given, many):
    T = many.frame["T"].to_numpy()
    until = [beta_geo.expected_purchases(TRUTH, np.maximum(T + edge, 0), 0, 0, 0).sum() for edge in EDGES]
    drawn = given.replicated_total_by_period(many, edges=EDGES).mean(axis=0)
    assert drawn == pytest.approx(np.diff(until), rel=0.01)


def test_the_periods_hold_the_replicated_purchases(given, many):
    counts = given.replicated_frequencies(many, random_seed=4).array()
    by_period = given.replicated_total_by_period(many, edges=EDGES, random_seed=4)
    assert np.array_equal(by_period.sum(axis=1), counts.sum(axis=1))


def test_what_a_customer_did_is_not_known(given):
    silent, busy = observed_for(39.0, 20.0), observed_for(39.0, 20.0, frequency=9, recency=19.5)
    assert np.array_equal(*(given.replicated_frequencies(rfm).array() for rfm in (silent, busy)))


def test_a_customers_replication_does_not_depend_on_the_others(given):
    together = given.replicated_frequencies(observed_for(39.0, 20.0)).array()
    assert np.array_equal(given.replicated_frequencies(observed_for(39.0)).array()[:, 0], together[:, 0])


def test_replications_and_predictions_are_drawn_apart(given):
    past = given.replicated_frequencies(observed_for(39.0)).array()
    future = given.blocks("predictive_purchases", observed_for(0.0), horizon=39).array()
    assert np.mean(past == 0) == pytest.approx(np.mean(future == 0), abs=0.1)
    assert abs(np.corrcoef(past[:, 0], future[:, 0])[0, 1]) < 0.15


def test_who_was_not_observed_bought_nothing(given):
    assert not given.replicated_frequencies(observed_for(0.0)).array().any()


@pytest.mark.parametrize("edges", [[0], [0, 1], [-2, -1], [-1, -2, 0], [-np.inf, 0]])
def test_edges_that_do_not_rise_to_zero_are_refused(given, many, edges):
    with pytest.raises(clv.InvalidArgument, match="rising to 0"):
        given.replicated_total_by_period(many, edges=edges)


def test_predictions_of_a_seed_are_what_they_were(given):
    drawn = given.blocks("predictive_purchases", observed_for(39.0, frequency=9, recency=38.0), horizon=39).array()
    assert drawn[:12, 0].astype(int).tolist() == [6, 1, 3, 4, 4, 7, 3, 6, 2, 12, 14, 7]
