"""Pareto/NBD: the model, its priors and its fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import pareto_nbd as compiled
from clvmodels.formulas import pareto_nbd
from clvmodels.formulas.pareto_nbd import ParetoNBDParams
from clvmodels.intervals import Array
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.priors import Prior, Priors, around_mean_age
from clvmodels.models.purchase_process import Rows
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.rfm import TimeUnit

if TYPE_CHECKING:
    import pymc as pm

# Of the time of leaving: the error of what is expected of those who are brought back stays below a thousandth.
LEAVING_NODES = 12


@dataclass(frozen=True, kw_only=True)
class ParetoNBDPriors(Priors):
    """Priors of Pareto/NBD, each replaceable by any PyMC distribution.

    The defaults are proper and weak, and independent of the time unit. They keep s and beta from going to infinity
    together, where lifetimes are exponential with one rate for all and the likelihood is flat.

    Attributes
    ----------
    r, s : Prior
        Shapes of the purchase rate and of the rate of leaving.
    alpha, beta : Prior or None
        Rate parameters of both, in the RFM's time unit. None: log-normal around the data's mean T, with a standard
        deviation of 2 on the log scale.
    """

    r: Prior = Prior("LogNormal", mu=0.0, sigma=1.5)
    alpha: Prior | None = None
    s: Prior = Prior("LogNormal", mu=0.0, sigma=1.5)
    beta: Prior | None = None

    @classmethod
    def flat(cls) -> ParetoNBDPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(r=flat, alpha=flat, s=flat, beta=flat)

    def for_data(self, compressed: pd.DataFrame) -> dict[str, Prior]:
        """The priors by name, with the scales of alpha and beta filled in.

        Raises
        ------
        InvalidRFM
            If nobody was observed after the first purchase, so that the data have no scale of time.
        """
        scaled = around_mean_age(compressed)
        filled = replace(self, alpha=self.alpha or scaled, beta=self.beta or scaled)
        return super(ParetoNBDPriors, filled).for_data(compressed)


@dataclass(frozen=True, kw_only=True, repr=False)
class ParetoNBDPosterior(PurchasePosterior):
    """Posterior of Pareto/NBD: see `PurchasePosterior` for all that it answers.

    Examples
    --------
    >>> from clvmodels.rfm import RFM
    >>> purchases = ParetoNBD.at(r=0.553, alpha=10.58, s=0.606, beta=11.66, time_unit="week")
    >>> purchases.expected_purchases(RFM.new_customer("week"), horizon=52)["mean"].round(2).item()
    1.47
    """

    key: ClassVar[str] = "pareto_nbd"
    label: ClassVar[str] = "Pareto/NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    caveats: ClassVar[tuple[str, ...]] = (
        "Under Pareto/NBD a customer may leave at any time, for good, whether buying often or not.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "shape and rate of the Gamma distribution of purchase rates over the customers"),
        ("s, beta", "shape and rate of the Gamma distribution of the rates of leaving"),
    )
    formulas: ClassVar[Any] = pareto_nbd
    closed: ClassVar[frozenset[str]] = frozenset({"survival_if_alive", "purchases_if_alive", "lifetime_if_alive"})
    params: ClassVar[Callable[..., Any]] = ParetoNBDParams
    leaves_between_purchases: ClassVar[bool] = True

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        r, alpha, s, beta = self.parameter_draws(predictive=True)
        return {"purchase rate of a new customer": r / alpha, "rate of leaving": s / beta}

    def distributions(self) -> dict[str, Any]:
        """The purchase rate, Gamma(r, rate alpha), and the rate of leaving, Gamma(s, rate beta)."""
        r, alpha, s, beta = (draws[:, None] for draws in self.parameter_draws())
        return {"purchase_rate": stats.gamma(r, scale=1 / alpha), "dropout_rate": stats.gamma(s, scale=1 / beta)}

    def alive(self, params: Any, rows: Rows) -> Array:
        """P(alive at the observation end) at given parameters: (rows, draws)."""
        x, t_x, T = rows
        return compiled.probability_alive(x, t_x, T, np.stack([np.ravel(draws) for draws in params], axis=1))

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        x, _, T = rows
        alive = self.alive(params, rows)
        return Events(*compiled.known_events(*stream, first, days, horizon, alive, x, T, *params))

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase (infinite without one), or to dropping out (0 if gone): (rows, draws)."""
        x, _, T = rows
        return compiled.known_waits(*stream, until_dropout, self.alive(params, rows), x, T, *params)

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

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers drop out, and the states of the streams after each."""
        return compiled.new_leaving(streams, won, *window, params.s, params.beta)

    def returned(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        r"""What is expected of customers who have left and are brought back.

        When they left is not known; given that it was at :math:`\tau`,

        .. math:: \lambda \sim \Gamma(r + x, \alpha + \tau), \quad \mu \sim \Gamma(s + 1, \beta + \tau)
        """
        params = self.at_draws()
        left = params._replace(s=params.s + 1)

        def block(at: slice) -> tuple[Array, Array]:
            x, t_x, T = (column[at, None] for column in rows)
            weights, tau = pareto_nbd.left_mixture(params, x, t_x, T, nodes=LEAVING_NODES)
            rate, rest = np.zeros(weights.shape[:-1]), np.zeros(weights.shape[:-1])
            for node in range(LEAVING_NODES):
                weight, when = weights[..., node], tau[..., node]
                rate += weight * (params.r + x) / (params.alpha + when)
                rest += weight * pareto_nbd.discounted_purchases_if_alive(
                    left, horizon, x, when, discount_force=discount_force
                )
            return rate, rest

        return block


@dataclass(frozen=True, kw_only=True)
class ParetoNBD(PurchaseModel):
    """Pareto/NBD: customers buy at their own rate until they leave, at any time and unseen.

    `fit` and the predictions are those of every model of purchases: see `PurchasePosterior`.

    Source: Schmittlein, Morrison, Colombo (1987), doi:10.1287/mnsc.33.1.1.

    Attributes
    ----------
    priors : ParetoNBDPriors
        Weak by default.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> ParetoNBD().fit(load_cdnow_summary(), random_seed=1).diagnostics.converged
    True
    """

    priors: ParetoNBDPriors = ParetoNBDPriors()

    posterior: ClassVar[type[PurchasePosterior]] = ParetoNBDPosterior

    @staticmethod
    def at(
        *, r: Any, alpha: Any, s: Any, beta: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> ParetoNBDPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite.
        """
        return ParetoNBD._at({"r": r, "alpha": alpha, "s": s, "beta": beta}, time_unit, random_seed)

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct (frequency, recency, T) with their `count`; `loops` compiles the sum."""
        import pymc as pm
        import pytensor.tensor as pt

        from clvmodels.inference.row_sum import row_sum

        x, t_x, T, count = (compressed[name].to_numpy(float) for name in ("frequency", "recency", "T", "count"))
        frequencies, which = np.unique(x, return_inverse=True)
        customers = np.bincount(which, weights=count).astype(float)
        with pm.Model() as graph:
            params = ParetoNBDParams(*(priors[name].variable(name) for name in ("r", "alpha", "s", "beta")))
            gammas: Any = pt.sum(customers * pareto_nbd.frequency_terms(params, frequencies, xp=pt))
            if loops:
                dates: Any = row_sum(compiled.TimingSum.of(x, t_x, T, count), *params)
            else:
                dates = pt.sum(count * pareto_nbd.timing_terms(params, x, t_x, T, xp=pt))
            pm.Potential("log_likelihood", gammas + dates)
        return graph
