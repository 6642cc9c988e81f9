"""Lifetime value: purchases x (spend x margin - cost) x discount, with both parts' uncertainty inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from clvmodels.compiled import events
from clvmodels.errors import InvalidArgument, check_cost, check_horizon, check_interval, check_margin, shown
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import (
    Array,
    DrawBlocks,
    Kind,
    interval_table,
    interval_tables,
    quantiles,
    row_blocks,
    summary,
)
from clvmodels.lifetime_value import spread
from clvmodels.lifetime_value.segments import segments
from clvmodels.model_error import ModelError
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.purchase_process import Rows
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.notebook import as_html
from clvmodels.rfm import RFM

ValueKind = Literal["expected", "predictive"]
INTERVALS: dict[str, Kind] = {"expected": "credible", "predictive": "predictive"}


@dataclass(frozen=True)
class LifetimeValue:
    """Residual lifetime value: money from the observation end on, for a horizon in the models' time unit.

    Parameters
    ----------
    purchases : PurchasePosterior
        Posterior of the purchases.
    spend : SpendPosterior
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
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> purchases, spend = cdnow_posteriors()
    >>> value = LifetimeValue(purchases, spend, margin=0.3, annual_discount_rate=0.1)
    >>> value.new_customer(horizon=156)["mean"].round(2).item()
    36.86
    """

    purchases: PurchasePosterior
    spend: SpendPosterior
    margin: float = 1.0
    annual_discount_rate: float = 0.0
    cost_per_purchase: float = 0.0

    def __post_init__(self) -> None:
        """Check the choices once."""
        _check_pair(self.purchases, self.spend)
        object.__setattr__(self, "margin", check_margin(self.margin))
        object.__setattr__(self, "cost_per_purchase", check_cost(self.cost_per_purchase, "cost_per_purchase"))
        discount_force(self.annual_discount_rate, units_per_year=1)

    def _repr_html_(self) -> str:
        parts = self.purchases, self.spend
        chosen = {name: getattr(self, name) for name in ("margin", "cost_per_purchase", "annual_discount_rate")}
        return as_html("LifetimeValue", pd.DataFrame({"chosen": chosen}), *map(repr, parts))

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
        return self.beside({}, rfm, horizon=horizon, interval=interval)["lifetime_value"]

    def beside(
        self, quantities: Mapping[str, Mapping[str, float]], rfm: RFM, *, horizon: float, interval: float = 0.9
    ) -> dict[str, pd.DataFrame]:
        """Tables of credible quantities of the purchases, each with its choices, and of the "lifetime_value".

        What the purchases say is worked out once for all of these, and for all customers who bought alike.
        """
        check_interval(interval)
        bought, _, whose = self.purchases.distinct(self.purchases.rows_of(rfm))
        (owner, *spent), which = distinct_rows(whose, *self.spend.rows_of(rfm))
        begins = np.searchsorted(owner, np.arange(len(bought[0]) + 1))
        force = discount_force(self.annual_discount_rate, units_per_year=rfm.units_per_year)
        discounted = {"expected_discounted_purchases": {"horizon": horizon, "discount_force": force}}
        each, spend = (
            self.purchases.together({**quantities, **discounted}, bought),
            self.spend.expectation(tuple(spent)),
        )
        draws = self.purchases.draw_count

        def block(rows: slice) -> list[Array]:
            *others, purchases = each(rows)
            first, last = (int(begins[end]) for end in (rows.start, rows.stop))
            places = (slice(first + part.start, first + part.stop) for part in row_blocks(last - first, draws))
            worth = [
                summary(purchases[owner[at] - rows.start] * self.margin_of(spend(at)), interval, "credible")
                for at in places
            ]
            return [*(summary(one, interval, "credible") for one in others), np.concatenate(worth)]

        owners = [whose] * len(quantities) + [which]
        tables = interval_tables(block, len(bought[0]), draws, owners, rfm.frame.index)
        return dict(zip((*quantities, "lifetime_value"), tables, strict=True))

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

    def concentration(
        self,
        rfm: RFM,
        *,
        horizon: float,
        kind: ValueKind = "expected",
        interval: float = 0.9,
        points: int = 100,
        random_seed: int | None = None,
    ) -> pd.DataFrame:
        """Share of the total value that the most valuable customers hold: a Lorenz curve from the top.

        Customers are ranked once, by their expected value (its mean over the draws), so that the ranking is one that
        can be acted on. Customers of equal value stay in the order of the RFM. A value below zero (`cost_per_purchase`)
        makes the curve pass 1 and come back.

        Parameters
        ----------
        rfm : RFM
            The customers.
        horizon : float
            In the models' time unit.
        kind : {"expected", "predictive"}
            Credible interval of the share of the expected value, or predictive interval of the share of what these
            customers will bring.
        interval : float
            Probability inside the interval.
        points : int
            Into how many steps the customers are cut; fewer customers make a step each.
        random_seed : int, optional
            Replaces the fit's seed in predictive draws.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper (shares of the total), indexed by `customers`: the share of the customers, best
            first, from 0 to 1.

        Raises
        ------
        InvalidArgument
            Fewer than one point, or draws whose total is not above zero, of which nobody holds a share.
        """
        check_interval(interval)
        group = spread.steps(*self._distinct(rfm, horizon), points)
        draws = self.blocks(rfm, horizon=horizon, kind=kind, random_seed=random_seed)
        return spread.concentration(draws, group, interval=interval, kind=INTERVALS[kind])

    def distribution(
        self, rfm: RFM, *, horizon: float, interval: float = 0.9, classes: int | Sequence[float] = 12
    ) -> pd.DataFrame:
        """How many customers have an expected value of how much.

        Every draw of the posterior puts each customer into the class of the value expected under it. Outcomes are
        spread wider: see `predictive`.

        Parameters
        ----------
        rfm : RFM
            The customers.
        horizon : float
            In the models' time unit.
        interval : float
            Probability inside the interval.
        classes : int or sequence of float
            At most so many classes from 0 on, with the round edges 1, 2, 5, 10, ...: the smallest values share the
            first one, and the rare largest, of less than one customer, the last. Or the edges themselves, rising.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper: the number of customers, with credible interval. Indexed by `at_least` and
            `below`, the edges of the class, in money. Values outside all classes are in one more at either end, whose
            outer edge is infinite; the means add up to all customers.

        Raises
        ------
        InvalidArgument
            Less than one class, or edges that are not finite and rising.
        """
        check_interval(interval)
        draws, which = self._distinct(rfm, horizon)
        return spread.distribution(draws, np.bincount(which, minlength=draws.rows), classes, interval=interval)

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
            raise InvalidArgument(f"kind is {shown(kind)}; choose 'expected' or 'predictive'")
        if kind == "predictive":
            return self._predictive(rfm, horizon, random_seed, with_first=with_first)
        bought, spent = self.purchases.rows_of(rfm), self.spend.rows_of(rfm)
        return self._expected(bought, spent, rfm.units_per_year, horizon, with_first=with_first)

    def margin_of(self, amount: Array) -> Array:
        """What is earned by a purchase of that amount."""
        return self.margin * amount - self.cost_per_purchase

    def _distinct(self, rfm: RFM, horizon: float) -> tuple[DrawBlocks, NDArray[np.integer]]:
        """Expected values of all that differ, and which of them is whose: who has done the same is worth the same."""
        bought, spent, which = self.purchases.distinct(self.purchases.rows_of(rfm), *self.spend.rows_of(rfm))
        return self._expected(bought, tuple(spent), rfm.units_per_year, horizon), which

    def _expected(
        self, bought: Rows, spent: Rows, units_per_year: float, horizon: Any, *, with_first: bool = False
    ) -> DrawBlocks:
        """Expected values of customers of whom the statistics of both models are known."""
        force = discount_force(self.annual_discount_rate, units_per_year=units_per_year)
        purchases = self.purchases.expectation(
            "expected_discounted_purchases", bought, horizon=horizon, discount_force=force
        )
        spend = self.spend.expectation(spent)

        def block(at: slice) -> Array:
            return (purchases.block(at) + with_first) * self.margin_of(spend(at))

        return DrawBlocks(len(bought[0]), self.purchases.draw_count, block)

    def _predictive(self, rfm: RFM, horizon: float | Array, random_seed: int | None, *, with_first: bool) -> DrawBlocks:
        """Values that customers will bring, each within its own horizon where there are several."""
        horizons, outcomes = _horizons(horizon, len(rfm)), self.purchases.outcomes(rfm, random_seed=random_seed)
        amounts = self.spend.amounts(outcomes, rfm)
        force = discount_force(self.annual_discount_rate, units_per_year=rfm.units_per_year)

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, outcomes.draws))
            for part, found in outcomes.parts(rows, horizons[rows], first=with_first):
                worth = amounts(slice(rows.start + part.start, rows.start + part.stop), found)
                events.values(*found, worth, self.margin, self.cost_per_purchase, force, out[part].reshape(-1))
            return out

        return DrawBlocks(len(rfm), outcomes.draws, block)


def _check_pair(purchases: Any, spend: Any) -> None:
    """Refuse what is no pair of posteriors, or one whose draws cannot be paired."""
    if not (isinstance(purchases, PurchasePosterior) and isinstance(spend, SpendPosterior)):
        found = f"{type(purchases).__name__} and {type(spend).__name__}"
        raise InvalidArgument(f"give the posterior of purchases, then that of spend; found {found}")
    if purchases.time_unit != spend.time_unit:
        raise InvalidArgument(
            f"purchases are in {purchases.time_unit}s, spend was fitted in {spend.time_unit}s; fit both to the same RFM"
        )
    # A point may stand beside as many draws as outcomes are drawn from it.
    if spend.draw_count != purchases.draw_count and not (
        spend.draw_count == 1 and spend.predictive_draw_count == purchases.draw_count
    ):
        raise InvalidArgument(
            f"purchases have {purchases.draw_count} draws, spend has {spend.draw_count};"
            " fit both with the same method= and draws="
        )


def _horizons(horizon: float | Array, customers: int) -> Array:
    """One for each customer."""
    each = np.array([check_horizon(one) for one in np.atleast_1d(horizon).tolist()])
    if len(each) not in (1, customers):
        raise InvalidArgument(f"{len(each)} horizons for {customers} customers; give one, or one each")
    return np.broadcast_to(each, customers)
