"""The posterior of BG/NBD and everything that it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from clvmodels.errors import InvalidArgument, check_horizon, check_interval
from clvmodels.intervals import Array, interval_table, summary
from clvmodels.models.alive_path import purchase_history
from clvmodels.models.beta_geo_draws import BetaGeoDraws, dates_of, in_time_units
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.frequency_recency import Matrix, possible_customers
from clvmodels.models.heterogeneity import density_table
from clvmodels.rfm import RFM, DateLike


@dataclass(frozen=True, kw_only=True, repr=False)
class BetaGeoPosterior(BetaGeoDraws):
    """Posterior of BG/NBD. Every answer to an RFM has one row per customer, in its order.

    All these methods share their arguments: `rfm` holds n customers in the posterior's time unit (a new customer is
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
        `clvmodels.compiled.outcomes`.

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
        r, alpha, a, b = (draws[:, None] for draws in self.parameter_draws())
        customers = {"purchase_rate": stats.gamma(r, scale=1 / alpha), "dropout_probability": stats.beta(a, b)}
        return density_table(customers, interval=interval)

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

    def _credible(self, quantity: str, rfm: RFM, interval: float, **choices: Any) -> pd.DataFrame:
        check_interval(interval)
        self.check_customers(rfm)
        x, t_x, T = dates_of(rfm)
        # With T before t_x, a block has few T and needs few values of the series.
        (x, T, t_x), which = distinct_rows(x, T, t_x)
        draws = self._expected(quantity, (x, t_x, T), **in_time_units(rfm, **choices))
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
