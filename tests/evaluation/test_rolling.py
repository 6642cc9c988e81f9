"""Several origins: tables over all of them, in words, and the bar that shows how far it is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels import intervals
from clvmodels.datasets import simulate_transactions
from clvmodels.errors import FitFailed, InvalidArgument
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, Nothing
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.evaluation.rolling import RollingResult, rolling_backtest
from clvmodels.intervals import DrawBlocks
from clvmodels.rfm import rolling_splits

MODEL = "bg_nbd_gamma_gamma"
LOG = simulate_transactions(customers=150, length=66, random_seed=1)
KEYS = ["target", "forecaster"]


@dataclass(frozen=True)
class Range:
    """Everyone buys `low` or `high` times, all alike; from fewer customers than `least` nothing is learnt."""

    low: float
    high: float
    least: int = 0
    name: str = "range"

    def fit(self, calibration, *, random_seed):
        if len(calibration.rfm) < self.least:
            raise FitFailed("there are too few customers")
        return self

    def forecast(self, rfm, *, horizon):
        draws = DrawBlocks.of(np.outer([self.low, self.high], np.ones(len(rfm))))
        mean = pd.Series((self.low + self.high) / 2, index=rfm.frame.index)
        return Forecast(purchases=Prediction(mean=mean, draws=draws))


def test_each_origin_is_the_backtest_of_its_dates(rolling):
    splits = list(rolling_splits(LOG, origins=2, horizon=13, value=None))
    assert len(rolling.results) == 2
    for result, split in zip(rolling.results, splits, strict=True):
        assert (result.split.calibration_end, result.split.holdout_end) == (split.calibration_end, split.holdout_end)
    last = splits[-1]
    cut = {"calibration_end": last.calibration_end, "holdout_end": last.holdout_end, "random_seed": 1}
    alone = backtest(LOG, **cut, value=None, forecasters=list(rolling.results[-1].forecasters.values()))
    pd.testing.assert_frame_equal(rolling.results[-1].metrics, alone.metrics)


def test_the_metrics_name_their_origin(rolling):
    metrics = rolling.metrics
    assert list(metrics.columns) == ["origin", "forecaster", "target", "metric", "value", "why_missing"]
    assert metrics["origin"].unique().tolist() == [result.split.calibration_end for result in rolling.results]
    assert len(metrics) == sum(len(result.metrics) for result in rolling.results)


def test_by_origin_holds_the_table_of_each(rolling):
    table = rolling.by_origin()
    assert table.index.names == ["origin", *KEYS]
    for result in rolling.results:
        pd.testing.assert_frame_equal(table.loc[result.split.calibration_end], result.table())


def test_the_table_is_the_mean_over_the_origins(rolling):
    means = rolling.by_origin().groupby(KEYS, sort=False).mean()
    pd.testing.assert_frame_equal(rolling.table(), means)
    # By hand, one figure.
    rmse = [result.table().loc[("purchases", MODEL), "rmse"] for result in rolling.results]
    assert rolling.table().loc[("purchases", MODEL), "rmse"] == pytest.approx(sum(rmse) / 2)


def test_an_origin_at_which_one_has_no_figure_is_left_out_of_all_means():
    forecasters = [Range(0, 1, least=100), AsBefore()]
    # Of the customers who come in twelve weeks from the first of January on, only some are known in February.
    result = rolling_backtest(LOG, origins=["2020-02-10", "2020-06-01"], horizon=13, forecasters=forecasters)
    figures = result.by_origin().xs(("purchases", "range"), level=KEYS)["mae"]
    assert np.isnan(figures.iloc[0])
    assert result.table().loc[("purchases", "range"), "mae"] == figures.iloc[1]
    other = result.by_origin().xs(("purchases", "as_before"), level=KEYS)["mae"]
    assert result.table().loc[("purchases", "as_before"), "mae"] == other.iloc[1] != other.iloc[0]
    assert result.notes == ["2020-02-10: range has no forecast: there are too few customers."]
    assert result.verdict().endswith(result.notes[0])


def test_totals_are_those_of_each_origin(rolling):
    table = rolling.totals()
    assert table.index.names == [*KEYS, "origin"]
    for result in rolling.results:
        own = table.xs(result.split.calibration_end, level="origin")
        pd.testing.assert_frame_equal(own, result.totals())


def test_totals_by_segment_add_up_at_every_origin(rolling):
    by = rolling.totals("segment")
    assert by.index.names == [*KEYS, "segment", "origin"]
    columns = ["customers", "predicted", "actual"]
    sums = by.groupby([*KEYS, "origin"])[columns].sum()
    pd.testing.assert_frame_equal(sums, rolling.totals()[columns].sort_index())


@pytest.mark.parametrize("by", [None, "segment"])
def test_how_often_the_totals_were_inside_is_counted_by_hand(rolling, by):
    rows = [row for keys, row in rolling.totals(by).iterrows() if keys[:2] == ("purchases", MODEL)]
    inside = [row["lower"] <= row["actual"] <= row["upper"] for row in rows]
    wide = [row["wide_lower"] <= row["actual"] <= row["wide_upper"] for row in rows]
    squares = [np.log(row["actual"] / row["predicted"]) ** 2 for row in rows]
    expected = [len(rows), np.mean(inside), np.mean(wide), np.sqrt(np.mean(squares))]
    table = rolling.coverage_of_totals(by)
    # Going on as before has no intervals.
    assert table.index.tolist() == [("purchases", MODEL)]
    assert table.columns.tolist() == ["totals", "inside", "inside_wide", "log_error"]
    assert len(rows) == (2 if by is None else 4)
    assert table.loc[("purchases", MODEL)].tolist() == pytest.approx(expected)


def test_one_total_inside_and_one_outside_are_a_half():
    # Two customers buy daily in January and in the second half of February, and seldom in between.
    days = [*range(31), 36, *range(45, 60)]
    dates = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=day) for day in days for _ in range(2)]
    log = pd.DataFrame({"customer_id": [1, 2] * len(days), "date": dates})
    result = rolling_backtest(
        log,
        origins=["2024-01-31", "2024-02-14"],
        horizon=7,
        time_unit="day",
        value=None,
        forecasters=[Range(0, 2)],
        past_errors=False,
    )
    assert result.totals()[["predicted", "lower", "upper", "actual"]].to_numpy().tolist() == [
        [2, 0, 4, 2],
        [2, 0, 4, 14],
    ]
    row = result.coverage_of_totals().loc[("purchases", "range")]
    assert row[["totals", "inside"]].tolist() == [2, 0.5]
    assert row["log_error"] == pytest.approx(np.sqrt((np.log(1) ** 2 + np.log(7) ** 2) / 2))
    assert "1 of 2 totals were inside their 90 % intervals." in result.verdict()


def test_a_comparison_is_of_the_mean_over_the_origins(rolling):
    table, means = rolling.compare("as_before"), rolling.table()
    row = table.loc[("purchases", "rmse")]
    assert row["model"] == pytest.approx(means.loc[("purchases", MODEL), "rmse"])
    assert row["advantage"] == pytest.approx(row["baseline"] - row["model"])
    assert row["lower"] <= row["advantage"] <= row["upper"]
    # Of the bias its mean size, and not the size of its mean.
    sizes = rolling.by_origin()["bias"].abs().groupby(KEYS).mean()
    assert table.loc[("purchases", "bias"), "baseline"] == pytest.approx(sizes["purchases", "as_before"])


def test_an_unknown_baseline_is_refused(rolling):
    with pytest.raises(InvalidArgument, match="there is no forecaster 'naive'; choose one of bg_nbd_gamma_gamma"):
        rolling.compare("naive")


def test_the_verdict_names_the_origins_and_the_length_of_the_forecasts(rolling):
    heading, purchases, *_, conclusion = rolling.verdict().splitlines()
    ends = [result.split.calibration_end for result in rolling.results]
    assert heading == (
        f"2 origins from {ends[0]:%Y-%m-%d} to {ends[-1]:%Y-%m-%d}, each forecast 13 weeks ahead for the 150 customers "
        "known at it. Figures are means over the origins that all have."
    )
    held = rolling.coverage_of_totals().loc[("purchases", MODEL)]
    inside = round(2 * held["inside_wide"])
    assert purchases == f"Purchases: {inside} of 2 totals were inside their 90 % intervals with past errors."
    assert conclusion.startswith("In short: ")
    assert "nan" not in rolling.verdict()


def test_the_heading_says_how_many_customers_were_known_first_and_last():
    result = rolling_backtest(LOG, origins=["2020-02-10", "2020-06-01"], horizon=13, forecasters=[AsBefore()])
    known = [len(part.split.calibration) for part in result.results]
    assert known[0] < known[1] == 150
    assert f"for the {known[0]} to 150 customers known at it" in result.verdict()


def test_a_log_without_amounts_is_forecast_too():
    result = rolling_backtest(LOG, origins=2, horizon=10, value=None, forecasters=[Nothing(), AsBefore()])
    assert result.targets == ["purchases"]
    assert result.table().loc[("purchases", "nothing"), "bias"] == -1


def test_a_rolling_result_is_shown_in_a_line_and_in_a_notebook(rolling):
    ends = [f"{result.split.calibration_end:%Y-%m-%d}" for result in rolling.results]
    assert repr(rolling) == f"RollingResult({MODEL}, as_before; 2 origins, {ends[0]} to {ends[-1]})"
    page = rolling._repr_html_()
    assert page.startswith("<table")
    assert "In short" in page


@pytest.mark.parametrize("window", [None, 10])
def test_the_window_and_the_other_choices_reach_the_splits(window):
    result = rolling_backtest(LOG, origins=2, horizon=2, time_unit="month", window=window, forecasters=[AsBefore()])
    split = result.results[0].split
    assert (split.log.time_unit, split.log.window) == ("month", window)
    assert split.horizon == 61 / 30.4375


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"interval": 90}, "interval is 90"),
        ({"forecasters": [AsBefore(), AsBefore()]}, "each with a name of its own"),
        ({"origins": "2020-06-01"}, "give a number, or a list of dates"),
        ({"segments": {1: "a"}}, "segment lacks 149 of 150 customers"),
    ],
)
def test_choices_that_cannot_be_are_refused(choices, message):
    with pytest.raises(InvalidArgument, match=message):
        rolling_backtest(LOG, **{"origins": 2, "horizon": 10, "forecasters": [AsBefore()]} | choices)


def test_a_bar_shows_the_origins_in_a_terminal_and_none_of_the_steps(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(intervals, "PROGRESS_AFTER_SECONDS", -1.0)
    result = rolling_backtest(LOG, origins=2, horizon=10, forecasters=[AsBefore(), Nothing()])
    shown = capsys.readouterr()
    assert isinstance(result, RollingResult)
    assert "origins" in shown.err
    assert "forecasters" not in shown.err
    assert shown.out == ""


def test_no_bar_is_shown_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(intervals, "PROGRESS_AFTER_SECONDS", -1.0)
    rolling_backtest(LOG, origins=2, horizon=10, forecasters=[AsBefore()])
    assert capsys.readouterr() == ("", "")
