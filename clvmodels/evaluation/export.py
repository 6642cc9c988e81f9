"""An evaluation as plain values that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from clvmodels.evaluation.measures import catalogue

if TYPE_CHECKING:
    from clvmodels.evaluation.criticism import Criticism
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult


def to_json_dict(
    result: BacktestResult,
    *,
    criticism: Criticism | None = None,
    rolling: RollingResult | None = None,
    currency: str = "",
) -> dict[str, Any]:
    """Return an evaluation as numbers, texts, lists and dicts.

    Parameters
    ----------
    result : BacktestResult
    criticism : Criticism, optional
        Of the model's fit.
    rolling : RollingResult, optional
        The same comparison from several origins.
    currency : str
        Of the totals in the verdict.

    Returns
    -------
    dict
        customers (known at the calibration end), calibration_end and holdout_end (ISO dates), time_unit, interval,
        verdict, and every table of the result as a list of dicts, one for each row: metrics (forecaster, target,
        metric, value, why_missing), measures (what each metric is), totals, new_customers, comparisons, coverage, pit,
        reliability_by_frequency, reliability_by_decile, lift, tracking and tracking_per_period (calibration and
        holdout, see `BacktestResult.tracking`); criticism and rolling
        where they are given; notes (why forecasts are missing, as sentences). What is missing or infinite is None.

    Examples
    --------
    >>> from clvmodels.evaluation.backtest import backtest
    >>> from clvmodels.evaluation.baselines import AsBefore
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-08", "1997-01-15"]})
    >>> cut = {"calibration_end": "1997-01-08", "holdout_end": "1997-01-15", "value": None}
    >>> to_json_dict(backtest(log, **cut, forecasters=[AsBefore()]))["metrics"][0]
    {'forecaster': 'as_before', 'target': 'purchases', 'metric': 'bias', 'value': 0.0, 'why_missing': ''}
    """
    split = result.split
    found = {
        "customers": len(split.calibration),
        "calibration_end": split.calibration_end,
        "holdout_end": split.holdout_end,
        "time_unit": split.calibration.time_unit,
        "interval": result.interval,
        "verdict": result.verdict(currency=currency).splitlines(),
        "metrics": result.metrics,
        "measures": catalogue(result.levels).reset_index(),
        **_tables(result),
        "criticism": None if criticism is None else _criticism(criticism),
        "rolling": None if rolling is None else _rolling(rolling),
        "notes": result.notes,
    }
    return _plain(found)


def _tables(result: BacktestResult) -> dict[str, Any]:
    by_target = {
        "coverage": result.coverage,
        "reliability_by_frequency": lambda target: result.reliability(target=target).reset_index(names="frequency"),
        "reliability_by_decile": lambda target: result.reliability(by="decile", target=target),
        "lift": result.lift,
    }
    return {
        "totals": result.totals().reset_index(),
        "totals_by_segment": result.totals("segment").reset_index() if result.segments is not None else None,
        "new_customers": result.new_customers().reset_index(names="what"),
        "comparisons": _comparisons(result),
        **{name: {target: of(target) for target in result.forecast_targets} for name, of in by_target.items()},
        "pit": {target: result.pit(target) for target in result.targets if result.has_draws(target)},
        "tracking": result.tracking(calibration=True),
        "tracking_per_period": result.tracking(calibration=True, cumulative=False),
    }


def _comparisons(result: BacktestResult | RollingResult) -> pd.DataFrame:
    if not result.baselines:
        return pd.DataFrame()
    parts: Any = {name: result.compare(name) for name in result.baselines}
    return pd.concat(parts, names=["baseline"]).rename(columns={"baseline": "baseline_figure"}).reset_index()


def _criticism(criticism: Criticism) -> dict[str, Any]:
    independence = criticism.independence
    return {
        "frequencies": criticism.frequencies.reset_index(),
        "leave_one_out": criticism.leave_one_out.reset_index(),
        "spend_independence": None
        if independence is None
        else {
            "sentence": independence.sentence,
            "correlation": independence.correlation,
            "lower": independence.lower,
            "upper": independence.upper,
            "by_frequency": independence.by_frequency.reset_index(),
        },
        "prior_sensitivity": criticism.sensitivity.reset_index(),
    }


def _rolling(rolling: RollingResult) -> dict[str, Any]:
    return {
        "verdict": rolling.verdict().splitlines(),
        "metrics": rolling.metrics,
        "means": rolling.table().reset_index(),
        "totals": rolling.totals().reset_index(),
        "coverage_of_totals": rolling.coverage_of_totals().reset_index(),
        "comparisons": _comparisons(rolling),
        "new_customers": rolling.new_customers().reset_index(),
    }


def _plain(value: Any) -> Any:
    """JSON has neither tables nor dates, NaN or infinity."""
    if isinstance(value, pd.DataFrame):
        names = [str(name) for name in value.columns]
        columns = [[_plain(cell) for cell in value[name].tolist()] for name in value.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
