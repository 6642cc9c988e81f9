"""Soft dropout, regularity, and both together: the models, their priors and their fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from clvmodels.compiled.soft_dropout_sum import HistorySum
from clvmodels.models.beta_geo import BetaGeoPriors
from clvmodels.models.priors import Prior
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.soft_dropout_posterior import (
    RegularBetaGeoPosterior,
    RegularSoftDropoutPosterior,
    SoftDropoutPosterior,
    StatePosterior,
)
from clvmodels.rfm import TimeUnit

if TYPE_CHECKING:
    import pymc as pm

UNIFORM = Prior("Uniform", lower=0.0, upper=1.0)


@dataclass(frozen=True, kw_only=True)
class SoftDropoutPriors(BetaGeoPriors):
    """Priors of soft dropout: those of BG/NBD (phi and kappa are of the probability of slowing down), and of delta.

    Attributes
    ----------
    delta : Prior
        What is left of the purchase rate after slowing down, in (0, 1).
    """

    delta: Prior = Prior("LogitNormal", mu=-2.0, sigma=2.0)

    @classmethod
    def flat(cls) -> SoftDropoutPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(r=flat, alpha=flat, kappa=flat, delta=UNIFORM)


@dataclass(frozen=True, kw_only=True)
class RegularBetaGeoPriors(BetaGeoPriors):
    """Priors of the model with regularity: those of BG/NBD, and of the shares of the classes k.

    The shares are broken off one after the other, each part with a Beta prior. The default ones make the shares
    Dirichlet(1.125, 1.125, 1.125, 1.125), exactly: all mixtures are about as likely, but hardly any class is empty.

    Attributes
    ----------
    share_1 : Prior
        Share of the customers who buy at random (k = 1).
    part_2 : Prior
        Part of k = 2 in all others.
    part_4 : Prior
        Part of k = 4 in those with k of 4 or 8.
    """

    share_1: Prior = Prior("Beta", alpha=1.125, beta=3.375)
    part_2: Prior = Prior("Beta", alpha=1.125, beta=2.25)
    part_4: Prior = Prior("Beta", alpha=1.125, beta=1.125)

    @classmethod
    def flat(cls) -> RegularBetaGeoPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        return cls(r=flat, alpha=flat, kappa=flat, share_1=UNIFORM, part_2=UNIFORM, part_4=UNIFORM)


@dataclass(frozen=True, kw_only=True)
class RegularSoftDropoutPriors(SoftDropoutPriors, RegularBetaGeoPriors):
    """Priors of soft dropout with regularity: see `SoftDropoutPriors` and `RegularBetaGeoPriors`."""

    @classmethod
    def flat(cls) -> RegularSoftDropoutPriors:
        """Improper flat priors: with method="map" the fit is the maximum-likelihood estimate."""
        flat = Prior("HalfFlat")
        shares = {"share_1": UNIFORM, "part_2": UNIFORM, "part_4": UNIFORM}
        return cls(r=flat, alpha=flat, kappa=flat, delta=UNIFORM, **shares)


@dataclass(frozen=True, kw_only=True)
class StateModel(PurchaseModel):
    """The fit that soft dropout, regularity and both together share."""

    posterior: ClassVar[type[StatePosterior]]

    @classmethod
    def graph(cls, compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct rows with their `count`: see `state_graph`."""
        return state_graph(cls.posterior, compressed, priors, loops=loops)


@dataclass(frozen=True, kw_only=True)
class RegularBetaGeo(StateModel):
    """MBG/CNBD-k as a mixture: as MBG/NBD, but some customers buy more regularly than others.

    A customer's waits are Erlang(k), with k of 1 (at random), 2, 4 or 8; the shares of these are parameters. A regular
    customer who is late is missed sooner. It needs `rfm_summary(..., statistics=["log_gaps"])`. `fit` and the
    predictions are those of every model of purchases: see `PurchasePosterior`.

    Source: Platzer, Reutterer (2016), doi:10.1287/mksc.2015.0963, with one k for all; the mixture is ours, see
    `clvmodels.formulas.soft_dropout`.

    Attributes
    ----------
    priors : RegularBetaGeoPriors
        Weak by default.

    Examples
    --------
    >>> shares = {"share_1": 0.4, "share_2": 0.3, "share_4": 0.2, "share_8": 0.1}
    >>> point = RegularBetaGeo.at(r=0.5, alpha=6.0, a=0.9, b=1.6, **shares, time_unit="week")
    >>> from clvmodels.rfm import RFM
    >>> point.probability_alive(RFM.new_customer("week"))["mean"].round(4).item()
    0.64
    """

    priors: RegularBetaGeoPriors = RegularBetaGeoPriors()

    posterior: ClassVar[type[StatePosterior]] = RegularBetaGeoPosterior

    @staticmethod
    def at(
        *,
        r: Any,
        alpha: Any,
        a: Any,
        b: Any,
        share_1: Any,
        share_2: Any,
        share_4: Any,
        share_8: Any,
        time_unit: TimeUnit,
        random_seed: int | None = None,
    ) -> RegularBetaGeoPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or the shares do not add up to 1.
        """
        shares = {"share_1": share_1, "share_2": share_2, "share_4": share_4, "share_8": share_8}
        return RegularBetaGeo._at({"r": r, "alpha": alpha, "a": a, "b": b, **shares}, time_unit, random_seed)


@dataclass(frozen=True, kw_only=True)
class SoftDropout(StateModel):
    """Soft dropout: customers buy at their own rate, and after a purchase may slow down to a fraction of it.

    Nobody vanishes: who seems lost comes back now and then, as the data say how often. "Alive" means "has not slowed
    down". It needs `rfm_summary(..., statistics=["purchase_times"])`. `fit` and the predictions are those of every
    model of purchases: see `PurchasePosterior`.

    The model is ours: `clvmodels.formulas.soft_dropout` derives it.

    Attributes
    ----------
    priors : SoftDropoutPriors
        Weak by default.

    Examples
    --------
    >>> point = SoftDropout.at(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1, time_unit="week")
    >>> from clvmodels.rfm import RFM
    >>> seen = pd.DataFrame({"frequency": [3], "recency": [20], "T": [30], "purchase_times": [[2, 5, 20]]})
    >>> rfm = RFM.from_frame(seen, time_unit="week")
    >>> point.probability_alive(rfm)["mean"].round(6).item()
    0.188544
    >>> point.expected_purchases(rfm, horizon=20)["mean"].round(6).item()
    0.873821
    """

    priors: SoftDropoutPriors = SoftDropoutPriors()

    posterior: ClassVar[type[StatePosterior]] = SoftDropoutPosterior

    @staticmethod
    def at(
        *, r: Any, alpha: Any, a: Any, b: Any, delta: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> SoftDropoutPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or delta is not below 1.
        """
        return SoftDropout._at({"r": r, "alpha": alpha, "a": a, "b": b, "delta": delta}, time_unit, random_seed)


@dataclass(frozen=True, kw_only=True)
class RegularSoftDropout(StateModel):
    """Soft dropout with regularity: as `SoftDropout`, and some customers buy more regularly than others.

    A customer's waits are Erlang(k), as in `RegularBetaGeo`. It needs
    `rfm_summary(..., statistics=["purchase_times"])`. `fit` and the predictions are those of every model of purchases:
    see `PurchasePosterior`.

    The model is ours: `clvmodels.formulas.soft_dropout` derives it.

    Attributes
    ----------
    priors : RegularSoftDropoutPriors
        Weak by default.

    Examples
    --------
    >>> shares = {"share_1": 0.4, "share_2": 0.3, "share_4": 0.2, "share_8": 0.1}
    >>> point = RegularSoftDropout.at(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1, **shares, time_unit="week")
    >>> from clvmodels.rfm import RFM
    >>> point.probability_alive(RFM.new_customer("week"))["mean"].round(4).item()
    0.56
    """

    priors: RegularSoftDropoutPriors = RegularSoftDropoutPriors()

    posterior: ClassVar[type[StatePosterior]] = RegularSoftDropoutPosterior

    @staticmethod
    def at(
        *,
        r: Any,
        alpha: Any,
        a: Any,
        b: Any,
        delta: Any,
        share_1: Any,
        share_2: Any,
        share_4: Any,
        share_8: Any,
        time_unit: TimeUnit,
        random_seed: int | None = None,
    ) -> RegularSoftDropoutPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, delta is not below 1, or the shares do not add up to 1.
        """
        given = {"r": r, "alpha": alpha, "a": a, "b": b, "delta": delta}
        shares = {"share_1": share_1, "share_2": share_2, "share_4": share_4, "share_8": share_8}
        return RegularSoftDropout._at(given | shares, time_unit, random_seed)


def state_graph(
    posterior: type[StatePosterior], compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool
) -> pm.Model:
    """The PyMC model of soft dropout, regularity or both for distinct rows with their `count`.

    Its variables are those of the priors; a, b and the shares are deterministic. The likelihood is one compiled sum
    that knows its gradient, for NUTS as well.
    """
    import pymc as pm
    from pymc.distributions.transforms import logodds

    from clvmodels.inference.row_sum import row_sum

    rows = tuple(compressed[name].to_numpy() for name in posterior.statistics)
    # The gaps in `compressed` are as long as they may be.
    histories = replace(posterior.histories(rows, 1.0), log_gaps=compressed["log_gaps"].to_numpy(float))
    with pm.Model() as graph:
        # PyMC leaves a LogitNormal where it is, in (0, 1).
        unbound = {"delta": {"default_transform": logodds}}
        of = {name: prior.variable(name, **unbound.get(name, {})) for name, prior in priors.items()}
        a, b = pm.Deterministic("a", of["phi"] * of["kappa"]), pm.Deterministic("b", (1 - of["phi"]) * of["kappa"])
        shares: tuple[Any, ...] = (1.0, 0.0, 0.0, 0.0)
        if "share_1" in of:
            others = 1 - of["share_1"]
            regular = others * (1 - of["part_2"])
            shares = (
                of["share_1"],
                pm.Deterministic("share_2", others * of["part_2"]),
                pm.Deterministic("share_4", regular * of["part_4"]),
                pm.Deterministic("share_8", regular * (1 - of["part_4"])),
            )
        likelihood = HistorySum.of(histories, compressed["count"].to_numpy(float))
        point = of["r"], of["alpha"], a, b, of.get("delta", 0.0), *shares
        pm.Potential("log_likelihood", row_sum(likelihood, *point, loops=loops))
    return graph
