"""Purchases of all customers together, period by period."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, HiatusRule
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.evaluation.registry import textbook

MODEL = "bg_nbd_gamma_gamma"
DAYS = pd.date_range("2024-01-01", periods=12, freq="7D")


@dataclass(frozen=True)
class Steady:
    """Everyone buys `rate` times a time unit."""

    rate: float
    name: str = "steady"

    def fit(self, calibration, *, random_seed):
        return self

    def forecast(self, rfm, *, horizon):
        return Forecast(purchases=Prediction(mean=pd.Series(self.rate * horizon, index=rfm.frame.index)))


def bought(*days):
    """A log of two customers who come on the first day of the year, and one of them again on other days of it."""
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta([0, 0, *days], unit="D")
    return pd.DataFrame({"customer_id": ["a", "b", *["a"] * len(days)], "date": dates})


def weekly(log, *, weeks=3, forecasters, **choices):
    """Backtest from the fourteenth day on."""
    end = pd.Timestamp("2024-01-15") + pd.Timedelta(days=round(7 * weeks))
    return backtest(log, calibration_end="2024-01-15", holdout_end=end, value=None, forecasters=forecasters, **choices)


@pytest.fixture(scope="module")
def regular():
    """Ten customers who buy every seventh day, without end."""
    rows = [(customer, day, 5.0) for customer in range(10) for day in DAYS]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
    return backtest(log, calibration_end=DAYS[6], holdout_end=DAYS[11], forecasters=[AsBefore(), HiatusRule()])


def test_predicted_and_actual_have_one_time_axis(regular):
    tracking = regular.tracking()
    assert tracking["end"].tolist() == [1, 2, 3, 4, 5]
    assert tracking["actual"].tolist() == [10, 20, 30, 40, 50]
    assert tracking["as_before"].tolist() == pytest.approx([10, 20, 30, 40, 50])


def test_tracking_without_draws_has_no_band(regular):
    assert list(regular.tracking().columns) == ["end", "actual", "as_before", "hiatus"]


def test_a_perfect_curve_has_no_error(regular):
    errors = regular.table().loc[("purchases", "as_before"), ["mape_cumulative", "mape_incremental"]]
    assert errors.tolist() == pytest.approx([0, 0], abs=1e-12)


def test_the_errors_of_a_curve_are_those_worked_out_by_hand():
    # Two purchases in the first week, one in the second, two in the third; one a week is expected.
    result = weekly(bought(16, 18, 25, 30, 33), forecasters=[Steady(0.5)])
    assert result.tracking(cumulative=False)[["actual", "steady"]].to_dict("list") == {
        "actual": [2, 1, 2],
        "steady": [1, 1, 1],
    }
    row = result.table().loc[("purchases", "steady")]
    assert row["mape_incremental"] == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)
    assert row["mape_cumulative"] == pytest.approx((1 / 2 + 1 / 3 + 2 / 5) / 3)


def test_a_period_without_purchases_has_no_percentage():
    metrics = weekly(bought(16, 33), forecasters=[Steady(0.5)]).metrics.set_index("metric")
    assert np.isnan(metrics.loc["mape_incremental", "value"])
    assert metrics.loc["mape_incremental", "why_missing"].startswith("nothing was bought in some period")
    # By the ends of the weeks 1, 1 and 2 were bought, and 1, 2 and 3 expected.
    assert metrics.loc["mape_cumulative", "value"] == pytest.approx((0 + 1 + 1 / 2) / 3)


def test_the_errors_of_curves_are_of_purchases_only(cdnow):
    names = ["mape_cumulative", "mape_incremental"]
    assert cdnow.table().loc["value", names].isna().all(axis=None)
    assert cdnow.table().loc["purchases", names].notna().all(axis=None)


def test_a_baselines_path_follows_its_forecasts_to_a_broken_last_period():
    result = weekly(bought(16, 18, 25, 30), weeks=2 + 3 / 7, forecasters=[Steady(0.5), AsBefore()])
    each = result.tracking(cumulative=False)
    assert each["end"].tolist() == pytest.approx([1, 2, 2 + 3 / 7])
    assert each["steady"].tolist() == pytest.approx([1, 1, 3 / 7])
    assert result.tracking()["steady"].tolist() == pytest.approx([1, 2, 2 + 3 / 7])
    assert result.paths["steady"].shape == (1, 3)


@pytest.mark.parametrize("name", ["multiplicative_customer", "as_before", "hiatus", "nothing", "lifetimes_bg_nbd"])
def test_the_path_of_a_baseline_ends_at_its_total(cdnow, name):
    last = cdnow.tracking()[name].iloc[-1]
    assert last == pytest.approx(cdnow.totals().loc[("purchases", name), "predicted"])


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
    # The band is drawn, and so is the interval; the predicted total is exact.
    assert last[MODEL] == pytest.approx(totals.loc[MODEL, "predicted"], rel=0.01)
    ends = [f"{MODEL}_lower", f"{MODEL}_upper"]
    assert last[ends].tolist() == pytest.approx(totals.loc[MODEL, ["lower", "upper"]].tolist(), rel=0.02)


def test_periods_add_up_to_the_cumulative_curve(cdnow):
    each, whole = cdnow.tracking(cumulative=False), cdnow.tracking()
    assert whole["end"].tolist() == each["end"].tolist()
    for name in (name for name in each if name != "end" and not name.endswith(("_lower", "_upper"))):
        assert whole[name].to_numpy() == pytest.approx(np.cumsum(each[name].to_numpy()))


def test_calibration_and_holdout_lie_on_one_axis(cdnow):
    table = cdnow.tracking(calibration=True)
    assert table["end"].tolist() == list(range(-38, 40))
    at_the_end = table.set_index("end").loc[0]
    assert at_the_end["actual"] == cdnow.split.calibration.frame["frequency"].sum() == 2457
    assert table["actual"].iloc[-1] == 2457 + 1882
    assert list(table.columns) == list(cdnow.tracking().columns)


def test_a_forecaster_that_says_nothing_of_the_calibration_begins_where_it_ends(cdnow):
    table = cdnow.tracking(calibration=True).set_index("end")["as_before"]
    assert table.loc[:-1].isna().all()
    assert table.loc[0] == 2457
    assert table.loc[39] - 2457 == pytest.approx(cdnow.tracking()["as_before"].iloc[-1])


def test_the_model_would_have_seen_what_it_was_fitted_to(cdnow):
    last = cdnow.tracking(calibration=True).set_index("end").loc[0]
    assert last[f"{MODEL}_lower"] < last["actual"] < last[f"{MODEL}_upper"]


def test_periods_of_the_calibration_are_counted_back_from_its_end():
    # Repeat purchases on the days 1 and 7 after the first, on the eighth, and on the last day.
    result = weekly(bought(1, 7, 8, 14, 20), weeks=1, forecasters=[AsBefore()])
    table = result.tracking(cumulative=False, calibration=True)
    assert table.loc[table["end"] <= 0, ["end", "actual"]].to_dict("list") == {"end": [-1, 0], "actual": [2, 2]}


def test_a_calibration_of_no_whole_number_of_periods_begins_before_the_first_purchase():
    log = bought(1, 9, 16).assign(date=lambda log: log["date"] + pd.Timedelta(days=4))
    table = weekly(log, weeks=1, forecasters=[AsBefore()]).tracking(calibration=True)
    # The first purchase ten days before the end: repeat purchases nine days and one day before it.
    assert table.loc[table["end"] <= 0, ["end", "actual"]].to_dict("list") == {"end": [-1, 0], "actual": [1, 2]}


def test_a_model_of_value_only_has_no_curve(cdnow):
    assert not [name for name in cdnow.tracking() if name == "spend_alone"]
    assert not [name for name in cdnow.tracking(calibration=True) if name == "spend_alone"]


def test_months_are_periods_too():
    rows = [(customer, day) for customer in range(10) for day in DAYS]
    log = pd.DataFrame(rows, columns=["customer_id", "date"])
    cut = {"calibration_end": DAYS[6], "holdout_end": DAYS[11], "value": None, "time_unit": "month"}
    tracking = backtest(log, **cut, forecasters=[textbook(draws=100)]).tracking()
    assert tracking["end"].tolist() == pytest.approx([1, 35 / 30.4375])
    # Four weeks are in the first month, and the fifth purchase after it.
    assert tracking["actual"].tolist() == [40, 50]
