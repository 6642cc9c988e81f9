"""What a backtest found, and its tables."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.evaluation.forecasters import FittedForecaster, Forecast, PredictsTotals
from clvmodels.evaluation.verdict import verdict
from clvmodels.intervals import quantiles
from clvmodels.rfm import HoldoutSplit

MOST_REPEATS = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult:
    """Forecasts of one holdout, and how far they were right. Made by `backtest`.

    Attributes
    ----------
    split : HoldoutSplit
        What was known at the calibration end, and what came after.
    forecasts : dict of str to Forecast
        By forecaster; the first one is the model under test, the others are its baselines.
    fitted : dict of str to FittedForecaster
        What each of them learnt; without those that could not be fitted.
    metrics : DataFrame
        One row per figure: forecaster, target ("purchases", "value"), metric, and value: missing where undefined.
    interval : float
        Probability of the predictive intervals.
    """

    split: HoldoutSplit
    forecasts: Mapping[str, Forecast]
    fitted: Mapping[str, FittedForecaster]
    metrics: pd.DataFrame
    interval: float = 0.9

    @property
    def targets(self) -> list[str]:
        """What was forecast: "purchases" and, for a log with amounts, "value"."""
        return list(self.split.holdout.columns)

    @property
    def notes(self) -> list[str]:
        """Why forecasts are missing, as sentences."""
        return [note for forecast in self.forecasts.values() for note in forecast.notes]

    def table(self) -> pd.DataFrame:
        """Return the metrics with a row per target and forecaster, and a column per metric."""
        rows: dict[tuple[str, str], dict[str, float]] = {}
        for name, target, metric, figure in self.metrics.itertuples(index=False):
            rows.setdefault((target, name), {})[metric] = figure
        index = pd.MultiIndex.from_tuples(rows, names=["target", "forecaster"])
        return pd.DataFrame(list(rows.values()), index=index)

    def verdict(self) -> str:
        """Say in plain words who is better at level, error and ranking, and whether the intervals held."""
        return verdict(
            self.metrics, totals=self.totals(), notes=self.notes, heading=self._heading(), interval=self.interval
        )

    def totals(self) -> pd.DataFrame:
        """Return all customers' sums by target and forecaster: predicted, lower and upper (predictive), actual."""
        rows = {
            (target, name): self._total(target, forecast)
            for target in self.targets
            for name, forecast in self.forecasts.items()
        }
        index = pd.MultiIndex.from_tuples(rows, names=["target", "forecaster"])
        return pd.DataFrame(list(rows.values()), index=index, columns=["predicted", "lower", "upper", "actual"])

    def tracking(self) -> pd.DataFrame:
        """Return the cumulative purchases of all customers at the end of every period of the holdout.

        Returns
        -------
        DataFrame
            end (time units since the calibration end), actual, and a column per forecaster: the expected number. A
            forecaster with draws has its predictive bounds in ``<name>_lower`` and ``<name>_upper``.
        """
        periods = self.split.periods
        columns = {"end": periods["end"], "actual": periods["purchases"].cumsum()}
        for name, forecast in self.forecasts.items():
            if forecast.purchases is not None:
                columns |= self._path(name, self.fitted[name])
        return pd.DataFrame(columns)

    def reliability(self) -> pd.DataFrame:
        """Return mean holdout purchases by calibration frequency: 0, 1, ..., 6, and 7 or more.

        Returns
        -------
        DataFrame, indexed by frequency ("0", ..., "7+")
            customers, actual, and a column per forecaster: the mean prediction.
        """
        frequency: Any = self.split.calibration.frame["frequency"]
        means = {"actual": self.split.holdout["purchases"]} | {
            name: forecast.purchases["mean"]
            for name, forecast in self.forecasts.items()
            if forecast.purchases is not None
        }
        groups = frequency.map(lambda x: f"{MOST_REPEATS}+" if x >= MOST_REPEATS else str(x))
        table = pd.DataFrame(means).groupby(groups).agg("mean")
        table.insert(0, "customers", groups.value_counts())
        return table

    def __repr__(self) -> str:
        """Say what was compared, in one line."""
        return f"BacktestResult({', '.join(self.forecasts)}; {self.split})"

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.verdict().splitlines())
        return f"{self.table().to_html(float_format='{:.4g}'.format, na_rep='')}{lines}"

    def _heading(self) -> str:
        split = self.split
        known = _plural(len(split.calibration), "customer")
        length = _plural(round(split.horizon, 1), split.calibration.time_unit)
        text = f"{known} known on {split.calibration_end:%Y-%m-%d}, forecast to {split.holdout_end:%Y-%m-%d}: {length}."
        new = f" Not forecast: {_plural(split.new_customers, 'customer')} first seen after that."
        return text + (new if split.new_customers else "")

    def _total(self, target: str, forecast: Forecast) -> list[float]:
        actual, table, totals = float(np.sum(self.split.holdout[target])), forecast.table(target), forecast.totals
        if table is None:
            return [np.nan, np.nan, np.nan, actual]
        bounds = [np.nan, np.nan]
        if totals is not None and target in totals.index:
            bounds = totals.loc[target, ["lower", "upper"]].to_list()
        return [float(np.sum(table["mean"])), *bounds, actual]

    def _path(self, name: str, fitted: FittedForecaster) -> dict[str, object]:
        rfm, ends = self.split.calibration, self.split.periods["end"].tolist()
        if not isinstance(fitted, PredictsTotals):
            forecasts = (fitted.forecast(rfm, horizon=end, interval=self.interval).purchases for end in ends)
            return {name: [np.nan if table is None else float(np.sum(table["mean"])) for table in forecasts]}
        draws = fitted.predictive_total_by_period(rfm, edges=[0.0, *ends]).cumsum(axis=1)
        lower, upper = quantiles(draws, self.interval, "predictive")
        return {name: draws.mean(axis=0), f"{name}_lower": lower, f"{name}_upper": upper}


def _plural(count: float, noun: str) -> str:
    return f"{count:,.10g} {noun}" + ("" if count == 1 else "s")
