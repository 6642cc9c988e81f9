"""Outcomes drawn by compiled loops, against a simulation that draws every rate and probability, and closed forms."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels import intervals
from clvmodels.compiled import events
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.models import outcomes as models_outcomes
from clvmodels.models.outcomes import Outcomes

PARAMS = BetaGeoParams(r=0.8, alpha=6.0, a=0.9, b=2.5)
DRAWS = 100_000


def customers(key, x, t_x, T, draws=500):
    drawn = {name: np.full(draws, value) for name, value in PARAMS._asdict().items()}
    posterior = clv.BetaGeo.at(**drawn, time_unit="week")
    rows = tuple(np.array(each, float) for each in (x, t_x, T))
    params = posterior.at_draws(predictive=True)
    return Outcomes(posterior, np.uint64(7), np.array(key, dtype=np.uint64), rows, params, np.inf)


def customer(x, t_x, T, draws=DRAWS):
    return customers([123], [x], [t_x], [T], draws)


def counts(x, t_x, T, horizon, draws=DRAWS):
    return customer(x, t_x, T, draws).counts(np.array([horizon], float)).array()


def waits(until_dropout):
    return customer(3, 30, 39).waiting_times(until_dropout=until_dropout).array()


def by_hand(x, t_x, T, horizon, rng, draws=DRAWS):
    """Alive or not, a rate, a dropout probability, then purchase after purchase: counts and the time of the last."""
    alive = rng.random(draws) < beta_geo.probability_alive(PARAMS, x, t_x, T)
    rate = rng.gamma(PARAMS.r + x, 1 / (PARAMS.alpha + T), draws)
    dropout = rng.beta(PARAMS.a, PARAMS.b + x, draws)
    count, time = np.zeros(draws), np.zeros(draws)
    while alive.any():
        time[alive] += rng.exponential(1 / rate[alive])
        alive &= time <= horizon
        count += alive
        alive &= rng.random(draws) >= dropout
    return count


@pytest.mark.parametrize(
    ("x", "t_x", "T", "horizon"), [(0, 0, 20, 39), (2, 30, 39, 39), (9, 38, 39, 100), (0, 0, 0, 52)]
)
def test_counts_are_distributed_as_in_a_simulation_of_every_rate_and_probability(x, t_x, T, horizon):
    out = counts(x, t_x, T, horizon)
    reference = by_hand(x, t_x, T, horizon, np.random.default_rng(0))
    for n in range(8):
        share, expected = np.mean(out <= n), np.mean(reference <= n)
        assert share == pytest.approx(expected, abs=5 * np.sqrt(0.5 / DRAWS))


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 20), (5, 30, 39), (40, 38.5, 39)])
def test_counts_have_the_closed_forms_mean_and_probability_of_none(x, t_x, T):
    out = counts(x, t_x, T, 52.0)
    error = out.std() / np.sqrt(DRAWS)
    assert out.mean() == pytest.approx(float(beta_geo.expected_purchases(PARAMS, 52, x, t_x, T)), abs=4 * error)
    some = float(beta_geo.probability_of_purchase(PARAMS, 52, x, t_x, T))
    assert np.mean(out > 0) == pytest.approx(some, abs=4 * np.sqrt(0.25 / DRAWS))


@pytest.mark.parametrize("time", [5.0, 40.0, 300.0])
def test_lifetimes_survive_as_the_closed_form_says(time):
    out = waits(until_dropout=True)
    exact = float(beta_geo.survival(PARAMS, time, 3, 30, 39))
    assert np.mean(out > time) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


def test_the_next_purchase_is_within_a_horizon_as_often_as_there_is_one():
    out = waits(until_dropout=False)
    exact = float(beta_geo.probability_of_purchase(PARAMS, 20, 3, 30, 39))
    assert np.mean(out <= 20) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


def test_a_customer_with_thousands_of_purchases_is_drawn_without_overflow():
    out = counts(5000, 365, 365, 30.0, draws=200)
    exact = float(beta_geo.expected_purchases(PARAMS, 30, 5000, 365, 365))
    assert out.mean() == pytest.approx(exact, rel=0.05)


def test_a_customer_who_has_surely_left_buys_nothing():
    assert not counts(500, 1, 1000, 30.0, draws=200).any()


def test_every_customer_is_drawn_to_the_own_horizon():
    two = customers([1, 2], [2, 0], [30, 0], [39, 20])
    mixed = two.counts(np.array([10.0, 52.0])).array()
    short, long = (two.counts(np.full(2, horizon)).array() for horizon in (10.0, 52.0))
    assert np.array_equal(mixed, np.column_stack([short[:, 0], long[:, 1]]))


def test_purchases_are_counted_in_the_periods_that_the_customers_own_start_puts_them_in():
    one, edges = customers([1], [2], [30], [39]), np.array([0.0, 13.0, 26.0, 39.0])
    now = one.total_by_period(edges, np.zeros(1))
    later = one.total_by_period(np.array([0.0, 20.0, 33.0, 46.0, 59.0]), np.array([20.0]))
    assert np.array_equal(later[:, 1:], now)
    assert not later[:, 0].any()


def test_purchases_before_the_first_edge_are_left_out():
    one = customers([1], [2], [30], [39])
    whole = one.total_by_period(np.array([-39.0, -13.0, 0.0]), np.array([-39.0]))
    end = one.total_by_period(np.array([-13.0, 0.0]), np.array([-39.0]))
    assert whole[:, 0].any()
    assert np.array_equal(end[:, 0], whole[:, 1])


def test_rounding_does_not_carry_a_purchase_over_the_last_edge():
    """Starts for which start + (last edge - start) is more than the last edge in floating point."""
    last = 0.3
    start = np.linspace(-40, -0.01, 4001)
    start = start[start + (last - start) > last]
    many = customers(np.arange(len(start)), *np.zeros((3, len(start))), draws=50)
    total = many.total_by_period(np.array([-50.0, last]), start)
    assert len(start) > 100
    assert np.array_equal(total[:, 0], many.counts(last - start).array().sum(axis=1))


def test_without_discount_the_value_of_drawn_purchases_is_the_expected_one():
    one, out = customer(2, 30, 39), np.empty(DRAWS)
    found = one.events(slice(0, 1), np.array([52.0]))
    spend = clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week")
    own = GammaGammaParams(*(np.full(DRAWS, value) for value in (6.25, 3.74, 15.44)))
    known = np.array([2.0]), np.array([20.0])
    amounts = spend.known_amounts(own, known, found.offsets, seed=one.seed, keys=one.keys)
    events.values(*found, amounts, 1.0, 0.0, 0.0, out)
    purchases = float(beta_geo.expected_purchases(PARAMS, 52, 2, 30, 39))
    mean_spend = 6.25 * (15.44 + 40) / (6.25 * 2 + 3.74 - 1)
    assert out.mean() == pytest.approx(purchases * mean_spend, abs=4 * out.std() / np.sqrt(DRAWS))


@pytest.fixture(scope="module")
def fitted(cdnow_small):
    purchases = clv.BetaGeo().fit(cdnow_small, draws=200, random_seed=1)
    return clv.LifetimeValue(purchases, clv.GammaGamma().fit(cdnow_small, draws=200, random_seed=1))


@pytest.fixture(scope="module")
def cdnow_small():
    rfm = clv.datasets.load_cdnow_summary()
    return rfm.select(rfm.frame.index[:500])


@pytest.mark.parametrize("threads", ["1", "2", "5"])
@pytest.mark.parametrize("elements", [200, 2**12, 2**20])
def test_neither_the_number_of_threads_nor_the_size_of_a_block_changes_an_outcome(
    fitted, cdnow_small, monkeypatch, threads, elements
):
    asked = {"horizon": 39, "kind": "predictive", "random_seed": 3}
    counts = fitted.purchases.predictive_purchases(cdnow_small, horizon=39, random_seed=3)
    values = fitted.draws(cdnow_small, **asked)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    monkeypatch.setattr(intervals, "BLOCK_ELEMENTS", elements)
    assert fitted.purchases.predictive_purchases(cdnow_small, horizon=39, random_seed=3).equals(counts)
    assert fitted.draws(cdnow_small, **asked).equals(values)


def test_there_is_value_exactly_where_there_are_purchases(fitted, cdnow_small):
    counts = fitted.purchases.draws("predictive_purchases", cdnow_small, horizon=39, random_seed=3)
    values = fitted.draws(cdnow_small, horizon=39, kind="predictive", random_seed=3)
    assert np.array_equal(counts.to_numpy() > 0, values.to_numpy() > 0)


def test_a_buffer_that_is_filled_in_parts_holds_the_same_purchases(monkeypatch):
    many = customers(np.arange(40), np.full(40, 5), np.full(40, 30), np.full(40, 39))
    whole = many.counts(np.full(40, 52.0)).array()
    monkeypatch.setattr(models_outcomes, "MOST_EVENTS", 100)
    assert np.array_equal(many.counts(np.full(40, 52.0)).array(), whole)
