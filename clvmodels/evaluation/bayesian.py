"""BG/NBD x Gamma-Gamma as a forecaster. PyMC is imported by its `fit` only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError
from clvmodels.evaluation.forecasters import Forecast
from clvmodels.intervals import COLUMNS, quantiles, summary
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.rfm import RFM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
    from clvmodels.models.gamma_gamma import GammaGammaPosterior

BOUNDS = ["lower", "upper"]


@dataclass(frozen=True, kw_only=True)
class BetaGeoGammaGamma:
    """BG/NBD for purchases, times Gamma-Gamma for spend.

    Attributes
    ----------
    name : str
        In every table.
    include_first : bool
        Whether the first purchase, too, enters the model of spend.
    draws : int
        How many posterior draws are kept.
    """

    name: str = "bg_nbd_gamma_gamma"
    include_first: bool = False
    draws: int = 1000

    def fit(self, calibration: RFM, *, random_seed: int | None = None) -> FittedBetaGeoGammaGamma:
        """Return both posteriors; where spend cannot be fitted, that of the purchases and a note that says why."""
        from clvmodels.models.beta_geo import BetaGeo
        from clvmodels.models.gamma_gamma import GammaGamma

        purchases = BetaGeo().fit(calibration, draws=self.draws, random_seed=random_seed)
        if not calibration.has_value:
            return FittedBetaGeoGammaGamma(purchases=purchases)
        try:
            model = GammaGamma(include_first=self.include_first)
            spend = model.fit(calibration, draws=self.draws, random_seed=random_seed)
        except ClvError as error:
            note = f"{self.name} has no forecast of value: {error}."
            return FittedBetaGeoGammaGamma(purchases=purchases, notes=(note,))
        return FittedBetaGeoGammaGamma(purchases=purchases, spend=spend)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBetaGeoGammaGamma:
    """The two posteriors.

    Attributes
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior or None
        None without values, and where spend could not be fitted, which is then in `notes`.
    notes : tuple of str
    """

    purchases: BetaGeoPosterior
    spend: GammaGammaPosterior | None = None
    notes: tuple[str, ...] = ()

    def forecast(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> Forecast:
        """Predict posterior means with predictive intervals, for each customer and for all together."""
        mean = self.purchases.expected_purchases(rfm, horizon=horizon, interval=interval)["mean"]
        drawn, bounds = self._predictive_purchases(rfm, horizon, interval)
        purchases = drawn.assign(mean=mean)
        totals = pd.DataFrame([bounds], index=["purchases"], columns=BOUNDS)
        if self.spend is None:
            return Forecast(purchases=purchases, totals=totals, notes=self.notes)
        money = LifetimeValue(self.purchases, self.spend)
        mean = money.expected(rfm, horizon=horizon, interval=interval)["mean"]
        value = money.predictive(rfm, horizon=horizon, interval=interval).assign(mean=mean)
        total = money.total(rfm, horizon=horizon, kind="predictive", interval=interval)
        totals.loc["value"] = total.loc["total", BOUNDS]
        return Forecast(purchases=purchases, value=value, totals=totals, notes=self.notes)

    def predictive_total_by_period(self, rfm: RFM, *, edges: Sequence[float]) -> NDArray[np.float64]:
        """Return draws (draws, periods) of all customers' purchases in the periods between the `edges`."""
        return self.purchases.predictive_total_by_period(rfm, edges=edges)

    def _predictive_purchases(
        self, rfm: RFM, horizon: float, interval: float
    ) -> tuple[pd.DataFrame, tuple[NDArray[np.float64], ...]]:
        """Return what `BetaGeoPosterior.predictive_purchases` does, and the total's bounds, from one pass of draws."""
        draws = self.purchases.blocks("predictive_purchases", rfm, horizon=horizon)
        parts = list(draws.map(lambda block: (summary(block, interval, "predictive"), block.sum(axis=0))))
        rows = np.concatenate([table for table, _ in parts])
        table = pd.DataFrame(rows, index=rfm.frame.index, columns=COLUMNS)
        return table, quantiles(np.sum([total for _, total in parts], axis=0), interval, "predictive")
