import numpy as np
import pandas as pd
import pytest

from clvmodels.reports.customers import customers_table, has_lifetime_value, ranked_customers, spread_customers


def test_the_best_customer_has_rank_one(result, scores):
    ranked = ranked_customers(result, scores)
    assert ranked["rank"].tolist() == list(range(1, len(scores) + 1))
    assert ranked["mean"].is_monotonic_decreasing
    assert ranked["mean"].iloc[0] == scores["lifetime_value_mean"].max()


def test_each_customer_keeps_its_own_figures(result, scores):
    row = ranked_customers(result, scores.sample(frac=1, random_state=1)).loc["$x$"]
    known = result.split.calibration.frame.loc["$x$"]
    assert row["frequency"] == known["frequency"]
    assert row["since_last"] == pytest.approx(known["T"] - known["recency"])
    assert row["actual"] == result.split.holdout.loc["$x$", "value"]
    assert row["simple"] == result.forecasts["multiplicative_customer"].value.mean["$x$"]


def test_the_interval_is_the_predictive_one(result, scores):
    ranked = ranked_customers(result, scores)
    expected = scores.set_index("customer_id")["predictive_lifetime_value_upper"]
    pd.testing.assert_series_equal(ranked["upper"], expected[ranked.index], check_names=False)


def test_simple_formula_and_actual_spend_are_in_the_same_money_as_the_lifetime_value(result, scores):
    row, whole = (ranked_customers(result, scores, margin=margin).loc["$x$"] for margin in (0.3, 1.0))
    assert row["actual"] == pytest.approx(0.3 * whole["actual"])
    assert row["simple"] == pytest.approx(0.3 * whole["simple"])


@pytest.mark.parametrize("absent", ["left out", "missing"])
def test_without_lifetime_values_purchases_are_ranked(result, scores, absent):
    names = [
        f"{name}_{end}"
        for name in ("lifetime_value", "predictive_lifetime_value")
        for end in ("mean", "lower", "upper")
    ]
    alone = scores.drop(columns=names) if absent == "left out" else scores.assign(**dict.fromkeys(names, np.nan))
    assert not has_lifetime_value(alone)
    assert ranked_customers(result, alone).loc["$x$", "actual"] == result.split.holdout.loc["$x$", "purchases"]


def test_a_baseline_that_was_not_asked_is_missing(purchases_alone, scores):
    names = [name for name in scores if "lifetime_value" in name]
    assert ranked_customers(purchases_alone, scores.drop(columns=names))["simple"].isna().all()


@pytest.mark.parametrize(("customers", "ranks"), [(1, [1]), (3, [1, 2, 3]), (2357, [1, 3, 9, 28, 85, 256, 777, 2357])])
def test_the_spread_reaches_from_the_first_to_the_last_rank(customers, ranks):
    assert spread_customers(pd.DataFrame({"rank": range(1, customers + 1)}))["rank"].tolist() == ranks


def test_the_table_names_unit_and_interval(result, scores):
    titles = [
        column.title for column in customers_table(ranked_customers(result, scores), result, caption="it").columns
    ]
    assert titles[3:7] == ["weeks since last", "alive", "expected", "90 % interval"]
