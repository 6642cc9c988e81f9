"""The same comparison from several origins, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Unpack

import numpy as np
import pandas as pd

from clvmodels.errors import check_interval
from clvmodels.evaluation import tables
from clvmodels.evaluation.backtest import Rate, check_names, evaluate
from clvmodels.evaluation.bootstrap import Resampled, resample
from clvmodels.evaluation.compared import Compared
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.headings import several_origins
from clvmodels.evaluation.known import Segments
from clvmodels.evaluation.measures import Measure
from clvmodels.evaluation.registry import default_forecasters
from clvmodels.evaluation.result import BacktestResult
from clvmodels.evaluation.verdict import place, told_interval, verdict
from clvmodels.intervals import Progress
from clvmodels.models.posterior import fresh_seed
from clvmodels.rfm import DateLike, HoldoutSplit, LogChoices, asking_for, needed_statistics, rolling_splits

# As several origins are looked at.
DRAWS = 250


@dataclass(frozen=True, kw_only=True, eq=False)
class RollingResult(Compared):
    """Backtests from several origins, with the same horizon. Made by `rolling_backtest`.

    Attributes
    ----------
    results : tuple of BacktestResult
        From the first origin to the last.
    """

    results: tuple[BacktestResult, ...]

    @property
    def interval(self) -> float:
        """Probability of the intervals."""
        return self.results[0].interval

    @property
    def names(self) -> list[str]:
        """The names of the forecasters, the one under test first."""
        return self.results[0].names

    @property
    def compared(self) -> list[Measure]:
        """The measures in which forecasters are compared; of those best at a value, the distance from it."""
        return self.results[0].compared

    @property
    def targets(self) -> list[str]:
        """What was forecast."""
        return self.results[0].targets

    @property
    def metrics(self) -> pd.DataFrame:
        """Every figure at every origin: origin, then the columns of `BacktestResult.metrics`."""
        parts = [result.metrics.assign(origin=result.split.calibration_end) for result in self.results]
        table: Any = pd.concat(parts, ignore_index=True)
        return table[["origin", *(name for name in table if name != "origin")]]

    @property
    def notes(self) -> list[str]:
        """Why forecasts are missing, as sentences."""
        return [f"{result.split.calibration_end:%Y-%m-%d}: {note}" for result in self.results for note in result.notes]

    @cached_property
    def resampled(self) -> Resampled:
        """The measures over 250 samples of the customers and of the origins; made on first use."""
        return resample(self.results, self.compared, draws=DRAWS, random_seed=self.results[0].random_seed)

    def table(self) -> pd.DataFrame:
        """Return the mean of each metric over the origins that all have: a row per target and forecaster.

        An origin at which one forecaster lacks a metric that it has at another is left out of all their means.
        """
        return tables.wide(_means(self.metrics))

    def by_origin(self) -> pd.DataFrame:
        """Return the metrics of each origin: a row per origin, target and forecaster, and a column per metric."""
        parts: Any = {result.split.calibration_end: result.table() for result in self.results}
        return pd.concat(parts, names=["origin"])

    def totals(self, by: str | None = None) -> pd.DataFrame:
        """Return the sums of each origin: those of `BacktestResult.totals`, with the origin as the last level."""
        parts: Any = {result.split.calibration_end: result.totals(by) for result in self.results}
        table = pd.concat(parts, names=["origin"])
        levels = [*(name for name in table.index.names if name != "origin"), "origin"]
        return table.reorder_levels(levels).sort_index(level="origin", sort_remaining=False)

    def coverage_of_totals(self, by: str | None = None) -> pd.DataFrame:
        """Return how often the two intervals of a total held what happened.

        Returns
        -------
        DataFrame, indexed by target and forecaster
            totals (how many have an interval), inside (share inside the model's own interval), inside_wide (inside the
            one widened by past errors) and log_error (root of the mean squared log of actual over predicted).
        """
        table = self.totals(by).dropna(subset=["lower"])
        known = table["wide_lower"].notna()
        error = np.log(table["actual"].where(table["actual"] > 0) / table["predicted"].where(table["predicted"] > 0))
        held = pd.DataFrame(
            {
                "totals": 1.0,
                "inside": table["actual"].between(table["lower"], table["upper"]).astype(float),
                "inside_wide": table["actual"].between(table["wide_lower"], table["wide_upper"]).where(known),
                "log_error": error**2,
            }
        ).astype(float)
        how = {"totals": "sum", "inside": "mean", "inside_wide": "mean", "log_error": "mean"}
        found: Any = held.groupby(["target", "forecaster"], sort=False).agg(how)
        return found.assign(totals=found["totals"].astype(int), log_error=np.sqrt(found["log_error"]))

    def new_customers(self) -> pd.DataFrame:
        """Return `BacktestResult.new_customers` of each origin, with the origin as the first level."""
        parts: Any = {result.split.calibration_end: result.new_customers() for result in self.results}
        return pd.concat(parts, names=["origin", "what"])

    def verdict(self) -> str:
        """Say in a few sentences whether the model beats the simple formula, who beats it, and if intervals held."""
        return verdict(
            _means(self.metrics),
            self.comparisons,
            # The origins share most customers: more than at one of them do not count.
            customers=min(len(result.split.calibration) for result in self.results),
            model=self.model,
            remarks=self._remarks(),
            notes=self.notes,
            heading=several_origins([result.split for result in self.results]),
            interval=self.interval,
        )

    def __repr__(self) -> str:
        """Say what was compared, in one line."""
        ends = [f"{result.split.calibration_end:%Y-%m-%d}" for result in self.results]
        return f"RollingResult({', '.join(self.results[0].forecasts)}; {len(ends)} origins, {ends[0]} to {ends[-1]})"

    def _remarks(self) -> dict[str, str]:
        """How many totals their intervals held, those that past errors widened where they are known."""
        totals: Any = self.totals().xs(self.model, level="forecaster").dropna(subset=["lower"])
        said = {}
        for target, part in totals.groupby(level="target", sort=False):
            told = [(told_interval(row.to_dict()), row["actual"]) for _, row in part.iterrows()]
            inside = sum(place(actual, lower, upper) == "inside" for (lower, upper, _), actual in told)
            widened = sum(wide for (*_, wide), _ in told)
            how = "" if not widened else " with past errors" + (", where known" if widened < len(told) else "")
            level = f"{100 * self.interval:g} %"
            said[str(target)] = f"{inside} of {len(told)} totals were inside their {level} intervals{how}."
        return said


def _means(metrics: pd.DataFrame) -> Any:
    """Mean of each figure over the origins at which every forecaster that ever has it has it; missing without one."""
    known: Any = metrics.groupby(["forecaster", "target", "metric"], sort=False)["value"].transform("count")
    lacking: Any = (known > 0) & metrics["value"].isna()
    alike = ~lacking.groupby([metrics[name] for name in ("origin", "target", "metric")]).transform("any")
    keys = ["forecaster", "target", "metric"]
    return metrics.assign(value=metrics["value"].where(alike)).groupby(keys, sort=False, as_index=False)["value"].mean()


def rolling_backtest(
    transactions: Any,
    *,
    origins: int | Sequence[DateLike],
    horizon: float,
    holdout_end: DateLike | None = None,
    forecasters: Sequence[Forecaster] | None = None,
    segments: Segments = None,
    acquisition_rate: Rate = None,
    interval: float = 0.9,
    random_seed: int | None = 1,
    past_errors: bool = True,
    **choices: Unpack[LogChoices],
) -> RollingResult:
    """Forecast from several origins, each time from what was known by then, and measure how each forecaster did.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    origins, horizon, holdout_end
        Where the log is cut, as in `rolling_splits`: a number of origins, or their dates; the length of each holdout
        in time units; the last day of the last one.
    forecasters, segments, acquisition_rate, interval, random_seed, past_errors
        As in `backtest`; without a choice of forecasters, with 250 draws instead of 1,000. Segments must be given for
        all customers, and be known at every origin.
    **choices
        As in `split_holdout`; with `window` the calibration slides, without it it grows.

    Returns
    -------
    RollingResult

    Raises
    ------
    InvalidTransactions, InvalidArgument
        As in `backtest` and `rolling_splits`.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.evaluation.baselines import AsBefore, Nothing
    >>> log = simulate_transactions(customers=50, length=60, random_seed=1)
    >>> rolling = rolling_backtest(log, origins=2, horizon=10, forecasters=[AsBefore(), Nothing()])
    >>> rolling.table().loc[("purchases", "nothing"), "bias"].item()
    -1.0
    """
    check_interval(interval)
    check_names(forecasters)
    chosen = _chosen(forecasters, segments)
    made: Any = asking_for(needed_statistics(chosen), choices)
    splits = rolling_splits(transactions, origins=origins, horizon=horizon, holdout_end=holdout_end, **made)
    return evaluate_splits(
        list(splits),
        forecasters=chosen,
        segments=segments,
        acquisition_rate=acquisition_rate,
        interval=interval,
        random_seed=fresh_seed(random_seed),
        past_errors=past_errors,
    )


def evaluate_splits(
    splits: Sequence[HoldoutSplit],
    *,
    forecasters: Sequence[Forecaster] | None = None,
    segments: Segments = None,
    known: Sequence[BacktestResult] = (),
    **choices: Any,
) -> RollingResult:
    """Evaluate each split, but for those that were evaluated before.

    Parameters
    ----------
    splits : sequence of HoldoutSplit
    forecasters : sequence of Forecaster, optional
        By default those of `backtest`, with 250 draws instead of 1,000.
    segments : Series or dict, optional
    known : sequence of BacktestResult
        Made with the same choices.
    **choices
        For `evaluate`.
    """
    chosen = _chosen(forecasters, segments)
    done = {(result.split.calibration_end, result.split.holdout_end): result for result in known}
    results = []
    with Progress("origins", len(splits), alone=True) as progress:
        for split in splits:
            before = done.get((split.calibration_end, split.holdout_end))
            results.append(before or evaluate(split, chosen, segments=segments, **choices))
            progress.advance(1)
    return RollingResult(results=tuple(results))


def _chosen(forecasters: Sequence[Forecaster] | None, segments: Segments) -> Sequence[Forecaster]:
    return default_forecasters(segments is not None, draws=DRAWS) if forecasters is None else forecasters
