"""A fixed cost of every purchase, and a horizon of each customer's own."""

import numpy as np
import pytest

import clvmodels as clv

RATE = 0.1
COST = 4.0


@pytest.fixture(scope="module")
def rfm():
    whole = clv.datasets.load_cdnow_summary()
    return whole.select(whole.frame.index[:200])


@pytest.fixture(scope="module")
def fitted(rfm):
    purchases = clv.BetaGeo().fit(rfm, draws=200, random_seed=1)
    return purchases, clv.GammaGamma().fit(rfm, draws=200, random_seed=1)


@pytest.fixture(scope="module")
def plain(fitted):
    return clv.LifetimeValue(*fitted, margin=0.3, annual_discount_rate=RATE)


@pytest.fixture(scope="module")
def costly(fitted):
    return clv.LifetimeValue(*fitted, margin=0.3, annual_discount_rate=RATE, cost_per_purchase=COST)


def draws(value, rfm, **choices):
    return value.draws(rfm, horizon=52, **choices).to_numpy()


def test_it_lowers_the_expected_value_by_the_cost_of_every_expected_discounted_purchase(plain, costly, rfm):
    purchases = plain.purchases.draws("expected_discounted_purchases", rfm, horizon=52, annual_discount_rate=RATE)
    expected = draws(plain, rfm) - COST * purchases.to_numpy()
    np.testing.assert_allclose(draws(costly, rfm), expected, rtol=1e-12, atol=1e-12)


def test_it_lowers_the_predicted_value_by_the_cost_of_every_purchase(fitted, rfm):
    free, costly = (clv.LifetimeValue(*fitted, margin=0.3, cost_per_purchase=cost) for cost in (0.0, COST))
    counts = fitted[0].draws("predictive_purchases", rfm, horizon=52, random_seed=3).to_numpy()
    found = draws(costly, rfm, kind="predictive", random_seed=3)
    expected = draws(free, rfm, kind="predictive", random_seed=3) - COST * counts
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_in_a_prediction_every_cost_is_discounted_by_its_own_date(plain, costly, rfm):
    taken = (draws(plain, rfm, kind="predictive") - draws(costly, rfm, kind="predictive")).mean(axis=(0, 1)).sum()
    purchases = plain.purchases.draws("expected_discounted_purchases", rfm, horizon=52, annual_discount_rate=RATE)
    exact = COST * purchases.to_numpy().mean(axis=(0, 1)).sum()
    assert taken == pytest.approx(exact, rel=0.03)
    counts = plain.purchases.draws("predictive_purchases", rfm, horizon=52).to_numpy().mean(axis=(0, 1)).sum()
    assert COST * counts / (1 + RATE) < taken < COST * counts


@pytest.mark.parametrize("kind", ["expected", "predictive"])
def test_the_first_purchase_of_a_new_customer_costs_as_well(fitted, kind):
    free, costly = (clv.LifetimeValue(*fitted, margin=0.3, cost_per_purchase=cost) for cost in (0.0, COST))
    at_once = [value.new_customer(horizon=0, kind=kind)["mean"].item() for value in (free, costly)]
    assert at_once[0] - at_once[1] == pytest.approx(COST)


def test_a_purchase_may_cost_more_than_it_brings(fitted, rfm):
    value = clv.LifetimeValue(*fitted, margin=0.1, cost_per_purchase=1000.0)
    assert value.total(rfm, horizon=52)["upper"].item() < 0


def test_no_cost_changes_nothing(fitted, rfm):
    free, default = clv.LifetimeValue(*fitted, cost_per_purchase=0.0), clv.LifetimeValue(*fitted)
    assert free.expected(rfm, horizon=52).equals(default.expected(rfm, horizon=52))


@pytest.mark.parametrize("cost", [-1.0, np.nan, np.inf, "4"])
def test_a_cost_that_is_none_is_refused(fitted, cost):
    with pytest.raises(clv.InvalidArgument, match="cost_per_purchase is .*; give an amount of money, zero or more"):
        clv.LifetimeValue(*fitted, cost_per_purchase=cost)


def test_every_customer_may_have_a_horizon_of_their_own(costly, rfm):
    horizons = np.resize([0.0, 13.0, 52.0], len(rfm))
    own = costly.blocks(rfm, kind="predictive", horizon=horizons).array()
    for horizon in (0.0, 13.0, 52.0):
        of_all = costly.blocks(rfm, kind="predictive", horizon=horizon).array()
        assert np.array_equal(own[:, horizons == horizon], of_all[:, horizons == horizon])


def test_the_same_horizon_for_each_is_one_horizon(costly, rfm):
    each = costly.blocks(rfm, kind="predictive", horizon=np.full(len(rfm), 26.0)).array()
    assert np.array_equal(each, costly.blocks(rfm, kind="predictive", horizon=26.0).array())


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_horizon_that_is_none_is_refused_wherever_it_stands(costly, rfm, wrong):
    horizons = np.full(len(rfm), 26.0)
    horizons[7] = wrong
    with pytest.raises(clv.InvalidArgument, match=f"horizon is {wrong}"):
        costly.blocks(rfm, kind="predictive", horizon=horizons)


def test_an_expected_value_has_one_horizon(costly, rfm):
    with pytest.raises(clv.InvalidArgument, match=r"horizon is \[26\.0, 26\.0"):
        costly.blocks(rfm, kind="expected", horizon=np.full(len(rfm), 26.0))


def test_horizons_that_are_not_as_many_as_the_customers_are_refused(costly, rfm):
    with pytest.raises(clv.InvalidArgument, match="horizon"):
        costly.blocks(rfm, kind="predictive", horizon=np.ones(3))
