"""Models of purchases: how each is fitted, and everything that its posterior predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import exprel

from clvmodels.errors import InvalidArgument, check_horizon, check_interval, shown
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks, interval_table, summary
from clvmodels.models.alive_path import purchase_history
from clvmodels.models.expectations import Expectation, distinct_rows
from clvmodels.models.frequency_recency import Matrix, possible_customers
from clvmodels.models.given import given_fields
from clvmodels.models.heterogeneity import density_table
from clvmodels.models.outcomes import Events, NewEvents, Outcomes, Stream, Streams, checked_edges, days_begun
from clvmodels.models.posterior import Posterior, check_rfm, customer_keys, fresh_seed
from clvmodels.rfm import RFM, DateLike, RFMTable, TimeUnit, days_per_unit, fingerprint

if TYPE_CHECKING:
    import pymc as pm
    from numpy.typing import NDArray

    from clvmodels.inference.sample import Method
    from clvmodels.models.priors import Prior

Rows = tuple[Array, ...]
# Credible quantities, and the formula of each for customers who are alive.
FORMULAS = {
    "probability_alive": "survival_if_alive",
    "expected_purchases": "purchases_if_alive",
    "expected_discounted_purchases": "discounted_purchases_if_alive",
    "probability_of_purchase": "probability_of_purchase_if_alive",
    "expected_lifetime": "lifetime_if_alive",
}
# Within so many time units everybody who will ever buy again has.
FOREVER = 1e9
PURCHASES = ("expected_purchases", "expected_discounted_purchases")
PREDICTIVE = ("predictive_purchases", "time_to_next_purchase", "lifetime")


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
class PurchasePosterior(Posterior):
    """Posterior of a model of purchases. Every answer to an RFM has one row per customer, in its order.

    All these methods share their arguments: `rfm` holds n customers in the posterior's time unit (a new customer is
    `RFM.new_customer(time_unit)`); `horizon` is a length from the observation end on, in that unit; `interval` is the
    probability inside the equal-tailed interval; `random_seed` replaces the seed of the fit in predictive draws.
    Credible intervals are of the expectation, predictive ones of what will be counted.

    All raise InvalidArgument for a negative or infinite horizon, an interval outside (0, 1), or an RFM in another
    time unit. The formulas and their sources are in `clvmodels.formulas`, one file for each model.

    A model is a subclass that sets the class attributes and, where its purchases are drawn, four methods: see
    CONTRIBUTING.md.

    Attributes
    ----------
    key, label : str
        The model's name in code and in words.
    caveats : tuple of str
        What a reader of its answers has to know, as sentences.
    terms : tuple of (str, str)
        The parameters and what they mean.
    statistics : tuple of str
        The columns of an RFM that it needs.
    formulas : module
        The model's closed forms.
    closed : frozenset of str
        Formulas without quadrature, which are worked out as they are.
    leaves_between_purchases : bool
        Whether a customer who is alive may leave before the next purchase.
    params : NamedTuple class
        The parameters, by the formulas' names.
    """

    part: ClassVar[str] = "purchases"
    key: ClassVar[str]
    label: ClassVar[str]
    caveats: ClassVar[tuple[str, ...]] = ()
    terms: ClassVar[tuple[tuple[str, str], ...]] = ()
    statistics: ClassVar[tuple[str, ...]] = ("frequency", "recency", "T")
    formulas: ClassVar[Any]
    closed: ClassVar[frozenset[str]] = frozenset()
    leaves_between_purchases: ClassVar[bool] = False
    params: ClassVar[Callable[..., Any]]

    def probability_alive(self, rfm: RFM, *, horizon: float = 0, interval: float = 0.9) -> pd.DataFrame:
        """P(alive at observation end + horizon), with credible interval.

        It is 1 now for customers without a repeat purchase: in BG/NBD nobody drops out before one.

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

        It is long for customers without a repeat purchase: in BG/NBD nobody drops out before one. Without a horizon the
        mean is infinite for most customers (whenever r + x <= 1 or a <= 1): see `median_lifetime` and `survival_curve`
        for answers that need none.

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
        # Whoever does not leave between purchases buys again if alive.
        quantity, until = (
            ("probability_of_purchase", FOREVER) if self.leaves_between_purchases else ("probability_alive", 0.0)
        )
        ever = self._credible(quantity, rfm, interval, horizon=until)["mean"]
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
        """How the customers differ: densities of their purchase rate and dropout probability, with credible interval.

        The purchase rate, per time unit, is Gamma(r, rate alpha) over the customers who ever come, the probability to
        drop out after a purchase is Beta(a, b).

        Returns
        -------
        pandas.DataFrame, shape (400, 3)
            Columns mean, lower, upper of the density, indexed by quantity ("purchase_rate", "dropout_probability") and
            `at`: 200 evenly spaced values each, from the 0.5 % to the 99 % quantile of the customers, ends left out.
            So all are finite, though the first is infinite at 0 if r < 1, the second if a < 1, and at 1 if b < 1.

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
        needs a `horizon`, or "probability_alive"; `most` is the highest frequency.

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
        rfm, index = possible_customers(T, most=most, quantity=quantity, time_unit=self.time_unit)
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
        end. InvalidArgument is raised for purchases after `until`.

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
        rfm, bought = purchase_history(dates, until, self.time_unit, time_zone=time_zone, date_format=date_format)
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

    def outcomes(self, rfm: RFM, *, random_seed: int | None = None) -> Outcomes:
        """What these customers will do, event by event."""
        rows, keys = self.rows_of(rfm), customer_keys(rfm.frame.index)
        return Outcomes(self, self.seed_for(random_seed), keys, rows, self.at_draws(predictive=True), self.days)

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

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        params, columns = self.at_draws(), self.rows_of(rfm)

        def block(rows: slice) -> Array:
            return self.formulas.log_likelihood(params, *(each[rows, None] for each in columns))

        return DrawBlocks(len(rfm), self.draw_count, block)

    def expectation(self, quantity: str, rows: Rows, *, horizon: float | None = None, **choices: float) -> Expectation:
        """Draws of a credible quantity for customers of whom the `statistics` are known, each (n,)."""
        length = _needed(horizon, default=0.0 if quantity == "probability_alive" else None)
        return self.expectation_at(self.at_draws(), quantity, rows, length, **choices)

    def expectation_at(self, params: Any, quantity: str, rows: Rows, horizon: float, **choices: float) -> Expectation:
        """The same at given parameters, each (draws,)."""
        name = FORMULAS[quantity]
        formula = partial(getattr(self.formulas, name), **choices)
        # Survival falls over many orders of magnitude.
        how: dict[str, Any] = {"closed": name in self.closed, "log": name == "survival_if_alive"}
        if quantity in PURCHASES:
            how["most"] = self.most_purchases(horizon, **choices)
        return Expectation.of(formula, params, horizon, rows, alive=self.alive, **how)

    @property
    def days(self) -> float:
        """Days of a time unit, each with one purchase at most."""
        return days_per_unit(self.time_unit)

    def most_purchases(self, horizon: float, *, discount_force: float = 0.0) -> float:
        """A purchase on every day of the horizon, discounted: more cannot be, whatever the rate."""
        return float(days_begun(horizon, self.days) * exprel(-discount_force * horizon))

    def newcomer(self, quantity: str, times: Array) -> Array:
        """Draws of a credible quantity for a customer yet to be won, at times since the first purchase: (draws, times).

        `quantity` is probability_alive (at that time) or expected_purchases (until then, without the first one).
        """
        params = self.params(*(draws[:, None] for draws in self.at_draws()))
        unknown = [column[:, None] for column in self.unknown(1)]
        alive = self.formulas.probability_alive(params, *unknown)
        x, _, T = unknown
        return alive * getattr(self.formulas, FORMULAS[quantity])(params, times, x, T)

    def population(self) -> dict[str, Array]:
        """Means of the population in words, each (draws,), as drivers of an answer."""
        raise NotImplementedError

    def distributions(self) -> Mapping[str, Any]:
        """Frozen scipy distributions over the customers of what each has a value of, with parameters (draws, 1)."""
        raise NotImplementedError

    def known_events(
        self, params: Any, rows: Rows, horizon: Array, stream: Stream, *, first: bool, days: float
    ) -> Events:
        """Draw the purchases of customers within the horizon of each (n,), at most one on each day of a time unit."""
        raise NotImplementedError

    def known_waits(self, params: Any, rows: Rows, stream: Stream, *, until_dropout: bool) -> Array:
        """Draw the time to the next purchase (infinite without one), or to dropping out (0 if gone): (rows, draws)."""
        raise NotImplementedError

    def new_events(
        self,
        params: Any,
        streams: Streams,
        won: NDArray[np.integer],
        window: tuple[float, float],
        last: float,
        *,
        days: float,
    ) -> NewEvents:
        """Draw the lives of customers won in a window of time, won (draws,) under each draw, until the time `last`."""
        raise NotImplementedError

    def new_leaving(
        self, params: Any, streams: Streams, won: NDArray[np.integer], window: tuple[float, float]
    ) -> tuple[Array, Streams]:
        """Draw when such customers drop out, and the states of the streams after each."""
        raise NotImplementedError

    def stayed(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who are alive.

        Returns
        -------
        callable
            slice -> their purchase rate now, and their discounted purchases within the horizon: both (rows, draws).
        """
        params = self.at_draws()
        rest = self.expectation("expected_discounted_purchases", rows, horizon=horizon, discount_force=discount_force)

        def block(at: slice) -> tuple[Array, Array]:
            some = tuple(column[at, None] for column in rows)
            return self.purchase_rate(params, some), rest.if_alive(at)

        return block

    def returned(self, rows: Rows, *, horizon: float, discount_force: float) -> Callable[[slice], tuple[Array, Array]]:
        """What is expected of customers who have left and are brought back.

        Returns
        -------
        callable
            slice -> their purchase rate now, and their discounted purchases within the horizon: both (rows, draws).

        Raises
        ------
        InvalidArgument
            If the model does not say.
        """
        raise InvalidArgument(
            f"{self.label} does not say what customers who have left would do if they were brought back: a retention"
            " offer needs another model of purchases"
        )

    def alive(self, params: Any, rows: Rows) -> Array:
        """P(alive at the observation end) at given parameters: (rows, draws)."""
        return self.formulas.probability_alive(params, *(column[:, None] for column in rows))

    def purchase_rate(self, params: Any, rows: Rows) -> Array:
        """Expected purchases per time unit of customers who are alive, at the observation end."""
        x, _, T = rows
        return self.formulas.purchase_rate_if_alive(params, 0.0, x, T)

    def fitted(self, rfm: RFM) -> NDArray[np.bool_]:
        """Which customers enter the fit (n,): all of them."""
        return np.ones(len(rfm), dtype=bool)

    @classmethod
    def counts(cls, rfm: RFM | RFMTable) -> pd.DataFrame:
        """The distinct rows that the model is fitted to, with their `count`."""
        return rfm.compressed(cls.statistics)

    def at_draws(self, *, predictive: bool = False) -> Any:
        """The parameters as the formulas take them, each (draws,)."""
        return self.params(*self.parameter_draws(predictive=predictive))

    def rows_of(self, rfm: RFM) -> Rows:
        """The model's statistics of customers in memory, each (n,)."""
        self.check_customers(rfm)
        known = rfm.statistics(self.statistics)
        return tuple(known[name].to_numpy(float) for name in self.statistics)

    def unknown(self, customers: int) -> Rows:
        """The statistics of customers of whom nothing but the first purchase is known, now."""
        return tuple(np.zeros(customers) for _ in self.statistics)

    def ages(self, rfm: RFM) -> Array:
        """Time since each customer's first purchase (n,)."""
        return rfm.frame["T"].to_numpy(float)

    def distinct(self, rows: Rows, *others: Array) -> tuple[Rows, list[Array], NDArray[np.integer]]:
        """The distinct customers by their statistics and other columns, and which of them each is (n,)."""
        x, t_x, T = rows
        # With T before t_x, a block has few T and needs few values of the series.
        (x, T, t_x, *rest), which = distinct_rows(x, T, t_x, *others)
        return (x, t_x, T), rest, which

    def _expected(self, quantity: str, rows: Rows, **choices: float) -> DrawBlocks:
        return DrawBlocks(len(rows[0]), self.draw_count, self.expectation(quantity, rows, **choices).block)

    def _outcomes(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, random_seed: int | None = None
    ) -> DrawBlocks:
        outcomes = self.outcomes(rfm, random_seed=random_seed)
        if quantity == "predictive_purchases":
            return outcomes.counts(np.full(len(rfm), _needed(horizon, default=None)))
        return outcomes.waiting_times(until_dropout=quantity == "lifetime")

    def _credible(self, quantity: str, rfm: RFM, interval: float, **choices: Any) -> pd.DataFrame:
        check_interval(interval)
        rows, _, which = self.distinct(self.rows_of(rfm))
        draws = self._expected(quantity, rows, **in_time_units(rfm, **choices))
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


def _needed(horizon: float | None, *, default: float | None) -> float:
    given = default if horizon is None else horizon
    if given is None:
        raise InvalidArgument("horizon is missing; give the number of time units to look ahead, e.g. horizon=52")
    return check_horizon(given)


def in_time_units(rfm: RFM, *, annual_discount_rate: float | None = None, **choices: Any) -> dict[str, Any]:
    """The choices with the annual rate, if there is one, as a force of discount per time unit of the RFM."""
    if annual_discount_rate is None:
        return choices
    return {**choices, "discount_force": discount_force(annual_discount_rate, units_per_year=rfm.units_per_year)}
