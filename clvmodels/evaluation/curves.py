"""Purchases of all customers together, period by period: what was expected, and what was counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.evaluation import metrics
from clvmodels.evaluation.forecasters import FittedForecaster, ForecastsByPeriod
from clvmodels.intervals import Array, quantiles
from clvmodels.rfm import HoldoutSplit


def holdout_path(fitted: FittedForecaster, split: HoldoutSplit) -> Array:
    """Return the purchases in each period of the holdout: draws (draws, periods), or one row of expectations.

    Parameters
    ----------
    fitted : FittedForecaster
        One that forecasts purchases.
    split : HoldoutSplit
    """
    rfm, ends = split.calibration, split.periods["end"].tolist()
    if isinstance(fitted, ForecastsByPeriod):
        return fitted.total_by_period(rfm, edges=[0.0, *ends])
    totals = [_expected_total(fitted, rfm, end) for end in ends]
    return np.diff([0.0, *totals])[None, :]


def _expected_total(fitted: FittedForecaster, rfm: Any, end: float) -> float:
    purchases = fitted.forecast(rfm, horizon=end).purchases
    return np.nan if purchases is None else float(np.sum(purchases.mean))


def curve_errors(path: Array, split: HoldoutSplit) -> dict[str, float]:
    """Return the mean absolute percentage errors of a path, cumulative and per period."""
    expected, actual = path.mean(axis=0), split.periods["purchases"].to_numpy(float)
    return {
        "mape_cumulative": metrics.mape(np.cumsum(actual), np.cumsum(expected)),
        "mape_incremental": metrics.mape(actual, expected),
    }


def tracking_table(
    paths: Mapping[str, Array], split: HoldoutSplit, *, interval: float, cumulative: bool
) -> pd.DataFrame:
    """Return the periods of the holdout: end, actual, and each path's mean with its band, if it has draws."""
    actual = split.periods["purchases"].to_numpy(float)
    columns = {"end": split.periods["end"].to_numpy(), "actual": np.cumsum(actual) if cumulative else actual}
    for name, path in paths.items():
        columns |= _band(name, np.cumsum(path, axis=1) if cumulative else path, interval)
    return pd.DataFrame(columns)


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """The periods of a calibration.

    Attributes
    ----------
    ends, actual : array (periods,)
        Time units since the calibration end, and the repeat purchases that were seen.
    paths : dict of str to array (draws, periods)
        Those that each model would have seen.
    """

    ends: Array
    actual: Array
    paths: Mapping[str, Array]


def calibration_paths(fitted: Mapping[str, FittedForecaster], split: HoldoutSplit) -> Past:
    """Return the periods of the calibration, as seen and as the models that have draws would have seen them."""
    edges, actual = _past(split)
    able = {name: model for name, model in fitted.items() if isinstance(model, ForecastsByPeriod)}
    paths = {name: model.total_by_period(split.calibration, edges=edges) for name, model in able.items()}
    return Past(ends=np.array(edges[1:]), actual=actual, paths=paths)


def calibration_table(past: Past, *, interval: float, cumulative: bool) -> pd.DataFrame:
    """Return the periods of the calibration: end, actual, and each path's mean with its band."""
    columns = {"end": past.ends, "actual": np.cumsum(past.actual) if cumulative else past.actual}
    for name, path in past.paths.items():
        columns |= _band(name, np.cumsum(path, axis=1) if cumulative else path, interval)
    return pd.DataFrame(columns)


def on_one_axis(past: pd.DataFrame, future: pd.DataFrame, *, cumulative: bool) -> pd.DataFrame:
    """Return calibration and holdout one after the other; forecasts go on from what was counted."""
    if not cumulative:
        return pd.concat([past, future], ignore_index=True).reindex(columns=future.columns)
    counted = past["actual"].iloc[-1]
    later = future.drop(columns="end").add(counted).assign(end=future["end"])
    table = pd.concat([past, later], ignore_index=True).reindex(columns=future.columns)
    # Forecasters that have nothing to say of the calibration begin where it ends.
    table.iloc[len(past) - 1] = table.iloc[len(past) - 1].fillna(counted)
    return table


def _past(split: HoldoutSplit) -> tuple[list[float], Array]:
    """Edges of whole periods back from the calibration end, and the repeat purchases in each."""
    history = split.history()
    repeat = history.loc[history.duplicated("customer_id"), "date"]
    elapsed = split.log.step.elapsed(repeat, split.calibration_end.date())
    number = max(1, math.ceil(np.max(split.calibration.frame["T"].to_numpy(float))))
    counts = np.bincount(np.ceil(elapsed).astype(int) + number - 1, minlength=number)
    return np.arange(-number, 1.0).tolist(), counts.astype(float)


def _band(name: str, path: Array, interval: float) -> dict[str, Array]:
    if len(path) == 1:
        return {name: path[0]}
    lower, upper = quantiles(path, interval, "predictive")
    return {name: path.mean(axis=0), f"{name}_lower": lower, f"{name}_upper": upper}
