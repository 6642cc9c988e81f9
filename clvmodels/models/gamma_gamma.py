"""Gamma-Gamma: the model of spend, its priors, its fit, and its posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import gamma_gamma as compiled
from clvmodels.errors import DataWarning, InvalidRFM, warn
from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.free_purchases import left_out_of, left_out_sentence, with_free_purchases
from clvmodels.models.gamma_gamma_graph import graph_for
from clvmodels.models.given import given_fields
from clvmodels.models.posterior import check_rfm, fresh_seed
from clvmodels.models.priors import Prior, check_priors
from clvmodels.models.spend import Rows, SpendModel, SpendPosterior
from clvmodels.rfm import RFM, RFMTable, TimeUnit, fingerprint

if TYPE_CHECKING:
    from clvmodels.inference.sample import Method

WORTH_A_WARNING = 0.005


@dataclass(frozen=True, kw_only=True)
class GammaGammaPriors:
    """Priors of Gamma-Gamma, each replaceable by any PyMC distribution; the defaults do not depend on the currency.

    The model is parametrised by p, q - 1 and the population's mean spend p v / (q - 1), which exists since q > 1.

    Attributes
    ----------
    p : Prior
        Shape of a purchase's value.
    q_minus_one : Prior
        Shape of the customers' own rates, less 1.
    mean_spend : Prior or None
        Mean value of a purchase. None: log-normal around the data's mean, standard deviation 1 on the log scale.
    """

    p: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)
    q_minus_one: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)
    mean_spend: Prior | None = None

    def __post_init__(self) -> None:
        """Refuse what is no Prior."""
        check_priors(self)

    @classmethod
    def flat(cls) -> GammaGammaPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(p=flat, q_minus_one=flat, mean_spend=flat)

    def for_data(self, mean: float) -> dict[str, Prior]:
        """The priors by name, with the scale of the mean spend filled in."""
        scaled = self.mean_spend or Prior("LogNormal", mu=float(np.log(mean)), sigma=1.0)
        filled = replace(self, mean_spend=scaled)
        return {field.name: getattr(filled, field.name) for field in fields(filled)}


@dataclass(frozen=True, kw_only=True, repr=False)
class GammaGammaPosterior(SpendPosterior):
    """Posterior of Gamma-Gamma; see `SpendPosterior` for all that it answers."""

    key: ClassVar[str] = "gamma_gamma"
    label: ClassVar[str] = "Gamma-Gamma"
    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    caveats: ClassVar[tuple[str, ...]] = (
        "Gamma-Gamma takes what is spent per purchase to have nothing to do with how often customers buy.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (("p, q, v", "the Gamma-Gamma model of spend per purchase"),)
    params: ClassVar[Callable[..., Any]] = GammaGammaParams
    # Where the mean spend is finite.
    lowest: ClassVar[dict[str, float]] = {"q": 1}

    def distributions(self) -> dict[str, Any]:
        """The mean value of a customer's purchases, p / nu with nu ~ Gamma(q, rate v)."""
        p, q, v = (draws[:, None] for draws in self.parameter_draws())
        return {"mean_spend": stats.invgamma(q, scale=p * v)}

    def expectation(self, rows: Rows) -> Callable[[slice], Array]:
        """Draws of the expected value of a purchase, for numbers and mean values (n,): slice -> (rows, draws)."""
        (number, mean), params = rows, self.at_draws()
        return lambda at: gamma_gamma.expected_average_spend(params, number[at, None], mean[at, None])

    def fitted(self, rfm: RFM) -> NDArray[np.bool_]:
        """Which customers enter the fit (n,): those with purchases that count, and a mean value above zero."""
        number, mean = self.rows_of(rfm)
        return (number > 0) & (mean > 0)

    def counts(self, rfm: RFM) -> pd.DataFrame:
        """The distinct rows that were fitted, with their `count`."""
        return rfm.spend_counts(include_first=self.include_first).query("number > 0 and mean > 0")

    def known_amounts(
        self, params: Any, rows: Rows, offsets: NDArray[np.int64], *, seed: np.uint64, keys: NDArray[np.uint64]
    ) -> Array:
        """Draw the amount of every purchase of known customers; offsets as in `Events`."""
        out = np.empty(offsets[-1])
        compiled.known_amounts(seed, keys, offsets, *rows, *params, out)
        return out

    def new_amounts(
        self, params: Any, streams: NDArray[np.uint64], cells: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> tuple[Array, NDArray[np.uint64]]:
        """Draw the amounts of customers to be won, and the states of the streams after each; see `NewEvents`."""
        out = np.empty(offsets[-1])
        return out, compiled.new_amounts(streams, cells, offsets, *params, out)

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log density of each customer's mean spend, as leave-one-out asks for it; NaN for those left out of it."""
        check_rfm(rfm)
        count, mean = rfm.spend(include_first=self.include_first)
        # Neither no purchases nor a mean of zero has a density.
        used = (count > 0) & (mean > 0)
        count, mean = np.where(used, count, np.nan), np.where(used, mean, np.nan)
        params = self.at_draws()

        def block(rows: slice) -> Array:
            return gamma_gamma.log_likelihood(params, count[rows, None], mean[rows, None])

        return DrawBlocks(len(rfm), self.draw_count, block)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        p, q, v = self.parameter_draws()
        return {"p": p, "q_minus_one": q - 1, "mean_spend": p * v / (q - 1)}


@dataclass(frozen=True, kw_only=True)
class GammaGamma(SpendModel):
    """Gamma-Gamma: every customer has an own mean value of a purchase, independent of how often they buy.

    All predictions are methods of what `fit` returns: expected_average_spend (credible), predictive_spend (predictive);
    summary, prior_and_posterior, heterogeneity; draws, save, to_arviz.

    Source: Fader, Hardie (2013), note 025, http://www.brucehardie.com/notes/025/.

    Attributes
    ----------
    priors : GammaGammaPriors
        Weak by default.
    include_first : bool
        False, the field's standard: repeat purchases only. True: all purchases, first included.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> spend = GammaGamma().fit(load_cdnow_summary(), random_seed=1)
    >>> list(spend.summary().index)
    ['p', 'q', 'v']
    """

    priors: GammaGammaPriors = GammaGammaPriors()

    posterior: ClassVar[type[SpendPosterior]] = GammaGammaPosterior

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> GammaGammaPosterior:
        """Draw from the posterior given an RFM with values; see `BetaGeo.fit` for the arguments.

        Customers whose mean spend is zero have no place in the Gamma density. They are left out of the fit, and its
        draws are then changed so that the mean spend is that of all purchases, the free ones included, and a purchase
        varies accordingly: see `models.free_purchases`. How many they are is said by `diagnostics.notes`, `summary()`
        and the posterior's `left_out` and `left_out_share`.

        Raises
        ------
        InvalidRFM
            If the RFM has no values, or no customer with a purchase that counts and a positive mean.
        FitFailed
            If there is no mode (possible with improper priors).

        Warns
        -----
        DataWarning
            If customers with half a per cent of the purchases, or more, were left out of the fit.
        """
        from clvmodels.inference.sample import sample

        check_rfm(rfm, lazy=True)
        seed = fresh_seed(random_seed)
        counts: Any = rfm.spend_counts(include_first=self.include_first)
        bought = counts.query("number > 0")
        used = bought.query("mean > 0")
        if used.empty:
            raise InvalidRFM(self._nothing_to_fit(int(bought["count"].sum())))
        priors = self.priors.for_data(float(np.average(used["mean"], weights=used["number"] * used["count"])))
        samples, diagnostics = sample(
            partial(graph_for(used), used, priors),
            names=list(GammaGammaPosterior.parameters),
            method=method,
            draws=draws,
            rng=np.random.default_rng([seed, 1]),
        )
        fitted = GammaGammaPosterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=rfm.time_unit,
            random_seed=seed,
            fingerprint=fingerprint(used, rfm.time_unit),
            include_first=self.include_first,
        )
        return fitted if len(used) == len(bought) else _of_all(fitted, bought)

    @staticmethod
    def at(
        *, p: Any, q: Any, v: Any, time_unit: TimeUnit, include_first: bool = False, random_seed: int | None = None
    ) -> GammaGammaPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or q is not above 1, where the mean spend is infinite.
        """
        given = given_fields({"p": p, "q": q, "v": v}, time_unit, random_seed)
        return GammaGammaPosterior(**given, include_first=include_first)

    def _nothing_to_fit(self, bought: int) -> str:
        if bought:
            return f"all {bought} customers with purchases have a mean spend of zero; there is no spend to model"
        remedy = "" if self.include_first else "; use GammaGamma(include_first=True) to count first purchases"
        return f"no customer has a repeat purchase, so that there is no repeat spend to model{remedy}"


def _of_all(fitted: GammaGammaPosterior, bought: pd.DataFrame) -> GammaGammaPosterior:
    """The posterior of those who paid, made that of all who bought."""
    left_out = left_out_of(bought)
    said = f"{left_out_sentence(**left_out)}, and the mean spend is that of all purchases"
    if left_out["left_out_share"] >= WORTH_A_WARNING:
        warn(said, DataWarning)
    return replace(
        fitted,
        samples=with_free_purchases(fitted.samples, bought, np.random.default_rng([fitted.random_seed, 2])),
        diagnostics=replace(fitted.diagnostics, notes=(*fitted.diagnostics.notes, said)),
        **left_out,
    )
