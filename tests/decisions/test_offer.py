"""What an offer is, what it costs and gains by hand, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import Offer, retention_offer, value_at_risk
from clvmodels.decisions.offer import OfferDraws, break_even

HORIZON = 52
CUSTOMERS = {"once": (0, 0.0, 30.0, 0.0), "lapsed": (6, 12.0, 38.0, 25.0), "loyal": (6, 37.5, 38.0, 25.0)}
SOME = clv.Prior("Beta", alpha=2, beta=8)


def certain(share):
    return clv.Prior("DiracDelta", c=share)


def customers():
    columns = ["frequency", "recency", "T", "monetary_value"]
    return clv.RFM.from_frame(pd.DataFrame.from_dict(CUSTOMERS, orient="index", columns=columns), time_unit="week")


def gain(value, offer, horizon=HORIZON):
    """The table by customer, in the order of the customers."""
    return retention_offer(value, customers(), offer, horizon=horizon).customers.loc[list(CUSTOMERS)]


def revenue(point, horizon):
    """What they will spend anyway."""
    return point.expected(customers(), horizon=horizon)["mean"].to_numpy()


def margins(point, margin):
    return clv.LifetimeValue(point.purchases, point.spend, margin=margin)


def test_an_offer_without_any_effect_costs_what_it_costs(point):
    table = gain(point, Offer(kept=certain(0.0), cost=1.5))
    assert (table[["mean", "lower", "upper"]] == -1.5).all(axis=None)
    assert (table["cost"] == 1.5).all()


def test_an_offer_that_is_certain_and_free_gains_the_value_at_risk(point):
    table = gain(point, Offer(kept=certain(1.0), lasts=6))
    at_risk = value_at_risk(point, customers(), horizon=HORIZON, stays=6).table["mean"]
    assert table["mean"].to_numpy() == pytest.approx(at_risk.loc[table.index].to_numpy(), rel=1e-9)


def test_a_share_kept_gains_that_share_of_the_value_at_risk(point):
    at_risk = value_at_risk(point, customers(), horizon=HORIZON, reach=28).table["mean"]
    table = gain(point, Offer(kept=certain(0.25), cost=2.0, reach=28))
    assert table["mean"].to_numpy() == pytest.approx(0.25 * at_risk.loc[table.index].to_numpy() - 2, rel=1e-9)


def test_a_discount_is_given_to_those_who_would_have_bought_anyway(point):
    table = gain(margins(point, 0.4), Offer(kept=certain(0.0), cost=0.5, discount=0.1, lasts=8))
    given = 0.1 * revenue(point, 8)
    assert table["cost"].to_numpy() == pytest.approx(0.5 + given, rel=1e-9)
    assert table["mean"].to_numpy() == pytest.approx(-0.5 - given, rel=1e-9)


def test_a_lift_adds_its_share_of_the_margin_while_it_lasts(point):
    table = gain(margins(point, 0.4), Offer(kept=certain(0.0), lift=certain(0.2), cost=0.5, lasts=8))
    assert table["mean"].to_numpy() == pytest.approx(0.2 * 0.4 * revenue(point, 8) - 0.5, rel=1e-9)
    assert table["cost"].to_numpy() == pytest.approx(np.full(3, 0.5))


def test_what_the_lift_adds_is_sold_at_the_discount_as_well(point):
    # 1.2 times as many purchases, each with a margin of 0.4 - 0.1 of its price, instead of 0.4 of it.
    table = gain(margins(point, 0.4), Offer(kept=certain(0.0), lift=certain(0.2), discount=0.1, lasts=8))
    assert table["mean"].to_numpy() == pytest.approx((1.2 * (0.4 - 0.1) - 0.4) * revenue(point, 8), rel=1e-9)
    assert table["cost"].to_numpy() == pytest.approx(0.1 * 1.2 * revenue(point, 8), rel=1e-9)


def test_those_who_are_kept_buy_at_the_discount_and_with_the_lift(point):
    value, offer = margins(point, 0.4), Offer(kept=certain(1.0), lift=certain(0.2), cost=1.0, discount=0.1, lasts=8)
    whole, during = (value_at_risk(point, customers(), horizon=each, stays=8).table for each in (HORIZON, 8))
    brought = during.loc[list(CUSTOMERS), "value_if_retained"].to_numpy()
    at_risk = whole.loc[list(CUSTOMERS), "mean"].to_numpy()
    table = gain(value, offer)
    assert table["cost"].to_numpy() == pytest.approx(1 + 0.12 * brought, rel=1e-9)
    # At stake at the full price, and for what is bought while it lasts: 0.2 more, and a tenth of all given away.
    assert table["mean"].to_numpy() == pytest.approx(0.4 * at_risk + (0.08 - 0.12) * brought - 1, rel=1e-9)


def test_the_fixed_cost_of_a_purchase_is_paid_for_the_lift_too(point):
    value = clv.LifetimeValue(point.purchases, point.spend, margin=0.4, cost_per_purchase=3.0)
    bought = point.purchases.expected_purchases(customers(), horizon=8)["mean"].to_numpy()
    table = gain(value, Offer(kept=certain(0.0), lift=certain(0.5), lasts=8))
    assert table["mean"].to_numpy() == pytest.approx(0.5 * (0.4 * revenue(point, 8) - 3 * bought), rel=1e-9)


def test_an_offer_lasts_no_longer_than_the_horizon(point):
    long, whole = (gain(point, Offer(kept=SOME, discount=0.1, lasts=lasts)) for lasts in (500, HORIZON))
    assert long.equals(whole)


def test_for_no_horizon_only_the_cost_is_left(point):
    table = gain(point, Offer(kept=SOME, lift=SOME, cost=1.5, discount=0.5, lasts=8), horizon=0)
    assert (table[["mean", "lower", "upper"]] == -1.5).all(axis=None)
    assert (table["cost"] == 1.5).all()


def test_what_comes_later_is_discounted(point):
    discounted = clv.LifetimeValue(point.purchases, point.spend, annual_discount_rate=0.3)
    now, later = (gain(each, Offer(kept=certain(1.0), discount=0.1, lasts=8)) for each in (point, discounted))
    assert (later["mean"].abs() < now["mean"].abs()).all()
    assert (later["cost"] < now["cost"]).all()


def test_draws_of_an_experiment_may_stand_for_a_prior(point):
    drawn = np.random.default_rng(1).beta(2, 8, 5000)
    at_risk = value_at_risk(point, customers(), horizon=HORIZON).table.loc["lapsed", "mean"]
    kept = (gain(point, Offer(kept=drawn, cost=1.0)).loc["lapsed", "mean"] + 1) / at_risk
    assert kept == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(1000))


def test_draws_that_are_all_the_same_are_a_certain_effect(point):
    constant, number = (gain(point, Offer(kept=each, cost=1.0)) for each in (np.full(100, 0.25), certain(0.25)))
    assert constant.equals(number)


def test_the_same_seed_draws_the_same_effect_and_another_one_another(point):
    first, same, other = (
        retention_offer(point, customers(), Offer(kept=SOME), horizon=HORIZON, random_seed=seed).customers
        for seed in (3, 3, 4)
    )
    assert first.equals(same)
    assert not first.equals(other)


def test_net_gain_is_base_and_share_kept_times_slope(fitted, some):
    offer = Offer(kept=SOME, lift=SOME, cost=1.0, discount=0.1, lasts=8)
    draws = OfferDraws.of(fitted, some, offer, horizon=HORIZON, random_seed=None)
    parts = draws.parts(slice(0, 50))
    assert parts.net == pytest.approx(parts.base + draws.kept * parts.slope)
    assert all(each.shape == (50, 400) for each in parts)


def test_break_even_is_the_share_at_which_base_and_slope_cancel():
    base, slope = np.array([-1.0, -2.0, -1.0, -1.0, 0.0, 3.0]), np.array([4.0, 2.0, 0.5, -1.0, -1.0, 1.0])
    assert break_even(base, slope).tolist() == [0.25, 1.0, np.inf, np.inf, 0.0, 0.0]


@pytest.mark.parametrize("number", [0.1, 0, 1, np.float64(0.1), True])
@pytest.mark.parametrize("name", ["kept", "lift"])
def test_a_bare_number_is_no_effect(name, number):
    with pytest.raises(clv.InvalidArgument, match=f"{name} is .*bare number.*DiracDelta"):
        Offer(**{"kept": SOME, "lasts": 4.0, name: number})


@pytest.mark.parametrize("effect", [None, "0.1", np.full(99, 0.1), np.full((200, 2), 0.1), {"alpha": 2}])
def test_neither_is_what_is_no_prior_and_no_draws(effect):
    with pytest.raises(clv.InvalidArgument, match="clv.Prior"):
        Offer(kept=effect)


@pytest.mark.parametrize(
    "effect",
    [
        clv.Prior("Normal", mu=0.1, sigma=1.0),
        certain(1.5),
        certain(-0.1),
        np.full(100, 1.01),
        np.full(100, np.nan),
        np.linspace(-0.5, 0.5, 200),
    ],
)
def test_shares_kept_outside_0_and_1_are_refused(point, effect):
    with pytest.raises(clv.InvalidArgument, match=r"kept is a share.*outside \[0, 1\]"):
        retention_offer(point, customers(), Offer(kept=effect, lasts=4.0), horizon=HORIZON)


@pytest.mark.parametrize("effect", [certain(-0.1), np.full(100, np.nan), np.linspace(-0.5, 0.5, 200)])
def test_lifts_below_0_are_refused_and_above_1_are_not(point, effect):
    offer = Offer(kept=SOME, lift=effect, lasts=4.0)
    with pytest.raises(clv.InvalidArgument, match=r"lift is a share.*outside \[0, inf\]"):
        retention_offer(point, customers(), offer, horizon=HORIZON)
    doubled = Offer(kept=SOME, lift=certain(1.5), lasts=4.0)
    assert retention_offer(point, customers(), doubled, horizon=HORIZON).table["mean"].iloc[0] > 0


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cost": -0.01}, "cost is -0.01"),
        ({"cost": np.nan}, "cost is nan"),
        ({"cost": np.inf}, "cost is inf"),
        ({"cost": "1"}, "cost is '1'"),
        ({"discount": -0.1, "lasts": 4}, "discount is -0.1"),
        ({"discount": 1.1, "lasts": 4}, "discount is 1.1"),
        ({"discount": np.nan, "lasts": 4}, "discount is nan"),
        ({"discount": 0.1}, "needs time"),
        ({"lift": SOME}, "needs time"),
        ({"lasts": -1}, "lasts is -1"),
        ({"lasts": np.nan}, "lasts is nan"),
        ({"lasts": np.inf}, "lasts is inf"),
        ({"reach": -1}, "reach is -1"),
        ({"reach": np.nan}, "reach is nan"),
    ],
)
def test_choices_outside_their_domain_are_refused(choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        Offer(kept=SOME, **choices)


def test_the_extreme_choices_are_allowed():
    assert Offer(kept=SOME, discount=1, lasts=1, cost=0, reach=0).discount == 1
