"""How wrong a model's totals were before: learnt from what was known, and from nothing else."""

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow, simulate_transactions
from clvmodels.errors import FitFailed, InvalidArgument, InvalidTransactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, Nothing
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.past_errors import estimate_model_error, past_errors
from clvmodels.evaluation.registry import textbook
from clvmodels.rfm import CheckedLog

LOG = simulate_transactions(customers=150, length=66, random_seed=1)
END = "2020-12-01"
FIRST = LOG["date"].min().normalize()


def cuts(end, horizon_days, places=(0.5, 0.75)):
    """The first half and the first three quarters of the log, and what can be forecast from there."""
    end = pd.Timestamp(end)
    for place in places:
        start = end - pd.Timedelta(days=round((1 - place) * (end - FIRST).days))
        yield start, min(start + pd.Timedelta(days=horizon_days), end)


@dataclass(frozen=True)
class Late(AsBefore):
    """Going on as before, if anybody has bought as late as August."""

    name: str = "late"

    def fit(self, calibration, *, random_seed):
        if calibration.rfm.observation_end < pd.Timestamp("2020-08-01"):
            raise FitFailed("it is too early")
        return super().fit(calibration, random_seed=random_seed)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_the_errors_are_those_of_backtests_at_the_same_cuts(target):
    error = estimate_model_error(LOG, horizon=10, observation_end=END, target=target, forecaster=AsBefore())
    rows = []
    for start, end in cuts(END, 70):
        made = backtest(LOG, calibration_end=start, holdout_end=end, forecasters=[AsBefore()])
        rows.append([start, made.split.horizon, *made.totals().loc[(target, "as_before"), ["predicted", "actual"]]])
    expected = pd.DataFrame(rows, columns=["origin", "horizon", "predicted", "actual"])
    pd.testing.assert_frame_equal(error.origins, expected)
    assert error.log_errors.tolist() == pytest.approx(np.log(expected["actual"] / expected["predicted"]).tolist())


def test_a_backtest_has_the_past_errors_of_its_model(cdnow):
    choices = {"horizon": 39, "observation_end": "1997-09-30", "target": "purchases", "value": None}
    found = estimate_model_error(load_cdnow(), **choices, forecaster=textbook())
    pd.testing.assert_frame_equal(found.origins, cdnow.model_errors["purchases"].origins)


def test_by_default_the_errors_are_those_of_the_default_models():
    choices = {"horizon": 13, "observation_end": END, "value": None, "target": "purchases"}
    found = [estimate_model_error(LOG, **choices, **of) for of in ({}, {"forecaster": ModelForecaster()})]
    pd.testing.assert_frame_equal(found[0].origins, found[1].origins)


def test_a_horizon_that_is_longer_than_what_is_left_is_cut_short():
    error = estimate_model_error(LOG, horizon=1000, observation_end=END, forecaster=AsBefore())
    lengths = [(end - start).days / 7 for start, end in cuts(END, 7000)]
    assert error.origins["horizon"].tolist() == pytest.approx(lengths)


@pytest.mark.parametrize("target", ["purchases", "value"])
def test_nothing_after_the_observation_end_is_learnt_from(target):
    after = LOG["date"] >= "2020-12-02"
    changed = LOG.assign(value=LOG["value"].where(~after, 1e6)).drop(index=LOG.index[after][::2])
    new = pd.DataFrame({"customer_id": [1, 999], "date": pd.Timestamp("2020-12-02"), "value": [-5.0, 1e6]})
    choices = {"horizon": 13, "observation_end": END, "target": target, "forecaster": AsBefore()}
    logs = LOG, pd.concat([changed, new])
    truth, planted = (estimate_model_error(log, **choices) for log in logs)
    pd.testing.assert_frame_equal(truth.origins, planted.origins, check_exact=True)
    draws = np.linspace(900.0, 1100.0, 200)
    np.testing.assert_array_equal(truth.factors(draws), planted.factors(draws))


def test_a_backtest_learns_the_same_from_its_calibration():
    made = backtest(LOG, calibration_end=END, holdout_end="2021-03-01", forecasters=[AsBefore()])
    for target in made.targets:
        choices = {"observation_end": END, "target": target, "forecaster": AsBefore()}
        alone = estimate_model_error(LOG, horizon=made.split.horizon, **choices)
        pd.testing.assert_frame_equal(made.model_errors[target].origins, alone.origins)


def test_the_errors_are_of_the_forecaster_under_test():
    made = backtest(LOG, calibration_end=END, holdout_end="2021-03-01", forecasters=[Nothing(), AsBefore()])
    # It expects nothing, and of nothing there is no logarithm.
    assert made.model_errors == {}


def test_an_origin_at_which_nothing_can_be_fitted_is_left_out():
    error = estimate_model_error(LOG, horizon=10, observation_end=END, forecaster=Late())
    (_, (start, _)) = cuts(END, 70)
    assert error.origins["origin"].tolist() == [start]


def test_segments_are_known_at_the_earlier_origins():
    seen = []

    @dataclass(frozen=True)
    class Curious(AsBefore):
        def fit(self, calibration, *, random_seed):
            seen.append(calibration.rfm.frame["segment"].unique().tolist())
            return super().fit(calibration, random_seed=random_seed)

    segments = dict.fromkeys(range(1, 151), "all")
    estimate_model_error(LOG, horizon=10, observation_end=END, forecaster=Curious(), segments=segments)
    assert seen == [["all"], ["all"]]


def test_errors_at_half_and_at_three_quarters_of_what_is_known():
    # Ten customers buy weekly, and then every other week: half of what is expected of them.
    weekly, seldom = (
        pd.date_range("2024-01-01", periods=9, freq="7D"),
        pd.date_range("2024-03-11", periods=2, freq="14D"),
    )
    rows = [(customer, day, 2.0) for customer in range(10) for day in [*weekly, *seldom]]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "value"])
    found = past_errors(AsBefore(), CheckedLog.check(log, last_day=None), dt.date(2024, 3, 25), horizon=2)
    # Half of the twelve weeks is on 12 February, three quarters are on 4 March.
    assert found["purchases"].origins[["predicted", "actual"]].to_numpy() == pytest.approx(
        np.array([[20, 20], [160 / 9, 10]])
    )
    assert found["value"].log_errors.tolist() == pytest.approx([0, np.log(10 * 9 / 160)])


def test_an_earlier_origin_that_says_nothing_is_left_out():
    # In the window of eight weeks that ends at the second origin, nobody bought.
    days = ["2024-01-01", "2024-01-03", "2024-05-20", "2024-05-27", "2024-06-01", "2024-06-08"]
    log = pd.DataFrame({"customer_id": list("abaaba"), "date": days, "value": 1.0})
    checked = CheckedLog.check(log, last_day=None, window=8)
    assert past_errors(AsBefore(), checked, dt.date(2024, 6, 1), horizon=1) == {}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"forecaster": Nothing()},
            "no earlier origin says how wrong the total of 'value' may be: .*more time is needed",
        ),
        ({"value": None}, "no earlier origin .* 'value' may be: .*; choose one of purchases"),
        ({"forecaster": replace(Late(), include_first=True), "observation_end": "2020-06-01"}, "more time is needed"),
        ({"observation_end": "2020-01-02"}, "more time is needed"),
        ({"target": "profit"}, "target is 'profit'; choose one of purchases, value"),
        ({"horizon": -1}, "horizon is -1"),
        ({"horizon": float("inf")}, "horizon is inf"),
        ({"random_seed": -1}, "random_seed is -1"),
        ({"window": 0}, "window is 0"),
        ({"observation_end": "soon"}, "observation_end is 'soon'"),
    ],
)
def test_where_nothing_can_be_learnt_the_reason_is_given(choices, message):
    with pytest.raises(InvalidArgument, match=message):
        estimate_model_error(LOG, **{"horizon": 10, "forecaster": AsBefore()} | choices)


def test_a_log_that_cannot_be_used_is_refused():
    with pytest.raises(InvalidTransactions, match="missing"):
        estimate_model_error(LOG.drop(columns="date"), horizon=10)


@dataclass(frozen=True)
class Counted:
    """As before, with its fits counted."""

    fits: list = field(default_factory=list)
    name: str = "counted"

    def fit(self, calibration, **choices):
        self.fits.append(calibration)
        return AsBefore().fit(calibration, **choices)


def counted(**choices):
    log = pd.DataFrame({"customer_id": ["a", "b"] * 30, "date": pd.date_range("2024-01-01", periods=60)})
    cut = {"calibration_end": "2024-02-15", "holdout_end": "2024-02-29", "value": None, "time_unit": "day"}
    return (forecaster := Counted()), backtest(log, **cut, forecasters=[forecaster, AsBefore()], **choices)


def test_a_result_fits_nothing_whatever_it_is_asked():
    forecaster, result = counted()
    assert len(forecaster.fits) == 3
    result.totals()
    result.verdict()
    result.table()
    result.tracking(calibration=True)
    result.compare("as_before")
    assert len(forecaster.fits) == 3


def test_without_past_errors_nothing_more_is_fitted_and_the_second_interval_is_missing():
    forecaster, result = counted(past_errors=False)
    assert len(forecaster.fits) == 1
    assert result.model_errors == {}
    assert result.totals()[["wide_lower", "wide_upper"]].isna().all(axis=None)
