import pandas as pd
import pytest

from clvmodels.reports.evaluation_tables import data_table, left_out_table, metrics_table, totals_table


def test_the_data_are_counted(result):
    rows = dict(data_table(result).rows)
    assert rows["customers known at the calibration end"] == "6 customers"
    assert rows["of them with a repeat purchase"] == "5 customers"
    assert rows["holdout ends"] == "30 June 1998, 39 weeks later"
    assert rows["purchases in the holdout"] == "15 purchase days"
    assert rows["spend in the holdout"] == "375"
    assert rows["first seen in the holdout, not forecast"] == "1 customer, 2 purchase days"


def test_without_amounts_no_spend_is_counted(result):
    result.split.holdout = result.split.holdout[["purchases"]]
    assert "spend in the holdout" not in dict(data_table(result).rows)


def test_what_was_left_out_is_counted_and_what_was_not_is_no_row():
    log = pd.DataFrame({"what": ["late rows", "refunds"], "count": [34, 0], "treatment": ["left out", "none found"]})
    assert left_out_table(log).rows == (("late rows", 34, "left out"),)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_each_forecaster_has_its_total_beside_the_actual_one(result, target):
    shown = totals_table(result, target).shown()
    assert shown[0] == ["BG/NBD x Gamma-Gamma", "1,655", "1,540", "1,780", "1,882"]
    assert len(shown) == 3


def test_measures_are_named_and_shown_in_their_units(result):
    table = metrics_table(result, "purchases")
    shown = dict(zip([column.title for column in table.columns], table.shown()[0], strict=True))
    assert shown["bias"] == "-12.1 %"
    assert shown["MAE"] == "0.785"
    assert shown["Gini"] == "-"
    assert shown["coverage 90 %"] == "95.3 %"


def test_a_measure_that_is_not_known_keeps_its_name(result):
    wide = result.table().assign(crps=0.5)
    result.table = lambda: wide
    assert metrics_table(result, "value").columns[-1].title == "crps"
