"""Lifetime value: purchases x (spend x margin - cost) x discount, with both parts' uncertainty inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.compiled import outcomes
from clvmodels.errors import InvalidArgument, check_cost, check_horizon, check_interval, check_margin
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks, Kind, interval_table, quantiles
from clvmodels.model_error import ModelError
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.gamma_gamma import GammaGammaPosterior
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
        Share of the spend that is earned: the contribution margin. The default, 1, values revenue.
    cost_per_purchase : float
        Fixed cost of every purchase, in money, taken off its margin. The default is 0.
    annual_discount_rate : float
        Effective annual rate; every purchase is discounted to the observation end by its own date. The default is 0.

    Raises
    ------
    InvalidArgument
        If the margin is not in (0, 1], the cost or the rate is negative, or the posteriors differ in time unit or
        number of draws.

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
    cost_per_purchase: float = 0.0

    def __post_init__(self) -> None:
        """Check the choices once."""
        if not (isinstance(self.purchases, BetaGeoPosterior) and isinstance(self.spend, GammaGammaPosterior)):
            found = f"{type(self.purchases).__name__} and {type(self.spend).__name__}"
            raise InvalidArgument(f"give the posterior of purchases, then that of spend; found {found}")
        check_margin(self.margin)
        check_cost(self.cost_per_purchase, "cost_per_purchase")
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
        # Customers who have done the same are worth the same.
        x, t_x, T, number, mean = self._known(rfm)
        (x, T, t_x, number, mean), which = distinct_rows(x, T, t_x, number, mean)
        draws = self._expected([x, t_x, T, number, mean], rfm.units_per_year, horizon)
        table = interval_table(pd.RangeIndex(draws.rows), draws, interval=interval, kind="credible")
        return table.take(which).set_axis(rfm.frame.index)

    def predictive(
        self, rfm: RFM, *, horizon: float, interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """Value that each customer will bring within the horizon, with predictive interval.

        Drawn purchase by purchase: each has its own date and its own amount. `random_seed` replaces the fit's seed.
        """
        check_interval(interval)
        draws = self.blocks(rfm, horizon=horizon, kind="predictive", random_seed=random_seed)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="predictive")

    def total(
        self,
        rfm: RFM,
        *,
        horizon: float,
        by: str | None = None,
        kind: ValueKind = "expected",
        interval: float = 0.9,
        random_seed: int | None = None,
        model_error: ModelError | None = None,
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
        model_error : ModelError, optional
            What `clvmodels.estimate_model_error` learnt from the past: widens the predictive interval by what the
            model does not know about itself.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper. The interval of the sum comes from sums of draws, one per draw; with
            `model_error` also wide_lower and wide_upper.
        """
        if model_error is not None and kind != "predictive":
            raise InvalidArgument("model_error widens predictive intervals; pass kind='predictive' with it")
        check_interval(interval)
        segment = segments(rfm, by)
        sums = self.blocks(rfm, horizon=horizon, kind=kind, random_seed=random_seed).sums(
            np.asarray(segment.codes), len(segment.categories)
        )
        rows = pd.Index(segment.categories, name=by)
        table = interval_table(rows, DrawBlocks.of(sums), interval=interval, kind=INTERVALS[kind])
        if model_error is None:
            return table
        lower, upper = quantiles(model_error.widened(sums), interval, "predictive")
        return table.assign(wide_lower=lower, wide_upper=upper)

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
        draws = self.blocks(unknown, horizon=horizon, kind=kind, random_seed=random_seed, with_first=True)
        return interval_table(unknown.frame.index, draws, interval=interval, kind=INTERVALS[kind])

    def draws(
        self, rfm: RFM, *, horizon: float, kind: ValueKind = "expected", random_seed: int | None = None
    ) -> xr.DataArray:
        """All draws of the value, dims (chain, draw, customer_id)."""
        values = self.blocks(rfm, horizon=horizon, kind=kind, random_seed=random_seed).array()
        return self.purchases.with_draw_dims(values, rfm.frame.index)

    def blocks(
        self,
        rfm: RFM,
        *,
        horizon: float | Array,
        kind: ValueKind = "expected",
        random_seed: int | None = None,
        with_first: bool = False,
    ) -> DrawBlocks:
        """The same in blocks of customers, in the order of the RFM, for sums over millions of them.

        `with_first` adds the first purchase, for customers yet to be won. Predictive values may have a horizon of their
        own for each customer, an array (n,).
        """
        if kind not in INTERVALS:
            raise InvalidArgument(f"kind is {kind!r}; choose 'expected' or 'predictive'")
        if kind == "predictive":
            return self._predictive(rfm, _horizons(horizon, len(rfm)), random_seed, with_first=with_first)
        return self._expected(self._known(rfm), rfm.units_per_year, horizon, with_first=with_first)

    def margin_of(self, amount: Array) -> Array:
        """What is earned by a purchase of that amount."""
        return self.margin * amount - self.cost_per_purchase

    def _known(self, rfm: RFM) -> list[Array]:
        """What the expected value depends on: frequency, recency, T, number and mean value of purchases, each (n,)."""
        self.purchases.check_customers(rfm)
        dates = [rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T")]
        return [*dates, *rfm.spend(include_first=self.spend.include_first)]

    def _expected(
        self, rows: list[Array], units_per_year: float, horizon: Any, *, with_first: bool = False
    ) -> DrawBlocks:
        x, t_x, T, number, mean = rows
        force = discount_force(self.annual_discount_rate, units_per_year=units_per_year)
        purchases = self.purchases.expectation(
            "expected_discounted_purchases", (x, t_x, T), horizon=horizon, discount_force=force
        )
        spend = self.spend.expectation(number, mean)

        def block(at: slice) -> Array:
            return (purchases.block(at) + with_first) * self.margin_of(spend(at))

        return DrawBlocks(len(x), self.purchases.draw_count, block)

    def _predictive(self, rfm: RFM, horizons: Array, random_seed: int | None, *, with_first: bool) -> DrawBlocks:
        simulation = self.purchases.simulation(rfm, random_seed)
        number, mean = rfm.spend(include_first=self.spend.include_first)
        force = discount_force(self.annual_discount_rate, units_per_year=rfm.units_per_year)
        terms = *self.spend.parameter_draws(predictive=True), self.margin, self.cost_per_purchase, force, with_first
        draws = self.purchases.predictive_draw_count

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, draws))
            within = horizons[rows], simulation.none(rows, horizons[rows])
            outcomes.purchase_values(*simulation.of(rows), *within, number[rows], mean[rows], *terms, out)
            return out

        return DrawBlocks(len(rfm), draws, block)


def _horizons(horizon: float | Array, customers: int) -> Array:
    """One for each customer."""
    each = np.array([check_horizon(one) for one in np.atleast_1d(horizon).tolist()])
    if len(each) not in (1, customers):
        raise InvalidArgument(f"{len(each)} horizons for {customers} customers; give one, or one each")
    return np.broadcast_to(each, customers)


def segments(rfm: RFM, by: str | None) -> pd.Categorical:
    """The segment of every customer, by a column of `rfm.frame`; without one all are in "total".

    Raises
    ------
    InvalidArgument
        If the column is missing, or has gaps.
    """
    if by is None:
        return pd.Categorical(["total"] * len(rfm))
    if by not in rfm.frame.columns:
        raise InvalidArgument(f"the RFM has no column {by!r}; add it with rfm.assign({by}=...), by customer_id")
    segment = pd.Categorical(rfm.frame[by])
    if (segment.codes < 0).any():
        raise InvalidArgument(f"{(segment.codes < 0).sum()} customers have no {by}; fill it in before summing")
    return segment
