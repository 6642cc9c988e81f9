"""A candidate: the configured models fitted to all data, and tried out on held-out data beside their rivals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument, InvalidConfiguration
from clvmodels.evaluation.backtest import evaluate
from clvmodels.evaluation.forecasters import Calibration, Forecaster
from clvmodels.evaluation.model_forecaster import FittedModels, ModelForecaster
from clvmodels.evaluation.registry import named_forecasters
from clvmodels.evaluation.result import BacktestResult
from clvmodels.jobs.config import Config
from clvmodels.jobs.feed import Feed
from clvmodels.jobs.gates import PUBLISHED, SIMPLE
from clvmodels.jobs.settings import PriorChoice
from clvmodels.jobs.store import Version
from clvmodels.models.priors import with_priors
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.registry import purchase_model, spend_model
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import needed_statistics

PRIOR_DRAWS = 20
RIVALS = (SIMPLE, "as_before", "nothing")


@dataclass(frozen=True, kw_only=True)
class AsPublished:
    """The published models as a forecaster: fitted before, without the data that are held out now.

    Attributes
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior or None
    name : str
    """

    purchases: PurchasePosterior
    spend: SpendPosterior | None
    name: str = PUBLISHED

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that the models need."""
        return needed_statistics([self.purchases, self.spend])

    def fit(self, calibration: Calibration, *, random_seed: int | None) -> FittedModels:  # noqa: ARG002
        """Return them as they are."""
        spend = self.spend if calibration.rfm.has_value else None
        return FittedModels(purchases=self.purchases, spend=spend)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """What may be published.

    Attributes
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior or None
        None for a log without amounts.
    backtest : BacktestResult
    """

    purchases: PurchasePosterior
    spend: SpendPosterior | None
    backtest: BacktestResult

    @property
    def tried(self) -> FittedModels:
        """The same models as they were fitted without the holdout."""
        fitted: Any = self.backtest.fitted[self.backtest.model]
        return fitted


def models_of(config: Config) -> ModelForecaster:
    """Return both models with the configured priors.

    Raises
    ------
    InvalidConfiguration
        If PyMC refuses a prior.

    Examples
    --------
    >>> from clvmodels.jobs.config import read_config
    >>> models_of(read_config({"source": {"transactions": "orders.csv"}, "model": {"draws": 500}})).draws
    500
    """
    model = config.model
    purchases, spend = purchase_model(model.purchases), spend_model(model.spend, include_first=model.include_first)
    return ModelForecaster(
        purchases=_with_priors(purchases, model.priors.purchases, "model.priors.purchases"),
        spend=_with_priors(spend, model.priors.spend, "model.priors.spend"),
        method=model.method,
        draws=model.draws,
    )


def forecasters_of(config: Config, published: Version | None) -> list[Forecaster]:
    """Return the configured models, the published ones in the same time unit, and the plain rivals.

    Examples
    --------
    >>> from clvmodels.jobs.config import read_config
    >>> [one.name for one in forecasters_of(read_config({"source": {"transactions": "orders.csv"}}), None)][1:3]
    ['multiplicative_customer', 'as_before']
    """
    under_test, rivals = models_of(config), named_forecasters(RIVALS)
    tried = None if published is None else published.backtest_purchases
    told = config.model.time_unit, config.model.opportunity
    if published is None or tried is None or (tried.time_unit, published.manifest.opportunity) != told:
        return [under_test, *rivals]
    before = AsPublished(purchases=tried, spend=published.backtest_spend)
    return [under_test, before, *rivals]


def train(feed: Feed, config: Config, published: Version | None) -> Candidate:
    """Fit the models to everything, and try them out on the last part of it.

    Parameters
    ----------
    feed
        The night's customers.
    config
        The configuration.
    published
        The version that the candidate would replace, which is tried out as well.

    Raises
    ------
    ClvError
        If nothing can be fitted, or the log is too short for the holdout.
    """
    models, start = models_of(config), backtest_start(feed, config)
    choices: Any = {"method": models.method, "draws": models.draws, "random_seed": config.model.random_seed}
    backtest = evaluate(
        feed.log.split(start, feed.end),
        forecasters_of(config, published),
        segments=feed.segments,
        interval=config.scores.interval,
        random_seed=config.model.random_seed,
    )
    if models.name not in backtest.fitted:
        raise InvalidArgument(f"the backtest from {start} to {feed.end} failed: {' '.join(backtest.notes)}")
    return Candidate(
        purchases=models.purchases.fit(feed.rfm, **choices),
        spend=models.spend.fit(feed.rfm, **choices) if feed.rfm.has_value else None,
        backtest=backtest,
    )


def backtest_start(feed: Feed, config: Config) -> dt.date:
    """Return the last day that the backtest learns from.

    Raises
    ------
    InvalidArgument
        If the log is too short.
    """
    step, first, holdout = feed.log.step, feed.facts.first_purchase, config.backtest.holdout
    length = step.between(first, feed.end)
    steps = round(
        min(config.scores.horizon * step.per_unit, length / 3) if holdout is None else holdout * step.per_unit
    )
    if not 1 <= steps < length:
        unit = step.time_unit
        raise InvalidArgument(
            f"backtest.holdout is {holdout} {unit}s, and the purchases from {first} to {feed.end} are"
            f" {length / step.per_unit:.1f} {unit}s; choose a holdout that leaves more than it takes"
        )
    return step.later(feed.end, -steps)


def backtest_figures(result: BacktestResult) -> dict[str, float | None]:
    """Return every measure of the candidate, as ``purchases.rmse``; None where it is not defined."""
    table: Any = result.metrics
    own = table[table["forecaster"] == result.model]
    return {
        f"{target}.{metric}": None if pd.isna(value) else float(value)
        for target, metric, value in zip(own["target"], own["metric"], own["value"], strict=True)
    }


def _with_priors(model: Any, chosen: Mapping[str, PriorChoice], key: str) -> Any:
    """The model with the priors that were chosen, each of which is drawn from first."""
    return with_priors(model, _priors(chosen, key))


def _priors(chosen: Mapping[str, PriorChoice], key: str) -> dict[str, Any]:
    found = {name: choice.prior for name, choice in chosen.items()}
    for name, prior in found.items():
        try:
            prior.check(name)
            drawn = prior.draws(PRIOR_DRAWS, np.random.default_rng(1))
        except ClvError as error:
            raise InvalidConfiguration(f"{key}.{name} cannot be used: {error}") from error
        except Exception as error:  # PyMC and PyTensor refuse in many ways
            said = str(error).partition("\n")[0]
            raise InvalidConfiguration(f"{key}.{name} cannot be drawn from: {said}; give a proper prior") from error
        if not (np.isfinite(drawn).all() and (drawn > 0).all() and (drawn % 1 > 0).any()):
            raise InvalidConfiguration(
                f"{key}.{name} gives {drawn[0]:.3g} and the like; the parameter is a positive number, not a count"
            )
    return found
