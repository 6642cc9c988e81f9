"""The posterior of the shifted-beta-geometric and everything that it predicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from clvmodels.errors import MOST_MONEY, InvalidArgument, check_margin, check_whole, shown
from clvmodels.formulas import shifted_beta_geo
from clvmodels.formulas.discount import discount_force
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.models.posterior import Posterior
from clvmodels.models.renewals import MOST_RENEWALS, checked_customers
from clvmodels.rfm import days_per_unit

MOST_CUSTOMERS = 10**15
Rows = tuple[pd.Index, DrawBlocks]


@dataclass(frozen=True, kw_only=True, repr=False)
class ShiftedBetaGeoPosterior(Posterior):
    """Posterior of the shifted-beta-geometric.

    Periods are contract periods, of the posterior's time unit. `renewals` is how often a customer has renewed so far
    (0 for a new one); whoever is asked about is still a customer, and the next renewal is due now. `horizon` is the
    number of renewals to come that count, this next one included; None is all of them. `interval` is the probability
    inside the equal-tailed interval. Credible intervals are of the expectation, predictive ones of what will be
    counted.

    All raise InvalidArgument for numbers that are negative or not whole, or an interval outside (0, 1). The formulas
    and their sources are in `clvmodels.formulas.shifted_beta_geo`.

    Examples
    --------
    >>> from clvmodels.models.shifted_beta_geo import ShiftedBetaGeo
    >>> contracts = ShiftedBetaGeo.at(alpha=0.668, beta=3.806, time_unit="year")
    >>> contracts.retention_curve(periods=2)["mean"].round(4).to_dict()
    {0: 1.0, 1: 0.8507, 2: 0.7469}
    >>> members = pd.DataFrame({"customer_id": ["ann", "bob"], "renewals": [0, 5]})
    >>> contracts.residual_value(members, price=100, annual_discount_rate=0.1)["mean"].round(2).to_dict()
    {'ann': 541.49, 'bob': 713.6}
    """

    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def retention_curve(self, *, periods: int, renewals: int = 0, interval: float = 0.9) -> pd.DataFrame:
        """P(still a customer after so many further renewals were due), with credible interval.

        Returns
        -------
        pandas.DataFrame, shape (periods + 1, 3)
            Columns mean, lower, upper, indexed by period 0, 1, ..., periods.
        """
        return _credible(self._retention_curve(periods=periods, renewals=renewals), interval)

    def renewal_rates(self, *, periods: int, interval: float = 0.9) -> pd.DataFrame:
        """P(renews | the renewal is due), with credible interval; it rises with tenure.

        Returns
        -------
        pandas.DataFrame, shape (periods, 3)
            Columns mean, lower, upper, indexed by period 1, 2, ..., periods: the number of the renewal.
        """
        return _credible(self._renewal_rates(periods=periods), interval)

    def predictive_survivors(
        self, customers: int, *, periods: int, renewals: int = 0, interval: float = 0.9, random_seed: int | None = None
    ) -> pd.DataFrame:
        """How many of a cohort will be left after so many further renewals were due, with predictive interval.

        Parameters
        ----------
        customers : int
            Size of the cohort, of whom all have renewed `renewals` times.
        periods, renewals, interval
            See the class.
        random_seed : int, optional
            Instead of the seed of the fit.

        Returns
        -------
        pandas.DataFrame, shape (periods + 1, 3)
            Columns mean, lower, upper, indexed by period 0, 1, ..., periods; the ends are whole numbers.
        """
        index, draws = self._predictive_survivors(
            customers, periods=periods, renewals=renewals, random_seed=random_seed
        )
        return interval_table(index, draws, interval=interval, kind="predictive")

    def expected_residual_lifetime(
        self,
        *,
        renewals: int | Sequence[int],
        annual_discount_rate: float = 0.0,
        horizon: int | None = None,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """Expected number of payments to come, each weighted by its discount factor, with credible interval.

        The next renewal is due now: its payment, if it is made, counts in full, the one a period later is discounted by
        one period, and so on. `annual_discount_rate` is effective.

        Without a discount and without a horizon the mean is finite only for alpha > 1. Where draws of alpha come close
        to 1 it is large, and rests on those few draws: a horizon is then the better question.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by renewals: one row for each number that was given.

        Raises
        ------
        InvalidArgument
            If the mean is infinite.
        """
        choices = {"annual_discount_rate": annual_discount_rate, "horizon": horizon}
        return _credible(self._expected_residual_lifetime(renewals=renewals, **choices), interval)

    def residual_value(
        self,
        data: pd.DataFrame,
        *,
        price: float | str,
        annual_discount_rate: float,
        margin: float = 1.0,
        horizon: int | None = None,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """Expected value of what each customer will still pay, with credible interval.

        Parameters
        ----------
        data : DataFrame, one row per customer
            customer_id as a column or as the index, and the column renewals; with a column left, those who have left
            are worth nothing.
        price : float or str
            What a renewal costs, in money, or the name of a column that says so for each customer.
        annual_discount_rate : float
            Effective; see `expected_residual_lifetime`.
        margin : float
            Share of the price that is earned, in (0, 1].
        horizon, interval
            See the class.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, in money, indexed by customer_id, in the order handed in.

        Raises
        ------
        InvalidArgument
            If the table or a choice cannot be used, or the mean is infinite.
        """
        index, made, worth = _worth(data, price, margin)
        distinct, which = np.unique(made, return_inverse=True)
        choices = {"annual_discount_rate": annual_discount_rate, "horizon": horizon}
        payments = self.expected_residual_lifetime(renewals=distinct.tolist(), **choices, interval=interval)
        return payments.take(which).set_axis(index).mul(worth, axis=0)

    def total_residual_value(
        self,
        data: pd.DataFrame,
        *,
        price: float | str,
        annual_discount_rate: float,
        margin: float = 1.0,
        horizon: int | None = None,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """The same of all customers together; its interval comes from the sums of the draws.

        Returns
        -------
        pandas.DataFrame
            One row, "total"; columns mean, lower, upper, in money.
        """
        _, made, worth = _worth(data, price, margin)
        distinct, which = np.unique(made, return_inverse=True)
        choices = {"annual_discount_rate": annual_discount_rate, "horizon": horizon}
        _, payments = self._expected_residual_lifetime(renewals=distinct, **choices)
        sums = payments.array() @ np.bincount(which, weights=worth)
        return interval_table(pd.Index(["total"]), DrawBlocks.of(sums[:, None]), interval=interval, kind="credible")

    def draws(self, quantity: str, *data: Any, **choices: Any) -> xr.DataArray:
        """All draws of what the method of that name gives, and its data and choices but the interval.

        Quantities are retention_curve, renewal_rates and predictive_survivors, dims (chain, draw, period),
        expected_residual_lifetime, dims (chain, draw, renewals), and residual_value, dims (chain, draw, customer_id).
        """
        of: dict[str, Callable[..., Rows]] = {
            "retention_curve": self._retention_curve,
            "renewal_rates": self._renewal_rates,
            "predictive_survivors": self._predictive_survivors,
            "expected_residual_lifetime": self._expected_residual_lifetime,
            "residual_value": self._residual_value,
        }
        if quantity not in of:
            raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join(of)}")
        index, blocks = of[quantity](*data, **choices)
        drawn = self.with_draw_dims(blocks.array(), index.rename("customer_id"))
        return drawn.rename(customer_id=index.name)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        alpha, beta = self.parameter_draws()
        return {"phi": alpha / (alpha + beta), "kappa": alpha + beta}

    def _retention_curve(self, *, periods: int, renewals: int = 0) -> Rows:
        return self._over(
            _periods(periods, first=0),
            shifted_beta_geo.survival,
            _renewals(renewals),
        )

    def _renewal_rates(self, *, periods: int) -> Rows:
        return self._over(_periods(periods, first=1), shifted_beta_geo.renewal_rate, 0)

    def _over(self, index: pd.Index, formula: Callable[..., Array], renewals: int) -> Rows:
        known, times = self._known(renewals), index.to_numpy(float)
        return index, DrawBlocks(len(index), self.draw_count, lambda rows: formula(known, times[rows, None]))

    def _predictive_survivors(
        self, customers: int, *, periods: int, renewals: int = 0, random_seed: int | None = None
    ) -> Rows:
        index, known = (
            _periods(periods, first=0),
            self._known(_renewals(renewals), predictive=True),
        )
        rng = np.random.default_rng([int(self.seed_for(random_seed)), 3])
        survivors = [
            np.full(self.predictive_draw_count, check_whole(customers, "customers", smallest=1, largest=MOST_CUSTOMERS))
        ]
        # Given the parameters, customers are independent: their times of leaving are multinomial, which is this chain.
        for period in index[1:]:
            survivors.append(rng.binomial(survivors[-1], shifted_beta_geo.renewal_rate(known, period)))
        return index, DrawBlocks.of(np.stack(survivors, axis=1).astype(float))

    def _expected_residual_lifetime(
        self, *, renewals: Any, annual_discount_rate: float = 0.0, horizon: int | None = None
    ) -> Rows:
        asked = [renewals] if np.ndim(renewals) == 0 else renewals
        made = np.array([_renewals(each) for each in asked], dtype="int64")
        units_per_year = days_per_unit("year") / days_per_unit(self.time_unit)
        rate = math.expm1(discount_force(annual_discount_rate, units_per_year=units_per_year))
        counted = None if horizon is None else check_whole(horizon, "horizon", smallest=0)
        params = self._known(0)

        def block(rows: slice) -> Array:
            known = made[rows, None]
            return shifted_beta_geo.expected_residual_lifetime(params, known, d=rate, horizon=counted)

        return pd.Index(made, name="renewals"), DrawBlocks(len(made), self.draw_count, block)

    def _residual_value(self, data: pd.DataFrame, *, price: float | str, margin: float = 1.0, **choices: Any) -> Rows:
        index, made, worth = _worth(data, price, margin)
        distinct, which = np.unique(made, return_inverse=True)
        payments = self._expected_residual_lifetime(renewals=distinct, **choices)[1].array().T
        return index, DrawBlocks(len(index), self.draw_count, lambda rows: worth[rows, None] * payments[which[rows]])

    def _known(self, renewals: int, *, predictive: bool = False) -> ShiftedBetaGeoParams:
        """The parameters (draws,) of those who have renewed so often."""
        return shifted_beta_geo.renewed(ShiftedBetaGeoParams(*self.parameter_draws(predictive=predictive)), renewals)


def _renewals(renewals: Any) -> int:
    return check_whole(renewals, "renewals", smallest=0, largest=MOST_RENEWALS)


def _periods(periods: int, *, first: int) -> pd.Index:
    return pd.RangeIndex(first, check_whole(periods, "periods", largest=MOST_RENEWALS) + 1, name="period")


def _credible(rows: Rows, interval: float) -> pd.DataFrame:
    return interval_table(rows[0], rows[1], interval=interval, kind="credible")


def _worth(data: pd.DataFrame, price: float | str, margin: float) -> tuple[pd.Index, Array, Array]:
    """The customers, their renewals (n,), and what one more payment of theirs is worth (n,)."""
    check_margin(margin)
    table = checked_customers(data, left_needed=False)
    if isinstance(price, str) and price not in data.columns:
        raise InvalidArgument(
            f"the table has no column {shown(price)}, found {list(data.columns)}; or give the price itself"
        )
    paid: Any = data[price] if isinstance(price, str) else pd.Series([price])
    if pd.api.types.is_bool_dtype(paid.dtype) or not pd.api.types.is_numeric_dtype(paid.dtype):
        raise InvalidArgument(f"price is {paid.dtype}; give a number in money, or the name of a column of numbers")
    amounts = paid.to_numpy(dtype="float64", na_value=np.nan)
    wrong = ~((amounts <= MOST_MONEY) & (amounts >= 0))
    if wrong.any():
        raise InvalidArgument(
            f"{wrong.sum()} prices are missing, infinite or negative, or beyond 1e100, e.g. {amounts[wrong][0]}"
        )
    return table.index, table["renewals"].to_numpy(), amounts * margin * ~table["left"].to_numpy()
