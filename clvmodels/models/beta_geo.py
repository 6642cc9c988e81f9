"""BG/NBD: the model, its priors and its fit."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clvmodels.compiled.jit import worth_compiling
from clvmodels.errors import InvalidRFM
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.given import given_fields
from clvmodels.models.posterior import check_rfm, fresh_seed
from clvmodels.models.priors import Prior, check_priors
from clvmodels.rfm import RFM, RFMTable, TimeUnit, fingerprint

if TYPE_CHECKING:
    import pymc as pm

    from clvmodels.inference.sample import Method


@dataclass(frozen=True, kw_only=True)
class BetaGeoPriors:
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

    def __post_init__(self) -> None:
        """Refuse what is no Prior."""
        check_priors(self)

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
        scale = float(np.average(compressed["T"], weights=compressed["count"]))
        if scale == 0:
            raise InvalidRFM("T is 0 for every customer: nobody was observed after the first purchase; use more time")
        alpha = self.alpha or Prior("LogNormal", mu=float(np.log(scale)), sigma=2.0)
        filled = replace(self, alpha=alpha)
        return {field.name: getattr(filled, field.name) for field in fields(filled)}


@dataclass(frozen=True, kw_only=True)
class BetaGeo:
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

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> BetaGeoPosterior:
        """Draw from the posterior given an RFM.

        Parameters
        ----------
        rfm : RFM or RFMTable
            The customers; only distinct (frequency, recency, T) and their counts enter the likelihood, and only they
            are collected from a table that is not in memory.
        method : {"auto", "importance", "nuts", "map"}
            "auto" is importance sampling, and NUTS where its checks fail. "map" is the mode alone.
        draws : int
            Number of draws that are kept.
        random_seed : int, optional
            The same seed gives the same draws. Without it one is drawn, and kept in the posterior.

        Returns
        -------
        BetaGeoPosterior
            Frozen; all predictions are its methods.

        Raises
        ------
        FitFailed
            If there is no mode (possible with improper priors).

        Warns
        -----
        FitWarning
            If the draws failed a check; the message names cause and remedy.
        """
        from clvmodels.inference.sample import sample

        check_rfm(rfm, lazy=True)
        seed, compressed = fresh_seed(random_seed), rfm.compressed()
        priors = self.priors.for_data(compressed)
        samples, diagnostics = sample(
            partial(beta_geo_graph, compressed, priors),
            names=list(BetaGeoPosterior.parameters),
            method=method,
            draws=draws,
            rng=np.random.default_rng(seed),
        )
        return BetaGeoPosterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=rfm.time_unit,
            random_seed=seed,
            fingerprint=fingerprint(compressed, rfm.time_unit),
        )

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
        >>> point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
        >>> point.expected_purchases(RFM.new_customer(time_unit="week"), horizon=52)["mean"].round(4).item()
        1.4461
        """
        return BetaGeoPosterior(**given_fields({"r": r, "alpha": alpha, "a": a, "b": b}, time_unit, random_seed))


def beta_geo_graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
    """The PyMC model of BG/NBD for distinct (frequency, recency, T) with their `count`.

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
        gammas: Any = pt.sum(customers * beta_geo.frequency_terms(params, frequencies, xp=pt))
        if loops and worth_compiling(len(count)):
            dates: Any = _compiled_timing(params, x, t_x, T, count)
        else:
            dates = pt.sum(count * beta_geo.timing_terms(params, x, t_x, T, xp=pt))
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
