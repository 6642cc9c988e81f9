"""Sums over all customers, over segments, and over customers yet to be won."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.evaluation.registry import textbook
from clvmodels.intervals import DrawBlocks

MODEL = "bg_nbd_gamma_gamma"
COLUMNS = ["customers", "predicted", "lower", "upper", "wide_lower", "wide_upper", "actual"]
LOG = simulate_transactions(customers=150, length=66, random_seed=1)
CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-04-01", "random_seed": 1, "past_errors": False}
QUICK = textbook(draws=200)
SEGMENTS = pd.Series({customer: "abc"[customer % 3] for customer in range(1, 151)})
# Half of the customers are won before this day.
EARLY = {"calibration_end": "2020-02-11", "holdout_end": "2020-05-05", "random_seed": 1}


@dataclass(frozen=True)
class Silent:
    """A forecaster without draws that cannot say anything of new customers."""

    name: str = "silent"

    def fit(self, calibration, *, random_seed):
        return self

    def forecast(self, rfm, *, horizon):
        return Forecast(purchases=Prediction(mean=pd.Series(1.0, index=rfm.frame.index)))


@dataclass(frozen=True)
class Drawn(Silent):
    """The same with a hundred draws: in each of them everyone buys equally often."""

    def forecast(self, rfm, *, horizon):
        draws = DrawBlocks.of(np.outer(np.arange(100.0), np.ones(len(rfm))))
        return Forecast(purchases=Prediction(mean=pd.Series(49.5, index=rfm.frame.index), draws=draws))


@pytest.fixture(scope="module")
def segmented():
    return backtest(LOG, **CUT, value=None, forecasters=[QUICK, AsBefore()], segments=SEGMENTS)


def test_totals_are_sums_over_customers(cdnow):
    totals = cdnow.totals()
    assert totals.columns.tolist() == COLUMNS
    assert totals.index.names == ["target", "forecaster"]
    for (target, name), row in totals.iterrows():
        assert row["customers"] == 2357
        assert row["predicted"] == pytest.approx(cdnow.forecasts[name].prediction(target).mean.sum())
        assert row["actual"] == pytest.approx(cdnow.split.holdout[target].sum())


def test_totals_have_intervals_where_there_are_draws(cdnow):
    totals = cdnow.totals()
    drawing = totals.index.get_level_values("forecaster").isin([MODEL, "bg_nbd_gamma_gamma_all_spend"])
    assert totals.loc[drawing, ["lower", "upper"]].notna().all(axis=None)
    assert totals.loc[~drawing, ["lower", "upper"]].isna().all(axis=None)
    tested = totals.index.get_level_values("forecaster") == MODEL
    assert (totals[["wide_lower", "wide_upper"]].notna().all(axis=1) == tested).all()


def test_the_widened_interval_of_cdnow_holds_the_narrow_one_and_what_happened(cdnow):
    row = cdnow.totals().xs(MODEL, level="forecaster")
    assert (row["wide_lower"] < row["lower"]).all()
    assert (row["upper"] < row["wide_upper"]).all()
    assert row["actual"].between(row["wide_lower"], row["wide_upper"]).all()
    assert not row["actual"].between(row["lower"], row["upper"]).any()


def test_totals_without_a_forecast_are_missing(one_timers):
    row = one_timers.totals().loc[("value", MODEL)]
    assert row[["predicted", "lower", "upper", "wide_lower", "wide_upper"]].isna().all()
    assert row[["customers", "actual"]].tolist() == [12, 30.0]


def test_segments_add_up_to_the_total(segmented):
    by, whole = segmented.totals("segment"), segmented.totals()
    assert by.index.names == ["target", "forecaster", "segment"]
    sums = by.groupby(["target", "forecaster"], sort=False)[["customers", "predicted", "actual"]].sum()
    pd.testing.assert_frame_equal(sums, whole[["customers", "predicted", "actual"]])
    assert by.loc["purchases"].loc[MODEL].index.tolist() == ["a", "b", "c"]


def test_a_segments_total_and_interval_are_those_of_its_customers(segmented):
    prediction = segmented.forecasts[MODEL].purchases
    own = (SEGMENTS.reindex(prediction.mean.index) == "b").to_numpy()
    drawn = np.sort(prediction.draws.array()[:, own].sum(axis=1))
    row = segmented.totals("segment").loc[("purchases", MODEL, "b")]
    # The tenth and the hundred and ninetieth of 200 draws.
    assert row[["customers", "lower", "upper"]].tolist() == [own.sum(), drawn[9], drawn[189]]
    assert row["actual"] == segmented.split.holdout["purchases"][own].sum()


def test_the_interval_of_the_whole_is_narrower_than_the_sum_of_the_segments(segmented):
    by, whole = segmented.totals("segment").loc["purchases"].loc[MODEL], segmented.totals().loc[("purchases", MODEL)]
    assert whole["upper"] - whole["lower"] < (by["upper"] - by["lower"]).sum()


def test_one_segment_of_all_customers_is_the_total():
    result = backtest(LOG, **CUT, forecasters=[Drawn()], segments=dict.fromkeys(range(1, 151), "all"))
    pd.testing.assert_frame_equal(result.totals("segment").droplevel("segment"), result.totals())


def test_segments_may_be_a_dict_or_a_series_in_any_order():
    one, other = (
        backtest(LOG, **CUT, forecasters=[AsBefore()], segments=segments)
        for segments in (SEGMENTS.sample(frac=1, random_state=1), SEGMENTS.to_dict())
    )
    pd.testing.assert_frame_equal(one.totals("segment"), other.totals("segment"))


def test_totals_by_a_number_that_every_customer_has():
    result = backtest(LOG, **CUT, forecasters=[AsBefore()])
    frequency = result.split.calibration.frame["frequency"]
    by = result.totals("frequency").loc["purchases"].loc["as_before"]
    assert by["customers"].to_dict() == frequency.value_counts().sort_index().to_dict()


def test_customers_without_a_segment_are_refused():
    with pytest.raises(InvalidArgument, match="segment lacks 1 of 150 customers, e.g. .*7.*; index it by customer_id"):
        backtest(LOG, **CUT, forecasters=[AsBefore()], segments=SEGMENTS.drop(7))


def test_a_missing_segment_is_refused_before_it_is_summed():
    gap = SEGMENTS.where(SEGMENTS.index != 7)
    result = backtest(LOG, **CUT, forecasters=[AsBefore()], segments=gap)
    with pytest.raises(InvalidArgument, match="1 customers have no segment; fill it in before summing"):
        result.totals("segment")


@pytest.mark.parametrize("by", ["segment", "channel"])
def test_totals_by_what_the_customers_do_not_have_are_refused(cdnow, by):
    with pytest.raises(InvalidArgument, match=f"the customers have no '{by}'; pass segments=... to the backtest"):
        cdnow.totals(by)


def test_customers_first_seen_in_the_holdout_are_counted():
    rows = [("a", "2024-01-01", 1), ("a", "2024-02-01", 2), ("b", "2024-02-02", 3), ("b", "2024-02-04", 4)]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
    result = backtest(log, calibration_end="2024-01-31", holdout_end="2024-02-05", forecasters=[Silent()])
    expected = {"customers": 1.0, "purchases": 2.0, "value": 7.0}
    assert result.new_customers().to_dict() == {"actual": expected}
    assert "Not forecast: 1 customer first seen after that." in result.verdict()


def test_without_amounts_new_customers_have_no_value():
    result = backtest(LOG, **EARLY, value=None, forecasters=[Silent()])
    assert result.new_customers().index.tolist() == ["customers", "purchases"]
    assert result.new_customers()["actual"].tolist() == [result.split.new_customers, result.split.new_purchases]


@pytest.mark.parametrize(("rate", "choices"), [(6.5, {}), ("estimated", {"value": None})])
def test_new_customers_are_forecast_where_a_rate_is_asked_for(rate, choices):
    result = backtest(LOG, **EARLY, **choices, forecasters=[QUICK], acquisition_rate=rate)
    table, split = result.new_customers(), result.split
    assert table.columns.tolist() == ["predicted", "lower", "upper", "actual"]
    assert (table["lower"] < table["predicted"]).all()
    assert (table["predicted"] < table["upper"]).all()
    won = np.count_nonzero(split.calibration.frame["T"] < split.calibration.frame["T"].max())
    # By Jeffreys' prior, half a customer more; the calibration is shorter than the horizon of twelve weeks.
    weekly = 6.5 if rate == 6.5 else (won + 0.5) / split.calibration.frame["T"].max()
    assert split.horizon == 12
    assert table.loc["customers", "predicted"] == pytest.approx(12 * weekly, rel=0.05)
    assert table.loc["purchases", "predicted"] > table.loc["customers", "predicted"]


def test_the_estimated_rate_is_that_of_the_last_stretch_as_long_as_the_horizon():
    result = backtest(
        LOG, **CUT | {"holdout_end": "2020-10-15"}, forecasters=[AsBefore()], acquisition_rate="estimated"
    )
    assert (result.acquisition.won, result.acquisition.exposure) == (0, 2)
    days = pd.date_range("2024-01-01", periods=100)
    daily = pd.DataFrame({"customer_id": range(100), "date": days, "value": 1.0})
    cut = {"calibration_end": days[79], "holdout_end": days[93], "acquisition_rate": "estimated"}
    rate = backtest(daily, **cut, forecasters=[AsBefore()]).acquisition
    # One a day, and fourteen days.
    assert (rate.won, rate.exposure) == (14, 2)


@pytest.mark.parametrize(
    ("rate", "message"),
    [("guess", "acquisition_rate is 'guess'; give customers per time unit, or 'estimated'"), (-1, "rate is -1")],
)
def test_a_rate_that_makes_no_sense_is_refused(rate, message):
    with pytest.raises(InvalidArgument, match=message):
        backtest(LOG, **CUT, forecasters=[AsBefore()], acquisition_rate=rate)


def test_draws_of_a_users_own_forecaster_are_summed_draw_by_draw():
    row = backtest(LOG, **{**CUT, "past_errors": True}, forecasters=[Drawn()]).totals().loc[("purchases", "silent")]
    # The fifth and the ninety-fifth of a hundred draws, times 150 customers.
    assert row[["predicted", "lower", "upper"]].tolist() == [49.5 * 150, 4 * 150, 94 * 150]
    assert row["wide_lower"] < row["lower"]
