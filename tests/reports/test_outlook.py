from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import clvmodels as clv
from clvmodels.evaluation.forecasters import Calibration
from clvmodels.evaluation.registry import textbook
from clvmodels.reports.outlook import MOST_GROUPS, OTHERS, UNKNOWN, _thinned, all_errors, cohorts, look_ahead, outlook
from clvmodels.reports.terms import Terms


def with_segments(ahead, names):
    """The same outlook of customers who have other segments."""
    return replace(ahead, rfm=ahead.rfm.assign(segment=pd.Series(names, index=ahead.rfm.frame.index)))


def test_it_stands_at_the_end_of_the_holdout_with_everybody_known_by_then(result, ahead, log):
    assert f"{ahead.rfm.observation_end:%Y-%m-%d}" == "2021-03-31"
    assert len(ahead.rfm) == log.loc[log["date"] < "2021-04-01", "customer_id"].nunique()
    assert ahead.horizon == result.split.horizon


def test_the_expected_total_is_the_sum_over_the_customers(ahead):
    each = ahead.light.expected(ahead.rfm, horizon=ahead.horizon)["mean"]
    assert ahead.expected["mean"] == pytest.approx(each.sum())


def test_groups_add_up_to_the_total(ahead):
    assert ahead.by_group["customers"].sum() == len(ahead.rfm)
    assert ahead.by_group["mean"].sum() == pytest.approx(ahead.predictive["mean"])
    assert set(ahead.by_group.index) == {"<b>web</b>", "shop"}


def test_half_the_margin_is_half_the_value(ahead):
    whole = replace(ahead, terms=replace(ahead.terms, margin=1.0))
    assert whole.expected["mean"] == pytest.approx(2 * ahead.expected["mean"])


def test_errors_include_those_of_the_holdout_itself(result):
    own = result.totals().loc[("value", result.model)]
    last = all_errors(result)["value"].origins.iloc[-1]
    assert (last["predicted"], last["actual"]) == (own["predicted"], own["actual"])
    assert last["origin"] == result.split.calibration_end
    earlier = len(result.model_errors["value"].origins) if "value" in result.model_errors else 0
    assert len(all_errors(result)["value"].origins) == earlier + 1


def test_the_widened_interval_holds_the_other_and_without_errors_there_is_none(ahead):
    row = ahead.predictive
    assert row["wide_lower"] <= row["lower"] < row["upper"] < row["wide_upper"]
    assert "wide_lower" not in replace(ahead, errors={}).predictive


def test_of_many_segments_the_largest_are_shown_and_the_others_are_one(ahead):
    names = [f"s{place // 2:02d}" if place < 24 else f"t{place}" for place in range(len(ahead.rfm))]
    table = with_segments(ahead, names).by_group
    assert set(table.index) == {*(f"s{place:02d}" for place in range(MOST_GROUPS)), OTHERS}
    assert table.loc[OTHERS, "customers"] == len(ahead.rfm) - 24
    assert table["mean"].sum() == pytest.approx(ahead.predictive["mean"])


def test_a_segment_called_like_the_others_stays_apart_from_them(ahead):
    names = [
        OTHERS if place < 4 else f"s{place // 2:02d}" if place < 26 else f"t{place}" for place in range(len(ahead.rfm))
    ]
    table = with_segments(ahead, names).by_group
    assert table["customers"].loc[[OTHERS, f"{OTHERS} together"]].tolist() == [4, len(ahead.rfm) - 26]


def test_customers_first_seen_in_the_holdout_have_an_unknown_segment(result):
    known = dict(list(result.segments.items())[2:])
    found = look_ahead(replace(result, segments=known), Terms())
    assert (found.rfm.frame["segment"] == UNKNOWN).sum() == 2
    assert found.by_group.loc[UNKNOWN, "customers"] == 2


def test_without_segments_customers_are_grouped_by_their_first_purchase(purchases_ahead):
    found = purchases_ahead
    assert found.group_name == "first purchase"
    first = found.rfm.frame["first_date"].dt.strftime("%Y-%m").value_counts()
    assert found.by_group["customers"].to_dict() == first.to_dict()


@pytest.mark.parametrize(
    ("start", "months", "names"),
    [
        ("1997-01-01", 3, ["1997-01", "1997-02", "1997-03"]),
        ("1996-01-01", 30, ["1996Q1", "1998Q2"]),
        ("1990-01-01", 12 * 9, ["1990", "1998"]),
    ],
)
def test_cohorts_are_months_quarters_or_years(start, months, names):
    found = list(cohorts(pd.Series(pd.date_range(start, periods=months, freq="MS"))).categories)
    assert set(names) <= set(found)
    assert len(found) <= MOST_GROUPS


def test_of_many_years_the_earliest_are_one_cohort():
    found = cohorts(pd.Series(pd.date_range("1970-05-01", periods=40, freq="YS")))
    assert found.value_counts()["until 1999"] == 40 - MOST_GROUPS + 1
    assert list(found.categories[:2]) == ["until 1999", "2000"]
    assert len(found.categories) == MOST_GROUPS


def test_where_nobody_may_have_left_nobody_is_listed(ahead):
    copy = replace(ahead)
    object.__setattr__(copy, "alive", ahead.alive * 0 + 1.0)
    assert copy.at_risk.empty


def test_the_widened_interval_is_never_inside_the_own_one(ahead):
    table = ahead.by_group
    assert (table["wide_lower"] <= table["lower"]).all()
    assert (table["wide_upper"] >= table["upper"]).all()


def test_slipping_customers_are_those_who_may_have_left(ahead):
    alive = ahead.alive[ahead.at_risk.index]
    assert alive.between(0.2, 0.8).all()
    assert len(alive) == ahead.alive.between(0.2, 0.8).sum()
    assert ahead.at_risk["mean"].is_monotonic_decreasing


def test_a_fit_at_the_mode_has_no_criticism_and_one_value(result, ahead):
    model = replace(textbook(), method="map")
    history = Calibration(rfm=ahead.rfm, history=lambda: None)
    found = outlook(result, ahead.rfm, model.fit(history, random_seed=1), Terms(horizon=10))
    assert found.criticism is None
    assert np.isfinite(found.predictive["mean"])
    assert found.horizon == 10


def test_a_backtest_without_a_model_looks_at_nothing_ahead():
    log = clv.datasets.simulate_transactions(customers=60, length=60, random_seed=1)
    choices = {"calibration_end": "2020-10-01", "holdout_end": "2021-02-01", "past_errors": False}
    result = clv.backtest(log, **choices, forecasters=clv.named_forecasters(["as_before", "nothing"]))
    assert look_ahead(result, Terms()) is None


@pytest.mark.parametrize("chains", [1, 4])
def test_fewer_draws_are_as_many_from_any_number_of_chains(chains):
    draws = np.linspace(1.5, 2.5, 1004).reshape(chains, -1)
    samples = xr.Dataset({name: (("chain", "draw"), draws) for name in ("p", "q", "v")})
    many = replace(clv.GammaGamma.at(p=1, q=2, v=3, time_unit="week"), samples=samples)
    few = _thinned(many)
    assert few.draw_count == 250
    assert np.isin(few.samples["q"], draws).all()
