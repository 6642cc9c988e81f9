"""Retain or replace: how many new customers bring as much, what they cost, and how sure the verdict is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import Offer, retain_or_replace, retention_offer, value_at_risk

HORIZON = 52
SOME = clv.Prior("Beta", alpha=2, beta=8)
STATES = ["probability_retain", "probability_replace", "probability_neither"]
ADDED = ["mean", "margin_kept", "cost_of_keeping", "replaced_by", "cost_of_replacing", "worth_in_new"]


def certain(share):
    return clv.Prior("DiracDelta", c=share)


@pytest.fixture(scope="module")
def dozen(cdnow):
    """Twelve customers whose ids are not their places, each with something at stake, in three segments."""
    frame = cdnow.frame.query("frequency > 0")
    some = cdnow.select(frame.index[np.linspace(0, len(frame) - 1, 12).astype(int)[::-1]])
    return some.assign(segment=pd.Series(list("abcc") * 3, index=some.frame.index))


def compared(value, rfm, offer, **choices):
    return retain_or_replace(value, rfm, offer, **{"new_cost": 8.0, "horizon": HORIZON, **choices})


def test_new_customers_who_cost_nothing_are_never_dearer(fitted, some):
    table = compared(fitted, some, Offer(kept=SOME, cost=1.0), new_cost=0).table
    assert (table["cost_of_replacing"] == 0).all()
    assert table[["mean", "lower", "upper"]].to_numpy() == pytest.approx(-1.0)
    assert (table["probability_retain"] == 0).all()
    assert set(table["verdict"]) == {"replace", "neither"}


def test_an_offer_that_costs_nothing_retains_wherever_something_is_at_stake(fitted, dozen):
    table = compared(fitted, dozen, Offer(kept=SOME)).table
    assert (table["verdict"] == "retain").all()
    assert (table["probability_retain"] == 1).all()
    assert (table["mean"] == table["cost_of_replacing"]).all()


def test_where_nothing_is_at_stake_neither_gains_anything(fitted, some):
    # Nobody leaves before a first repeat purchase.
    once = some.select(some.frame.query("frequency == 0").index[:20])
    table = compared(fitted, once, Offer(kept=SOME, cost=1.0)).table
    assert (table["verdict"] == "neither").all()
    assert table["replaced_by"].to_numpy() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("choices", [{"horizon": 0}, {}], ids=["no horizon", "no effect"])
def test_without_horizon_or_effect_an_offer_keeps_nothing(fitted, dozen, choices):
    offer = Offer(kept=SOME if choices else certain(0.0), cost=1.0)
    table = compared(fitted, dozen, offer, **choices).table
    assert (table[["margin_kept", "replaced_by", "cost_of_replacing"]] == 0).all(axis=None)
    assert (table["mean"] == -1.0).all()
    assert (table["verdict"] == "neither").all()


def test_as_many_new_customers_replace_one_as_bring_the_margin_kept(point, dozen):
    value = clv.LifetimeValue(point.purchases, point.spend, margin=0.4, annual_discount_rate=0.1)
    table = compared(value, dozen, Offer(kept=certain(0.3), cost=1.0), new_cost=9.0).table
    risk = value_at_risk(value, dozen, horizon=HORIZON).table.loc[table.index]
    new = value.new_customer(horizon=HORIZON)["mean"].item()
    assert table["margin_kept"].to_numpy() == pytest.approx(0.3 * risk["mean"].to_numpy(), rel=1e-9)
    assert table["replaced_by"].to_numpy() == pytest.approx(0.3 * risk["mean"].to_numpy() / new, rel=1e-9)
    assert table["cost_of_replacing"].to_numpy() == pytest.approx(9 * 0.3 * risk["mean"].to_numpy() / new, rel=1e-9)
    assert table["worth_in_new"].to_numpy() == pytest.approx(risk["value_if_retained"].to_numpy() / new, rel=1e-9)
    assert table["mean"].to_numpy() == pytest.approx(table["cost_of_replacing"].to_numpy() - 1, rel=1e-9)


def test_without_uncertainty_the_verdict_is_the_larger_gain(point, dozen):
    table = compared(point, dozen, Offer(kept=certain(0.1), cost=1.0), new_cost=20.0).table
    keep = table["margin_kept"] - table["cost_of_keeping"]
    instead = table["margin_kept"] - table["cost_of_replacing"]
    best = np.where(keep >= instead, "retain", "replace")
    expected = np.where(np.maximum(keep, instead) > 0, best, "neither")
    assert table["verdict"].tolist() == expected.tolist()
    assert len(set(expected)) > 1
    assert table[STATES].isin([0.0, 1.0]).all(axis=None)


def test_the_margin_kept_less_its_cost_is_the_net_gain_of_the_offer(fitted, dozen):
    offer = Offer(kept=SOME, lift=SOME, cost=0.5, discount=0.1, lasts=8, reach=30)
    table = compared(fitted, dozen, offer).table
    offered = retention_offer(fitted, dozen, offer, horizon=HORIZON).customers.loc[table.index]
    net = table["margin_kept"] - table["cost_of_keeping"]
    assert net.to_numpy() == pytest.approx(offered["mean"].to_numpy(), rel=1e-9)
    assert table["cost_of_keeping"].to_numpy() == pytest.approx(offered["cost"].to_numpy(), rel=1e-9)


def test_the_three_probabilities_make_one(fitted, some):
    table = compared(fitted, some, Offer(kept=SOME, cost=1.0, reach=40)).table
    assert table[STATES].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert len(table) == len(some)
    assert table.index.equals(some.frame.index)


def test_a_segment_is_the_sum_of_its_customers(fitted, dozen):
    offer = Offer(kept=SOME, cost=0.5, discount=0.1, lasts=8)
    each, summed = compared(fitted, dozen, offer).table, compared(fitted, dozen, offer, by="segment").table
    by_hand = each[ADDED].groupby(dozen.frame["segment"]).sum()
    assert summed.index.tolist() == ["a", "b", "c"]
    assert summed[ADDED].to_numpy() == pytest.approx(by_hand.to_numpy(), rel=1e-9)
    assert summed[STATES].sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_a_segment_of_one_is_that_customer(fitted, dozen):
    alone = dozen.assign(own=pd.Series(dozen.frame.index.astype(str), index=dozen.frame.index))
    offer = Offer(kept=SOME, cost=0.5)
    each, by = compared(fitted, alone, offer).table, compared(fitted, alone, offer, by="own").table
    by = by.loc[each.index.astype(str)]
    assert by["verdict"].tolist() == each["verdict"].tolist()
    names = [name for name in each.columns if name != "verdict"]
    assert by[names].to_numpy(float) == pytest.approx(each[names].to_numpy(float), rel=1e-9)


def test_customers_won_elsewhere_are_worth_what_they_are_worth_there(point, dozen):
    better = clv.LifetimeValue(
        clv.BetaGeo.at(r=1.0, alpha=4.414, a=0.793, b=2.426, time_unit="week"), point.spend, margin=1.0
    )
    offer = Offer(kept=certain(0.3), cost=1.0)
    own, other = compared(point, dozen, offer).table, compared(point, dozen, offer, new=better).table
    ratio = point.new_customer(horizon=HORIZON)["mean"].item() / better.new_customer(horizon=HORIZON)["mean"].item()
    assert ratio < 1
    assert other["replaced_by"].to_numpy() == pytest.approx(ratio * own["replaced_by"].to_numpy(), rel=1e-9)
    assert other["margin_kept"].equals(own["margin_kept"])


def test_a_verdict_needs_the_confidence_asked_for(fitted, dozen):
    offer = Offer(kept=SOME, cost=2.0)
    table = compared(fitted, dozen, offer, confidence=0.6).table
    for confidence in (0.51, 0.6, 0.9, 0.999):
        verdicts = compared(fitted, dozen, offer, confidence=confidence).table["verdict"]
        states = table[STATES].set_axis(["retain", "replace", "neither"], axis=1)
        expected = states.idxmax(axis=1).where(states.max(axis=1) >= confidence, "unclear")
        assert verdicts.tolist() == expected.tolist()
    assert "unclear" in verdicts.tolist()


def test_a_customer_does_not_depend_on_the_others_nor_on_the_order(fitted, dozen):
    offer, ids = Offer(kept=SOME, cost=0.5, lasts=4), dozen.frame.index
    all_of_them = compared(fitted, dozen, offer).table
    for some in (ids[::-1], ids[3:6]):
        theirs = compared(fitted, dozen.select(some), offer).table
        assert theirs.index.tolist() == some.tolist()
        names = [name for name in theirs.columns if name != "verdict"]
        assert theirs[names].to_numpy(float) == pytest.approx(all_of_them.loc[some, names].to_numpy(float), rel=1e-9)


def test_the_drivers_move_the_difference_the_right_way(fitted, some):
    moved = compared(fitted, some, Offer(kept=SOME, cost=1.0)).drivers
    rises = moved["answer_high"] > moved["answer_low"]
    assert rises[["share kept", "margin at stake", "cost of winning"]].all()
    assert not rises[["value of a new customer", "cost of an offer"]].any()


def test_the_drivers_of_what_is_certain_are_recomputed_answers(point, dozen):
    answer = compared(point, dozen, Offer(kept=certain(0.3), cost=1.0))
    for end, factor in {"answer_low": 0.9, "answer_high": 1.1}.items():
        dearer = compared(point, dozen, Offer(kept=certain(0.3), cost=1.0), new_cost=8 * factor).table
        assert answer.drivers.loc["cost of winning", end] == pytest.approx(dearer["mean"].sum(), rel=1e-9)
        dearer = compared(point, dozen, Offer(kept=certain(0.3), cost=factor)).table
        assert answer.drivers.loc["cost of an offer", end] == pytest.approx(dearer["mean"].sum(), rel=1e-9)


def test_a_new_customer_who_brings_nothing_replaces_nobody(point, dozen):
    # A purchase costs more than it earns to those who are not known yet, less to those who spend much.
    much = clv.RFM.from_frame(dozen.frame.assign(monetary_value=200.0), time_unit="week")
    value = clv.LifetimeValue(point.purchases, point.spend, margin=0.4, cost_per_purchase=20.0)
    assert value.new_customer(horizon=HORIZON)["mean"].item() < 0
    table = compared(value, much, Offer(kept=certain(0.3), cost=0.1)).table
    assert np.isinf(table["replaced_by"]).all()
    assert (table["verdict"] == "retain").all()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"new_cost": -1}, "new_cost is -1"),
        ({"new_cost": np.nan}, "new_cost is nan"),
        ({"horizon": -1}, "horizon"),
        ({"horizon": np.inf}, "horizon"),
        ({"confidence": 0}, "confidence is 0"),
        ({"confidence": 1}, "confidence is 1"),
        ({"confidence": np.nan}, "confidence is nan"),
        ({"interval": 1}, "interval"),
        ({"by": "region"}, "no column 'region'"),
    ],
)
def test_choices_outside_their_domain_are_refused(point, dozen, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        compared(point, dozen, Offer(kept=SOME, cost=1.0), **choices)


def test_an_empty_segment_is_refused(point, dozen):
    kinds = pd.Categorical(dozen.frame["segment"], categories=["a", "b", "c", "d"])
    with pytest.raises(clv.InvalidArgument, match=r"no customer is in kind \['d'\]"):
        compared(point, dozen.assign(kind=pd.Series(kinds, dozen.frame.index)), Offer(kept=SOME), by="kind")


def test_what_is_no_offer_is_refused(point, dozen):
    with pytest.raises(clv.InvalidArgument, match=r"make one with Offer\(kept="):
        compared(point, dozen, SOME)


def test_an_empty_selection_is_refused(point, dozen):
    with pytest.raises(clv.InvalidArgument, match="no customers"):
        compared(point, replace(dozen, frame=dozen.frame.iloc[:0]), Offer(kept=SOME))


def test_new_customers_of_another_number_of_draws_are_refused(fitted, dozen):
    size = np.ones(300)
    other = clv.LifetimeValue(
        clv.BetaGeo.at(r=0.3 * size, alpha=4 * size, a=0.8 * size, b=2.4 * size, time_unit="week"),
        clv.GammaGamma.at(p=6 * size, q=4 * size, v=15 * size, time_unit="week"),
    )
    with pytest.raises(clv.InvalidArgument, match="draws"):
        compared(fitted, dozen, Offer(kept=SOME, cost=1.0), new=other)


def test_where_a_new_customer_brings_nothing_even_free_ones_replace_nobody(point):
    rare = clv.LifetimeValue(point.purchases, point.spend, margin=0.4, cost_per_purchase=20.0)
    seen = pd.DataFrame({"frequency": [3], "recency": [5.0], "T": [20.0], "monetary_value": [200.0]})
    rfm = clv.RFM.from_frame(seen, time_unit="week")
    answer = retain_or_replace(rare, rfm, Offer(kept=SOME, cost=0.1), new_cost=0, horizon=52)
    probabilities = answer.table.filter(like="probability").to_numpy()
    assert answer.table["verdict"].tolist() == ["retain"]
    assert probabilities.sum() == 1
    assert "no number of new customers" in answer.sentence
