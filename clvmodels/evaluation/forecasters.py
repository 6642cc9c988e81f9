"""What is compared on held-out data, behind one small protocol: a name, `fit`, and on what it returns `forecast`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from clvmodels.models.multiplicative import MultiplicativeCLV, MultiplicativeFit
from clvmodels.rfm import RFM

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Predictions for every customer of an RFM over one horizon.

    Attributes
    ----------
    purchases, value : DataFrame or None
        Number of purchases, and money spent (margin 1, not discounted): indexed by customer_id, with the columns mean,
        lower and upper. The bounds are predictive, and missing where a forecaster has none. None: no forecast.
    totals : DataFrame or None
        Predictive bounds for all customers together: indexed by "purchases" and "value", with the columns lower and
        upper.
    notes : tuple of str
        Why a part is missing, as sentences.
    """

    purchases: pd.DataFrame | None = None
    value: pd.DataFrame | None = None
    totals: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def table(self, target: str) -> pd.DataFrame | None:
        """Return the predictions of a target, "purchases" or "value"."""
        return {"purchases": self.purchases, "value": self.value}[target]


class FittedForecaster(Protocol):
    """What a forecaster has learnt."""

    def forecast(self, rfm: RFM, *, horizon: float, interval: float) -> Forecast:
        """Predict the `horizon` (time units) after the observation end of `rfm`, with intervals where it has them."""
        ...


@runtime_checkable
class PredictsTotals(Protocol):
    """A fitted forecaster that can also draw the purchases of all customers together."""

    def predictive_total_by_period(self, rfm: RFM, *, edges: Sequence[float]) -> NDArray[np.float64]:
        """Return draws (draws, periods) for the periods between the `edges`: time units, rising from 0."""
        ...


class Forecaster(Protocol):
    """What can learn from calibration data."""

    @property
    def name(self) -> str:
        """Its name in every table."""
        ...

    def fit(self, calibration: RFM, *, random_seed: int | None) -> FittedForecaster:
        """Return what is learnt from `calibration` alone; a ClvError if there is nothing to learn from."""
        ...


@dataclass(frozen=True, kw_only=True)
class SimpleFormula:
    """The simple formula, undiscounted and with margin 1; without intervals."""

    model: MultiplicativeCLV = field(default_factory=MultiplicativeCLV)
    name: str = "multiplicative_customer"

    def fit(self, calibration: RFM, *, random_seed: int | None = None) -> FittedSimpleFormula:
        """Return the averages of `calibration`; nothing is random."""
        return FittedSimpleFormula(fit=self.model.fit(calibration))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSimpleFormula:
    """The simple formula with its averages."""

    fit: MultiplicativeFit

    def forecast(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> Forecast:
        """Predict purchases, and money where there are values."""
        purchases = self.fit.expected_purchases(rfm, horizon=horizon)
        if not rfm.has_value:
            return Forecast(purchases=purchases)
        spend = self.fit.expected_average_spend(rfm)["mean"]
        return Forecast(purchases=purchases, value=_without_interval(purchases["mean"] * spend, rfm))


@dataclass(frozen=True, kw_only=True)
class AsBefore:
    """Everyone goes on as before: frequency / T a time unit, and repeat spend / T; 0 where T is 0."""

    name: str = "as_before"

    def fit(self, calibration: RFM, *, random_seed: int | None = None) -> FittedAsBefore:
        """Return what can forecast; there is nothing to learn."""
        return FittedAsBefore()


@dataclass(frozen=True, kw_only=True)
class FittedAsBefore:
    """Everyone goes on as before."""

    def forecast(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> Forecast:
        """Predict purchases, and money where there are values."""
        T = rfm.frame["T"].to_numpy(float)
        share = np.divide(horizon, T, out=np.zeros_like(T), where=T > 0)
        purchases = _without_interval(rfm.frame["frequency"] * share, rfm)
        if not rfm.has_value:
            return Forecast(purchases=purchases)
        repeat_spend = rfm.frame["frequency"] * rfm.frame["monetary_value"]
        return Forecast(purchases=purchases, value=_without_interval(repeat_spend * share, rfm))


def _without_interval(mean: ArrayLike, rfm: RFM) -> pd.DataFrame:
    return pd.DataFrame({"mean": mean, "lower": np.nan, "upper": np.nan}, index=rfm.frame.index)
