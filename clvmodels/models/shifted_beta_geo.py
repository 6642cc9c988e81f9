"""Shifted-beta-geometric: the model of contracts that are renewed or not, its priors and its fit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.formulas import shifted_beta_geo
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams
from clvmodels.models.given import given_fields
from clvmodels.models.posterior import fresh_seed
from clvmodels.models.priors import Prior, check_own_priors, check_priors
from clvmodels.models.renewals import Renewals
from clvmodels.models.shifted_beta_geo_posterior import ShiftedBetaGeoPosterior
from clvmodels.rfm import TimeUnit, fingerprint

if TYPE_CHECKING:
    import pymc as pm

    from clvmodels.inference.sample import Method


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeoPriors:
    """Priors of the shifted-beta-geometric, each replaceable by any PyMC distribution; proper and weak by default.

    The probability to leave is parametrised by its mean phi = alpha / (alpha + beta) over new customers and its
    concentration kappa = alpha + beta; the larger kappa, the more alike the customers.

    Attributes
    ----------
    phi : Prior
        Mean probability to leave at the first renewal, in (0, 1).
    kappa : Prior
        Concentration of the probability.

    Examples
    --------
    >>> ShiftedBetaGeoPriors(phi=Prior("Beta", alpha=2, beta=8)).phi
    Prior('Beta', alpha=2, beta=8)
    """

    phi: Prior = Prior("Uniform", lower=0.0, upper=1.0)
    kappa: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)

    def __post_init__(self) -> None:
        """Refuse what is no Prior."""
        check_priors(self)

    @classmethod
    def flat(cls) -> ShiftedBetaGeoPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        return cls(kappa=Prior("HalfFlat"))

    def by_name(self) -> dict[str, Prior]:
        """The priors by the names of their variables."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeo:
    """Shifted-beta-geometric: at every renewal a customer leaves with an own probability, which never changes.

    For subscriptions and memberships, where it is seen when a customer leaves. Retention rises with tenure all the
    same, as those who are likely to leave do so first.

    Source: Fader, Hardie (2007), doi:10.1002/dir.20074.

    Attributes
    ----------
    priors : ShiftedBetaGeoPriors
        Weak by default.

    Examples
    --------
    >>> cohort = Renewals.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491], time_unit="year")
    >>> contracts = ShiftedBetaGeo().fit(cohort, random_seed=1)
    >>> contracts.diagnostics.converged
    True
    """

    priors: ShiftedBetaGeoPriors = ShiftedBetaGeoPriors()

    def __post_init__(self) -> None:
        """Refuse priors of another model."""
        check_own_priors(self)

    def fit(
        self, data: Renewals, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> ShiftedBetaGeoPosterior:
        """Draw from the posterior given renewals; see `BetaGeo.fit` for the arguments.

        One renewal alone says nothing about kappa: it then keeps its prior.

        Raises
        ------
        InvalidArgument
            If the data are no Renewals.
        FitFailed
            If there is no mode (possible with improper priors: nobody left, or all are alike).

        Warns
        -----
        FitWarning
            If the draws failed a check; the message names cause and remedy.
        """
        from clvmodels.inference.sample import sample

        if not isinstance(data, Renewals):
            raise InvalidArgument(
                f"a Renewals is needed, and this is a {type(data).__name__}; make one with"
                " clv.Renewals.from_survivors(...) or clv.Renewals.from_customers(...)"
            )
        seed, priors = fresh_seed(random_seed), self.priors.by_name()
        samples, diagnostics = sample(
            partial(shifted_beta_geo_graph, data.observed(), priors),
            names=list(ShiftedBetaGeoPosterior.parameters),
            method=method,
            draws=draws,
            rng=np.random.default_rng([seed, 2]),
        )
        return ShiftedBetaGeoPosterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=data.time_unit,
            random_seed=seed,
            fingerprint=fingerprint(data.counts, data.time_unit),
        )

    @staticmethod
    def at(*, alpha: Any, beta: Any, time_unit: TimeUnit, random_seed: int | None = None) -> ShiftedBetaGeoPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or the time unit is not known.

        Examples
        --------
        >>> point = ShiftedBetaGeo.at(alpha=0.668, beta=3.806, time_unit="year")
        >>> point.retention_curve(periods=12)["mean"].round(3).iloc[-1].item()
        0.378
        """
        return ShiftedBetaGeoPosterior(**given_fields({"alpha": alpha, "beta": beta}, time_unit, random_seed))


def shifted_beta_geo_graph(observed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
    """The PyMC model of the shifted-beta-geometric for what `Renewals.observed` returns.

    The number for whom each renewal was due, and of those who made it, is all that the likelihood depends on. Its
    variables are phi and kappa; alpha and beta are deterministic. There is nothing to compile: `loops` changes nothing.
    """
    import pymc as pm
    import pytensor.tensor as pt

    due = observed.loc[1:]
    at_risk, renewed = due["at_risk"].to_numpy(float), due["renewed"].to_numpy(float)
    with pm.Model() as graph:
        phi, kappa = (priors[name].variable(name) for name in ("phi", "kappa"))
        params = ShiftedBetaGeoParams(
            pm.Deterministic("alpha", phi * kappa), pm.Deterministic("beta", (1 - phi) * kappa)
        )
        terms = shifted_beta_geo.period_terms(params, due.index.to_numpy(float), at_risk, renewed, xp=pt)
        total: Any = pt.sum(terms)
        pm.Potential("log_likelihood", total)
    return graph
