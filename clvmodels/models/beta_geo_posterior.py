"""The posterior of BG/NBD and everything that it predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import InvalidArgument, check_horizon, check_interval
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks, interval_table, summary
from clvmodels.models.expectations import Expectation, distinct_rows
from clvmodels.models.posterior import Posterior, customer_keys
from clvmodels.models.simulation import Simulation, checked_edges
from clvmodels.rfm import RFM

CREDIBLE: dict[str, Callable[..., Array]] = {
    "probability_alive": beta_geo.survival_if_alive,
    "expected_purchases": beta_geo.purchases_if_alive,
    "expected_discounted_purchases": beta_geo.discounted_purchases_if_alive,
    "probability_of_purchase": beta_geo.probability_of_purchase_if_alive,
    "expected_lifetime": beta_geo.lifetime_if_alive,
}
Dates = tuple[Array, Array, Array]
PREDICTIVE = ("predictive_purchases", "time_to_next_purchase", "lifetime")


@dataclass(frozen=True, kw_only=True, repr=False)
class BetaGeoPosterior(Posterior):
    """Posterior of BG/NBD. Every answer has one row per customer, in the order of the RFM.

    All methods share their arguments: `rfm` holds n customers in the posterior's time unit (a new customer is
    `RFM.new_customer(time_unit)`); `horizon` is a length from the observation end on, in that unit; `interval` is the
    probability inside the equal-tailed interval; `random_seed` replaces the seed of the fit in predictive draws.
    Credible intervals are of the expectation, predictive ones of what will be counted.

    All raise InvalidArgument for a negative or infinite horizon, an interval outside (0, 1), or an RFM in another
    time unit. The formulas and their sources are in `clvmodels.formulas.beta_geo`.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> seen = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> rfm = RFM.from_frame(seen, time_unit="week")
    >>> purchases.probability_alive(rfm)["mean"].round(4).to_dict()
    {'ann': 0.7266}
    >>> purchases.expected_purchases(rfm, horizon=39)["mean"].round(4).to_dict()
    {'ann': 1.226}
    """

    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

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
        tables = {float(time): self.probability_alive(rfm, horizon=time, interval=interval) for time in times}
        names = ["customer_id", "time"]
        curve = pd.concat(tables.values(), keys=pd.Index(tables, name="time")).reorder_levels(names)
        return curve.reindex(pd.MultiIndex.from_product([rfm.frame.index, list(tables)], names=names))

    def predictive_purchases(
        self, rfm: RFM, *, horizon: float, interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """Number of purchases that will be counted within the horizon, with predictive interval.

        A customer's outcomes depend on the seed and the customer's own id and data alone, not on the others.

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
        return self._waiting("time_to_next_purchase", rfm, interval, random_seed).assign(
            probability_never=1 - self.probability_alive(rfm)["mean"]
        )

    def median_lifetime(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Remaining lifetime: median and predictive interval.

        Returns
        -------
        pandas.DataFrame, shape (n, 3)
            In time units: columns median, lower, upper; 0 where it is that likely that the customer has left.
        """
        return self._waiting("lifetime", rfm, interval, random_seed)

    def draws(self, quantity: str, rfm: RFM, **choices: Any) -> xr.DataArray:
        """All draws of a quantity, dims (chain, draw, customer_id); the choices are those of the method of that name.

        Quantities are probability_alive, expected_purchases, expected_discounted_purchases, probability_of_purchase,
        expected_lifetime, predictive_purchases, time_to_next_purchase and lifetime (of `median_lifetime`).
        For many customers use `blocks`.
        """
        return self.with_draw_dims(self.blocks(quantity, rfm, **choices).array(), rfm.frame.index)

    def blocks(self, quantity: str, rfm: RFM, **choices: Any) -> DrawBlocks:
        """The same in blocks of customers, in the order of the RFM, for sums over millions of them."""
        self.check_customers(rfm)
        if quantity in CREDIBLE:
            return self._expected(quantity, _dates(rfm), **_in_time_units(rfm, **choices))
        if quantity in PREDICTIVE:
            return self._outcomes(quantity, rfm, **choices)
        raise InvalidArgument(f"quantity is {quantity!r}; choose one of {', '.join((*CREDIBLE, *PREDICTIVE))}")

    def simulation(self, rfm: RFM, random_seed: int | None) -> Simulation:
        """What the loops of `clvmodels.compiled.outcomes` need of these customers' purchases."""
        self.check_customers(rfm)
        seed = self.seed_for(random_seed)
        params = BetaGeoParams(*self.parameter_draws(predictive=True))
        return Simulation(seed, customer_keys(rfm.frame.index), *_dates(rfm), params)

    def predictive_total_by_period(self, rfm: RFM, *, edges: Sequence[float], random_seed: int | None = None) -> Array:
        """Drawn number of purchases of all customers together in every period between the edges: (draws, periods).

        `edges` are times since the observation end, rising from 0. The purchases are those of `predictive_purchases`
        with the same seed and the last edge as horizon.
        """
        simulation = self.simulation(rfm, random_seed)
        return simulation.total_by_period(checked_edges(edges), np.zeros(len(rfm)))

    def replicated_frequencies(self, rfm: RFM, *, random_seed: int | None = None) -> DrawBlocks:
        """Repeat purchases that the model would have seen of these customers in their own T: (rows, draws) a block.

        They are drawn from the first purchase on, and know nothing of what the customers did. A customer's draws depend
        on the seed and the customer's own id and T alone.
        """
        simulation = self.simulation(rfm, random_seed)
        return simulation.replicated().counts(simulation.T)

    def replicated_total_by_period(self, rfm: RFM, *, edges: Sequence[float], random_seed: int | None = None) -> Array:
        """The same of all customers together, in every period of their observation: (draws, periods).

        `edges` are times since the observation end, rising to 0; a customer's first purchase, which is not counted, is
        at -T. The purchases are those of `replicated_frequencies` with the same seed.
        """
        simulation = self.simulation(rfm, random_seed)
        return simulation.replicated().total_by_period(checked_edges(edges, to_zero=True), -simulation.T)

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        self.check_customers(rfm)
        params, dates = BetaGeoParams(*self.parameter_draws()), _dates(rfm)

        def block(rows: slice) -> Array:
            return beta_geo.log_likelihood(params, *(each[rows, None] for each in dates))

        return DrawBlocks(len(rfm), self.draw_count, block)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        r, alpha, a, b = self.parameter_draws()
        return {"r": r, "alpha": alpha, "phi": a / (a + b), "kappa": a + b}

    def _credible(self, quantity: str, rfm: RFM, interval: float, **choices: Any) -> pd.DataFrame:
        check_interval(interval)
        self.check_customers(rfm)
        x, t_x, T = _dates(rfm)
        # With T before t_x, a block has few T and needs few values of the series.
        (x, T, t_x), which = distinct_rows(x, T, t_x)
        draws = self._expected(quantity, (x, t_x, T), **_in_time_units(rfm, **choices))
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

    def expectation(self, quantity: str, rows: Dates, *, horizon: float | None = None, **choices: float) -> Expectation:
        """Draws of a credible quantity for customers of frequency, recency and T, each (n,)."""
        length = _needed(horizon, default=0.0 if quantity == "probability_alive" else None)
        return Expectation.of(CREDIBLE[quantity], BetaGeoParams(*self.parameter_draws()), length, rows, **choices)

    def _expected(self, quantity: str, rows: Dates, **choices: float) -> DrawBlocks:
        return DrawBlocks(len(rows[0]), self.draw_count, self.expectation(quantity, rows, **choices).block)

    def _outcomes(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, random_seed: int | None = None
    ) -> DrawBlocks:
        simulation = self.simulation(rfm, random_seed)
        if quantity == "predictive_purchases":
            return simulation.counts(np.full(len(rfm), _needed(horizon, default=None)))
        return simulation.waiting_times(until_dropout=quantity == "lifetime")


def _dates(rfm: RFM) -> Dates:
    frame = rfm.frame
    return frame["frequency"].to_numpy(float), frame["recency"].to_numpy(float), frame["T"].to_numpy(float)


def _needed(horizon: float | None, *, default: float | None) -> float:
    given = default if horizon is None else horizon
    if given is None:
        raise InvalidArgument("horizon is missing; give the number of time units to look ahead, e.g. horizon=52")
    return check_horizon(given)


def _in_time_units(rfm: RFM, *, annual_discount_rate: float | None = None, **choices: Any) -> dict[str, Any]:
    if annual_discount_rate is None:
        return choices
    return {**choices, "discount_force": discount_force(annual_discount_rate, units_per_year=rfm.units_per_year)}
