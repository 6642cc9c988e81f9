"""BG/NBD: the model, its priors and its fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import beta_geo as compiled
from clvmodels.compiled.jit import worth_compiling
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.priors import Prior, Priors, around_mean_age
from clvmodels.models.purchase_process import Rows
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.rfm import TimeUnit

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, kw_only=True)
class BetaGeoPriors(Priors):
    """Priors of BG/NBD, each replaceable by any PyMC distribution.

    The defaults are proper and weak, and independent of the time unit: the same data in days and in weeks give the
    same predictions. Dropout is parametrised by its mean phi = a / (a + b) and its concentration kappa = a + b.

    Attributes
    ----------
    r : Prior
        Shape of the purchase rate.
    alpha : Prior or None
        Rate parameter of the purchase rate, in the RFM's time unit. None: log-normal around the data's mean T, with a
        standard deviation of 2 on the log scale.
    phi : Prior
        Mean dropout probability, in (0, 1).
    kappa : Prior
        Concentration of the dropout probability.

    Examples
    --------
    >>> BetaGeoPriors(r=Prior("Gamma", alpha=2, beta=4)).r
    Prior('Gamma', alpha=2, beta=4)
    """

    r: Prior = Prior("LogNormal", mu=0.0, sigma=1.5)
    alpha: Prior | None = None
    phi: Prior = Prior("Uniform", lower=0.0, upper=1.0)
    kappa: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)

    @classmethod
    def flat(cls) -> BetaGeoPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(r=flat, alpha=flat, kappa=flat)

    def for_data(self, compressed: pd.DataFrame) -> dict[str, Prior]:
        """The priors by name, with the scale of alpha filled in from distinct (frequency, recency, T) and `count`.

        Raises
        ------
        InvalidRFM
            If nobody was observed after the first purchase, so that the data have no scale of time.
        """
        filled = replace(self, alpha=self.alpha or around_mean_age(compressed))
        return super(BetaGeoPriors, filled).for_data(compressed)


@dataclass(frozen=True, kw_only=True, repr=False)
class BetaGeoPosterior(PurchasePosterior):
    """Posterior of BG/NBD: see `PurchasePosterior` for all that it answers.

    Examples
    --------
    >>> from clvmodels.rfm import RFM
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> seen = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> rfm = RFM.from_frame(seen, time_unit="week")
    >>> purchases.probability_alive(rfm)["mean"].round(4).to_dict()
    {'ann': 0.7266}
    >>> purchases.expected_purchases(rfm, horizon=39)["mean"].round(4).to_dict()
    {'ann': 1.226}
    """

    key: ClassVar[str] = "bg_nbd"
    label: ClassVar[str] = "BG/NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    caveats: ClassVar[tuple[str, ...]] = (
        "Under BG/NBD nobody leaves before a repeat purchase: customers without one count as alive.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "shape and rate of the Gamma distribution of purchase rates over the customers"),
        ("a, b", "the Beta distribution of the probability of leaving after a repeat purchase"),
    )
    formulas: ClassVar[Any] = beta_geo
    closed: ClassVar[frozenset[str]] = frozenset({"probability_of_purchase_if_alive"})
    params: ClassVar[Callable[..., Any]] = BetaGeoParams

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        r, alpha, a, b = self.parameter_draws()
        return {"r": r, "alpha": alpha, "phi": a / (a + b), "kappa": a + b}

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        r, alpha, a, b = self.parameter_draws(predictive=True)
        return {"purchase rate of a new customer": r / alpha, "dropout probability": a / (a + b)}

    def distributions(self) -> dict[str, Any]:
        """The purchase rate, Gamma(r, rate alpha), and the probability to drop out after a purchase, Beta(a, b)."""
        r, alpha, a, b = (draws[:, None] for draws in self.parameter_draws())
        return {"purchase_rate": stats.gamma(r, scale=1 / alpha), "dropout_probability": stats.beta(a, b)}

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        x, _, T = rows
        alive = self.alive(params, rows)
        # numpy is faster at these than a loop that takes one after the other.
        growth = horizon[:, None] / (params.alpha + T[:, None])
        none = np.exp(-(params.r + x[:, None]) * np.log1p(growth))
        own = self.given_alive(params)
        return Events(*compiled.known_events(*stream, first, days, horizon, alive, none, x, T, *own))

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase (infinite without one), or to dropping out (0 if gone): (rows, draws)."""
        (x, _, T), alive, own = rows, self.alive(params, rows), self.given_alive(params)
        return compiled.known_waits(*stream, until_dropout, alive, x, T, *own)

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
        own = self.given_alive(params)
        return NewEvents(*compiled.new_events(streams, won, *window, last, days, self._stays(params), *own))

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers drop out, and the states of the streams after each."""
        return compiled.new_leaving(streams, won, *window, self._stays(params), *self.given_alive(params))

    def returned(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        r"""What is expected of customers who have left and are brought back.

        The purchases say nothing of the time since the last one, and leaving has been seen once:

        .. math:: \lambda \sim \Gamma(r + x, \alpha + t_x), \quad p \sim B(a + 1, b + x - 1)
        """
        x, t_x, _ = rows
        params = self.at_draws()
        left = params._replace(a=params.a + 1, b=params.b - 1)
        seen = self._leavers(x), t_x, t_x
        rest = self.expectation_at(left, "expected_discounted_purchases", seen, horizon, discount_force=discount_force)

        def block(at: slice) -> tuple[Array, Array]:
            rate = (params.r + seen[0][at, None]) / (params.alpha + t_x[at, None])
            return rate, rest.if_alive(at)

        return block

    @staticmethod
    def given_alive(params: BetaGeoParams) -> BetaGeoParams:
        """The parameters by which customers who are alive buy and leave."""
        return params

    @staticmethod
    def _leavers(x: Array) -> Array:
        # Nobody leaves before a repeat purchase: those rows have no weight.
        return np.maximum(x, 1)

    def _stays(self, params: Any) -> Array:
        """P(alive right after the first purchase): (draws,)."""
        return np.ascontiguousarray(np.broadcast_to(self.formulas.probability_alive(params, 0, 0, 0), len(params.r)))


@dataclass(frozen=True, kw_only=True)
class BetaGeo(PurchaseModel):
    """BG/NBD: customers buy at their own rate, and may drop out after every repeat purchase.

    `fit` draws from the posterior, and all predictions are methods of what it returns (`BetaGeoPosterior`):

    - credible, of the expectation: probability_alive, expected_purchases, expected_discounted_purchases,
      probability_of_purchase, expected_lifetime, survival_curve;
    - predictive, of what will be counted: predictive_purchases, time_to_next_purchase, median_lifetime;
    - of the model: summary, prior_and_posterior, heterogeneity, frequency_recency_matrix, probability_alive_path;
    - draws for all of the predictions, save, to_arviz.

    Source: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098.

    Attributes
    ----------
    priors : BetaGeoPriors
        Weak by default.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> posterior = BetaGeo().fit(load_cdnow_summary(), random_seed=1)
    >>> posterior.diagnostics.converged
    True
    """

    priors: BetaGeoPriors = BetaGeoPriors()

    posterior: ClassVar[type[PurchasePosterior]] = BetaGeoPosterior

    @staticmethod
    def at(
        *, r: Any, alpha: Any, a: Any, b: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> BetaGeoPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or the time unit is not known.

        Examples
        --------
        >>> from clvmodels.rfm import RFM
        >>> point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
        >>> point.expected_purchases(RFM.new_customer(time_unit="week"), horizon=52)["mean"].round(4).item()
        1.4461
        """
        return BetaGeo._at({"r": r, "alpha": alpha, "a": a, "b": b}, time_unit, random_seed)

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct rows with their `count`: see `dropout_graph`."""
        return dropout_graph(beta_geo, compressed, priors, loops=loops)


def dropout_graph(
    formulas: Any, compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False
) -> pm.Model:
    """The PyMC model of BG/NBD or MBG/NBD for distinct (frequency, recency, T) with their `count`.

    Its variables are r, alpha, phi, kappa; a and b are deterministic. `loops` compiles the sum over many rows.
    """
    import pymc as pm
    import pytensor.tensor as pt

    x, t_x, T, count = (compressed[name].to_numpy(float) for name in ("frequency", "recency", "T", "count"))
    frequencies, customers = _totals(x, count)
    with pm.Model() as graph:
        r, alpha, phi, kappa = (priors[name].variable(name) for name in ("r", "alpha", "phi", "kappa"))
        params = BetaGeoParams(r, alpha, pm.Deterministic("a", phi * kappa), pm.Deterministic("b", (1 - phi) * kappa))
        # Gamma functions at distinct frequencies only.
        gammas: Any = pt.sum(customers * formulas.frequency_terms(params, frequencies, xp=pt))
        if loops and worth_compiling(len(count)):
            dropouts, counted = formulas.dropouts(params, x)
            dates: Any = _compiled_timing(dropouts, counted, t_x, T, count)
        else:
            dates = pt.sum(count * formulas.timing_terms(params, x, t_x, T, xp=pt))
        pm.Potential("log_likelihood", gammas + dates)
    return graph


def _compiled_timing(params: BetaGeoParams, x: Array, t_x: Array, T: Array, count: Array) -> Any:
    """The sum of `timing_terms` over many rows: what depends on T alone at distinct T, the rest by a compiled loop."""
    import pytensor.tensor as pt

    from clvmodels.compiled.likelihood import DropoutSum
    from clvmodels.inference.row_sum import row_sum

    lengths, customers = _totals(T, count)
    _, purchases = _totals(T, count * x)
    alive: Any = pt.sum((params.r * customers + purchases) * pt.log1p(lengths / params.alpha))
    repeat = x > 0
    return row_sum(DropoutSum.of(x[repeat], t_x[repeat], T[repeat], count[repeat]), *params) - alive


def _totals(values: Array, weights: Array) -> tuple[Array, Array]:
    """Distinct values, and the sum of the weights at each."""
    distinct, which = np.unique(values, return_inverse=True)
    return distinct, np.bincount(which, weights=weights).astype(float)
