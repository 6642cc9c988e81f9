"""What comes after an origin changes nothing of what is said there, down to the last draw."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, HiatusRule
from clvmodels.evaluation.known import calibration_of
from clvmodels.evaluation.registry import default_forecasters, textbook
from clvmodels.evaluation.rolling import rolling_backtest

LOG = simulate_transactions(customers=150, length=66, random_seed=1)
SEGMENTS = {customer: "odd" if customer % 2 else "even" for customer in range(1, 151)}
CUT = {"calibration_end": "2020-10-01", "holdout_end": "2021-04-01"}
ORIGINS = ["2020-06-01", "2020-11-01"]
QUICK = textbook(draws=100)


def planted(origin):
    """The same log until the end of a day; after it amounts a thousandfold, rows left out, and daily purchases."""
    after = LOG["date"] >= pd.Timestamp(origin) + pd.Timedelta(days=1)
    changed = LOG.assign(value=LOG["value"].where(~after, 1000 * LOG["value"])).drop(index=LOG.index[after][::2])
    days = pd.date_range(pd.Timestamp(origin) + pd.Timedelta(days=1), "2021-04-01")
    # Customer 1 is known, 0 and 999 come new; one of them sorts before, one after all others.
    new = pd.concat([pd.DataFrame({"customer_id": who, "date": days, "value": 5000.0}) for who in (0, 1, 999)])
    return pd.concat([new, changed], ignore_index=True)


def assert_same_forecast(one, other):
    assert (one.notes, one.targets) == (other.notes, other.targets)
    for target in one.targets:
        made, again = one.prediction(target), other.prediction(target)
        assert (made is None) == (again is None)
        if made is None:
            continue
        pd.testing.assert_series_equal(made.mean, again.mean, check_exact=True)
        assert (made.active is None) == (again.active is None)
        if made.active is not None:
            pd.testing.assert_series_equal(made.active, again.active, check_exact=True)
        assert (made.draws is None) == (again.draws is None)
        if made.draws is not None:
            np.testing.assert_array_equal(made.draws.array(), again.draws.array())


@pytest.fixture(scope="module")
def pair():
    """Backtests with every default forecaster, of the log and of the one with another future."""
    few = [replace(one, draws=100) if hasattr(one, "draws") else one for one in default_forecasters(segmented=True)]
    choices = {"segments": SEGMENTS | {0: "new", 999: "new"}, "acquisition_rate": "estimated", "random_seed": 1}
    logs = LOG, planted(CUT["calibration_end"])
    return [backtest(log, **CUT, forecasters=few, **choices) for log in logs]


def test_the_planted_future_is_another(pair):
    truth, other = pair
    assert other.split.holdout["value"].sum() > 100 * truth.split.holdout["value"].sum()
    assert (other.split.new_customers, truth.split.new_customers) == (2, 0)


def test_what_a_forecaster_is_given_ends_with_the_origin(pair):
    truth, other = (calibration_of(result.split) for result in pair)
    pd.testing.assert_frame_equal(truth.rfm.frame, other.rfm.frame)
    pd.testing.assert_frame_equal(truth.history(), other.history())
    assert truth.history()["date"].max() <= pd.Timestamp(CUT["calibration_end"])


@pytest.mark.parametrize("name", [one.name for one in default_forecasters(segmented=True)])
def test_the_future_moves_no_forecast_and_no_draw(pair, name):
    assert_same_forecast(*(result.forecasts[name] for result in pair))


def test_the_future_moves_no_curve(pair):
    for name, path in pair[0].paths.items():
        np.testing.assert_array_equal(path, pair[1].paths[name])


def test_the_future_moves_no_interval_of_the_totals(pair):
    columns = ["customers", "predicted", "lower", "upper", "wide_lower", "wide_upper"]
    for by in (None, "segment"):
        pd.testing.assert_frame_equal(*(result.totals(by)[columns] for result in pair), check_exact=True)


def test_the_future_moves_no_past_error(pair):
    truth, other = (result.model_errors for result in pair)
    assert list(truth) == list(other) == ["purchases", "value"]
    for target, error in truth.items():
        pd.testing.assert_frame_equal(error.origins, other[target].origins, check_exact=True)


def test_the_future_moves_no_acquisition_rate(pair):
    assert pair[0].acquisition == pair[1].acquisition
    columns = ["predicted", "lower", "upper"]
    pd.testing.assert_frame_equal(*(result.new_customers()[columns] for result in pair), check_exact=True)


@pytest.mark.parametrize(
    ("window", "forecasters"), [(None, [QUICK, AsBefore()]), (20, [AsBefore(), HiatusRule()])], ids=["grows", "slides"]
)
def test_at_no_origin_is_anything_known_of_what_follows(window, forecasters):
    choices = {"horizon": 10, "forecasters": forecasters, "window": window, "value": None}
    truth = rolling_backtest(LOG, origins=ORIGINS, **choices)
    for result, origin in zip(truth.results, ORIGINS, strict=True):
        other = rolling_backtest(planted(origin), origins=[origin], **choices).results[0]
        assert other.split.holdout["purchases"].sum() != result.split.holdout["purchases"].sum()
        for name, forecast in result.forecasts.items():
            assert_same_forecast(forecast, other.forecasts[name])
