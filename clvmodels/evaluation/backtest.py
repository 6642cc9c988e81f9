"""One cut through a transaction log: forecasters learn from what came before, and are held against what came after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument, check_interval, shown
from clvmodels.evaluation.assessment import LEVELS, Assessment, assess
from clvmodels.evaluation.curves import curve_errors, holdout_path
from clvmodels.evaluation.forecasters import Calibration, FittedForecaster, Forecast, Forecaster
from clvmodels.evaluation.known import Segments, calibration_of, with_segments
from clvmodels.evaluation.measures import Measure, measures
from clvmodels.evaluation.past_errors import past_errors as errors_at_earlier_origins
from clvmodels.evaluation.registry import default_forecasters
from clvmodels.evaluation.result import BacktestResult
from clvmodels.intervals import Array, with_progress
from clvmodels.model_error import ModelError
from clvmodels.models.acquisition_rate import AcquisitionRate
from clvmodels.models.posterior import fresh_seed
from clvmodels.rfm import DateLike, HoldoutSplit, LogChoices, asking_for, needed_statistics, split_holdout

Rate = float | str | None
NO_FORECAST = "there is no forecast"


def backtest(
    transactions: Any,
    *,
    calibration_end: DateLike,
    holdout_end: DateLike,
    forecasters: Sequence[Forecaster] | None = None,
    segments: Segments = None,
    acquisition_rate: Rate = None,
    interval: float = 0.9,
    random_seed: int | None = 1,
    past_errors: bool = True,
    **choices: Unpack[LogChoices],
) -> BacktestResult:
    """Forecast the holdout from the calibration period, and measure how each forecaster did.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    calibration_end, holdout_end : date
        The last days of the two periods, each to its end. The horizon is the time between them.
    forecasters : sequence of Forecaster, optional
        The first one is the model under test, the others are its baselines. By default the default models (spend by
        repeat purchases, and by all), the simple formula per customer, per segment where there are some, and for the
        whole base, as before, the hiatus rule, nothing, and the lifetimes package's maximum-likelihood fit.
    segments : Series indexed by customer_id, or dict, optional
        The segment of every customer of the calibration, as known at its end; the column "segment" of the RFM.
    acquisition_rate : float or "estimated", optional
        Customers won per time unit of the holdout, for a forecast of those first seen in it; "estimated": as many as in
        the last `horizon` time units of the calibration, or in its second half where that is shorter; customers are
        taken to come as they came then. By default they are counted only.
    interval : float
        Probability of the predictive intervals, and of those of the differences; coverage is measured at 50, 80, 90
        and 95 % as well.
    random_seed : int, optional
        The same seed gives the same result; None draws one.
    past_errors : bool
        Fit the first forecaster at two earlier origins inside the calibration too, as `estimate_model_error` does: its
        errors there widen the totals' second interval. False saves this time, and leaves that interval out.
    **choices
        time_unit, customer_id, date, value, refunds, unknown_dates, time_zone, date_format, churn_window, window,
        opportunity and statistics, as in `split_holdout`. The statistics that the forecasters' models need are made
        without being named. With `value=None` purchases alone are forecast.

    Returns
    -------
    BacktestResult

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is.
    InvalidArgument
        If a choice is outside its domain, or two forecasters have one name.

    Notes
    -----
    A forecaster that fails (raises a ClvError, or leaves out customers) does not stop the others: its figures are
    missing, and the verdict says why.

    Examples
    --------
    >>> from clvmodels.evaluation.baselines import AsBefore
    >>> log = pd.DataFrame({"customer_id": ["a"] * 4, "date": ["1997-01-01", "1997-01-08", "1997-01-15", "1997-01-25"]})
    >>> result = backtest(
    ...     log, calibration_end="1997-01-15", holdout_end="1997-01-29", value=None, forecasters=[AsBefore()]
    ... )
    >>> result.table().loc[("purchases", "as_before"), ["bias", "mae"]].to_list()
    [1.0, 1.0]
    """
    check_interval(interval)
    check_names(forecasters)
    chosen = default_forecasters(segments is not None) if forecasters is None else list(forecasters)
    made: Any = asking_for(needed_statistics(chosen), choices)
    split = split_holdout(transactions, calibration_end=calibration_end, holdout_end=holdout_end, **made)
    return evaluate(
        split,
        chosen,
        segments=segments,
        acquisition_rate=acquisition_rate,
        interval=interval,
        random_seed=random_seed,
        past_errors=past_errors,
    )


def evaluate(
    split: HoldoutSplit,
    forecasters: Sequence[Forecaster] | None = None,
    *,
    segments: Segments = None,
    acquisition_rate: Rate = None,
    interval: float = 0.9,
    random_seed: int | None = 1,
    past_errors: bool = True,
) -> BacktestResult:
    """Fit each forecaster to the calibration, forecast the holdout, and measure.

    Parameters
    ----------
    split : HoldoutSplit
    forecasters, segments, acquisition_rate, interval, random_seed, past_errors
        As in `backtest`.

    Returns
    -------
    BacktestResult

    Examples
    --------
    >>> from clvmodels.evaluation.baselines import AsBefore
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-08", "1997-01-15"]})
    >>> split = split_holdout(log, calibration_end="1997-01-08", holdout_end="1997-01-15", value=None)
    >>> evaluate(split, [AsBefore()]).totals().loc[("purchases", "as_before"), ["predicted", "actual"]].to_list()
    [1.0, 1.0]
    """
    check_interval(interval)
    chosen = default_forecasters(segments is not None) if forecasters is None else list(forecasters)
    check_names(chosen)
    split = with_segments(split.having(needed_statistics(chosen)), segments)
    rate = _acquisition(acquisition_rate, split)
    seed, levels = fresh_seed(random_seed), tuple(sorted({*LEVELS, interval}))
    calibration = calibration_of(split)
    tried = [
        _tried(forecaster, calibration, split, levels, seed)
        for forecaster in with_progress(chosen, "forecasters", len(chosen))
    ]
    return BacktestResult(
        split=split,
        forecasters={forecaster.name: forecaster for forecaster in chosen},
        forecasts={one.name: one.forecast for one in tried},
        fitted={one.name: one.fitted for one in tried if one.fitted is not None},
        assessments={(one.name, target): found for one in tried for target, found in one.assessments.items()},
        paths={one.name: one.path for one in tried if one.path is not None},
        metrics=_measured(split, tried, measures(levels)),
        interval=interval,
        levels=levels,
        random_seed=seed,
        segments=segments,
        acquisition=rate,
        model_errors=_earlier(chosen[0], split, segments, seed) if past_errors and tried[0].assessments else {},
    )


def _earlier(forecaster: Forecaster, split: HoldoutSplit, segments: Segments, seed: int) -> Mapping[str, ModelError]:
    end, horizon = split.calibration_end.date(), split.horizon
    return errors_at_earlier_origins(forecaster, split.log, end, horizon=horizon, segments=segments, random_seed=seed)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tried:
    """One forecaster: its forecast and what became of it; of one that failed, the reason alone."""

    name: str
    forecast: Forecast
    fitted: FittedForecaster | None = None
    assessments: Mapping[str, Assessment] = field(default_factory=dict)
    path: Array | None = None


def _tried(
    forecaster: Forecaster, calibration: Calibration, split: HoldoutSplit, levels: tuple[float, ...], seed: int
) -> _Tried:
    name, observed = forecaster.name, split.holdout
    try:
        fitted = forecaster.fit(calibration, random_seed=seed)
        forecast = fitted.forecast(split.calibration, horizon=split.horizon)
        if not isinstance(forecast, Forecast):
            raise InvalidArgument(f"forecast returned a {type(forecast).__name__}; return a Forecast")
        predictions = {str(target): forecast.prediction(str(target)) for target in observed.columns}
        assessments = {
            target: assess(pd.Series(observed[target]), prediction, levels=levels, random_seed=seed)
            for target, prediction in predictions.items()
            if prediction is not None
        }
        path = holdout_path(fitted, split) if "purchases" in assessments else None
    except ClvError as error:
        targets = getattr(forecaster, "targets", Forecast().targets)
        return _Tried(name=name, forecast=Forecast(notes=(f"{name} has no forecast: {error}.",), targets=targets))
    return _Tried(name=name, forecast=forecast, fitted=fitted, assessments=assessments, path=path)


def check_names(forecasters: Sequence[Forecaster] | None) -> None:
    """Refuse an empty list, and two forecasters of one name."""
    if forecasters is not None and not isinstance(forecasters, Sequence):
        raise InvalidArgument(f"forecasters is a {type(forecasters).__name__}; give a list of forecasters")
    wrong = [one for one in forecasters or () if isinstance(one, type) or not hasattr(one, "fit")]
    if wrong:
        raise InvalidArgument(
            f"{shown(wrong[0])} is no forecaster; give objects with a name and fit(), or clv.named_forecasters"
        )
    names = None if forecasters is None else [forecaster.name for forecaster in forecasters]
    if names is not None and (not names or len(set(names)) < len(names)):
        raise InvalidArgument(f"the forecasters are named {names}; give at least one, each with a name of its own")


def _measured(split: HoldoutSplit, tried: Sequence[_Tried], wanted: Sequence[Measure]) -> pd.DataFrame:
    """One row per figure: forecaster, target, metric, value, and why it is missing."""
    rows = []
    for target in split.holdout.columns:
        for one in (one for one in tried if target in one.forecast.targets):
            assessment = one.assessments.get(target)
            curve = curve_errors(one.path, split) if target == "purchases" and one.path is not None else {}
            for measure in wanted:
                value = np.nan if assessment is None else _figure(measure, assessment, curve)
                missing = NO_FORECAST if assessment is None else measure.why_missing(str(target))
                rows.append((one.name, target, measure.name, value, missing if np.isnan(value) else ""))
    return pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value", "why_missing"])


def _figure(measure: Measure, assessment: Assessment, curve: Mapping[str, float]) -> float:
    if measure.of is not None:
        return measure.of(assessment.customers, None)
    whole = {"pit_distance": assessment.pit_distance, "pit_p_value": assessment.pit_p_value, **curve}
    return whole.get(measure.name, np.nan)


def _acquisition(rate: Rate, split: HoldoutSplit) -> AcquisitionRate | None:
    if rate is None:
        return None
    if rate != "estimated":
        if isinstance(rate, str):
            raise InvalidArgument(f"acquisition_rate is {shown(rate)}; give customers per time unit, or 'estimated'")
        return AcquisitionRate(won=float(rate))
    T = split.calibration.frame["T"].to_numpy(float)
    # Before the second half, a customer seen for the first time may be an old one whom the log does not know yet.
    exposure = min(split.horizon, float(T.max()) / 2) or split.horizon
    return AcquisitionRate(won=float(np.count_nonzero(exposure > T)), exposure=exposure)
