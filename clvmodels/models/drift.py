"""Drift: the model in which purchase rates wander, its priors and its fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import drift as compiled
from clvmodels.formulas import drift
from clvmodels.formulas.drift import DriftParams
from clvmodels.formulas.series import Series, Table, series
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.expectations import Expected
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.priors import Prior, Priors, age_scale, around_mean_age
from clvmodels.models.purchase_process import LEAVING, Rows
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.rfm import RFM, RFMTable, TimeUnit
from clvmodels.rfm.times import flat, ranks

if TYPE_CHECKING:
    import pymc as pm

Parts = tuple[Series | Table, Series | Table]


@dataclass(frozen=True, kw_only=True)
class DriftPriors(Priors):
    """Priors of drift, each replaceable by any PyMC distribution; the defaults are proper and weak.

    They are independent of the time unit, as alpha and 1 / kappa are lengths of time around the data's mean T.

    Attributes
    ----------
    r : Prior
        Purchases that every customer is credited with before the first repeat purchase.
    alpha : Prior or None
        The time in which they were made, in the RFM's time unit. None: log-normal around the data's mean T, with a
        standard deviation of 2 on the log scale.
    kappa : Prior or None
        How fast the past is forgotten, per time unit. None: log-normal around one over the mean T, as wide.
    c : Prior
        Weight of the first purchase.
    """

    r: Prior = Prior("LogNormal", mu=0.0, sigma=1.5)
    alpha: Prior | None = None
    kappa: Prior | None = None
    c: Prior = Prior("LogNormal", mu=-1.0, sigma=1.5)

    @classmethod
    def flat(cls) -> DriftPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat_prior = Prior("HalfFlat")
        return cls(r=flat_prior, alpha=flat_prior, kappa=flat_prior, c=flat_prior)

    def for_data(self, compressed: pd.DataFrame) -> dict[str, Prior]:
        """The priors by name, with the scales of alpha and kappa filled in.

        Raises
        ------
        InvalidRFM
            If nobody was observed after the first purchase, so that the data have no scale of time.
        """
        forgotten = Prior("LogNormal", mu=-float(np.log(age_scale(compressed))), sigma=2.0)
        filled = replace(self, alpha=self.alpha or around_mean_age(compressed), kappa=self.kappa or forgotten)
        return super(DriftPriors, filled).for_data(compressed)


@dataclass(frozen=True, kw_only=True, repr=False)
class DriftPosterior(PurchasePosterior):
    """Posterior of drift: see `PurchasePosterior` for all that it answers.

    Nobody leaves under it: it has no probability of being alive, no survival and no lifetime, and says so. A pool with
    another model has them.

    Examples
    --------
    >>> purchases = Drift.at(r=0.5, alpha=4.0, kappa=0.05, c=0.3, time_unit="week")
    >>> purchases.expected_purchases(RFM.new_customer("week"), horizon=52)["mean"].round(2).item()
    9.04
    """

    key: ClassVar[str] = "drift"
    label: ClassVar[str] = "drift"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "kappa", "c")
    caveats: ClassVar[tuple[str, ...]] = (
        "Under drift nobody leaves for good: purchase rates wander, and who is silent for long is forgotten slowly.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "purchases, and the time in which they were made, that every customer begins with"),
        ("kappa", "how fast purchases and time lose their weight: by the factor exp(-kappa) in a time unit"),
        ("c", "the weight of the first purchase, when it is made"),
    )
    statistics: ClassVar[tuple[str, ...]] = ("frequency", "recency", "T", "purchase_times")
    formulas: ClassVar[Any] = drift
    params: ClassVar[Callable[..., Any]] = DriftParams
    leaves: ClassVar[bool] = False
    leaves_between_purchases: ClassVar[bool] = True

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        r, alpha, kappa, c = self.parameter_draws(predictive=True)
        return {"purchase rate of a new customer": (r + c) / alpha, "rate of forgetting": kappa}

    def distributions(self) -> dict[str, Any]:
        """The purchase rate of a new customer right after the first purchase, Gamma(r + c, rate alpha)."""
        r, alpha, _, c = (draws[:, None] for draws in self.parameter_draws())
        return {"purchase_rate": stats.gamma(r + c, scale=1 / alpha)}

    def expectation_at(self, params: Any, quantity: str, rows: Rows, horizon: float, **choices: float) -> Expected:
        """Draws of a credible quantity at given parameters, each (draws,), for customers of whom the rows are known."""
        T, some = rows[2], _columns(params)
        if quantity == "probability_of_purchase":
            formula: Any = drift.no_purchase_exponent
            return _Linear(partial(self._recent, params, rows), T, _series(formula, some, horizon, T), _any, np.inf)
        formula = partial(drift.expected_purchases, **choices)
        most = self.most_purchases(horizon, **choices)
        return _Linear(partial(self._recent, params, rows), T, _series(formula, some, horizon, T), _same, most)

    def newcomer(self, quantity: str, times: Array) -> Array:
        """Draws of a credible quantity for a customer yet to be won: (draws, times)."""
        if quantity in LEAVING:
            self.with_leaving()
        params = _columns(self.at_draws())
        fixed, each = drift.expected_purchases(params, times, 0.0)
        return fixed + params.c * each

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        params, (_, _, T, times) = self.at_draws(), self.rows_of(rfm)
        return DrawBlocks(
            len(rfm), self.draw_count, lambda at: compiled.log_likelihood(*flat(times[at]), T[at], *params)
        )

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        recent = self._recent(params, rows, slice(None))
        return Events(*compiled.known_events(*stream, first, days, horizon, recent, rows[2], *params[:3]))

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase: (rows, draws)."""
        if until_dropout:
            self.with_leaving()
        return compiled.known_waits(*stream, self._recent(params, rows, slice(None)), rows[2], *params[:3])

    def new_events(
        self,
        params: Any,
        streams: Streams,
        won: NDArray[np.integer],
        window: tuple[float, float],
        last: float,
        *,
        days: float,
    ) -> NewEvents:
        """Draw the lives of customers won in a window of time, won (draws,) under each draw, until the time `last`."""
        return NewEvents(*compiled.new_events(streams, won, *window, last, days, *params))

    def usual_rate(self, params: Any, rows: Rows) -> Array:
        """Purchases per time unit at the mean of the draws of the parameters (n,), to make room for outcomes."""
        point = DriftParams(*(np.atleast_1d(np.mean(draws)) for draws in params))
        start = point.alpha + drift.exposure(point.kappa, rows[2])
        return np.maximum((point.r + self._recent(point, rows, slice(None))[:, 0]) / start, point.r / point.alpha)

    @classmethod
    def counts(cls, rfm: RFM | RFMTable) -> pd.DataFrame:
        """The distinct histories, with their `count`."""
        return rfm.compressed(("T", "purchase_times"))

    @staticmethod
    def _recent(params: Any, rows: Rows, at: slice) -> Array:
        """n(T) of some rows: (rows, draws)."""
        T, (starts, times) = rows[2][at], flat(rows[3][at])
        since = np.repeat(T, np.diff(starts)) - times
        return compiled.recent_purchases(starts, since, T, params.kappa, params.c)


@dataclass(frozen=True)
class _Linear:
    """A quantity that is linear in n(T), before it is put on its scale.

    Attributes
    ----------
    recent : callable
        slice -> n(T): (rows, draws).
    T : array (n,)
    parts : two of Series or Table
        As functions of T: what it is for n(T) = 0, and what each one of n(T) adds.
    scale : callable
    most : float
        It is never more.
    """

    recent: Callable[[slice], Array]
    T: Array
    parts: Parts
    scale: Callable[[Array], Array]
    most: float

    def shared(self, rows: slice) -> None:
        """Nothing."""

    def block(self, rows: slice, shared: Any = None) -> Array:  # noqa: ARG002
        """(rows, draws)."""
        times, which = np.unique(self.T[rows], return_inverse=True)
        fixed, each = (part.at(times) for part in self.parts)
        values = self.recent(rows)
        values *= each[which]
        values += fixed[which]
        return np.minimum(self.scale(values), self.most)

    def alive(self, rows: slice) -> Array:
        """Everybody is: nobody leaves."""
        return np.ones_like(self.recent(rows))

    def if_alive(self, rows: slice) -> Array:
        """The same, as nobody leaves."""
        return self.block(rows)


def _series(formula: Callable[..., tuple[Array, Array]], params: Any, t: float, T: Array) -> Parts:
    """Both parts of a formula as functions of T."""

    def part(which: int) -> Series | Table:
        def of(at: Any, length: float, _: float, times: Array) -> Array:
            return np.broadcast_to(formula(at, length, times)[which], np.broadcast_shapes(at.r.shape, times.shape))

        return series(of, params, t, 0.0, np.unique(T))

    return part(0), part(1)


def _columns(params: Any) -> DriftParams:
    """The parameters of shape (draws, 1)."""
    return DriftParams(*(draws[:, None] for draws in params))


def _same(values: Array) -> Array:
    return values


def _any(exponent: Array) -> Array:
    return -np.expm1(-exponent)


@dataclass(frozen=True, kw_only=True)
class Drift(PurchaseModel):
    """Drift: purchase rates wander, so that the past is forgotten exponentially; nobody leaves for good.

    A model of this package: `clvmodels.formulas.drift` derives it. It needs every customer's purchase times
    (``rfm_summary(log, statistics=["purchase_times"])``); `fit` and the predictions are those of every model of
    purchases, see `PurchasePosterior`.

    Attributes
    ----------
    priors : DriftPriors
        Weak by default.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow
    >>> from clvmodels.rfm import rfm_summary
    >>> rfm = rfm_summary(load_cdnow(), time_unit="week", observation_end="1997-09-30", statistics=["purchase_times"])
    >>> Drift().fit(rfm, random_seed=1).diagnostics.converged
    True
    """

    priors: DriftPriors = DriftPriors()

    posterior: ClassVar[type[PurchasePosterior]] = DriftPosterior

    @staticmethod
    def at(
        *, r: Any, alpha: Any, kappa: Any, c: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> DriftPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite.
        """
        return Drift._at({"r": r, "alpha": alpha, "kappa": kappa, "c": c}, time_unit, random_seed)

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct (T, purchase_times) with their `count`; `loops` compiles the sum."""
        import pymc as pm
        import pytensor.tensor as pt

        from clvmodels.inference.row_sum import row_sum

        table = compressed.iloc[np.argsort(ranks(compressed["purchase_times"]), kind="stable")]
        T, count = (table[name].to_numpy(float) for name in ("T", "count"))
        starts, times = flat(table["purchase_times"])
        with pm.Model() as graph:
            params = DriftParams(*(priors[name].variable(name) for name in DriftParams._fields))
            if loops:
                total: Any = row_sum(compiled.HistorySum.of(starts, times, T, count), *params)
            else:
                total = pt.sum(count * drift.log_likelihood(params, _padded(starts, times), T, xp=pt))
            pm.Potential("log_likelihood", total)
        return graph


def _padded(starts: NDArray[np.int64], times: Array) -> Array:
    """Each row's times, then infinity: (n, most)."""
    number = np.diff(starts)
    out = np.full((len(number), int(number.max(initial=1))), np.inf)
    out[np.arange(out.shape[1]) < number[:, None]] = times
    return out
