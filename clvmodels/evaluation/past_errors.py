"""How far off a forecaster's totals were at earlier origins, inside what was known."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from typing import Any, Literal, Unpack, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument, check_horizon, shown
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.known import Segments, calibration_of, with_segments
from clvmodels.evaluation.model_forecaster import ModelForecaster, lighter
from clvmodels.intervals import with_progress
from clvmodels.model_error import ModelError
from clvmodels.models.posterior import fresh_seed
from clvmodels.rfm import CheckedLog, DateLike, LogChoices, as_day, asking_for, needed_statistics

Target = Literal["purchases", "value"]
# Early enough to leave a holdout, late enough to leave something to learn from.
PLACES = (0.5, 0.75)
COLUMNS = ["target", "origin", "horizon", "predicted", "actual"]


def estimate_model_error(
    transactions: Any,
    *,
    horizon: float,
    observation_end: DateLike | None = None,
    target: Target = "value",
    forecaster: Forecaster | None = None,
    segments: Segments = None,
    random_seed: int | None = 1,
    **choices: Unpack[LogChoices],
) -> ModelError:
    """Learn from the past of a log how wrong a model's totals may be, beyond what it says itself.

    The model is fitted to the first half and to the first three quarters of the log, and forecasts from there.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    horizon : float
        How far the total will be forecast, in time units; the earlier forecasts are as long, where the log is.
    observation_end : date, optional
        The last day that is known, to its end; by default the last in the log.
    target : {"value", "purchases"}
        Of which total.
    forecaster : Forecaster, optional
        By default that of the default models.
    segments : Series or dict, optional
        As in `backtest`.
    random_seed : int, optional
    **choices
        As in `split_holdout`.

    Returns
    -------
    ModelError
        For `LifetimeValue.total(..., kind="predictive", model_error=...)`.

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is.
    InvalidArgument
        If a choice is outside its domain, or no earlier origin says anything.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> log = simulate_transactions(customers=200, length=40, random_seed=1)
    >>> error = estimate_model_error(log, horizon=10, forecaster=ModelForecaster(draws=100))
    >>> error.log_errors.shape
    (2,)
    """
    check_horizon(horizon)
    if target not in get_args(Target):
        raise InvalidArgument(f"target is {shown(target)}; choose one of {', '.join(get_args(Target))}")
    last_day = None if observation_end is None else as_day(observation_end, "observation_end")
    under_test, seed = forecaster or ModelForecaster(), fresh_seed(random_seed)
    made: Any = asking_for(needed_statistics([under_test]), choices)
    log = CheckedLog.check(transactions, last_day=last_day, **made)
    end = last_day or log.transactions.log_end
    found = past_errors(under_test, log, end, horizon=horizon, segments=segments, random_seed=seed)
    if target not in found:
        raise InvalidArgument(
            f"no earlier origin says how wrong the total of {shown(target)} may be: nothing could be fitted, was"
            f" expected or was bought there; {'choose one of ' + ', '.join(found) if found else 'more time is needed'}"
        )
    return found[target]


def past_errors(
    forecaster: Forecaster,
    log: CheckedLog,
    end: dt.date,
    *,
    horizon: float,
    segments: Segments = None,
    random_seed: int = 1,
) -> dict[str, ModelError]:
    """Compare a forecaster's totals with what happened, at half and at three quarters of what is known.

    Parameters
    ----------
    forecaster : Forecaster
    log : CheckedLog
    end : date
        The last day that is known.
    horizon : float
        In time units; the earlier forecasts are as long, where the log is.
    segments : Series or dict, optional
    random_seed : int

    Returns
    -------
    dict of str to ModelError
        By target; without those that no earlier origin says anything of, because nothing could be fitted, was expected
        or was bought there.
    """
    log = log.having(needed_statistics([forecaster]))
    cuts = list(log.earlier(end, places=PLACES, horizon=horizon))
    shown = with_progress(cuts, "earlier origins", len(cuts))
    rows = [row for cut in shown for row in _at(forecaster, log, cut, segments, random_seed)]
    table: Any = pd.DataFrame(rows, columns=COLUMNS)
    told = table[(table["predicted"] > 0) & (table["actual"] > 0)]
    return {
        str(target): ModelError(origins=part.drop(columns="target").reset_index(drop=True), random_seed=random_seed)
        for target, part in told.groupby("target")
    }


def _at(
    forecaster: Forecaster, log: CheckedLog, cut: tuple[dt.date, dt.date], segments: Segments, seed: int
) -> Iterator[tuple[str, pd.Timestamp, float, float, float]]:
    try:
        with warnings.catch_warnings():
            # What is odd about an early origin's few data is no news of the data at hand.
            warnings.simplefilter("ignore")
            split = with_segments(log.split(*cut), segments)
            fitted = (lighter(forecaster) if isinstance(forecaster, ModelForecaster) else forecaster).fit(
                calibration_of(split), random_seed=seed
            )
            forecast = fitted.forecast(split.calibration, horizon=split.horizon)
    except ClvError:
        return
    for target in split.holdout.columns:
        prediction = forecast.prediction(target)
        if prediction is not None:
            actual = float(np.sum(split.holdout[target]))
            yield target, split.calibration_end, split.horizon, float(np.sum(prediction.mean)), actual
