"""What is compared on held-out data, behind one small protocol: a name, `fit`, and on what it returns `forecast`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.acquisition_rate import AcquisitionRate
from clvmodels.rfm import RFM

Learnt = TypeVar("Learnt")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """All that is known at an origin, and all that a forecaster sees.

    Attributes
    ----------
    rfm : RFM
        One row per customer, as of the origin; with the column "segment" where segments were given.
    history : callable
        Collects the purchase days behind it: a DataFrame of customer_id, date and, for a log with amounts, value, in
        the order of customer and date.
    horizon : float, optional
        How far will be forecast, in time units, where that is known.
    earlier : callable, optional
        What `at` returns, of a day that was checked.
    """

    rfm: RFM
    history: Callable[[], pd.DataFrame]
    horizon: float | None = None
    earlier: Callable[[dt.date], Calibration] | None = None
    _learnt: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def at(self, day: pd.Timestamp) -> Calibration:
        """Return all that was known at the end of an earlier day, or of the last opportunity that ended by then.

        Raises
        ------
        InvalidArgument
            If the day is not before the observation end, or nothing earlier can be told.
        """
        end = self.rfm.observation_end
        if self.earlier is None or end is None:
            raise InvalidArgument("the calibration does not say what was known earlier; make it by clv.backtest")
        if not day < end:
            raise InvalidArgument(
                f"{day:%Y-%m-%d} is not before the observation end, {end:%Y-%m-%d}; give a day before"
            )
        return self.earlier(day.date())

    def once(self, key: Any, learn: Callable[[], Learnt]) -> Learnt:
        """Return what `learn` returns; a second forecaster that asks with the same key is given the same."""
        if key not in self._learnt:
            self._learnt[key] = learn()
        return self._learnt[key]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What a forecaster says of one target for every customer.

    Attributes
    ----------
    mean : Series
        The point prediction, indexed by customer_id.
    draws : DrawBlocks, optional
        Outcomes drawn, a row per customer in the order of `mean`; an array (draws, customers) becomes such. Where
        draw d is made with the same parameters for all customers, sums over customers have the right intervals.
        Without draws there are no intervals.
    active : Series, optional
        P(at least one purchase within the horizon), indexed by customer_id; of the purchases only.
    """

    mean: pd.Series
    draws: DrawBlocks | None = None
    active: pd.Series | None = None

    def __post_init__(self) -> None:
        """Check the types, and take draws as they come."""
        for name, given in (("mean", self.mean), ("active", pd.Series() if self.active is None else self.active)):
            if not isinstance(given, pd.Series):
                raise InvalidArgument(f"{name} is a {type(given).__name__}; give a Series indexed by customer_id")
        if not (self.draws is None or isinstance(self.draws, DrawBlocks)):
            array = np.asarray(self.draws, float)
            if array.ndim != 2:
                raise InvalidArgument(f"draws have {array.ndim} dimensions; give an array (draws, customers)")
            object.__setattr__(self, "draws", DrawBlocks.of(array))


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Predictions for every customer of an RFM over one horizon.

    Attributes
    ----------
    purchases, value : Prediction or None
        Number of purchases, and money spent (margin 1, not discounted). None: no forecast.
    notes : tuple of str
        Why a part is missing, as sentences.
    targets : tuple of str
        What it is compared on; a part of these that is missing shows as missing.
    """

    purchases: Prediction | None = None
    value: Prediction | None = None
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("purchases", "value")

    def prediction(self, target: str) -> Prediction | None:
        """Return the prediction of a target, "purchases" or "value"."""
        return {"purchases": self.purchases, "value": self.value}[target]


class FittedForecaster(Protocol):
    """What a forecaster has learnt."""

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict the `horizon` (time units) after the observation end of `rfm`."""
        ...


class Forecaster(Protocol):
    """What can learn from calibration data.

    One that needs columns of the RFM that are made on demand names them in an attribute `statistics`.
    """

    @property
    def name(self) -> str:
        """Its name in every table."""
        ...

    def fit(self, calibration: Calibration, *, random_seed: int | None) -> FittedForecaster:
        """Return what is learnt from `calibration` alone; a ClvError if there is nothing to learn from."""
        ...


@runtime_checkable
class ForecastsByPeriod(Protocol):
    """A fitted forecaster that can also draw the purchases of all customers together, period by period."""

    def total_by_period(self, rfm: RFM, *, edges: Sequence[float]) -> Array:
        """Return draws (draws, periods) for the periods between the `edges`, rising times since the observation end.

        Where the last edge is 0 they lie in the calibration: the repeat purchases that would have been seen.
        """
        ...


@runtime_checkable
class ForecastsNewCustomers(Protocol):
    """A fitted forecaster that can also say what customers yet to be won will do."""

    def forecast_new(self, rate: AcquisitionRate, *, horizon: float) -> pd.DataFrame:
        """Return draws: one row each, with the columns customers, purchases and, with amounts, value."""
        ...
