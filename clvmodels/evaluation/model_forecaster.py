"""A model of purchases times a model of spend as a forecaster. PyMC is imported by its `fit` only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from clvmodels.errors import ClvError
from clvmodels.evaluation.forecasters import Calibration, Forecast, Prediction
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.models.registry import default_models
from clvmodels.models.spend import SpendModel, SpendPosterior
from clvmodels.names import ALL_SPEND
from clvmodels.rfm import RFM, needed_statistics

if TYPE_CHECKING:
    from clvmodels.inference.sample import Method
    from clvmodels.intervals import Array
    from clvmodels.models.acquisition_rate import AcquisitionRate


MEAN_DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class ModelForecaster:
    """A model of purchases times a model of spend; by default the default ones.

    Attributes
    ----------
    purchases : PurchaseModel
        With its priors.
    spend : SpendModel
        With its priors, and whether the first purchase, too, enters.
    name : str
        In every table; by default made of the keys of both models, and of whether first purchases count in a model of
        spend that leaves the choice.
    method : {"auto", "importance", "nuts", "map"}
        How the posteriors are drawn, as in `PurchaseModel.fit`.
    draws : int
        How many posterior draws are kept.

    Examples
    --------
    >>> from clvmodels.models.registry import textbook_models
    >>> purchases, spend = textbook_models()
    >>> ModelForecaster(purchases=purchases, spend=spend).name == f"{purchases.key}_{spend.key}"
    True
    """

    purchases: PurchaseModel = field(default_factory=lambda: default_models()[0])
    spend: SpendModel = field(default_factory=lambda: default_models()[1])
    name: str = ""
    method: Method = "auto"
    draws: int = 1000

    def __post_init__(self) -> None:
        """Make the name where there is none."""
        if not self.name:
            suffix = ALL_SPEND if self.spend.has_first and self.spend.include_first else ""
            object.__setattr__(self, "name", f"{self.purchases.key}_{self.spend.key}{suffix}")

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that the models need."""
        return needed_statistics([self.purchases, self.spend])

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedModels:
        """Return both posteriors; where spend cannot be fitted, that of the purchases and a note that says why."""
        rfm = calibration.rfm
        choices: Any = {"method": self.method, "draws": self.draws, "random_seed": random_seed}
        # Forecasters that differ in the model of spend have the same purchases.
        purchases = calibration.once(
            (repr(self.purchases), *choices.items()), lambda: self.purchases.fit(rfm, **choices)
        )
        if not rfm.has_value:
            return FittedModels(purchases=purchases)
        try:
            spend = self.spend.fit(rfm, **choices)
        except ClvError as error:
            note = f"{self.name} has no forecast of spend: {error}."
            return FittedModels(purchases=purchases, notes=(note,))
        return FittedModels(purchases=purchases, spend=spend)


def lighter(model: ModelForecaster) -> ModelForecaster:
    """Return it with as many draws as a mean needs.

    >>> lighter(ModelForecaster()).draws
    200
    """
    return replace(model, draws=min(model.draws, MEAN_DRAWS))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedModels:
    """The two posteriors.

    Attributes
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior or None
        None without values, and where spend could not be fitted, which is then in `notes`.
    notes : tuple of str
    """

    purchases: PurchasePosterior
    spend: SpendPosterior | None = None
    notes: tuple[str, ...] = ()

    def caveats(self, part: str) -> tuple[str, ...]:
        """What a reader has to know of the model of "purchases" or "spend", as sentences."""
        posterior = {"purchases": self.purchases, "spend": self.spend}[part]
        return () if posterior is None else posterior.caveats

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """The parameters of both models and what they mean."""
        return (*self.purchases.terms, *(() if self.spend is None else self.spend.terms))

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict posterior means, with outcomes drawn from the posterior."""
        return Forecast(
            purchases=self._purchases(rfm, horizon),
            value=self._value(rfm, horizon),
            notes=self.notes,
        )

    def forecast_new(self, rate: AcquisitionRate, *, horizon: float) -> pd.DataFrame:
        """Return draws of what customers yet to be won will do: customers, purchases (their first included), value."""
        from clvmodels.models.new_customers import predictive_new_customers

        return predictive_new_customers(self.purchases, self.spend, rate.draws, horizon=horizon)

    def total_by_period(self, rfm: RFM, *, edges: Sequence[float]) -> Array:
        """Return draws (draws, periods) of all customers' purchases in the periods between the `edges`.

        `edges` are times since the calibration end. Until then, the repeat purchases that the model would have seen of
        these customers; after it, what is to come.
        """
        if edges[0] < 0:
            return self.purchases.replicated_total_by_period(rfm, edges=edges)
        return self.purchases.predictive_total_by_period(rfm, edges=edges)

    def _purchases(self, rfm: RFM, horizon: float) -> Prediction:
        mean: Any = self.purchases.expected_purchases(rfm, horizon=horizon)["mean"]
        active: Any = self.purchases.probability_of_purchase(rfm, horizon=horizon)["mean"]
        draws = self.purchases.blocks("predictive_purchases", rfm, horizon=horizon)
        return Prediction(mean=mean, draws=draws, active=active)

    def _value(self, rfm: RFM, horizon: float) -> Prediction | None:
        if self.spend is None:
            return None
        money = LifetimeValue(self.purchases, self.spend)
        mean: Any = money.expected(rfm, horizon=horizon)["mean"]
        return Prediction(mean=mean, draws=money.blocks(rfm, horizon=horizon, kind="predictive"))
