"""Models of purchases: how each is fitted, and the tables of what its posterior predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import InvalidArgument, check_horizon, check_interval, shown
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks, interval_table, interval_tables, summary
from clvmodels.models.alive_path import purchase_history
from clvmodels.models.expectations import Expected
from clvmodels.models.frequency_recency import Matrix, possible_customers
from clvmodels.models.given import given_fields
from clvmodels.models.heterogeneity import density_table
from clvmodels.models.outcomes import checked_edges
from clvmodels.models.posterior import check_rfm, fresh_seed
from clvmodels.models.priors import check_own_priors
from clvmodels.models.purchase_process import FORMULAS, LEAVING, PREDICTIVE, PurchaseProcess, Rows, needed
from clvmodels.rfm import RFM, DateLike, RFMTable, TimeUnit, fingerprint

if TYPE_CHECKING:
    import pymc as pm

    from clvmodels.inference.sample import Method
    from clvmodels.models.priors import Prior


@dataclass(frozen=True, kw_only=True)
class PurchaseModel:
    """What all models of purchases share: the fit, and posteriors at given parameters.

    Attributes
    ----------
    priors : dataclass
        The model's own, each replaceable by any `Prior`; `for_data` fills in what depends on the data.
    """

    priors: Any

    posterior: ClassVar[type[PurchasePosterior]]

    def __post_init__(self) -> None:
        """Refuse priors of another model."""
        check_own_priors(self)

    @property
    def key(self) -> str:
        """Its name in code."""
        return self.posterior.key

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that it needs."""
        return self.posterior.statistics

    @property
    def leaves(self) -> bool:
        """Whether its customers may leave, so that it says who is alive."""
        return self.posterior.leaves

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> Any:
        """Draw from the posterior given an RFM.

        Parameters
        ----------
        rfm : RFM or RFMTable
            The customers; only distinct rows of the model's statistics and their counts enter the likelihood, and only
            they are collected from a table that is not in memory.
        method : {"auto", "importance", "nuts", "map"}
            "auto" is importance sampling, and NUTS where its checks fail. "map" is the mode alone.
        draws : int
            Number of draws that are kept.
        random_seed : int, optional
            The same seed gives the same draws. Without it one is drawn, and kept in the posterior.

        Returns
        -------
        PurchasePosterior
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
        seed, compressed = fresh_seed(random_seed), self.posterior.counts(rfm)
        priors = self.priors.for_data(compressed)
        samples, diagnostics = sample(
            partial(self.graph, compressed, priors),
            names=list(self.posterior.parameters),
            method=method,
            draws=draws,
            rng=np.random.default_rng(seed),
        )
        return self.posterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=rfm.time_unit,
            random_seed=seed,
            fingerprint=fingerprint(compressed, rfm.time_unit),
        )

    @classmethod
    def _at(cls, parameters: dict[str, Any], time_unit: TimeUnit, random_seed: int | None) -> Any:
        return cls.posterior(**given_fields(parameters, time_unit, random_seed))

    @staticmethod
    def graph(compressed: pd.DataFrame, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
        """Build the PyMC model for distinct rows with their `count`; `loops` compiles the sum over many rows."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, repr=False)
class PurchasePosterior(PurchaseProcess):
    """Posterior of a model of purchases. Every answer to an RFM has one row per customer, in its order.

    All these methods share their arguments: `rfm` holds n customers in the posterior's time unit (a new customer is
    `RFM.new_customer(time_unit)`); `horizon` is a length from the observation end on, in that unit; `interval` is the
    probability inside the equal-tailed interval; `random_seed` replaces the seed of the fit in predictive draws.
    Credible intervals are of the expectation, predictive ones of what will be counted.

    All raise InvalidArgument for a negative or infinite horizon, an interval outside (0, 1), or an RFM in another
    time unit. The formulas and their sources are in `clvmodels.formulas`, one file for each model.

    See `PurchaseProcess` for the attributes, and for what a model has to say.
    """

    def probability_alive(self, rfm: RFM, *, horizon: float = 0, interval: float = 0.9) -> pd.DataFrame:
        """P(alive at observation end + horizon), with credible interval.

        The model says what alive means (see `caveats`). It is 1 now for customers without a repeat purchase where the
        model lets nobody leave before one.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id.
        """
        return self._credible("probability_alive", rfm, interval, horizon=horizon)

    def expected_purchases(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> pd.DataFrame:
        """Expected number of purchases within the horizon, with credible interval.

        A purchase is a customer's day: of one who buys more than daily no more is expected than the days that begin
        within the horizon. Where a customer buys on most days, a few purchases less are counted than are expected, as
        the model does not know days.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id.
        """
        return self._credible("expected_purchases", rfm, interval, horizon=horizon)

    def expected_discounted_purchases(
        self, rfm: RFM, *, horizon: float, annual_discount_rate: float, interval: float = 0.9
    ) -> pd.DataFrame:
        """Expected purchases within the horizon, each weighted by its discount factor, with credible interval.

        `annual_discount_rate` is effective: a purchase after t years counts (1 + rate)^-t.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id.
        """
        return self._credible(
            "expected_discounted_purchases", rfm, interval, horizon=horizon, annual_discount_rate=annual_discount_rate
        )

    def probability_of_purchase(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> pd.DataFrame:
        """P(at least one purchase within the horizon), with credible interval.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id.
        """
        return self._credible("probability_of_purchase", rfm, interval, horizon=horizon)

    def expected_lifetime(self, rfm: RFM, *, horizon: float, interval: float = 0.9) -> pd.DataFrame:
        """Expected remaining lifetime within the horizon (restricted mean), in time units, with credible interval.

        It is long for customers without a repeat purchase where the model lets nobody leave before one. Without a
        horizon the mean is infinite for many customers: see `median_lifetime` and `survival_curve`, which need none.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id.
        """
        return self._credible("expected_lifetime", rfm, interval, horizon=horizon)

    def survival_curve(self, rfm: RFM, *, times: Sequence[float], interval: float = 0.9) -> pd.DataFrame:
        """P(alive at observation end + time) for each time, with credible interval.

        Returns
        -------
        pandas.DataFrame, shape (n x number of times, 3)
            Columns mean, lower, upper, indexed by customer_id and time.
        """
        if len(times) == 0:
            raise InvalidArgument("times is empty; give the times at which the curve is wanted")
        checked = [check_horizon(time, "a time") for time in times]
        tables = {time: self.probability_alive(rfm, horizon=time, interval=interval) for time in checked}
        names = ["customer_id", "time"]
        curve = pd.concat(tables.values(), keys=pd.Index(tables, name="time")).reorder_levels(names)
        return curve.reindex(pd.MultiIndex.from_product([rfm.frame.index, list(tables)], names=names))

    def predictive_purchases(
        self, rfm: RFM, *, horizon: float, interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """Number of purchases that will be counted within the horizon, with predictive interval.

        A customer's outcomes depend on the seed and the customer's own id and data alone, not on the others. A purchase
        is a customer's day, so that there are at most as many as days begin within the horizon: see
        `clvmodels.compiled.events`.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            Columns mean, lower, upper, indexed by customer_id; the ends are whole numbers.
        """
        draws = self.blocks("predictive_purchases", rfm, horizon=horizon, random_seed=random_seed)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="predictive")

    def time_to_next_purchase(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Time from observation end to the next purchase: median, predictive interval, and probability of never.

        Returns
        -------
        pandas.DataFrame, shape (n, 4)
            In time units: columns median, lower, upper (infinite where "never" is that likely), probability_never.
        """
        ever = self._table(rfm, interval, self.ever)["mean"]
        return self._waiting("time_to_next_purchase", rfm, interval, random_seed).assign(probability_never=1 - ever)

    def median_lifetime(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Remaining lifetime: median and predictive interval.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            In time units: columns median, lower, upper; 0 where it is that likely that the customer has left.
        """
        return self._waiting("lifetime", rfm, interval, random_seed)

    def heterogeneity(self, *, interval: float = 0.9) -> pd.DataFrame:
        """Densities of what differs between customers, with credible interval: see `distributions` of the model.

        It is the purchase rate, per time unit, and how easily a customer leaves, over the customers who ever come.

        Returns
        -------
        pandas.DataFrame, shape (400, 3)
            Columns mean, lower, upper of the density, indexed by quantity (such as "purchase_rate") and `at`: 200
            evenly spaced values each, from the 0.5 % to the 99 % quantile of the customers, ends left out, so that all
            are finite.

        Examples
        --------
        >>> from clvmodels.models.beta_geo import BetaGeo
        >>> same = BetaGeo.at(r=1.0, alpha=2.0, a=1.0, b=1.0, time_unit="week").heterogeneity()
        >>> same.loc["dropout_probability", "mean"].round(9).unique().tolist()
        [1.0]
        """
        return density_table(self.distributions(), interval=interval)

    def frequency_recency_matrix(
        self,
        *,
        T: float,
        quantity: Matrix = "expected_purchases",
        horizon: float | None = None,
        most: int = 20,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """What is expected of customers of age T, by frequency and recency, with credible interval.

        `T` is the time since their first purchase, one time unit at least; `quantity` is "expected_purchases", which
        needs a `horizon`, or "probability_alive"; `most` is the highest frequency. Where a model looks at the times
        between purchases, they are equal; where it counts opportunities, the time unit is one, T is a whole number of
        them, and at each there is one purchase at most.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by frequency (0 to most) and recency (whole time units up to T). What
            cannot be is left out: frequency 0 goes with recency 0 alone, others with as many days at least.

        Examples
        --------
        >>> from clvmodels.models.beta_geo import BetaGeo
        >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
        >>> purchases.frequency_recency_matrix(T=39, horizon=52).loc[(10, 20), "mean"].round(4).item()
        0.3474
        """
        known = {"statistics": self.statistics, "time_unit": self.time_unit}
        rfm, index = possible_customers(T, most=most, quantity=quantity, **known)
        return self._credible(quantity, rfm, interval, horizon=horizon).set_axis(index)

    def probability_alive_path(
        self,
        dates: Any,
        *,
        until: DateLike,
        interval: float = 0.9,
        time_zone: str | None = None,
        date_format: str | None = None,
    ) -> pd.DataFrame:
        """P(alive) of one customer on every day from the first purchase to `until`, with credible interval.

        `dates` (n,) are the customer's purchases; several on a day are one. What they may be, and `time_zone` and
        `date_format`, is told in `rfm_summary`, whose errors it shares. A day knows no more than what was before its
        end. Where the model counts opportunities there is a row for each, dated by its last day, which `until` has to
        be too. InvalidArgument is raised for purchases after `until`.

        Returns
        -------
        pandas.DataFrame, one row per day
            Columns mean, lower, upper and purchase (bool), indexed by date.

        Examples
        --------
        >>> from clvmodels.models.beta_geo import BetaGeo
        >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
        >>> path = purchases.probability_alive_path(["1997-01-01", "1997-01-15"], until="1997-12-31")
        >>> path["mean"].iloc[[0, 14, -1]].round(3).tolist()
        [1.0, 0.754, 0.17]
        """
        reading = {"time_zone": time_zone, "date_format": date_format}
        rfm, bought = purchase_history(dates, until, self.time_unit, statistics=self.statistics, **reading)
        return self.probability_alive(rfm, interval=interval).set_axis(bought.index).assign(purchase=bought)

    def draws(self, quantity: str, rfm: RFM, **choices: Any) -> xr.DataArray:
        """All draws of a quantity, dims (chain, draw, customer_id); the choices are those of the method of that name.

        Quantities are probability_alive, expected_purchases, expected_discounted_purchases, probability_of_purchase,
        expected_lifetime, predictive_purchases, time_to_next_purchase and lifetime (of `median_lifetime`).
        For many customers use `blocks`.
        """
        return self.with_draw_dims(self.blocks(quantity, rfm, **choices).array(), rfm.frame.index)

    def blocks(self, quantity: str, rfm: RFM, **choices: Any) -> DrawBlocks:
        """The same in blocks of customers, in the order of the RFM, for sums over millions of them."""
        rows = self.rows_of(rfm)
        if quantity in FORMULAS:
            return self._expected(quantity, rows, **in_time_units(rfm, **choices))
        if quantity in PREDICTIVE:
            return self._outcomes(quantity, rfm, **choices)
        raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join((*FORMULAS, *PREDICTIVE))}")

    def predictive_total_by_period(self, rfm: RFM, *, edges: Sequence[float], random_seed: int | None = None) -> Array:
        """Drawn number of purchases of all customers together in every period between the edges: (draws, periods).

        `edges` are times since the observation end, rising from 0. The purchases are those of `predictive_purchases`
        with the same seed and the last edge as horizon.
        """
        return self.outcomes(rfm, random_seed=random_seed).total_by_period(checked_edges(edges), np.zeros(len(rfm)))

    def replicated_frequencies(self, rfm: RFM, *, random_seed: int | None = None) -> DrawBlocks:
        """Repeat purchases that the model would have seen of these customers in their own T: (rows, draws) a block.

        They are drawn from the first purchase on, and know nothing of what the customers did. A customer's draws depend
        on the seed and the customer's own id and T alone.
        """
        return self.outcomes(rfm, random_seed=random_seed).replicated().counts(self.ages(rfm))

    def replicated_total_by_period(self, rfm: RFM, *, edges: Sequence[float], random_seed: int | None = None) -> Array:
        """The same of all customers together, in every period of their observation: (draws, periods).

        `edges` are times since the observation end, rising to 0; a customer's first purchase, which is not counted, is
        at -T. The purchases are those of `replicated_frequencies` with the same seed.
        """
        replicated = self.outcomes(rfm, random_seed=random_seed).replicated()
        return replicated.total_by_period(checked_edges(edges, to_zero=True), -self.ages(rfm))

    def together(self, quantities: Mapping[str, Mapping[str, float]], rows: Rows) -> Callable[[slice], list[Array]]:
        """Draws of several credible quantities of the same customers, each with its choices.

        Returns
        -------
        callable
            slice -> an array (rows, draws) for each quantity. What they have in common is worked out once.
        """
        each = {name: self.expectation(name, rows, **choices) for name, choices in quantities.items()}
        # Some members of a pool answer for all.
        source = {name: self.with_leaving() if name in LEAVING else self for name in quantities}
        first = {id(source[name]): one for name, one in each.items()}

        def block(at: slice) -> list[Array]:
            shared = {owner: one.shared(at) for owner, one in first.items()}
            return [one.block(at, shared[id(source[name])]) for name, one in each.items()]

        return block

    def _expected(self, quantity: str, rows: Rows, **choices: float) -> DrawBlocks:
        return DrawBlocks(len(rows[0]), self.draw_count, self.expectation(quantity, rows, **choices).block)

    def _outcomes(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, random_seed: int | None = None
    ) -> DrawBlocks:
        source = self.with_leaving() if quantity in LEAVING else self
        outcomes = source.outcomes(rfm, random_seed=random_seed)
        if quantity == "predictive_purchases":
            return outcomes.counts(np.full(len(rfm), needed(horizon, default=None)))
        return outcomes.waiting_times(until_dropout=quantity == "lifetime")

    def credible(
        self, quantities: Mapping[str, Mapping[str, float]], rfm: RFM, *, interval: float
    ) -> dict[str, pd.DataFrame]:
        """Tables of several credible quantities, each with its choices: see `together`."""
        check_interval(interval)
        rows, _, which = self.distinct(self.rows_of(rfm))
        each = self.together(quantities, rows)

        def block(at: slice) -> list[Array]:
            return [summary(one, interval, "credible") for one in each(at)]

        owners = [which] * len(quantities)
        tables = interval_tables(block, len(rows[0]), self.draw_count, owners, rfm.frame.index)
        return dict(zip(quantities, tables, strict=True))

    def _credible(self, quantity: str, rfm: RFM, interval: float, **choices: Any) -> pd.DataFrame:
        return self.credible({quantity: in_time_units(rfm, **choices)}, rfm, interval=interval)[quantity]

    def _table(self, rfm: RFM, interval: float, expected: Callable[[Rows], Expected]) -> pd.DataFrame:
        """Customers with the same numbers are worked out once."""
        check_interval(interval)
        rows, _, which = self.distinct(self.rows_of(rfm))
        draws = DrawBlocks(len(rows[0]), self.draw_count, expected(rows).block)
        table = interval_table(pd.RangeIndex(draws.rows), draws, interval=interval, kind="credible")
        return table.take(which).set_axis(rfm.frame.index)

    def _waiting(self, quantity: str, rfm: RFM, interval: float, random_seed: int | None) -> pd.DataFrame:
        check_interval(interval)

        def row(block: Array) -> Array:
            ends = summary(block, interval, "predictive")[:, 1:]
            median = np.quantile(block, 0.5, axis=1, method="inverted_cdf")
            return np.column_stack([median, ends])

        rows = list(self.blocks(quantity, rfm, random_seed=random_seed).map(row))
        return pd.DataFrame(np.concatenate(rows), index=rfm.frame.index, columns=["median", "lower", "upper"])


def in_time_units(rfm: RFM, *, annual_discount_rate: float | None = None, **choices: Any) -> dict[str, Any]:
    """The choices with the annual rate, if there is one, as a force of discount per time unit of the RFM."""
    if annual_discount_rate is None:
        return choices
    return {**choices, "discount_force": discount_force(annual_discount_rate, units_per_year=rfm.units_per_year)}
