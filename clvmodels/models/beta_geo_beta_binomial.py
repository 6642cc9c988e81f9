"""BG/BB: the model for purchases at opportunities, its priors and its fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import beta_geo_beta_binomial as compiled
from clvmodels.compiled.jit import worth_compiling
from clvmodels.formulas import beta_geo_beta_binomial
from clvmodels.formulas.beta_geo_beta_binomial import BetaGeoBetaBinomialParams
from clvmodels.intervals import Array
from clvmodels.models.outcomes import Events, NewEvents, Stream, Streams
from clvmodels.models.priors import Prior, Priors
from clvmodels.models.purchase_process import Rows
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.rfm import TimeUnit

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, kw_only=True)
class BetaGeoBetaBinomialPriors(Priors):
    """Priors of BG/BB, each replaceable by any PyMC distribution; the defaults are proper and weak.

    Both Beta distributions are parametrised by their mean and their concentration, the sum of their parameters.

    Attributes
    ----------
    purchase : Prior
        Mean probability of buying at an opportunity, alpha / (alpha + beta).
    purchase_kappa : Prior
        Its concentration, alpha + beta.
    dropout : Prior
        Mean probability of leaving at an opportunity, gamma / (gamma + delta).
    dropout_kappa : Prior
        Its concentration, gamma + delta.
    """

    purchase: Prior = Prior("Uniform", lower=0.0, upper=1.0)
    purchase_kappa: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)
    dropout: Prior = Prior("Uniform", lower=0.0, upper=1.0)
    dropout_kappa: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)

    @classmethod
    def flat(cls) -> BetaGeoBetaBinomialPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(purchase_kappa=flat, dropout_kappa=flat)


@dataclass(frozen=True, kw_only=True, repr=False)
class BetaGeoBetaBinomialPosterior(PurchasePosterior):
    """Posterior of BG/BB: see `PurchasePosterior` for all that it answers.

    Time is counted in opportunities: a horizon of 2.7 holds two of them. A customer is alive at T who was there for
    opportunity T.
    """

    key: ClassVar[str] = "bg_bb"
    label: ClassVar[str] = "BG/BB"
    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    caveats: ClassVar[tuple[str, ...]] = (
        "BG/BB counts opportunities, at each of which a customer buys once or not at all.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("alpha, beta", "the Beta distribution of the probability of buying at an opportunity"),
        ("gamma, delta", "the Beta distribution of the probability of leaving at the beginning of an opportunity"),
    )
    statistics: ClassVar[tuple[str, ...]] = ("frequency", "recency", "opportunities")
    formulas: ClassVar[Any] = beta_geo_beta_binomial
    closed: ClassVar[frozenset[str]] = frozenset({"survival_if_alive", "purchases_if_alive", "lifetime_if_alive"})
    params: ClassVar[Callable[..., Any]] = BetaGeoBetaBinomialParams
    leaves_between_purchases: ClassVar[bool] = True

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        alpha, beta, gamma, delta = self.parameter_draws()
        return {
            "purchase": alpha / (alpha + beta),
            "purchase_kappa": alpha + beta,
            "dropout": gamma / (gamma + delta),
            "dropout_kappa": gamma + delta,
        }

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        alpha, beta, gamma, delta = self.parameter_draws(predictive=True)
        return {
            "probability of buying at an opportunity": alpha / (alpha + beta),
            "dropout probability": gamma / (gamma + delta),
        }

    def distributions(self) -> dict[str, Any]:
        """The probabilities of buying and of leaving at an opportunity."""
        alpha, beta, gamma, delta = (draws[:, None] for draws in self.parameter_draws())
        return {"purchase_probability": stats.beta(alpha, beta), "dropout_probability": stats.beta(gamma, delta)}

    def alive(self, params: Any, rows: Rows) -> Array:
        """P(alive at the observation end) at given parameters: (rows, draws)."""
        return compiled.probability_alive(*rows, *params)

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        x, _, T = rows
        alive = self.alive(params, rows)
        return Events(*compiled.known_events(*stream, first, horizon, alive, x, T, *params))

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
        return NewEvents(*compiled.new_events(streams, won, *window, last, *params))

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers drop out, and the states of the streams after each."""
        return compiled.new_leaving(streams, won, *window, params.gamma, params.delta)

    def returned(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        r"""What is expected of customers who have left and are brought back.

        At which opportunity they left is not known; given that they stayed at j of them,

        .. math:: p \sim B(\alpha + x, \beta + j - x), \quad \theta \sim B(\gamma + 1, \delta + j)
        """
        params = self.at_draws()

        def block(at: slice) -> tuple[Array, Array]:
            some = (column[at, None] for column in rows)
            return beta_geo_beta_binomial.brought_back(params, horizon, *some, discount_force=discount_force)

        return block


@dataclass(frozen=True, kw_only=True)
class BetaGeoBetaBinomial(PurchaseModel):
    """BG/BB: at every opportunity, such as a year or a campaign, a customer buys or not, and may leave before it.

    Make the RFM with ``rfm_summary(log, opportunity="year")``, or with `RFM.from_frame` from a table with a column
    `opportunities`. `fit` and the predictions are those of every model of purchases: see `PurchasePosterior`.

    Source: Fader, Hardie, Shang (2010), doi:10.1287/mksc.1100.0580.

    Attributes
    ----------
    priors : BetaGeoBetaBinomialPriors
        Weak by default.

    Examples
    --------
    >>> import pandas as pd
    >>> from clvmodels.rfm import RFM
    >>> donors = BetaGeoBetaBinomial.at(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, time_unit="year")
    >>> seen = pd.DataFrame({"customer_id": ["ann"], "frequency": [6], "recency": [6], "opportunities": [6]})
    >>> donors.expected_purchases(RFM.from_frame(seen, time_unit="year"), horizon=5)["mean"].round(2).item()
    3.75
    """

    priors: BetaGeoBetaBinomialPriors = BetaGeoBetaBinomialPriors()

    posterior: ClassVar[type[PurchasePosterior]] = BetaGeoBetaBinomialPosterior

    @staticmethod
    def at(
        *, alpha: Any, beta: Any, gamma: Any, delta: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> BetaGeoBetaBinomialPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite.
        """
        given = {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta}
        return BetaGeoBetaBinomial._at(given, time_unit, random_seed)

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct (frequency, recency, opportunities) with their `count`.

        Its variables are those of the priors; alpha, beta, gamma and delta are deterministic. `loops` compiles the sum
        over many rows, or over long silences.
        """
        import pymc as pm
        import pytensor.tensor as pt

        from clvmodels.inference.row_sum import row_sum

        names = ("frequency", "recency", "opportunities", "count")
        x, t_x, T, count = (compressed[name].to_numpy(float) for name in names)
        terms = len(count) * int(np.max(T - t_x, initial=1.0))
        with pm.Model() as graph:
            purchase, purchase_kappa, dropout, dropout_kappa = (prior.variable(name) for name, prior in priors.items())
            params = BetaGeoBetaBinomialParams(
                pm.Deterministic("alpha", purchase * purchase_kappa),
                pm.Deterministic("beta", (1 - purchase) * purchase_kappa),
                pm.Deterministic("gamma", dropout * dropout_kappa),
                pm.Deterministic("delta", (1 - dropout) * dropout_kappa),
            )
            alive: Any = pt.sum(count * beta_geo_beta_binomial.alive_terms(params, x, T, xp=pt))
            if loops and worth_compiling(terms):
                dropped: Any = row_sum(compiled.OpportunitySum.of(x, t_x, T, count), *params)
            else:
                dropped = pt.sum(count * beta_geo_beta_binomial.dropout_terms(params, x, t_x, T, xp=pt))
            pm.Potential("log_likelihood", alive + dropped)
        return graph
