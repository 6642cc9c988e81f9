"""A backtest's tables."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.forecasters import AsBefore

MODEL = "bg_nbd_gamma_gamma"


@pytest.fixture(scope="module")
def regular():
    """Ten customers who buy every seventh day, without end."""
    days = pd.date_range("2024-01-01", periods=12, freq="7D")
    rows = [(customer, day, 5.0) for customer in range(10) for day in days]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
    return backtest(log, calibration_end=days[6], holdout_end=days[11], forecasters=[AsBefore()])


def test_predicted_and_actual_have_one_time_axis(regular):
    tracking = regular.tracking()
    assert tracking["end"].tolist() == [1, 2, 3, 4, 5]
    assert tracking["actual"].tolist() == [10, 20, 30, 40, 50]
    assert tracking["as_before"].tolist() == pytest.approx([10, 20, 30, 40, 50])


def test_tracking_without_draws_has_no_band(regular):
    assert list(regular.tracking().columns) == ["end", "actual", "as_before"]


def test_tracking_of_the_model_has_a_band_around_its_mean(cdnow):
    tracking = cdnow.tracking()
    lower, mean, upper = (tracking[f"{MODEL}{suffix}"] for suffix in ("_lower", "", "_upper"))
    assert len(tracking) == 39
    assert ((lower < mean) & (mean < upper)).all()
    assert (np.diff(mean) > 0).all()


def test_tracking_ends_at_the_totals(cdnow):
    last, totals = cdnow.tracking().iloc[-1], cdnow.totals().loc["purchases"]
    assert last["end"] == cdnow.split.horizon
    assert last["actual"] == totals.loc[MODEL, "actual"] == 1882
    assert last["as_before"] == pytest.approx(totals.loc["as_before", "predicted"])
    # The band's mean is drawn, the total's exact.
    assert last[MODEL] == pytest.approx(totals.loc[MODEL, "predicted"], rel=0.01)
    assert last[[f"{MODEL}_lower", f"{MODEL}_upper"]].tolist() == totals.loc[MODEL, ["lower", "upper"]].tolist()


def test_totals_are_sums_over_customers(cdnow):
    totals = cdnow.totals()
    for (target, name), row in totals.iterrows():
        assert row["predicted"] == pytest.approx(cdnow.forecasts[name].table(target)["mean"].sum())
        assert row["actual"] == pytest.approx(cdnow.split.holdout[target].sum())
    assert totals.xs(MODEL, level="forecaster")[["lower", "upper"]].notna().all(axis=None)
    assert totals.drop(index=MODEL, level="forecaster")[["lower", "upper"]].isna().all(axis=None)


def test_totals_without_a_forecast_are_missing(one_timers):
    row = one_timers.totals().loc[("value", MODEL)]
    assert row[["predicted", "lower", "upper"]].isna().all()
    assert row["actual"] == 30.0


def test_reliability_reproduces_the_published_means_of_cdnow(cdnow):
    table = cdnow.reliability()
    assert table.index.tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert table["customers"].sum() == 2357
    assert table["actual"].round(3).tolist() == [0.237, 0.697, 1.393, 1.56, 2.532, 2.947, 3.862, 6.359]
    published = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    assert table[MODEL].tolist() == pytest.approx(published, rel=0.03)


def test_reliability_has_rows_for_the_frequencies_that_occur(one_timers):
    table = one_timers.reliability()
    assert table.index.tolist() == ["0"]
    assert table["customers"].tolist() == [12]


def test_table_has_a_row_per_target_and_forecaster(cdnow):
    rows = [(target, name) for target in ("purchases", "value") for name in cdnow.forecasts]
    assert cdnow.table().index.tolist() == rows
    assert cdnow.table().columns.tolist()[:3] == ["bias", "mae", "rmse"]


def test_verdict_of_cdnow_says_what_won(cdnow):
    heading, purchases, *lines, conclusion = cdnow.verdict().splitlines()
    assert heading == "2,357 customers known on 1997-09-30, forecast to 1998-06-30: 39 weeks."
    assert "1,882 in fact: above the interval." in purchases
    as_before = [line for line in lines if "going on as before" in line]
    assert "it is better at level and error, about equal at Gini, worse at Spearman." in as_before[0]
    assert "it is better at level and error, worse at ranking." in as_before[1]
    assert "beats every baseline at RMSE of purchases, and at error of value, but" in conclusion
    assert conclusion.endswith("at level and Spearman of purchases, and at level and ranking of value.")
    assert "nan" not in cdnow.verdict()


def test_customers_first_seen_in_the_holdout_are_counted():
    rows = [("a", "2024-01-01"), ("a", "2024-02-01"), ("b", "2024-02-02")]
    log = pd.DataFrame(rows, columns=["customer_id", "date"])
    result = backtest(log, calibration_end="2024-01-31", holdout_end="2024-02-05", value=None, forecasters=[AsBefore()])
    assert "Not forecast: 1 customer first seen after that." in result.verdict()


def test_a_result_is_shown_in_a_line_and_in_a_notebook(cdnow):
    assert repr(cdnow).startswith("BacktestResult(bg_nbd_gamma_gamma, multiplicative_customer")
    assert "<table" in cdnow._repr_html_()
    assert "In short" in cdnow._repr_html_()
