"""Lifetime value: purchases x spend x margin x discount, with both parts' uncertainty inside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import InvalidArgument, check_horizon, check_interval
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, Kind, interval_table
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.gamma_gamma import GammaGammaPosterior, spend_data
from clvmodels.models.outcomes import Purchases
from clvmodels.models.posterior import customer_blocks
from clvmodels.rfm import RFM

ValueKind = Literal["expected", "predictive"]
INTERVALS: dict[str, Kind] = {"expected": "credible", "predictive": "predictive"}


@dataclass(frozen=True)
class LifetimeValue:
    """Residual lifetime value: money from the observation end on, for a horizon in the models' time unit.

    Parameters
    ----------
    purchases : BetaGeoPosterior
        Posterior of the purchases.
    spend : GammaGammaPosterior
        Posterior of the spend. Its draws are paired with those of the purchases by index.
    margin : float
        Share of the spend that is earned. The default, 1, values revenue.
    annual_discount_rate : float
        Effective annual rate; every purchase is discounted to the observation end by its own date. The default is 0.

    Raises
    ------
    InvalidArgument
        If the margin is not in (0, 1], the rate is negative, or the posteriors differ in time unit or number of draws.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> spend = GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week")
    >>> value = LifetimeValue(purchases, spend, margin=0.3, annual_discount_rate=0.1)
    >>> value.new_customer(horizon=156)["mean"].round(2).item()
    36.86
    """

    purchases: BetaGeoPosterior
    spend: GammaGammaPosterior
    margin: float = 1.0
    annual_discount_rate: float = 0.0

    def __post_init__(self) -> None:
        """Check the choices once."""
        if not (isinstance(self.purchases, BetaGeoPosterior) and isinstance(self.spend, GammaGammaPosterior)):
            found = f"{type(self.purchases).__name__} and {type(self.spend).__name__}"
            raise InvalidArgument(f"give the posterior of purchases, then that of spend; found {found}")
        if not (math.isfinite(self.margin) and 0 < self.margin <= 1):
            raise InvalidArgument(f"margin is {self.margin}; give a share of the spend in (0, 1], e.g. 0.3")
        discount_force(self.annual_discount_rate, units_per_year=1)
        if self.purchases.time_unit != self.spend.time_unit:
            raise InvalidArgument(
                f"purchases are in {self.purchases.time_unit}s, spend was fitted in {self.spend.time_unit}s;"
                " fit both to the same RFM"
            )
        counts = self.purchases.draw_count, self.spend.draw_count
        if counts[0] != counts[1]:
            raise InvalidArgument(
                f"purchases have {counts[0]} draws, spend has {counts[1]}; fit both with the same method= and draws="
            )

    def expected(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> pd.DataFrame:
        """Expected value of each customer within the horizon, with credible interval.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, in money, indexed by customer_id.

        Raises
        ------
        InvalidArgument
            Negative or infinite horizon, interval outside (0, 1), RFM in another time unit. So for all methods.
        InvalidRFM
            If the RFM has no values. So for all methods.
        """
        check_interval(interval)
        blocks = self._stream_expected(rfm, horizon)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="credible")

    def predictive(
        self, rfm: RFM, *, horizon: float, interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """Value that each customer will bring within the horizon, with predictive interval.

        Drawn purchase by purchase: each has its own date and its own amount. `random_seed` replaces the fit's seed.
        """
        check_interval(interval)
        blocks = self._stream_predictive(rfm, horizon, random_seed)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="predictive")

    def total(
        self,
        rfm: RFM,
        *,
        horizon: float,
        by: str | None = None,
        kind: ValueKind = "expected",
        interval: float = 0.9,
        random_seed: int | None = None,
    ) -> pd.DataFrame:
        """Value of all customers together, or of each segment.

        Parameters
        ----------
        rfm : RFM
            The customers.
        horizon : float
            In the models' time unit.
        by : str, optional
            A column of `rfm.frame` (see `RFM.assign`); one row per value of it. None: one row, "total".
        kind : {"expected", "predictive"}
            Credible interval of the expectation, or predictive interval of the sum that will be seen.
        interval : float
            Probability inside the interval.
        random_seed : int, optional
            Replaces the fit's seed in predictive draws.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper. The interval of the sum comes from sums of draws, one per draw.
        """
        check_interval(interval)
        segment = _segments(rfm, by)
        blocks = self._stream(rfm, horizon, kind, random_seed)
        rows = pd.Index(segment.categories, name=by)
        return interval_table(rows, [_sums(blocks, segment)], interval=interval, kind=INTERVALS[kind])

    def new_customer(
        self, *, horizon: float, kind: ValueKind = "expected", interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """Value of a customer yet to be won: the first purchase, undiscounted, and what follows within the horizon.

        Returns
        -------
        pandas.DataFrame
            One row, "new"; columns mean, lower, upper: credible of the expectation, or predictive of what one new
            customer will bring.
        """
        check_interval(interval)
        unknown = RFM.new_customer(time_unit=self.purchases.time_unit)
        draws = next(self._stream(unknown, horizon, kind, random_seed, with_first=True))
        return interval_table(unknown.frame.index, [draws], interval=interval, kind=INTERVALS[kind])

    def draws(
        self, rfm: RFM, *, horizon: float, kind: ValueKind = "expected", random_seed: int | None = None
    ) -> xr.DataArray:
        """All draws of the value, dims (chain, draw, customer_id)."""
        values = np.concatenate(list(self._stream(rfm, horizon, kind, random_seed)), axis=1)
        return self.purchases.with_draw_dims(values, rfm.frame.index)

    def _stream(
        self, rfm: RFM, horizon: float, kind: ValueKind, random_seed: int | None, *, with_first: bool = False
    ) -> Iterator[Array]:
        if kind not in INTERVALS:
            raise InvalidArgument(f"kind is {kind!r}; choose 'expected' or 'predictive'")
        if kind == "predictive":
            return self._stream_predictive(rfm, horizon, random_seed, with_first=with_first)
        return self._stream_expected(rfm, horizon, with_first=with_first)

    def _stream_expected(self, rfm: RFM, horizon: float, *, with_first: bool = False) -> Iterator[Array]:
        purchases = self.purchases.stream(
            "expected_discounted_purchases", rfm, horizon=horizon, annual_discount_rate=self.annual_discount_rate
        )
        spend = self.spend.stream("expected_average_spend", rfm)
        return (self.margin * (each + with_first) * amount for each, amount in zip(purchases, spend, strict=True))

    def _stream_predictive(
        self, rfm: RFM, horizon: float, random_seed: int | None, *, with_first: bool = False
    ) -> Iterator[Array]:
        horizon = check_horizon(horizon)
        number, mean = spend_data(rfm, include_first=self.spend.include_first)
        force = discount_force(self.annual_discount_rate, units_per_year=rfm.units_per_year)
        customers = self.purchases.simulate_purchases(rfm, horizon=horizon, random_seed=random_seed)
        for block in customer_blocks(len(rfm), self.purchases.predictive_draw_count):
            rows = [
                self._one_customer(*next(customers), number[i], mean[i], force, with_first)
                for i in range(block.start, block.stop)
            ]
            yield self.margin * np.array(rows).T

    def _one_customer(
        self,
        purchases: Purchases,
        rng: np.random.Generator,
        number: float,
        mean: float,
        force: float,
        with_first: bool,
    ) -> Array:
        p, rate = self.spend.customer_rate(number, mean, rng)
        amounts = rng.standard_gamma(p[purchases.draw]) / rate[purchases.draw]
        present = amounts * np.exp(-force * purchases.time)
        later = np.bincount(purchases.draw, weights=present, minlength=len(p)).astype(float)
        return later + rng.standard_gamma(p) / rate if with_first else later


def _segments(rfm: RFM, by: str | None) -> pd.Categorical:
    if by is None:
        return pd.Categorical(["total"] * len(rfm))
    if by not in rfm.frame.columns:
        raise InvalidArgument(f"the RFM has no column {by!r}; add it with rfm.assign({by}=...), by customer_id")
    segment = pd.Categorical(rfm.frame[by])
    if (segment.codes < 0).any():
        raise InvalidArgument(f"{(segment.codes < 0).sum()} customers have no {by}; fill it in before summing")
    return segment


def _sums(blocks: Iterator[Array], segment: pd.Categorical) -> Array:
    """Sums over customers by draw and segment (draws, segments), one block in memory at a time."""
    total, start = None, 0
    for block in blocks:
        codes = segment.codes[start : start + block.shape[1]]
        sums = np.stack([block[:, codes == code].sum(axis=1) for code in range(len(segment.categories))], axis=1)
        total = sums if total is None else total + sums
        start += block.shape[1]
    return np.empty((1, 0)) if total is None else total
