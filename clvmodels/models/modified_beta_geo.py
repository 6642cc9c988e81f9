"""MBG/NBD: the model, and its fit. What follows from being alive is BG/NBD's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from clvmodels.formulas import modified_beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array
from clvmodels.models.beta_geo import BetaGeoPosterior, BetaGeoPriors, dropout_graph
from clvmodels.models.priors import Prior
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.rfm import TimeUnit

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, kw_only=True, repr=False)
class ModifiedBetaGeoPosterior(BetaGeoPosterior):
    """Posterior of MBG/NBD: see `PurchasePosterior` for all that it answers.

    Examples
    --------
    >>> from clvmodels.rfm import RFM
    >>> purchases = ModifiedBetaGeo.at(r=0.5248, alpha=6.1831, a=0.8914, b=1.6140, time_unit="week")
    >>> purchases.probability_alive(RFM.new_customer("week"))["mean"].round(4).item()
    0.6442
    """

    key: ClassVar[str] = "mbg_nbd"
    label: ClassVar[str] = "MBG/NBD"
    caveats: ClassVar[tuple[str, ...]] = (
        "Under MBG/NBD a customer may leave after any purchase, the first one included, and does not come back.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("r, alpha", "shape and rate of the Gamma distribution of purchase rates over the customers"),
        ("a, b", "the Beta distribution of the probability of leaving after a purchase"),
    )
    formulas: ClassVar[Any] = modified_beta_geo

    @staticmethod
    def given_alive(params: BetaGeoParams) -> BetaGeoParams:
        """The parameters by which customers who are alive buy and leave: those of BG/NBD with b + 1."""
        return modified_beta_geo.given_alive(params)

    @staticmethod
    def _leavers(x: Array) -> Array:
        return x


@dataclass(frozen=True, kw_only=True)
class ModifiedBetaGeo(PurchaseModel):
    """MBG/NBD: as BG/NBD, but customers may drop out after their first purchase too.

    One-time buyers are therefore not all alive. `fit` and the predictions are those of every model of purchases: see
    `PurchasePosterior`.

    Source: Batislam, Denizel, Filiztekin (2007), doi:10.1016/j.ijresmar.2006.12.005.

    Attributes
    ----------
    priors : BetaGeoPriors
        Weak by default.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> ModifiedBetaGeo().fit(load_cdnow_summary(), random_seed=1).diagnostics.converged
    True
    """

    priors: BetaGeoPriors = BetaGeoPriors()

    posterior: ClassVar[type[PurchasePosterior]] = ModifiedBetaGeoPosterior

    @staticmethod
    def at(
        *, r: Any, alpha: Any, a: Any, b: Any, time_unit: TimeUnit, random_seed: int | None = None
    ) -> ModifiedBetaGeoPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite.
        """
        return ModifiedBetaGeo._at({"r": r, "alpha": alpha, "a": a, "b": b}, time_unit, random_seed)

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct rows with their `count`: see `dropout_graph`."""
        return dropout_graph(modified_beta_geo, compressed, priors, loops=loops)
