"""What a model has to beat: the simple formula, as before, the hiatus rule, and nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.forecasters import Calibration, Forecast, Prediction
from clvmodels.models.multiplicative import MultiplicativeCLV, MultiplicativeFit
from clvmodels.rfm import RFM, days_per_unit

# Times of whole days differ by rounding errors once they are in weeks or months.
ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class SimpleFormula:
    """The simple formula, undiscounted and with margin 1; without intervals.

    Attributes
    ----------
    model : MultiplicativeCLV
        Whose averages, and which lifespan.
    name : str
        In every table.
    """

    model: MultiplicativeCLV = field(default_factory=MultiplicativeCLV)
    name: str = "multiplicative_customer"

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedSimpleFormula:
        """Return the averages of `calibration`; nothing is random."""
        return FittedSimpleFormula(fit=self.model.fit(calibration.rfm))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSimpleFormula:
    """The simple formula with its averages."""

    fit: MultiplicativeFit

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict purchases, and money where there are values."""
        purchases: Any = self.fit.expected_purchases(rfm, horizon=horizon)["mean"]
        if not rfm.has_value:
            return Forecast(purchases=Prediction(mean=purchases))
        value = purchases * self.fit.expected_average_spend(rfm)["mean"]
        return Forecast(purchases=Prediction(mean=purchases), value=Prediction(mean=value))


@dataclass(frozen=True, kw_only=True)
class AsBefore:
    """Everyone goes on as before: frequency / T a time unit, and spend / T; 0 where T is 0.

    Attributes
    ----------
    include_first : bool
        Whether the spend is that of all purchases, or of the repeat purchases only. The number of purchases is the
        same for both.
    name : str
        In every table.

    Examples
    --------
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [6.0], "T": [8.0]}, index=["ann"])
    >>> rfm = RFM.from_frame(frame, time_unit="week")
    >>> fitted = AsBefore().fit(Calibration(rfm=rfm, history=pd.DataFrame))
    >>> fitted.forecast(rfm, horizon=4.0).purchases.mean.to_dict()
    {'ann': 1.0}
    """

    include_first: bool = False
    name: str = "as_before"

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedAsBefore:
        """Return what can forecast; there is nothing to learn."""
        return FittedAsBefore(include_first=self.include_first)


@dataclass(frozen=True, kw_only=True)
class FittedAsBefore:
    """Everyone goes on as before."""

    include_first: bool = False

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict purchases, and money where there are values."""
        return _as_before(rfm, horizon, include_first=self.include_first)


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Nobody buys anything.

    Attributes
    ----------
    name : str
        In every table.
    """

    name: str = "nothing"

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedNothing:
        """Return what can forecast; there is nothing to learn."""
        return FittedNothing()


@dataclass(frozen=True, kw_only=True)
class FittedNothing:
    """Nobody buys anything."""

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict no purchases, and no money where there are values."""
        none = Prediction(mean=pd.Series(0.0, index=rfm.frame.index))
        return Forecast(purchases=none, value=none if rfm.has_value else None)


@dataclass(frozen=True, kw_only=True)
class HiatusRule:
    """Who has not bought for a while is gone, and buys nothing; the others go on as before.

    The history is cut at an inner day, the `window` before the observation end. Of the customers known on that day,
    those who buy within the window are active, the others are not. The cut-off is the one that is right about most of
    them, with their time since the last purchase on the inner day: the smallest of equally good ones.

    Attributes
    ----------
    idle : float, optional
        The cut-off, in the RFM's time unit: inactive is who has not bought for so long, or longer. Above 0, infinity is
        allowed. None: chosen as above, from the distinct times, 0 (everyone is inactive) and infinity (nobody is).
    window : float, optional
        In time units, rounded to whole days. By default half of the time from the first purchase in the history to
        the observation end.
    name : str
        In every table.

    Raises
    ------
    InvalidArgument
        If `idle` or `window` is not above 0; from `fit`, if the RFM has no observation end, or no customer was known
        on the inner day.

    Notes
    -----
    P(active) is for either class the share, with half a customer added to both sides, that bought within the
    window; it does not know the horizon that is forecast.
    Source: Wuebben, von Wangenheim (2008), Journal of Marketing 72 (3), https://doi.org/10.1509/jmkg.72.3.082; there
    managers name the cut-off.

    Examples
    --------
    >>> dates = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-07", "2024-01-01"])
    >>> days = pd.DataFrame({"customer_id": ["ann", "ann", "ann", "bob"], "date": dates})
    >>> frame = pd.DataFrame({"frequency": [2, 0], "recency": [6, 0], "T": [8, 8]}, index=["ann", "bob"])
    >>> rfm = RFM.from_frame(frame, time_unit="day", observation_end="2024-01-09")
    >>> HiatusRule().fit(Calibration(rfm=rfm, history=lambda: days)).idle
    4.0
    """

    idle: float | None = None
    window: float | None = None
    name: str = "hiatus"

    def __post_init__(self) -> None:
        """Check the choices."""
        if self.idle is not None and not self.idle > 0:
            raise InvalidArgument(f"idle is {self.idle}; give a number of time units above zero")
        if self.window is not None and not 0 < self.window < np.inf:
            raise InvalidArgument(f"window is {self.window}; give a finite number of time units above zero")

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedHiatusRule:
        """Return the cut-off, and how often it was right; nothing is random."""
        since_last, bought = self._inner_sample(calibration)
        idle = _best_idle(since_last, bought) if self.idle is None else float(self.idle)
        still = _still_active(since_last, idle)
        return FittedHiatusRule(idle=idle, active=_share(bought[still]), inactive=_share(bought[~still]))

    def _inner_sample(self, calibration: Calibration) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Time since last purchase of the customers known on the inner day, and whether they bought after it."""
        rfm, end = calibration.rfm, calibration.rfm.observation_end
        if end is None:
            raise InvalidArgument("the hiatus rule needs the observation end; give the RFM its observation_end")
        days = calibration.history()
        dates: Any = days["date"].astype("datetime64[us]")
        per_unit = days_per_unit(rfm.time_unit)
        window = (end - dates.min()).days / 2 if self.window is None else self.window * per_unit
        inner = end - pd.Timedelta(days=max(round(window), 1))
        early = dates <= inner
        if not early.any():
            raise InvalidArgument(
                f"no customer had bought by {inner:%Y-%m-%d}, the inner day; give a longer history or a shorter window="
            )
        last: Any = dates[early].groupby(days["customer_id"][early], sort=False).max()
        return (inner - last).dt.days.to_numpy() / per_unit, last.index.isin(days["customer_id"][~early])


@dataclass(frozen=True, kw_only=True)
class FittedHiatusRule:
    """The cut-off, and what became of those on either side of it.

    Attributes
    ----------
    idle : float
        In time units; 0 where everyone, infinity where nobody is held for inactive.
    active, inactive : float
        P(active) of those held for active and for inactive.
    """

    idle: float
    active: float
    inactive: float

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict purchases and who is active, and money where there are values."""
        still = _still_active((rfm.frame["T"] - rfm.frame["recency"]).to_numpy(float), self.idle)
        active = pd.Series(np.where(still, self.active, self.inactive), index=rfm.frame.index)
        return _as_before(rfm, horizon, among=still, active=active)


def _as_before(
    rfm: RFM,
    horizon: float,
    *,
    include_first: bool = False,
    among: NDArray[np.bool_] | Literal[True] = True,
    active: pd.Series | None = None,
) -> Forecast:
    """Everyone `among` these goes on as before, the others stop."""
    T = rfm.frame["T"].to_numpy(float)
    share = np.divide(horizon, T, out=np.zeros_like(T), where=(T > 0) & among)
    made = pd.Series(rfm.frame["frequency"].to_numpy(float) * share, index=rfm.frame.index)
    purchases = Prediction(mean=made, active=active)
    if not rfm.has_value:
        return Forecast(purchases=purchases)
    number, mean = rfm.spend(include_first=include_first)
    return Forecast(purchases=purchases, value=Prediction(mean=pd.Series(number * mean * share, index=rfm.frame.index)))


def _still_active(since_last: NDArray[np.float64], idle: float) -> NDArray[np.bool_]:
    return since_last < idle - ROUNDING


def _best_idle(since_last: NDArray[np.float64], bought: NDArray[np.bool_]) -> float:
    """The smallest cut-off that is right about most customers."""
    times, position = np.unique(since_last, return_inverse=True)
    # Holding those of one time for active, instead of inactive, gains who bought and loses who did not.
    gains = np.bincount(position, weights=np.where(bought, 1.0, -1.0))
    cut_offs = np.concatenate([[0.0], times[1:], [np.inf]])
    return float(cut_offs[np.argmax(np.cumsum(np.concatenate([[0.0], gains])))])


def _share(bought: NDArray[np.bool_]) -> float:
    return float((np.sum(bought) + 0.5) / (len(bought) + 1))
