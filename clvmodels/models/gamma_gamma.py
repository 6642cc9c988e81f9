"""Gamma-Gamma: the model of spend, its priors, its fit, and its posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, NonNegativeInt
from scipy import stats

from clvmodels.compiled import outcomes
from clvmodels.errors import DataWarning, InvalidArgument, InvalidRFM, check_interval, shown, warn
from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.models.free_purchases import left_out_of, left_out_sentence, with_free_purchases
from clvmodels.models.gamma_gamma_graph import graph_for
from clvmodels.models.given import given_fields
from clvmodels.models.heterogeneity import density_table
from clvmodels.models.posterior import Posterior, check_rfm, customer_keys, fresh_seed
from clvmodels.models.priors import Prior, check_priors
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


@dataclass(frozen=True, kw_only=True)
class GammaGamma:
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
    include_first: bool = False

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


@dataclass(frozen=True, kw_only=True, repr=False)
class GammaGammaPosterior(Posterior):
    """Posterior of Gamma-Gamma; see `Posterior` for the other attributes.

    Attributes
    ----------
    include_first : bool
        Whether first purchases count, in the fit and in every answer.
    left_out : int
        Customers left out of the fit because their mean spend was zero.
    left_out_share : float
        The share that their purchases are of all that count.
    """

    include_first: bool = False
    left_out: NonNegativeInt = 0
    left_out_share: Annotated[float, Field(ge=0, le=1)] = 0.0

    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    # Where the mean spend is finite.
    lowest: ClassVar[dict[str, float]] = {"q": 1}

    def expected_average_spend(self, rfm: RFM, *, interval: float = 0.9) -> pd.DataFrame:
        """Expected mean value of a customer's purchases, with credible interval.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by customer_id; for customers without purchases that count (and for a
            new one) it is the population's mean.
        """
        check_interval(interval)
        draws = self.blocks("expected_average_spend", rfm)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="credible")

    def predictive_spend(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Value of the customer's next purchase, if there is one, with predictive interval."""
        check_interval(interval)
        draws = self.blocks("predictive_spend", rfm, random_seed=random_seed)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="predictive")

    def heterogeneity(self, *, interval: float = 0.9) -> pd.DataFrame:
        """How the customers differ: the density of their own mean value of a purchase, with credible interval.

        Returns
        -------
        pandas.DataFrame, shape (200, 3)
            As `BetaGeoPosterior.heterogeneity`, for the quantity "mean_spend".
        """
        # p / nu with nu ~ Gamma(q, rate v).
        p, q, v = (draws[:, None] for draws in self.parameter_draws())
        return density_table({"mean_spend": stats.invgamma(q, scale=p * v)}, interval=interval)

    def draws(self, quantity: str, rfm: RFM, **choices: Any) -> xr.DataArray:
        """All draws of "expected_average_spend" or "predictive_spend", dims (chain, draw, customer_id)."""
        return self.with_draw_dims(self.blocks(quantity, rfm, **choices).array(), rfm.frame.index)

    def blocks(self, quantity: str, rfm: RFM, **choices: Any) -> DrawBlocks:
        """The same in blocks of customers, in the order of the RFM, for sums over millions of them."""
        of: dict[str, Callable[..., DrawBlocks]] = {
            "expected_average_spend": self._expected,
            "predictive_spend": self._outcomes,
        }
        if quantity not in of:
            raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join(of)}")
        return of[quantity](rfm, **choices)

    def expectation(self, count: Array, mean: Array) -> Callable[[slice], Array]:
        """Draws of the expected mean value for numbers and mean values (n,) of purchases: slice -> (rows, draws)."""
        params = GammaGammaParams(*self.parameter_draws())
        return lambda rows: gamma_gamma.expected_average_spend(params, count[rows, None], mean[rows, None])

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log density of each customer's mean spend, as leave-one-out asks for it; NaN for those left out of it."""
        check_rfm(rfm)
        count, mean = rfm.spend(include_first=self.include_first)
        # Neither no purchases nor a mean of zero has a density.
        used = (count > 0) & (mean > 0)
        count, mean = np.where(used, count, np.nan), np.where(used, mean, np.nan)
        params = GammaGammaParams(*self.parameter_draws())

        def block(rows: slice) -> Array:
            return gamma_gamma.log_likelihood(params, count[rows, None], mean[rows, None])

        return DrawBlocks(len(rfm), self.draw_count, block)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        p, q, v = self.parameter_draws()
        return {"p": p, "q_minus_one": q - 1, "mean_spend": p * v / (q - 1)}

    def _check_columns(self) -> dict[str, Any]:
        return super()._check_columns() | ({"left_out": self.left_out} if self.left_out else {})

    def _expected(self, rfm: RFM) -> DrawBlocks:
        check_rfm(rfm)
        count, mean = rfm.spend(include_first=self.include_first)
        return DrawBlocks(len(rfm), self.draw_count, self.expectation(count, mean))

    def _outcomes(self, rfm: RFM, *, random_seed: int | None = None) -> DrawBlocks:
        check_rfm(rfm)
        count, mean = rfm.spend(include_first=self.include_first)
        keys, seed = customer_keys(rfm.frame.index), self.seed_for(random_seed)
        parameters, draws = self.parameter_draws(predictive=True), self.predictive_draw_count

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, draws))
            outcomes.next_values(seed, keys[rows], count[rows], mean[rows], *parameters, out)
            return out

        return DrawBlocks(len(rfm), draws, block)


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
