"""Value at risk: what it is the difference of, who leads the list, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import value_at_risk

HISTORIES = {
    "new": (0, 0.0, 0.0, 0.0),
    "once": (0, 0.0, 30.0, 0.0),
    "back": (1, 5.0, 30.0, 40.0),
    "lapsed": (6, 12.0, 38.0, 25.0),
    "loyal": (6, 37.5, 38.0, 25.0),
}
COLUMNS = ["mean", "lower", "upper", "expected_value", "value_if_retained", "probability_alive", "time_since_last"]
PARAMS = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}


def base(names=tuple(HISTORIES)):
    columns = ["frequency", "recency", "T", "monetary_value"]
    table = pd.DataFrame([HISTORIES[name] for name in names], columns=columns, index=list(names))
    return clv.RFM.from_frame(table, time_unit="week")


def at(draws=None, **choices):
    """At the parameters above; with draws, around them."""
    rng = np.random.default_rng(1)

    def around(values):
        return {
            name: value if draws is None else value * rng.lognormal(0, 0.2, draws) for name, value in values.items()
        }

    purchases = clv.BetaGeo.at(**around(PARAMS), time_unit="week", random_seed=1)
    return clv.LifetimeValue(purchases, clv.GammaGamma.at(**around(SPEND), time_unit="week"), **choices)


def ranked(*args, **choices):
    return value_at_risk(*args, **choices).table


def test_the_table_has_one_row_per_customer_the_most_at_risk_first(fitted, some):
    table = ranked(fitted, some, horizon=52)
    assert list(table.columns) == COLUMNS
    assert sorted(table.index) == sorted(some.frame.index)
    assert table["mean"].is_monotonic_decreasing


def test_value_at_risk_is_value_if_retained_less_value_now(fitted, some):
    table = ranked(fitted, some, horizon=52, stays=4)
    assert table["mean"].to_numpy() == pytest.approx((table["value_if_retained"] - table["expected_value"]).to_numpy())
    assert (table["mean"] >= 0).all()


def test_the_interval_holds_the_mean_and_widens_with_the_probability(fitted, some):
    narrow, wide = (ranked(fitted, some, horizon=52, interval=each) for each in (0.5, 0.95))
    positive = wide.loc[wide["mean"] > 0]
    assert ((positive["lower"] < positive["mean"]) & (positive["mean"] < positive["upper"])).all()
    assert (narrow["lower"] >= wide["lower"]).all()
    assert (narrow["upper"] <= wide["upper"]).all()


def test_value_now_is_the_lifetime_value(fitted, some):
    table = ranked(fitted, some, horizon=52).loc[some.frame.index]
    expected = fitted.expected(some, horizon=52)["mean"]
    assert table["expected_value"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)


def test_probability_alive_and_time_since_last_are_those_of_the_paper():
    table = ranked(at(), base(), horizon=52)
    r, alpha, a, b = PARAMS.values()
    # Fader, Hardie, Lee (2005): 1 / (1 + a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x)).
    expected = 1 / (1 + a / (b + 5) * ((alpha + 38) / (alpha + 12)) ** (r + 6))
    assert table.loc["lapsed", "probability_alive"] == pytest.approx(expected, rel=1e-12)
    assert table.loc["lapsed", "time_since_last"] == 26


def test_kept_for_the_whole_horizon_they_buy_at_the_rate_that_was_seen():
    # E[lambda] is (r + x) / (alpha + T) of those alive, and (r + x) / (alpha + t_x) of those who left.
    r, alpha, _, _ = PARAMS.values()
    p, q, v = SPEND.values()
    table = ranked(at(margin=0.4, cost_per_purchase=2.0), base(), horizon=10, stays=10)
    for name, (x, t_x, T, mean) in HISTORIES.items():
        alive = table.loc[name, "probability_alive"]
        rate = alive * (r + x) / (alpha + T) + (1 - alive) * (r + x) / (alpha + t_x)
        margin = 0.4 * p * (v + x * mean) / (p * x + q - 1) - 2
        assert table.loc[name, "value_if_retained"] == pytest.approx(10 * rate * margin, rel=1e-12)


def test_for_no_horizon_nothing_is_at_risk():
    table = ranked(at(50), base(), horizon=0, stays=4)
    assert (table[["mean", "lower", "upper", "expected_value", "value_if_retained"]] == 0).all(axis=None)


def test_one_who_has_never_come_back_has_nothing_at_risk_unless_kept_for_a_while():
    for stays, anything in ((0, False), (8, True)):
        table = ranked(at(), base(["new", "once"]), horizon=52, stays=stays)
        assert (table["mean"] > 1e-9).all() == anything
        assert (table["mean"] >= 0).all()


def test_the_lapsed_one_leads_and_beyond_reach_no_longer():
    assert ranked(at(), base(), horizon=52).index[0] == "lapsed"
    near = ranked(at(), base(), horizon=52, reach=25)
    assert near.index[0] != "lapsed"
    assert near.loc["lapsed", "mean"] == pytest.approx(0, abs=1e-12)
    assert ranked(at(), base(), horizon=52, reach=26).index[0] == "lapsed"


def test_without_uncertainty_there_is_no_interval():
    table = ranked(at(), base(), horizon=52)
    assert table[["lower", "upper"]].isna().all(axis=None)
    assert table["mean"].notna().all()


def test_margin_scales_ranked():
    half, whole = (ranked(at(50, margin=margin), base(), horizon=52) for margin in (0.5, 1.0))
    assert 2 * half["mean"].to_numpy() == pytest.approx(whole["mean"].to_numpy(), rel=1e-12)


def test_what_comes_later_counts_less_with_a_discount_rate():
    table, later = (ranked(at(annual_discount_rate=rate), base(), horizon=52) for rate in (0.0, 0.3))
    assert (later.loc[["back", "lapsed", "loyal"], "mean"] < table.loc[["back", "lapsed", "loyal"], "mean"]).all()


def test_a_customer_does_not_depend_on_the_others_nor_on_the_order():
    names = list(HISTORIES)
    all_of_them = ranked(at(50), base(names), horizon=52, stays=4)
    for some in (names[::-1], names[2:4], names[4:]):
        theirs = ranked(at(50), base(some), horizon=52, stays=4)
        assert theirs.to_numpy() == pytest.approx(all_of_them.loc[theirs.index].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"horizon": -1}, "horizon"),
        ({"horizon": np.nan}, "horizon"),
        ({"horizon": np.inf}, "horizon"),
        ({"stays": -1}, "stays"),
        ({"stays": np.nan}, "stays"),
        ({"reach": -1}, "reach"),
        ({"reach": np.nan}, "reach"),
        ({"interval": 0}, "interval"),
        ({"interval": 1}, "interval"),
        ({"interval": np.nan}, "interval"),
    ],
)
def test_choices_outside_their_domain_are_refused(choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        ranked(at(), base(), **{"horizon": 52, **choices})


def test_the_drivers_are_of_the_sum_over_all_customers():
    answer = value_at_risk(at(200), base(), horizon=52)
    assert answer.drivers["answer"].to_numpy() == pytest.approx(answer.table["mean"].sum())
    assert set(answer.drivers.index) == {"purchases at risk", "margin per purchase"}
    assert (answer.drivers["answer_low"] < answer.drivers["answer_high"]).all()


def test_without_uncertainty_nothing_drives_it():
    answer = value_at_risk(at(), base(), horizon=52)
    assert answer.drivers.empty
    assert answer.sentence.endswith("Nothing that was looked at moves the sum.")


def test_an_empty_selection_is_refused():
    nobody = replace(base(), frame=base().frame.iloc[:0])
    with pytest.raises(clv.InvalidArgument, match="no customers"):
        ranked(at(), nobody, horizon=52)


def test_customers_in_another_time_unit_are_refused():
    with pytest.raises(clv.InvalidArgument, match="time_unit='week'"):
        ranked(at(), replace(base(), time_unit="day"), horizon=52)


def test_customers_without_values_are_refused():
    without = clv.RFM.from_frame(base().frame.drop(columns="monetary_value"), time_unit="week")
    with pytest.raises(clv.InvalidRFM, match="monetary_value"):
        ranked(at(), without, horizon=52)
