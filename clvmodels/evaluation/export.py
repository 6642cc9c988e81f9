"""A backtest's figures as plain values that JSON can hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult

COLUMNS = ("forecaster", "target", "metric", "value")


def to_json_dict(result: BacktestResult) -> dict[str, Any]:
    """Return the figures of a backtest as numbers, texts, lists and dicts.

    Parameters
    ----------
    result : BacktestResult

    Returns
    -------
    dict
        customers (known at the calibration end), calibration_end and holdout_end (ISO dates), time_unit, metrics (a
        list of dicts with forecaster, target, metric and value; None where it does not apply) and notes (why forecasts
        are missing, as sentences).

    Examples
    --------
    >>> import pandas as pd
    >>> from clvmodels.evaluation.backtest import backtest
    >>> from clvmodels.evaluation.forecasters import AsBefore
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-08", "1997-01-15"]})
    >>> cut = {"calibration_end": "1997-01-08", "holdout_end": "1997-01-15", "value": None}
    >>> to_json_dict(backtest(log, **cut, forecasters=[AsBefore()]))["metrics"][0]
    {'forecaster': 'as_before', 'target': 'purchases', 'metric': 'bias', 'value': 0.0}
    """
    split = result.split
    rows = zip(*(result.metrics[name] for name in COLUMNS), strict=True)
    return {
        "customers": len(split.calibration),
        "calibration_end": split.calibration_end.date().isoformat(),
        "holdout_end": split.holdout_end.date().isoformat(),
        "time_unit": split.calibration.time_unit,
        "metrics": [dict(zip(COLUMNS, (*names, _number(value)), strict=True)) for *names, value in rows],
        "notes": result.notes,
    }


def _number(value: float) -> float | None:
    """JSON has neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None
