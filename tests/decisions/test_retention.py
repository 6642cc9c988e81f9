"""Whom to make an offer: limiting cases by hand, the best set by trying all sets, and sums that fit together."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

import clvmodels as clv
from clvmodels.decisions import Offer, retention_offer, value_at_risk

HORIZON = 52
SOME = clv.Prior("Beta", alpha=2, beta=8)
NUMBERS = ["cost", "mean", "lower", "upper", "probability_pays", "break_even"]
SUBSETS = np.array(list(product([0, 1], repeat=12)))


def certain(share):
    return clv.Prior("DiracDelta", c=share)


@pytest.fixture(scope="module")
def dozen(cdnow):
    """Twelve customers whose ids are not their places."""
    frame = cdnow.frame.query("frequency > 0")
    return cdnow.select(frame.index[np.linspace(0, len(frame) - 1, 12).astype(int)[::-1]])


def weighed(value, rfm, offer, **choices):
    return retention_offer(value, rfm, offer, **{"horizon": HORIZON, **choices})


def numbers(table, index):
    return table.loc[index, NUMBERS].to_numpy(float)


def test_an_offer_without_effect_pays_for_nobody_and_gains_minus_its_cost(fitted, some):
    answer = weighed(fitted, some, Offer(kept=certain(0.0), cost=1.5))
    assert (answer.customers[["mean", "lower", "upper"]] == -1.5).all(axis=None)
    assert (answer.customers["probability_pays"] == 0).all()
    assert not answer.customers["chosen"].any()
    assert answer.table.loc["chosen", ["customers", "cost", "mean"]].tolist() == [0, 0, 0]
    assert answer.table.loc["everyone", "mean"] == pytest.approx(-1.5 * len(some))
    assert "pays for none" in answer.sentence


def test_an_offer_that_is_certain_and_free_gains_the_value_at_risk(fitted, some):
    answer = weighed(fitted, some, Offer(kept=certain(1.0), lasts=8, reach=20)).customers
    at_risk = value_at_risk(fitted, some, horizon=HORIZON, stays=8, reach=20).table.loc[answer.index]
    ends = ["mean", "lower", "upper"]
    assert answer[ends].to_numpy() == pytest.approx(at_risk[ends].to_numpy(), rel=1e-9, abs=1e-12)


def test_a_free_offer_with_some_effect_pays_wherever_something_is_at_stake(fitted, some):
    answer = weighed(fitted, some, Offer(kept=SOME)).customers
    at_stake = some.frame["frequency"].loc[answer.index] > 0
    assert (answer.loc[at_stake, "probability_pays"] == 1).all()
    assert answer.loc[at_stake, "chosen"].all()
    # Nobody leaves before a first repeat purchase.
    assert answer.loc[~at_stake, "mean"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert (answer["break_even"] == 0).all()


def test_for_no_horizon_an_offer_pays_for_nobody(fitted, some):
    answer = weighed(fitted, some, Offer(kept=SOME, lift=SOME, cost=1.5, discount=0.3, lasts=9), horizon=0)
    assert answer.table.loc["everyone", ["mean", "probability_pays"]].tolist() == [-1.5 * len(some), 0.0]
    assert not answer.customers["chosen"].any()


def left_and_back(shape, rate, b):
    """Purchases of one who is back: lambda is Gamma(r + x, alpha + t_x), and p is Beta(a + 1, b + x - 1)."""

    def bought(p):
        p = max(p, 1e-300)
        return -np.expm1(-shape * np.log1p(p * HORIZON / rate)) / p

    # The density of p, p^0.793 (1 - p)^(b - 1), is the weight of the rule.
    integral = integrate.quad(bought, 0, 1, weight="alg", wvar=(0.793, b - 1), epsabs=0, epsrel=1e-11)[0]
    return integral / special.beta(1.793, b)


def test_without_uncertainty_it_is_the_closed_form_and_pays_for_certain_or_not_at_all(point, dozen):
    answer = weighed(point, dozen, Offer(kept=certain(0.1), cost=1.0)).customers.loc[dozen.frame.index]
    x, t_x, T, mean = (dozen.frame[name] for name in ("frequency", "recency", "T", "monetary_value"))
    r, alpha, a, b = 0.243, 4.414, 0.793, 2.426
    p, q, v = 6.25, 3.74, 15.44
    gone = 1 - 1 / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))
    bought = [left_and_back(*each) for each in zip(r + x, alpha + t_x, b + x - 1, strict=True)]
    expected = 0.1 * gone * bought * p * (v + x * mean) / (p * x + q - 1) - 1
    assert answer["mean"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    assert answer["probability_pays"].tolist() == (expected > 0).astype(float).tolist()
    assert answer["chosen"].tolist() == (expected > 0).tolist()
    assert 0 < answer["chosen"].sum() < 12


def test_at_the_break_even_the_net_gain_is_nothing(fitted, dozen):
    offer = Offer(kept=SOME, cost=1.0, discount=0.05, lasts=8)
    answer = weighed(fitted, dozen, offer)
    shares = answer.customers["break_even"]
    assert np.isfinite(shares).sum() >= 3
    for customer, share in shares[np.isfinite(shares)].items():
        at = weighed(fitted, dozen, replace(offer, kept=certain(share))).customers.loc[customer]
        assert at["mean"] == pytest.approx(0, abs=1e-9)
    everyone = certain(answer.table.loc["everyone", "break_even"])
    assert weighed(fitted, dozen, replace(offer, kept=everyone)).table.loc["everyone", "mean"] == pytest.approx(
        0, abs=1e-9
    )


def test_without_a_finite_break_even_no_effect_pays(fitted, some):
    offer = Offer(kept=SOME, cost=1.0, discount=0.05, lasts=8)
    never = weighed(fitted, some, offer).customers.query("break_even == inf").index
    all_kept = weighed(fitted, some, replace(offer, kept=certain(1.0))).customers
    assert len(never) > 100
    assert (all_kept.loc[never, "mean"] < 0).all()
    assert (all_kept.drop(never)["mean"] >= -1e-9).all()


def test_without_a_budget_all_are_chosen_for_whom_it_is_expected_to_pay(fitted, some):
    answer = weighed(fitted, some, Offer(kept=SOME, cost=0.5)).customers
    assert answer["chosen"].tolist() == (answer["mean"] > 0).tolist()
    assert answer["mean"].is_monotonic_decreasing
    assert 0 < answer["chosen"].mean() < 1


@pytest.mark.parametrize("budget", [0, 0.5, 2.0, 3.7, 5.0, 6, 1000])
def test_with_equal_costs_the_chosen_are_the_best_of_all_sets_within_the_budget(fitted, dozen, budget):
    answer = weighed(fitted, dozen, Offer(kept=SOME, cost=1.0), budget=budget).customers
    gains = SUBSETS @ answer["mean"].to_numpy()
    best = gains[SUBSETS.sum(axis=1) <= budget].max()
    assert answer.query("chosen")["mean"].sum() == pytest.approx(best, rel=1e-12)
    assert answer.query("chosen")["cost"].sum() <= budget


@pytest.mark.parametrize("budget", [1.0, 2.5, 4.0, 7.0, 10.0])
def test_with_unequal_costs_they_are_within_one_customers_gain_of_the_best_set(fitted, dozen, budget):
    offer = Offer(kept=SOME, lift=SOME, cost=0.3, discount=0.05, lasts=12)
    answer = weighed(fitted, dozen, offer, budget=budget).customers
    assert answer["cost"].max() > 2 * answer["cost"].min()
    gains, costs = (SUBSETS @ answer[name].to_numpy() for name in ("mean", "cost"))
    best, ours = gains[costs <= budget].max(), answer.query("chosen")["mean"].sum()
    assert answer.query("chosen")["cost"].sum() <= budget
    assert best - answer["mean"].max() <= ours <= best + 1e-9


def test_a_larger_budget_gains_no_less(fitted, some):
    offer = Offer(kept=SOME, cost=0.5)
    rows = [weighed(fitted, some, offer, budget=each).table.loc["chosen"] for each in (0, 5, 20, 40, 1e6)]
    assert [row["cost"] for row in rows[:3]] == [0, 5, 20]
    assert all(less["mean"] <= more["mean"] for less, more in zip(rows[:-1], rows[1:], strict=True))
    assert rows[-1]["mean"] == pytest.approx(weighed(fitted, some, offer).table.loc["chosen", "mean"])


@pytest.mark.parametrize("budget", [None, 30.0])
def test_sums_of_customers_are_the_curve_and_its_marked_points_are_the_table(fitted, some, budget):
    offer = Offer(kept=SOME, cost=0.3, discount=0.05, lasts=8, reach=30)
    answer = weighed(fitted, some, offer, budget=budget)
    curve = answer.curve
    for name in ("mean", "cost"):
        running = np.concatenate([[0.0], answer.customers[name].cumsum()])
        assert curve[name].to_numpy() == pytest.approx(running[curve["customers"]], rel=1e-9, abs=1e-9)
    ends = ["customers", "cost", "mean", "lower", "upper"]
    assert curve.iloc[-1][ends].to_numpy() == pytest.approx(answer.table.loc["everyone", ends].to_numpy(float))
    chosen = int(answer.table.loc["chosen", "customers"])
    assert chosen == answer.customers["chosen"].sum()
    at_chosen = curve.loc[curve["customers"] == chosen].iloc[0]
    assert at_chosen[ends].to_numpy() == pytest.approx(answer.table.loc["chosen", ends].to_numpy(float))
    assert curve.iloc[0][ends].tolist() == [0, 0, 0, 0, 0]
    assert (curve.index * len(some)).to_numpy() == pytest.approx(curve["customers"].to_numpy())


def test_a_customer_does_not_depend_on_the_others_nor_on_the_order(fitted, dozen):
    offer = Offer(kept=SOME, lift=SOME, cost=0.5, discount=0.05, lasts=8, reach=30)
    ids = dozen.frame.index
    all_of_them = weighed(fitted, dozen, offer).customers
    for some in (ids[::-1], ids[:5], ids[7:8]):
        theirs = weighed(fitted, dozen.select(some), offer).customers
        assert numbers(theirs, some) == pytest.approx(numbers(all_of_them, some), rel=1e-9, abs=1e-12)


def test_ids_stay_with_their_customers(fitted, dozen):
    offer = Offer(kept=SOME, cost=0.5)
    named = clv.RFM.from_frame(dozen.frame.set_axis([f"c{i}" for i in dozen.frame.index]), time_unit="week")
    by_number, by_name = (weighed(fitted, rfm, offer).customers for rfm in (dozen, named))
    assert by_name.index.tolist() == [f"c{i}" for i in by_number.index]
    assert by_name[NUMBERS].to_numpy() == pytest.approx(by_number[NUMBERS].to_numpy())


def test_the_interval_and_the_probability_are_those_of_the_effect_where_it_alone_is_uncertain(point, dozen):
    # Net gain is kept x value at risk - 2: its quantiles and its sign are those of Beta(2, 8).
    answer = weighed(point, dozen, Offer(kept=SOME, cost=2.0), random_seed=5).customers
    at_risk = value_at_risk(point, dozen, horizon=HORIZON).table["mean"].loc[answer.index]
    effect = np.array([0.0410, 0.4291])  # the 5 % and 95 % points of Beta(2, 8), from tables
    density = 72 * effect * (1 - effect) ** 7
    errors = np.sqrt(0.05 * 0.95 / 1000) / density
    for end, quantile, error in zip(("lower", "upper"), effect, errors, strict=True):
        kept = (answer[end] + 2) / at_risk
        assert np.ptp(kept) < 1e-9
        assert kept.iloc[0] == pytest.approx(quantile, abs=4 * error)
    # P(kept > c) for Beta(2, 8) is (1 - c)^9 + 9 c (1 - c)^8.
    c = np.minimum(2 / at_risk, 1)
    stated = (1 - c) ** 9 + 9 * c * (1 - c) ** 8
    assert answer["probability_pays"].to_numpy() == pytest.approx(stated.to_numpy(), abs=4 * np.sqrt(0.25 / 1000))


def test_the_drivers_move_the_net_gain_the_right_way(fitted, some):
    offer = Offer(kept=SOME, lift=SOME, cost=0.3, discount=0.05, lasts=8)
    moved = weighed(fitted, some, offer).drivers
    assert set(moved.index) == {"share kept", "lift", "margin at stake", "cost of an offer", "discount"}
    rises = moved["answer_high"] > moved["answer_low"]
    assert rises[["share kept", "lift", "margin at stake"]].all()
    assert not rises[["cost of an offer", "discount"]].any()


def test_the_drivers_of_what_is_certain_are_recomputed_answers(point, dozen):
    offer = Offer(kept=certain(0.3), cost=0.3, discount=0.05, lasts=8)
    answer = weighed(point, dozen, offer)
    chosen = dozen.select(answer.customers.query("chosen").index)
    for name, field in {"cost of an offer": "cost", "discount": "discount"}.items():
        for end, factor in {"answer_low": 0.9, "answer_high": 1.1}.items():
            anew = weighed(point, chosen, replace(offer, **{field: factor * getattr(offer, field)}))
            assert answer.drivers.loc[name, end] == pytest.approx(anew.table.loc["everyone", "mean"], rel=1e-9)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"horizon": -1}, "horizon"),
        ({"horizon": np.nan}, "horizon"),
        ({"budget": -1}, "budget is -1"),
        ({"budget": np.nan}, "budget is nan"),
        ({"interval": 1.0}, "interval"),
        ({"random_seed": -1}, "random_seed"),
    ],
)
def test_choices_outside_their_domain_are_refused(point, dozen, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        weighed(point, dozen, Offer(kept=SOME, cost=1.0), **choices)


@pytest.mark.parametrize("offer", [0.1, SOME, {"kept": SOME}, None])
def test_what_is_no_offer_is_refused(point, dozen, offer):
    with pytest.raises(clv.InvalidArgument, match=r"make one with Offer\(kept="):
        weighed(point, dozen, offer)


def test_an_empty_selection_is_refused(point, dozen):
    with pytest.raises(clv.InvalidArgument, match="no customers"):
        weighed(point, replace(dozen, frame=dozen.frame.iloc[:0]), Offer(kept=SOME))


def test_customers_in_another_time_unit_are_refused(point, dozen):
    with pytest.raises(clv.InvalidArgument, match="time_unit='week'"):
        weighed(point, replace(dozen, time_unit="day"), Offer(kept=SOME))


def test_a_table_that_is_no_rfm_is_refused(point, dozen):
    with pytest.raises(clv.InvalidArgument, match="DataFrame"):
        weighed(point, dozen.frame, Offer(kept=SOME))


def test_one_customer_alone_is_answered(point):
    table = pd.DataFrame({"frequency": [6], "recency": [12.0], "T": [38.0], "monetary_value": [25.0]}, index=["ann"])
    answer = weighed(point, clv.RFM.from_frame(table, time_unit="week"), Offer(kept=SOME, cost=1.0))
    assert answer.table.loc["chosen", NUMBERS].tolist() == answer.table.loc["everyone", NUMBERS].tolist()
    assert answer.customers.loc["ann", NUMBERS].to_numpy(float) == pytest.approx(
        answer.table.loc["everyone", NUMBERS].to_numpy(float)
    )


def test_a_posterior_in_the_place_of_a_value_is_refused(point, some):
    with pytest.raises(clv.InvalidArgument, match="value is a BetaGeoPosterior; give a clv.LifetimeValue"):
        retention_offer(point.purchases, some, Offer(kept=SOME, cost=1.0), horizon=52)


def test_a_budget_too_small_for_the_best_goes_to_others_and_the_sentence_says_what_it_allows(point, cdnow):
    offer = Offer(kept=SOME, discount=0.1, lasts=13, reach=26)
    unlimited = retention_offer(point, cdnow, offer, horizon=HORIZON)
    cheapest = unlimited.customers.query("mean > 0")["cost"].min()
    largest = unlimited.customers["cost"].iloc[0]
    budget = (cheapest + largest) / 2
    small = retention_offer(point, cdnow, offer, horizon=HORIZON, budget=budget)
    assert small.customers["chosen"].any()
    assert small.table.loc["chosen", "cost"] <= budget
    assert "19339" not in small.sentence
    nothing = retention_offer(point, cdnow, offer, horizon=HORIZON, budget=0.0)
    pays = int((unlimited.customers["mean"] > 0).sum())
    assert f"the budget allows none of the {pays} for whom it is expected to pay" in nothing.sentence


def test_a_gain_that_hangs_on_one_customer_is_said(point, cdnow):
    answer = retention_offer(point, cdnow, Offer(kept=SOME, cost=10.0, reach=26), horizon=HORIZON)
    part = answer.customers["mean"].max() / answer.table.loc["chosen", "mean"]
    assert part > 0.25
    assert f"Of that gain {100 * part:.0f} % would come from customer 19339 alone" in answer.sentence
