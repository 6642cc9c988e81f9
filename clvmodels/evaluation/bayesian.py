"""BG/NBD x Gamma-Gamma as a forecaster. PyMC is imported by its `fit` only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from clvmodels.errors import ClvError
from clvmodels.evaluation.forecasters import Calibration, Forecast, Prediction
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.rfm import RFM

if TYPE_CHECKING:
    from clvmodels.inference.sample import Method
    from clvmodels.intervals import Array
    from clvmodels.models.acquisition_rate import AcquisitionRate
    from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
    from clvmodels.models.gamma_gamma import GammaGammaPosterior


BOTH = ("purchases", "value")


@dataclass(frozen=True, kw_only=True)
class BetaGeoGammaGamma:
    """BG/NBD for purchases, times Gamma-Gamma for spend.

    Attributes
    ----------
    name : str
        In every table.
    purchases : BetaGeo
        With its priors.
    spend : GammaGamma
        With its priors, and whether the first purchase, too, enters.
    value_only : bool
        No forecast of purchases: for a second model of spend beside one that has the same purchases.
    method : {"auto", "importance", "nuts", "map"}
        How the posteriors are drawn, as in `BetaGeo.fit`.
    draws : int
        How many posterior draws are kept.
    """

    name: str = "bg_nbd_gamma_gamma"
    purchases: BetaGeo = BetaGeo()
    spend: GammaGamma = GammaGamma()
    value_only: bool = False
    method: Method = "auto"
    draws: int = 1000

    @property
    def targets(self) -> tuple[str, ...]:
        """What it is compared on."""
        return BOTH[self.value_only :]

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedBetaGeoGammaGamma:
        """Return both posteriors; where spend cannot be fitted, that of the purchases and a note that says why."""
        rfm, fitted = calibration.rfm, partial(FittedBetaGeoGammaGamma, value_only=self.value_only)
        choices: Any = {"method": self.method, "draws": self.draws, "random_seed": random_seed}
        # Both models of spend stand beside the same purchases.
        purchases = calibration.once(
            (repr(self.purchases), *choices.items()), lambda: self.purchases.fit(rfm, **choices)
        )
        if not rfm.has_value:
            return fitted(purchases=purchases)
        try:
            spend = self.spend.fit(rfm, **choices)
        except ClvError as error:
            note = f"{self.name} has no forecast of spend: {error}."
            return fitted(purchases=purchases, notes=(note,))
        return fitted(purchases=purchases, spend=spend)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBetaGeoGammaGamma:
    """The two posteriors.

    Attributes
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior or None
        None without values, and where spend could not be fitted, which is then in `notes`.
    value_only : bool
    notes : tuple of str
    """

    purchases: BetaGeoPosterior
    spend: GammaGammaPosterior | None = None
    value_only: bool = False
    notes: tuple[str, ...] = ()

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict posterior means, with outcomes drawn from the posterior."""
        return Forecast(
            purchases=None if self.value_only else self._purchases(rfm, horizon),
            value=self._value(rfm, horizon),
            notes=self.notes,
            targets=BOTH[self.value_only :],
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
