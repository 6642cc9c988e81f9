"""The posterior of BG/NBD and everything that it predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import InvalidArgument, check_horizon, check_interval
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, Kind, interval_table, quantiles, with_progress
from clvmodels.models import outcomes
from clvmodels.models.posterior import Posterior, customer_blocks, customer_streams, fresh_seed
from clvmodels.rfm import RFM

CREDIBLE: dict[str, Callable[..., Array]] = {
    "probability_alive": beta_geo.survival_if_alive,
    "expected_purchases": beta_geo.purchases_if_alive,
    "expected_discounted_purchases": beta_geo.discounted_purchases_if_alive,
    "probability_of_purchase": beta_geo.probability_of_purchase_if_alive,
    "expected_lifetime": beta_geo.lifetime_if_alive,
}
WORKING_COPIES = 8
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
        blocks = self.stream("predictive_purchases", rfm, horizon=horizon, random_seed=random_seed)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="predictive")

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
        For many customers use `stream`.
        """
        return self.with_draw_dims(np.concatenate(list(self.stream(quantity, rfm, **choices)), axis=1), rfm.frame.index)

    def stream(self, quantity: str, rfm: RFM, **choices: Any) -> Iterator[Array]:
        """The same in blocks of customers: arrays (draws, customers of the block), in the order of the RFM."""
        self._check_unit(rfm)
        if quantity in CREDIBLE:
            return self._stream_credible(quantity, rfm, **choices)
        if quantity in PREDICTIVE:
            return self._stream_predictive(quantity, rfm, **choices)
        raise InvalidArgument(f"quantity is {quantity!r}; choose one of {', '.join((*CREDIBLE, *PREDICTIVE))}")

    def simulate_purchases(
        self, rfm: RFM, *, horizon: float, random_seed: int | None = None
    ) -> Iterator[tuple[outcomes.Purchases, np.random.Generator]]:
        """For one customer after the other: drawn purchases with their times, and the customer's own generator.

        The counts are those of `predictive_purchases` with the same seed.
        """
        self._check_unit(rfm)
        horizon = check_horizon(horizon)
        for customer, rng in self._customers(rfm, random_seed):
            yield outcomes.purchase_times(customer, horizon, rng), rng

    def predictive_total_by_period(self, rfm: RFM, *, edges: Sequence[float], random_seed: int | None = None) -> Array:
        """Drawn number of purchases of all customers together in every period between the edges: (draws, periods).

        `edges` are times since the observation end, rising from 0.
        """
        bounds = np.asarray(edges, float)
        if bounds.ndim != 1 or len(bounds) < 2 or bounds[0] != 0 or not np.all(np.diff(bounds) > 0):
            raise InvalidArgument(f"edges are {list(edges)}; give times rising from 0, e.g. [0, 13, 26]")
        periods, draws = len(bounds) - 1, self.predictive_draw_count
        totals = np.zeros(draws * periods)
        for purchases, _ in self.simulate_purchases(rfm, horizon=bounds[-1], random_seed=random_seed):
            period = np.searchsorted(bounds[1:-1], purchases.time, side="left")
            totals += np.bincount(purchases.draw * periods + period, minlength=draws * periods)
        return totals.reshape(draws, periods)

    def _credible(self, quantity: str, rfm: RFM, interval: float, **choices: Any) -> pd.DataFrame:
        check_interval(interval)
        blocks = self.stream(quantity, rfm, **choices)
        return interval_table(rfm.frame.index, blocks, interval=interval, kind="credible")

    def _waiting(self, quantity: str, rfm: RFM, interval: float, random_seed: int | None) -> pd.DataFrame:
        check_interval(interval)
        kind: Kind = "predictive"
        rows = [
            np.stack([np.quantile(block, 0.5, axis=0, method="inverted_cdf"), *quantiles(block, interval, kind)])
            for block in self.stream(quantity, rfm, random_seed=random_seed)
        ]
        return pd.DataFrame(np.concatenate(rows, axis=1).T, index=rfm.frame.index, columns=["median", "lower", "upper"])

    def _stream_credible(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, **choices: float
    ) -> Iterator[Array]:
        horizon = _needed(horizon, default=0.0 if quantity == "probability_alive" else None)
        params = BetaGeoParams(*self._columns())
        # The expectation over dropout depends on frequency and T only: once for each distinct pair.
        pairs, which = np.unique(rfm.frame[["frequency", "T"]].to_numpy(float), axis=0, return_inverse=True)
        if_alive = _by_pair(CREDIBLE[quantity], params, horizon, pairs, **_in_time_units(rfm, **choices))
        for block, alive in self._alive_blocks(params, rfm):
            yield alive * if_alive[:, which.ravel()[block]]

    def _stream_predictive(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, random_seed: int | None = None
    ) -> Iterator[Array]:
        length = _needed(horizon, default=None if quantity == "predictive_purchases" else 0.0)
        draw = {
            "predictive_purchases": lambda c, rng: outcomes.purchase_counts(c, length, rng)[0],
            "time_to_next_purchase": outcomes.next_purchase_time,
            "lifetime": outcomes.remaining_lifetime,
        }[quantity]
        customers = self._customers(rfm, random_seed)
        count = self.predictive_draw_count
        for block in customer_blocks(len(rfm), count):
            rows = [draw(*next(customers)) for _ in range(block.start, block.stop)]
            yield np.array(rows, dtype=float).T

    def _customers(self, rfm: RFM, random_seed: int | None) -> Iterator[tuple[outcomes.Customer, np.random.Generator]]:
        params = BetaGeoParams(*self._columns(predictive=True))
        flat = BetaGeoParams(*(column[:, 0] for column in params))
        seed = self.random_seed if random_seed is None else fresh_seed(random_seed)
        streams = customer_streams(rfm.frame.index, seed)
        x, T = rfm.frame["frequency"].to_numpy(float), rfm.frame["T"].to_numpy(float)
        for block, alive in self._alive_blocks(params, rfm):
            for column, i in enumerate(range(block.start, block.stop)):
                rng = next(streams)
                yield outcomes.draw_customer(flat, alive[:, column], x[i], T[i], rng), rng

    def _alive_blocks(self, params: BetaGeoParams, rfm: RFM) -> Iterator[tuple[slice, Array]]:
        x, t_x, T = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
        blocks = list(customer_blocks(len(rfm), len(params.r)))
        for block in with_progress(blocks, "customers", len(blocks)):
            yield block, beta_geo.probability_alive(params, x[block], t_x[block], T[block])


def _needed(horizon: float | None, *, default: float | None) -> float:
    given = default if horizon is None else horizon
    if given is None:
        raise InvalidArgument("horizon is missing; give the number of time units to look ahead, e.g. horizon=52")
    return check_horizon(given)


def _by_pair(
    formula: Callable[..., Array], params: BetaGeoParams, horizon: float, pairs: Array, **choices: float
) -> Array:
    """The formula for distinct (frequency, T): (draws, pairs), a few pairs at a time, as it needs room to work."""
    draws = len(params.r)
    values = np.empty((draws, len(pairs)))
    for block in customer_blocks(len(pairs), WORKING_COPIES * draws):
        values[:, block] = formula(params, horizon, pairs[block, 0], pairs[block, 1], **choices)
    return values


def _in_time_units(rfm: RFM, *, annual_discount_rate: float | None = None) -> dict[str, float]:
    if annual_discount_rate is None:
        return {}
    return {"discount_force": discount_force(annual_discount_rate, units_per_year=rfm.units_per_year)}
