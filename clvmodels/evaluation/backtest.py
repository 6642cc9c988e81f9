"""One cut through a transaction log: forecasters learn from what came before, and are held against what came after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument, check_interval
from clvmodels.evaluation import metrics
from clvmodels.evaluation.bayesian import BetaGeoGammaGamma
from clvmodels.evaluation.forecasters import AsBefore, Forecast, Forecaster, SimpleFormula
from clvmodels.evaluation.result import BacktestResult
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.models.posterior import fresh_seed
from clvmodels.rfm import RFM, DateLike, HoldoutSplit, Refunds, TimeUnit, split_holdout

POINT_MEASURES: dict[str, Callable[..., float]] = {
    "bias": metrics.bias,
    "mae": metrics.mae,
    "rmse": metrics.rmse,
    "pearson": metrics.pearson,
    "spearman": metrics.spearman,
    "normalized_gini": metrics.normalized_gini,
}


def backtest(
    transactions: Any,
    *,
    calibration_end: DateLike,
    holdout_end: DateLike,
    time_unit: TimeUnit = "week",
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
    forecasters: Sequence[Forecaster] | None = None,
    interval: float = 0.9,
    random_seed: int | None = 1,
) -> BacktestResult:
    """Forecast the holdout from the calibration period, and measure how each forecaster did.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    calibration_end, holdout_end : date
        The last days of the two periods, each to its end. The horizon is the time between them.
    time_unit, customer_id, date, value, refunds, time_zone, date_format, churn_window
        As in `split_holdout`. With `value=None` purchases alone are forecast.
    forecasters : sequence of Forecaster, optional
        The first one is the model under test, the others are its baselines. By default BG/NBD x Gamma-Gamma, the
        simple formula per customer and for the whole base, and as before.
    interval : float
        Probability of the predictive intervals whose coverage is measured.
    random_seed : int, optional
        The same seed gives the same result; None draws one.

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
    A forecaster that fails does not stop the others: its figures are missing, and the verdict says why.

    Examples
    --------
    >>> from clvmodels.evaluation.forecasters import AsBefore
    >>> log = pd.DataFrame({"customer_id": ["a"] * 4, "date": ["1997-01-01", "1997-01-08", "1997-01-15", "1997-01-25"]})
    >>> result = backtest(
    ...     log, calibration_end="1997-01-15", holdout_end="1997-01-29", value=None, forecasters=[AsBefore()]
    ... )
    >>> result.table().loc[("purchases", "as_before"), ["bias", "mae"]].to_list()
    [1.0, 1.0]
    """
    check_interval(interval)
    chosen = default_forecasters() if forecasters is None else forecasters
    split = split_holdout(
        transactions,
        calibration_end=calibration_end,
        holdout_end=holdout_end,
        time_unit=time_unit,
        customer_id=customer_id,
        date=date,
        value=value,
        refunds=refunds,
        time_zone=time_zone,
        date_format=date_format,
        churn_window=churn_window,
    )
    return evaluate(split, chosen, interval=interval, random_seed=random_seed)


def default_forecasters() -> list[Forecaster]:
    """Return the model and its baselines: BG/NBD x Gamma-Gamma, the simple formula at two levels, and as before.

    Examples
    --------
    >>> [forecaster.name for forecaster in default_forecasters()]
    ['bg_nbd_gamma_gamma', 'multiplicative_customer', 'multiplicative_population', 'as_before']
    """
    population = SimpleFormula(model=MultiplicativeCLV(level="population"), name="multiplicative_population")
    return [BetaGeoGammaGamma(), SimpleFormula(), population, AsBefore()]


def evaluate(
    split: HoldoutSplit, forecasters: Sequence[Forecaster], *, interval: float = 0.9, random_seed: int | None = 1
) -> BacktestResult:
    """Fit each forecaster to the calibration, forecast the holdout, and measure.

    Parameters
    ----------
    split : HoldoutSplit
    forecasters, interval, random_seed
        As in `backtest`.

    Returns
    -------
    BacktestResult

    Examples
    --------
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-08", "1997-01-15"]})
    >>> split = split_holdout(log, calibration_end="1997-01-08", holdout_end="1997-01-15", value=None)
    >>> evaluate(split, [AsBefore()]).totals().loc[("purchases", "as_before"), ["predicted", "actual"]].to_list()
    [1.0, 1.0]
    """
    names, calibration = [forecaster.name for forecaster in forecasters], split.calibration
    if not names or len(set(names)) < len(names):
        raise InvalidArgument(f"the forecasters are named {names}; give at least one, each with a name of its own")
    seed, fitted, forecasts = fresh_seed(random_seed), {}, {}
    for name, forecaster in zip(names, forecasters, strict=True):
        try:
            fitted[name] = forecaster.fit(calibration, random_seed=seed)
            forecast = fitted[name].forecast(calibration, horizon=split.horizon, interval=interval)
            forecasts[name] = _complete(forecast, calibration)
        except ClvError as error:
            forecasts[name] = Forecast(notes=(f"{name} has no forecast: {error}.",))
    rows = [
        (name, target, metric, figure)
        for target in split.holdout.columns
        for name, forecast in forecasts.items()
        for metric, figure in measure(split.holdout[target], forecast.table(target), interval=interval).items()
    ]
    table = pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value"])
    return BacktestResult(split=split, forecasts=forecasts, fitted=fitted, metrics=table, interval=interval)


def _complete(forecast: Forecast, rfm: RFM) -> Forecast:
    """Return the forecast if it has a finite mean for every customer."""
    for target, table in (("purchases", forecast.purchases), ("value", forecast.value)):
        if table is None:
            continue
        lacking = int((~np.isfinite(table["mean"].reindex(rfm.frame.index))).sum())
        if lacking:
            raise InvalidArgument(f"its {target} lack a finite mean for {lacking} of {len(rfm)} customers")
    return forecast


def measure(y_obs: Any, predicted: pd.DataFrame | None, *, interval: float = 0.9) -> dict[str, float]:
    """Return every measure by name for one forecaster and target; all are NaN without a forecast.

    Parameters
    ----------
    y_obs : Series, shape (customers,)
        What was observed, indexed by customer_id.
    predicted : DataFrame or None
        The columns mean, lower and upper, for the same customers.
    interval : float
        Probability of the intervals, for the names of their measures: coverage_90, width_90.

    Examples
    --------
    >>> customers = pd.Index(["ann", "bob"])
    >>> table = pd.DataFrame({"mean": [1.0, 2.0], "lower": [0.0, 1.0], "upper": [2.0, 2.0]}, index=customers)
    >>> measure(pd.Series([1, 3], index=customers), table)["coverage_90"]
    0.5
    """
    covered, wide = f"coverage_{100 * interval:g}", f"width_{100 * interval:g}"
    if predicted is None:
        return dict.fromkeys([*POINT_MEASURES, covered, wide], np.nan)
    # By customer, whatever the order of the rows.
    mean, lower, upper = (predicted[name].reindex(y_obs.index) for name in ("mean", "lower", "upper"))
    found = {name: of(y_obs, mean) for name, of in POINT_MEASURES.items()}
    return {**found, covered: metrics.coverage(y_obs, lower, upper), wide: metrics.width(lower, upper)}
