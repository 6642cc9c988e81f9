"""Sums over all customers, over segments and over new customers, with intervals made of sums of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.forecasters import ForecastsNewCustomers
from clvmodels.intervals import quantiles

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult

COLUMNS = ["customers", "predicted", "lower", "upper", "wide_lower", "wide_upper", "actual"]


def totals_table(result: BacktestResult, by: str | None) -> pd.DataFrame:
    """Return what `BacktestResult.totals` says."""
    groups = _groups(result, by)
    parts: Any = {
        (target, name): _sums(result, target, name, groups)
        for target in result.targets
        for name, forecast in result.forecasts.items()
        if target in forecast.targets
    }
    table = pd.concat(parts, names=["target", "forecaster"])
    return table.droplevel(-1) if by is None else table.rename_axis(["target", "forecaster", by])


def _groups(result: BacktestResult, by: str | None) -> pd.Series:
    """The group of every customer."""
    frame: Any = result.split.calibration.frame
    if by is None:
        return pd.Series("all", index=frame.index, dtype="category")
    if by not in frame.columns:
        raise InvalidArgument(
            f"the customers have no {shown(by)}; pass segments=... to the backtest, or choose a column of "
            f"split.calibration.frame: {', '.join(frame.columns)}"
        )
    if frame[by].isna().any():
        raise InvalidArgument(f"{int(frame[by].isna().sum())} customers have no {by}; fill it in before summing")
    return frame[by].astype("category")


def _sums(result: BacktestResult, target: str, name: str, groups: pd.Series) -> pd.DataFrame:
    categories, codes = groups.cat.categories, groups.cat.codes.to_numpy()
    table = pd.DataFrame(index=categories, columns=COLUMNS, dtype=float)
    table["customers"] = np.bincount(codes, minlength=len(categories))
    table["actual"] = _group_sums(result.split.holdout[target], codes, len(categories))
    prediction, assessment = result.forecasts[name].prediction(target), result.assessments.get((name, target))
    whole: Any = None if assessment is None else assessment.totals
    if prediction is None or assessment is None:
        return table
    table["predicted"] = _group_sums(assessment.customers["mean"], codes, len(categories))
    if prediction.draws is None:
        return table
    own = groups.reindex(prediction.mean.index).cat.codes.to_numpy()
    sums = whole[:, None] if len(categories) == 1 else prediction.draws.sums(own, len(categories))
    table["lower"], table["upper"] = quantiles(sums, result.interval, "predictive")
    errors = result.model_errors.get(target) if name == result.model else None
    if errors is not None:
        table["wide_lower"], table["wide_upper"] = quantiles(errors.widened(sums), result.interval, "predictive")
    return table


def _group_sums(values: Any, codes: Any, groups: int) -> Any:
    return np.bincount(codes, weights=values.to_numpy(float), minlength=groups)


def new_customers_table(result: BacktestResult) -> pd.DataFrame:
    """Return what `BacktestResult.new_customers` says."""
    split = result.split
    actual = {"customers": split.new_customers, "purchases": split.new_purchases, "value": split.new_value}
    table = pd.DataFrame({"actual": pd.Series(actual, dtype=float)})
    table = table if "value" in result.targets else table.drop(index="value")
    able = [model for model in result.fitted.values() if isinstance(model, ForecastsNewCustomers)]
    if result.acquisition is None or not able:
        return table
    draws = able[0].forecast_new(result.acquisition, horizon=split.horizon)
    lower, upper = quantiles(draws.to_numpy(float), result.interval, "predictive")
    ends = pd.DataFrame({"predicted": draws.mean().to_numpy(), "lower": lower, "upper": upper}, index=draws.columns)
    return ends.reindex(table.index).join(table)
