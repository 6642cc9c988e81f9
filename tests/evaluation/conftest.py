"""Backtests that several tests look at."""

import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow
from clvmodels.evaluation.backtest import backtest


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
    return backtest(log, calibration_end="2024-04-01", holdout_end="2024-05-06", random_seed=1)
