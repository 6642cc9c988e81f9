"""Customers yet to be won, against closed forms and a simulation that draws every arrival, rate and dropout."""

import numpy as np
import pytest
from scipy import integrate, stats

import clvmodels as clv
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.models.new_customers import predictive_new_customers

PARAMS = BetaGeoParams(r=0.8, alpha=6.0, a=0.9, b=2.5)
SPEND = {"p": 6.0, "q": 4.0, "v": 15.0}
MEAN_SPEND = 6.0 * 15.0 / (4.0 - 1)
RATE, HORIZON = 15.0, 20.0


def purchases(params=PARAMS):
    return clv.BetaGeo.at(**params._asdict(), time_unit="week", random_seed=1)


def drawn(rate=RATE, horizon=HORIZON, *, posterior=None, spend=None, **choices):
    def rates(size, _):
        return np.full(size, float(rate))

    return predictive_new_customers(posterior or purchases(), spend, rates, horizon=horizon, **choices)


@pytest.fixture(scope="module")
def table():
    return drawn(spend=clv.GammaGamma.at(**SPEND, time_unit="week"))


def purchases_per_customer(horizon, params=PARAMS):
    """The first one, and those expected in what is left of the horizon after an arrival at any time."""
    repeated = integrate.quad(lambda left: float(beta_geo.expected_purchases(params, left, 0, 0, 0)), 0, horizon)
    return 1 + repeated[0] / horizon


def mean_error(values):
    return values.std() / np.sqrt(len(values))


def simulated(draws, rng):
    """Every customer's arrival, rate and dropout probability, and then purchase after purchase."""
    owner = np.repeat(np.arange(draws), rng.poisson(RATE * HORIZON, draws))
    time, rate = rng.uniform(0, HORIZON, len(owner)), rng.gamma(PARAMS.r, 1 / PARAMS.alpha, len(owner))
    dropout, active = rng.beta(PARAMS.a, PARAMS.b, len(owner)), np.ones(len(owner), bool)
    counts = np.bincount(owner, minlength=draws)
    while active.any():
        time = time + rng.exponential(1 / rate)
        active &= time <= HORIZON
        counts += np.bincount(owner[active], minlength=draws)
        active &= rng.random(len(owner)) >= dropout
    return counts


def test_customers_arrive_as_a_poisson_process(table):
    expected = RATE * HORIZON
    assert table["customers"].mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / len(table)))
    assert table["customers"].var() == pytest.approx(expected, rel=4 * np.sqrt(2 / len(table)))


@pytest.mark.parametrize("horizon", [1.0, 20.0, 100.0])
def test_purchases_have_the_mean_of_the_closed_form(horizon):
    made = drawn(300 / horizon, horizon)["purchases"]
    assert made.mean() == pytest.approx(300 * purchases_per_customer(horizon), abs=4 * mean_error(made))


def test_purchases_are_distributed_as_in_a_simulation_of_every_rate_and_probability(table):
    by_hand = simulated(1000, np.random.default_rng(2))
    assert stats.ks_2samp(table["purchases"], by_hand).pvalue > 0.01


def test_everybody_buys_at_least_once(table):
    assert (table["purchases"] >= table["customers"]).all()


def test_value_is_on_average_the_mean_spend_of_every_purchase(table):
    expected = RATE * HORIZON * purchases_per_customer(HORIZON) * MEAN_SPEND
    assert table["value"].mean() == pytest.approx(expected, abs=4 * mean_error(table["value"]))


def test_the_spread_of_value_is_that_of_customers_who_each_have_a_mean_of_their_own():
    # In a moment nobody comes back: one purchase each, Gamma(p, nu) with nu ~ Gamma(q, v), whose second moment is
    # p (p + 1) v^2 / ((q - 1) (q - 2)); the variance of a Poisson sum is the number times it.
    value = drawn(200 / 1e-6, 1e-6, spend=clv.GammaGamma.at(p=6.0, q=9.0, v=40.0, time_unit="week"))["value"]
    second_moment = 6 * 7 * 40.0**2 / (8 * 7)
    assert value.var() == pytest.approx(200 * second_moment, rel=4 * np.sqrt(2 / len(value)))


def test_without_spend_there_is_no_value():
    assert list(drawn()) == ["customers", "purchases"]


def test_spend_does_not_change_the_purchases(table):
    assert drawn().equals(table[["customers", "purchases"]])


@pytest.mark.parametrize(("rate", "horizon"), [(0.0, HORIZON), (RATE, 0.0)], ids=["rate", "horizon"])
def test_where_nobody_comes_nothing_is_bought(rate, horizon):
    found = drawn(rate, horizon, spend=clv.GammaGamma.at(**SPEND, time_unit="week"))
    assert (found == 0).to_numpy().all()


def test_every_draw_has_the_parameters_and_the_rate_of_its_own():
    slow, fast = PARAMS, BetaGeoParams(r=4.0, alpha=2.0, a=0.1, b=20.0)
    posterior = purchases(BetaGeoParams(*(np.repeat(pair, 200) for pair in zip(slow, fast, strict=True))))
    rates = np.repeat([30.0, 10.0], 200)
    spend = clv.GammaGamma.at(**{name: np.full(400, value) for name, value in SPEND.items()}, time_unit="week")
    found = predictive_new_customers(posterior, spend, lambda *_: rates, horizon=HORIZON)
    for half, params, rate in ((found[:200], slow, 30.0), (found[200:], fast, 10.0)):
        expected = rate * HORIZON * purchases_per_customer(HORIZON, params)
        assert half["purchases"].mean() == pytest.approx(expected, abs=4 * mean_error(half["purchases"]))
        assert half["value"].mean() == pytest.approx(expected * MEAN_SPEND, abs=4 * mean_error(half["value"]))


def test_an_uncertain_rate_spreads_the_number_of_customers():
    # Of a Gamma rate with shape 10: variance over mean is 1 + mean / 10.
    def rates(size, rng):
        return rng.gamma(10.0, RATE / 10, size)

    customers = predictive_new_customers(purchases(), None, rates, horizon=HORIZON)["customers"]
    assert customers.var() / customers.mean() == pytest.approx(1 + RATE * HORIZON / 10, rel=0.2)


def test_the_same_seed_gives_the_same_customers_and_another_one_others():
    assert drawn(random_seed=3).equals(drawn(random_seed=3))
    assert drawn().equals(drawn(random_seed=1))
    assert not drawn(random_seed=4).equals(drawn(random_seed=3))


@pytest.mark.parametrize("horizon", [-1.0, np.inf, np.nan])
def test_a_horizon_that_is_none_is_refused(horizon):
    with pytest.raises(clv.InvalidArgument, match="horizon"):
        drawn(horizon=horizon)
