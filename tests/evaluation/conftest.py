"""Backtests that several tests look at."""

import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow, simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.rolling import rolling_backtest


@pytest.fixture(scope="session")
def cdnow():
    """The CDNOW sample with the default forecasters, as published: 39 weeks held out."""
    return backtest(load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30", random_seed=1)


@pytest.fixture(scope="session")
def one_timers():
    """Twelve customers, none of whom comes back before the calibration end; one does after it."""
    days = pd.date_range("2024-01-01", periods=12, freq="7D")
    log = pd.DataFrame({"customer_id": range(12), "date": days, "value": 20.0})
    log.loc[12] = [0, pd.Timestamp("2024-05-01"), 30.0]
    forecasters = [ModelForecaster(), AsBefore()]
    return backtest(log, calibration_end="2024-04-01", holdout_end="2024-05-06", forecasters=forecasters, random_seed=1)


@pytest.fixture(scope="session")
def rolling():
    """A quarter ahead from two origins, by the model and by going on as before."""
    log = simulate_transactions(customers=150, length=66, spend=None, random_seed=1)
    segments = {customer: "odd" if customer % 2 else "even" for customer in range(1, 151)}
    forecasters = [ModelForecaster(draws=200), AsBefore()]
    choices = {"origins": 2, "horizon": 13, "value": None, "segments": segments, "random_seed": 1}
    return rolling_backtest(log, forecasters=forecasters, **choices)
