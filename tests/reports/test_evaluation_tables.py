import pandas as pd
import pytest

from clvmodels.reports import evaluation_tables as tables
from clvmodels.reports.criticism_tables import criticism_tables
from clvmodels.reports.rolling_tables import held_table, origins_table, rolling_tables
from clvmodels.reports.terms import Terms


def shown(table):
    """Each row as a dict of titles."""
    return [dict(zip([column.title for column in table.columns], row, strict=True)) for row in table.shown()]


def test_what_was_left_out_is_counted_and_what_was_not_is_no_row():
    log = pd.DataFrame({"what": ["late rows", "refunds"], "count": [34, 0], "treatment": ["left out", "none found"]})
    assert tables.left_out_table(log).rows == (("late rows", 34, "left out"),)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_each_forecaster_has_its_total_with_both_intervals_beside_the_actual_one(with_total, target):
    ends = {"lower": 1540.0, "upper": 1780.0, "wide_lower": 1200.0, "wide_upper": 2100.0}
    rows = tables.totals_table(with_total(predicted=1655.4, actual=1882.0, **ends), target).shown()
    assert rows[0] == ["BG/NBD x Gamma-Gamma", "1,660", "1,540 to 1,780", "1,200 to 2,100", "1,882"]
    assert len(rows) == 3


def test_segments_add_up_to_the_total(result):
    total = result.totals().loc[("purchases", result.model)]
    rows = tables.segments_table(result, "purchases").rows
    assert [row[0] for row in rows] == ["<b>web</b>", "shop"]
    assert sum(row[2] for row in rows) == pytest.approx(total["predicted"])
    assert sum(row[-1] for row in rows) == total["actual"]


def test_of_many_segments_the_largest_are_shown_and_the_others_counted(with_total, result):
    names = pd.Index([f"s{place}" for place in range(5)], name="segment")
    row = result.totals("segment").xs(("value", result.model), level=("target", "forecaster")).iloc[[0] * 5]
    made_up = row.set_axis(names).assign(customers=[9, 1, 5, 5, 7])
    made_up = pd.concat({("value", result.model): made_up}, names=["target", "forecaster"])
    copy = with_total()
    object.__setattr__(copy, "totals", lambda by=None: made_up)
    table = tables.segments_table(copy, "value", Terms(currency="EUR"), most=3)
    assert [row[0] for row in table.rows] == ["s0", "s2", "s4"]
    assert table.caption == "Total spend in the holdout by segment (EUR): the 3 largest of 5"
    assert len(tables.segments_table(copy, "value").rows) == 5


def test_amounts_have_their_currency_and_counts_have_none(result):
    captions = [tables.totals_table(result, target, Terms(currency="$")).caption for target in ("purchases", "value")]
    assert captions == [
        "Total purchases of all customers in the holdout",
        "Total spend of all customers in the holdout ($)",
    ]


def test_new_customers_are_shown_beside_what_was_expected_of_them(result):
    rows = shown(tables.new_customers_table(result))
    assert [row["what"] for row in rows] == ["customers", "purchases", "spend"]
    assert set(rows[0]) == {"what", "predicted", "90 % interval", "actual"}
    assert shown(tables.new_customers_table(result, Terms(currency="EUR")))[-1]["what"] == "spend (EUR)"


def test_measures_are_named_and_shown_in_their_units(result):
    found = {row["forecaster"]: row for table in tables.metrics_tables(result, "purchases") for row in shown(table)}
    table = result.table().loc["purchases"]
    level = shown(tables.metrics_tables(result, "purchases")[0])[0]
    assert level["bias"] == f"{100 * table.loc[result.model, 'bias']:+.1f} %"
    assert level["MAE of the median"] == f"{table.loc[result.model, 'mae_median']:.4f}"
    assert found["going on as before"]["log score"] == "-"


def test_every_measure_has_its_table(result):
    titles = {column.title for table in tables.metrics_tables(result, "purchases") for column in table.columns}
    assert titles >= {"MAE of the mean", "RMSE", "MAPE, cumulative", "concordance", "Gini", "Spearman", "Pearson"}
    assert titles >= {"top tenth's share", "hit rate", "Brier score", "log loss", "CRPS", "log score", "PIT p-value"}


def test_measures_that_nobody_has_are_left_out(result):
    titles = {column.title for table in tables.metrics_tables(result, "value") for column in table.columns}
    assert not titles & {"hit rate", "Brier score", "log score", "MAPE, cumulative"}


def test_intervals_are_shown_at_each_level(result):
    rows = shown(tables.coverage_table(result, "purchases"))
    assert [row["level"] for row in rows] == ["50.0 %", "80.0 %", "90.0 %", "95.0 %"]


def test_differences_are_shown_for_every_baseline(result):
    rows = shown(tables.differences_table(result, "purchases"))
    assert {row["baseline"] for row in rows} == {"simple formula per customer", "going on as before"}
    assert {row["model is"] for row in rows} <= {"better", "worse", "unclear"}


def test_the_first_tenth_is_the_best_predicted(result):
    rows = tables.deciles_table(result, "value").rows
    assert [row[0] for row in rows] == list(range(1, 11))
    assert rows[0][1] > rows[-1][1]
    assert rows[-1][4] == pytest.approx(1)


def test_reliability_counts_every_customer(result):
    rows = tables.reliability_table(result, "purchases").rows
    assert sum(row[1] for row in rows) == len(result.split.calibration)


def test_a_page_has_room_for_some_forecasters(result):
    table = tables.reliability_table(result, "purchases", forecasters=["as_before"])
    assert [column.title for column in table.columns] == [
        "repeat purchases",
        "customers",
        "actual",
        "going on as before",
    ]


def test_the_fits_criticism_has_its_tables(criticism):
    captions = [table.caption for table in criticism_tables(criticism)]
    assert len(captions) == 4
    assert any("seen" in caption for caption in captions)


def test_each_origin_has_its_total(rolling):
    rows = origins_table(rolling, "value").rows
    assert [row[0] for row in rows] == ["2020-04-15", "2020-06-15"]
    assert len(rolling_tables(rolling)) > 8


def test_totals_inside_their_intervals_are_counted(rolling):
    (row, _) = held_table(rolling).rows
    assert row[:3] == ("purchases", "BG/NBD x Gamma-Gamma", 2)
