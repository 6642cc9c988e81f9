"""What a backtest found, and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation import tables
from clvmodels.evaluation.assessment import Assessment
from clvmodels.evaluation.bootstrap import Resampled, resample
from clvmodels.evaluation.compared import Compared
from clvmodels.evaluation.criticism import Criticism, criticise
from clvmodels.evaluation.curves import Past, calibration_paths, calibration_table, on_one_axis, tracking_table
from clvmodels.evaluation.forecasters import FittedForecaster, Forecast, Forecaster
from clvmodels.evaluation.headings import one_origin
from clvmodels.evaluation.measures import Measure, measures
from clvmodels.evaluation.model_forecaster import FittedModels
from clvmodels.evaluation.totals import new_customers_table, totals_table
from clvmodels.evaluation.verdict import totals_in_words, verdict
from clvmodels.intervals import Array
from clvmodels.model_error import ModelError
from clvmodels.models.acquisition_rate import AcquisitionRate
from clvmodels.rfm import HoldoutSplit
from clvmodels.wording import check_currency


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult(Compared):
    """Forecasts of one holdout, and how far they were right. Made by `backtest`.

    Attributes
    ----------
    split : HoldoutSplit
        What was known at the calibration end, and what came after.
    forecasters : dict of str to Forecaster
        The first one is the model under test, the others are its baselines.
    forecasts : dict of str to Forecast
        By forecaster.
    fitted : dict of str to FittedForecaster
        What each of them learnt; without those that could not be fitted.
    assessments : dict of (forecaster, target) to Assessment
        What every measure is made of, per customer; without those that have no forecast.
    paths : dict of str to array (draws or 1, periods)
        Purchases of all customers in each period of the holdout.
    metrics : DataFrame
        One row per figure: forecaster, target ("purchases", "value"), metric, value (missing where undefined), and
        why_missing. What each is: `clvmodels.evaluation.measures.catalogue`.
    interval : float
        Probability of the intervals.
    levels : tuple of float
        At which intervals are checked.
    random_seed : int
    segments : Series, dict or None
        As they were given.
    acquisition : AcquisitionRate or None
        Of the customers to be won in the holdout.
    model_errors : dict of str to ModelError
        By target: how far off the first forecaster's totals were at earlier origins inside the calibration. Nothing is
        fitted again after `backtest`: all methods tell of what is held here.
    """

    split: HoldoutSplit
    forecasters: Mapping[str, Forecaster]
    forecasts: Mapping[str, Forecast]
    fitted: Mapping[str, FittedForecaster]
    assessments: Mapping[tuple[str, str], Assessment]
    paths: Mapping[str, Array]
    metrics: pd.DataFrame
    interval: float
    levels: tuple[float, ...]
    random_seed: int
    segments: Any = None
    acquisition: AcquisitionRate | None = None
    model_errors: Mapping[str, ModelError] = field(default_factory=dict)

    @property
    def targets(self) -> list[str]:
        """What was forecast: "purchases" and, for a log with amounts, "value"."""
        return list(self.split.holdout.columns)

    @property
    def names(self) -> list[str]:
        """The names of the forecasters, the one under test first."""
        return list(self.forecasts)

    @property
    def forecast_targets(self) -> list[str]:
        """The targets of which there is any forecast."""
        return [target for target in self.targets if any(of == target for _, of in self.assessments)]

    def has_draws(self, target: str) -> bool:
        """Whether the forecaster under test has draws of a target."""
        assessment = self.assessments.get((self.model, target))
        return assessment is not None and assessment.totals is not None

    @property
    def notes(self) -> list[str]:
        """Why forecasts are missing, as sentences."""
        return [note for forecast in self.forecasts.values() for note in forecast.notes]

    @property
    def compared(self) -> list[Measure]:
        """The measures in which forecasters are compared."""
        return [measure for measure in measures(self.levels) if measure.of is not None and measure.better != "-"]

    @cached_property
    def resampled(self) -> Resampled:
        """The measures over a thousand samples of the customers; made on first use, which takes a few seconds."""
        return resample([self], self.compared, random_seed=self.random_seed)

    def table(self) -> pd.DataFrame:
        """Return the metrics with a row per target and forecaster, and a column per metric."""
        return tables.wide(self.metrics)

    def verdict(self, *, currency: str = "") -> str:
        """Say in a few sentences whether the model beats the simple formula, who beats it, and if intervals held.

        Parameters
        ----------
        currency : str
            A code such as "EUR" or a sign such as "$", for the totals of spend.

        Raises
        ------
        InvalidArgument
            If the currency is no short word or sign.
        """
        return verdict(
            self.metrics,
            self.comparisons,
            customers=len(self.split.calibration),
            model=self.model,
            remarks=totals_in_words(self.totals(), self.model, self.interval, currency=check_currency(currency)),
            notes=self.notes,
            heading=one_origin(self.split, new_are_forecast="predicted" in self.new_customers()),
            interval=self.interval,
        )

    def totals(self, by: str | None = None) -> pd.DataFrame:
        """Return sums over all customers, or over those of each segment, with two intervals.

        Parameters
        ----------
        by : str, optional
            A column of `split.calibration.frame`, such as "segment".

        Returns
        -------
        DataFrame, indexed by target, forecaster and, with `by`, its values
            customers, predicted, lower and upper (predictive: from sums of draws), wide_lower and wide_upper (the same
            widened by what earlier origins inside the calibration show of the model's errors: see
            `clvmodels.model_error`), actual. Intervals are missing for forecasters without draws, the second one for
            all but the first, where the calibration is too short for an earlier origin, and after a backtest with
            past_errors=False.
        """
        return self._whole.copy() if by is None else totals_table(self, by)

    def new_customers(self) -> pd.DataFrame:
        """Return what customers first seen in the holdout did, and what was expected where a rate was asked for.

        Returns
        -------
        DataFrame, indexed by "customers", "purchases" (first ones included) and "value"
            actual; with an acquisition rate also predicted, lower and upper, by the first forecaster that can say.
        """
        return new_customers_table(self)

    def tracking(self, *, cumulative: bool = True, calibration: bool = False) -> pd.DataFrame:
        """Return the purchases of all customers, period by period.

        Parameters
        ----------
        cumulative : bool
            Added up from the calibration end on, or each period for itself.
        calibration : bool
            The calibration before the holdout, on one axis: repeat purchases, as seen, and as the fitted models would
            have seen them of these customers; added up from the first purchase on. What is forecast is then added to
            what was counted by the calibration end.

        Returns
        -------
        DataFrame
            end (time units since the calibration end), actual, and a column per forecaster: the expected number. A
            forecaster with draws has its predictive bounds in ``<name>_lower`` and ``<name>_upper``.
        """
        choices = {"interval": self.interval, "cumulative": cumulative}
        future = tracking_table(self.paths, self.split, **choices)
        if not calibration:
            return future
        return on_one_axis(calibration_table(self._past, **choices), future, cumulative=cumulative)

    def reliability(
        self, *, by: Literal["frequency", "decile"] = "frequency", target: str = "purchases"
    ) -> pd.DataFrame:
        """Return mean predictions beside what was observed, by calibration frequency or by tenths of the predictions.

        Returns
        -------
        DataFrame
            By frequency, indexed by it ("0", ..., "6", "7+"): customers, actual, actual_lower and actual_upper (how far
            off the mean of so few customers can be, with the backtest's probability; see `mean_interval`; missing for
            one customer, and for those who all did the same), and a column per forecaster. By decile: forecaster,
            decile (1 has the lowest predictions), customers, predicted, actual; ties share evenly.
        """
        if by not in ("frequency", "decile"):
            raise InvalidArgument(f"by is {shown(by)}; choose 'frequency' or 'decile'")
        if by == "decile":
            return tables.by_decile(self._customers(target))
        return tables.by_frequency(self._customers(target), self.split, target, interval=self.interval)

    def lift(self, target: str = "purchases") -> pd.DataFrame:
        """Return how much of the actual total each tenth of the customers brought, best predicted first.

        Returns
        -------
        DataFrame
            forecaster ("actual": ranked with hindsight), decile (1 is the best), share, cumulative (share up to it) and
            lift (share x 10); customers tied across an edge share evenly.
        """
        return tables.lift(self._customers(target))

    def coverage(self, target: str = "purchases") -> pd.DataFrame:
        """Return how many observations the intervals held.

        Returns
        -------
        DataFrame
            forecaster, level, covered, attainable (the share of their own draws that they hold: counts are discrete),
            randomised (see `probabilities.randomised_inside`; best at the level) and width.
        """
        self._customers(target)
        return tables.coverage(self.metrics, self.assessments, target)

    def pit(self, target: str = "purchases", *, forecaster: str | None = None, bins: int = 20) -> pd.DataFrame:
        """Return the histogram of the randomised probability integral transforms.

        Returns
        -------
        DataFrame
            lower, upper (edges), share (of the customers), expected, band_lower and band_upper: what the forecaster's
            own draws give, with the backtest's probability.

        Raises
        ------
        InvalidArgument
            If the forecaster has no draws, or the bins do not divide 100.
        """
        return tables.pit(self.assessments, forecaster or self.model, target, bins=bins, interval=self.interval)

    def criticism(self) -> Criticism | None:
        """Check the model's fit against its own data, as `criticise` does; None if it is no pair of models."""
        fitted = self.fitted.get(self.model)
        if not isinstance(fitted, FittedModels):
            return None
        parts, split = (fitted.purchases, fitted.spend), self.split
        return criticise(*parts, split.calibration, horizon=split.horizon, interval=self.interval)

    def __repr__(self) -> str:
        """Say what was compared, in one line."""
        return f"BacktestResult({', '.join(self.forecasts)}; {self.split})"

    @cached_property
    def _past(self) -> Past:
        """What the fitted models would have seen of the calibration: many draws, for several tables."""
        return calibration_paths({name: model for name, model in self.fitted.items() if name in self.paths}, self.split)

    @cached_property
    def _whole(self) -> pd.DataFrame:
        return totals_table(self, None)

    def _customers(self, target: str) -> dict[str, pd.DataFrame]:
        """The customers' tables by forecaster, for one target."""
        if target not in self.forecast_targets:
            raise InvalidArgument(
                f"there is no forecast of {shown(target)}; there are those of {self.forecast_targets}"
            )
        return {name: found.customers for (name, of), found in self.assessments.items() if of == target}
