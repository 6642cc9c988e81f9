"""Backtests that several tests look at."""

from dataclasses import dataclass, replace

import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow, simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, FittedAsBefore
from clvmodels.evaluation.registry import default_forecasters, named_forecasters, textbook
from clvmodels.evaluation.rolling import rolling_backtest


@dataclass(frozen=True)
class SpendAlone:
    """Going on as before, for spend and not for purchases."""

    name: str = "spend_alone"

    def fit(self, calibration, *, random_seed=None):
        return self

    def forecast(self, rfm, *, horizon):
        before = FittedAsBefore().forecast(rfm, horizon=horizon)
        return replace(before, purchases=None, targets=("value",))


@pytest.fixture(scope="session")
def cdnow():
    """The CDNOW sample, as published: 39 weeks held out. The textbook models, and all that they are compared with."""
    beside = [*named_forecasters(["bg_nbd_gamma_gamma_all_spend"]), SpendAlone()]
    model, *baselines = default_forecasters(under_test=textbook())
    cut = {"calibration_end": "1997-09-30", "holdout_end": "1998-06-30"}
    return backtest(load_cdnow(), **cut, forecasters=[model, *beside, *baselines], random_seed=1)


@pytest.fixture(scope="session")
def one_timers():
    """Twelve customers, none of whom comes back before the calibration end; one does after it."""
    days = pd.date_range("2024-01-01", periods=12, freq="7D")
    log = pd.DataFrame({"customer_id": range(12), "date": days, "value": 20.0})
    log.loc[12] = [0, pd.Timestamp("2024-05-01"), 30.0]
    forecasters = [textbook(), AsBefore()]
    return backtest(log, calibration_end="2024-04-01", holdout_end="2024-05-06", forecasters=forecasters, random_seed=1)


@pytest.fixture(scope="session")
def rolling():
    """A quarter ahead from two origins, by the model and by going on as before."""
    log = simulate_transactions(customers=150, length=66, spend=None, random_seed=1)
    segments = {customer: "odd" if customer % 2 else "even" for customer in range(1, 151)}
    forecasters = [textbook(draws=200), AsBefore()]
    choices = {"origins": 2, "horizon": 13, "value": None, "segments": segments, "random_seed": 1}
    return rolling_backtest(log, forecasters=forecasters, **choices)
