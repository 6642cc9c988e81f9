"""Gamma-Gamma: the model of spend, its priors, its fit, and its posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import InvalidArgument, InvalidRFM, check_interval
from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.intervals import Array, interval_table
from clvmodels.models.posterior import Posterior, check_rfm, customer_blocks, customer_streams, fresh_seed, given_fields
from clvmodels.models.priors import Prior, check_priors
from clvmodels.rfm import RFM, TimeUnit

if TYPE_CHECKING:
    import pymc as pm

    from clvmodels.inference.sample import Method

SMALLEST_RATE = 1e-300


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
        self, rfm: RFM, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> GammaGammaPosterior:
        """Draw from the posterior given an RFM with values; see `BetaGeo.fit` for the arguments.

        Customers whose mean spend is zero are left out (the Gamma density has no place for them); their number is the
        posterior's `left_out`.

        Raises
        ------
        InvalidRFM
            If the RFM has no values, or no customer with a purchase that counts and a positive mean.
        FitFailed
            If there is no mode (possible with improper priors).
        """
        from clvmodels.inference.sample import sample

        check_rfm(rfm)
        seed = fresh_seed(random_seed)
        count, mean = spend_data(rfm, include_first=self.include_first)
        bought, used = count > 0, (count > 0) & (mean > 0)
        if not used.any():
            raise InvalidRFM(self._nothing_to_fit(int(bought.sum())))
        priors = self.priors.for_data(float(np.average(mean[used], weights=count[used])))
        samples, diagnostics = sample(
            gamma_gamma_graph(count[used], mean[used], priors),
            names=list(GammaGammaPosterior.parameters),
            method=method,
            draws=draws,
            rng=np.random.default_rng([seed, 1]),
        )
        return GammaGammaPosterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=rfm.time_unit,
            random_seed=seed,
            fingerprint=rfm.fingerprint,
            include_first=self.include_first,
            left_out=int((bought & ~used).sum()),
        )

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
        smallest = float(given["samples"]["q"].min())
        if smallest <= 1:
            raise InvalidArgument(f"q is {smallest}; the mean spend exists only for q above 1")
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
    """

    include_first: bool = False
    left_out: int = 0

    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    def expected_average_spend(self, rfm: RFM, *, interval: float = 0.9) -> pd.DataFrame:
        """Expected mean value of a customer's purchases, with credible interval.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by customer_id; for customers without purchases that count (and for a
            new one) it is the population's mean.
        """
        check_interval(interval)
        blocks = self.stream("expected_average_spend", rfm)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="credible")

    def predictive_spend(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Value of the customer's next purchase, if there is one, with predictive interval."""
        check_interval(interval)
        blocks = self.stream("predictive_spend", rfm, random_seed=random_seed)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="predictive")

    def draws(self, quantity: str, rfm: RFM, **choices: Any) -> xr.DataArray:
        """All draws of "expected_average_spend" or "predictive_spend", dims (chain, draw, customer_id)."""
        return self.with_draw_dims(np.concatenate(list(self.stream(quantity, rfm, **choices)), axis=1), rfm.frame.index)

    def stream(self, quantity: str, rfm: RFM, **choices: Any) -> Iterator[Array]:
        """The same in blocks of customers: arrays (draws, customers of the block), in the order of the RFM."""
        streams: dict[str, Callable[..., Iterator[Array]]] = {
            "expected_average_spend": self._stream_expected,
            "predictive_spend": self._stream_predictive,
        }
        if quantity not in streams:
            raise InvalidArgument(f"quantity is {quantity!r}; choose one of {', '.join(streams)}")
        return streams[quantity](rfm, **choices)

    def customer_rate(self, count: float, mean: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws (draws,) of p, and of the rate nu ~ Gamma(q + p n, rate v + n m) of one customer's purchase values."""
        p, q, v = (column[:, 0] for column in self._columns(predictive=True))
        rate = rng.standard_gamma(q + p * count) / (v + count * mean)
        return p, np.maximum(rate, SMALLEST_RATE)

    def _stream_expected(self, rfm: RFM) -> Iterator[Array]:
        count, mean = spend_data(rfm, include_first=self.include_first)
        params = GammaGammaParams(*self._columns())
        for block in customer_blocks(len(rfm), len(params.p)):
            yield gamma_gamma.expected_average_spend(params, count[block], mean[block])

    def _stream_predictive(self, rfm: RFM, *, random_seed: int | None = None) -> Iterator[Array]:
        count, mean = spend_data(rfm, include_first=self.include_first)
        seed = self.random_seed if random_seed is None else fresh_seed(random_seed)
        streams = customer_streams(rfm.frame.index, seed)
        for block in customer_blocks(len(rfm), self.predictive_draw_count):
            rows = [self._one_purchase(count[i], mean[i], next(streams)) for i in range(block.start, block.stop)]
            yield np.array(rows).T

    def _one_purchase(self, count: float, mean: float, rng: np.random.Generator) -> Array:
        p, rate = self.customer_rate(count, mean, rng)
        return rng.standard_gamma(p) / rate


def spend_data(rfm: RFM, *, include_first: bool) -> tuple[Array, Array]:
    """Number of purchases that count, and their mean value: two arrays (n,). A new customer has none.

    Raises
    ------
    InvalidRFM
        If the RFM has no values.
    """
    check_rfm(rfm)
    frame = rfm.frame
    needed = "total_value" if include_first else "monetary_value"
    if needed not in frame.columns:
        raise InvalidRFM(f"the RFM has no {needed}; make it from transactions with a value column")
    frequency = frame["frequency"].to_numpy(float)
    if not include_first:
        return frequency, frame["monetary_value"].to_numpy(float)
    # A new customer (T = 0 and nothing spent yet) has not made the first purchase.
    total = frame["total_value"].to_numpy(float)
    count = np.where(np.isnan(total), 0.0, frequency + 1)
    return count, np.nan_to_num(total) / np.maximum(count, 1)


def gamma_gamma_graph(count: Array, mean: Array, priors: dict[str, Prior]) -> pm.Model:
    """The PyMC model of Gamma-Gamma for the number (n,) and mean value (n,) of purchases."""
    import pymc as pm
    import pytensor.tensor as pt

    counts, customers = np.unique(count, return_counts=True)
    with pm.Model() as graph:
        p, q_minus_one, mean_spend = (priors[name].variable(name) for name in ("p", "q_minus_one", "mean_spend"))
        v = pm.Deterministic("v", mean_spend * q_minus_one / p)
        params = GammaGammaParams(p, pm.Deterministic("q", q_minus_one + 1), v)
        # Gamma functions at distinct counts only.
        gammas: Any = pt.sum(customers.astype(float) * gamma_gamma.frequency_terms(params, counts, xp=pt))
        values: Any = pt.sum(gamma_gamma.value_terms(params, count, mean, xp=pt))
        pm.Potential("log_likelihood", gammas + values)
    return graph
