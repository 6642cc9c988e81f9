"""What is worked out for each customer, and with which choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict

import pandas as pd

from clvmodels.errors import InvalidArgument, InvalidRFM, check_horizon, check_interval, check_margin
from clvmodels.formulas.discount import discount_force
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.posterior import check_rfm
from clvmodels.models.purchase_process import LEAVING
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.rfm import RFM, RFMTable, needed_statistics
from clvmodels.rfm.counts import checked_names

MONEY = ("lifetime_value", "predictive_lifetime_value")
QUANTITIES = ("probability_alive", "expected_purchases", "predictive_purchases", "expected_lifetime", *MONEY)
FACTS = ("frequency", "recency", "T", "monetary_value")
ENDS = ("mean", "lower", "upper")


class Choices(TypedDict, total=False):
    """The attributes of `Scorer` as keyword arguments."""

    purchases: Required[PurchasePosterior]
    spend: SpendPosterior | None
    horizon: Required[float]
    margin: float
    annual_discount_rate: float
    interval: float
    quantities: Sequence[str] | None
    random_seed: int | None


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Turns customers into scores.

    Attributes
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior, optional
        Without it there are no lifetime values.
    horizon : float
        In the posterior's time unit, from the observation end on; probability_alive is that at the observation end.
    margin, annual_discount_rate : float
        Of the lifetime values, as in `LifetimeValue`.
    interval : float
        Probability inside each interval.
    quantities : sequence of str, optional
        Out of `QUANTITIES`; by default all that are expectations: probability_alive, expected_purchases,
        expected_lifetime and, with spend, lifetime_value, without the first and the third where nobody leaves under the
        model. The predictive ones take longer.
    random_seed : int, optional
        Replaces the fit's seed in predictive draws.

    Raises
    ------
    InvalidArgument
        If a choice is unknown or outside its domain.
    """

    purchases: PurchasePosterior
    spend: SpendPosterior | None = None
    horizon: float
    margin: float = 1.0
    annual_discount_rate: float = 0.0
    interval: float = 0.9
    quantities: Sequence[str] | None = None
    random_seed: int | None = None

    def __post_init__(self) -> None:
        """Check the choices before hours of work."""
        check_horizon(self.horizon)
        check_interval(self.interval)
        if not isinstance(self.purchases, PurchasePosterior):
            raise InvalidArgument(
                f"purchases is a {type(self.purchases).__name__}; give the posterior of a model of purchases"
            )
        if not (self.spend is None or isinstance(self.spend, SpendPosterior)):
            raise InvalidArgument(f"spend is a {type(self.spend).__name__}; give the posterior of a model of spend")
        check_margin(self.margin)
        discount_force(self.annual_discount_rate, units_per_year=1)
        unknown = [name for name in self.chosen if name not in QUANTITIES]
        if unknown or not self.chosen:
            raise InvalidArgument(f"quantities has {unknown or 'nothing'}; choose from {', '.join(QUANTITIES)}")
        if len(set(self.chosen)) < len(self.chosen):
            raise InvalidArgument(f"quantities names one twice: {list(self.chosen)}; name each once")
        if set(self.chosen) & set(LEAVING):
            self.purchases.with_leaving()
        money = [name for name in self.chosen if name in MONEY]
        if money and self.spend is None:
            raise InvalidArgument(f"{money} need the posterior of the spend; pass spend=..., or leave them out")
        if money:
            self._value()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The quantities, defaults filled in."""
        if self.quantities is not None:
            return (self.quantities,) if isinstance(self.quantities, str) else tuple(self.quantities)
        leaving = ("probability_alive", "expected_lifetime") if self.purchases.leaves else ()
        expected = tuple(name for name in QUANTITIES if name in ("expected_purchases", *leaving))
        return expected if self.spend is None else (*expected, "lifetime_value")

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that the models need for the quantities."""
        return needed_statistics([self.purchases, self.spend if set(self.chosen) & set(MONEY) else None])

    def check(self, rfm: RFM | RFMTable) -> None:
        """Refuse customers that cannot be scored, before the first of them is."""
        check_rfm(rfm, lazy=True)
        self.purchases.check_unit(rfm)
        checked_names(self.statistics, rfm.frame.columns if isinstance(rfm, RFM) else rfm.table.columns)
        if set(self.chosen) & set(MONEY) and not rfm.has_value:
            raise InvalidRFM("lifetime values need the customers' spend; make the RFM from a log with a value column")

    def columns(self, facts: Sequence[str]) -> list[str]:
        """The names of the columns of `table`, for the facts that the customers have."""
        own = [name for name in FACTS if name in facts]
        return ["customer_id", *own, *(f"{name}_{end}" for name in self.chosen for end in ENDS)]

    def table(self, rfm: RFM) -> pd.DataFrame:
        """One row per customer, in their order.

        Returns
        -------
        pandas.DataFrame
            customer_id, frequency, recency, T, monetary_value where it is known, and each quantity with ``_mean``,
            ``_lower`` and ``_upper``.

        Examples
        --------
        >>> from clvmodels.models.published import cdnow_posteriors
        >>> purchases, _ = cdnow_posteriors()
        >>> seen = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.43], "T": [38.86]})
        >>> scores = Scorer(purchases=purchases, horizon=39).table(RFM.from_frame(seen, time_unit="week"))
        >>> scores[["customer_id", "expected_purchases_mean"]].round(3).values.tolist()
        [['ann', 1.226]]
        """
        facts = rfm.frame[[name for name in FACTS if name in rfm.frame.columns]]
        tables = self._expected(rfm) | self._predictive(rfm)
        return pd.concat([facts, *(tables[name].add_prefix(f"{name}_") for name in self.chosen)], axis=1).reset_index()

    def _expected(self, rfm: RFM) -> dict[str, pd.DataFrame]:
        lengths = {"probability_alive": 0.0, "expected_purchases": self.horizon, "expected_lifetime": self.horizon}
        asked = {name: {"horizon": lengths[name]} for name in self.chosen if name in lengths}
        if "lifetime_value" in self.chosen:
            return self._value().beside(asked, rfm, horizon=self.horizon, interval=self.interval)
        return self.purchases.credible(asked, rfm, interval=self.interval) if asked else {}

    def _predictive(self, rfm: RFM) -> dict[str, pd.DataFrame]:
        choices: Any = {"horizon": self.horizon, "interval": self.interval, "random_seed": self.random_seed}
        drawn = {
            "predictive_purchases": lambda: self.purchases.predictive_purchases(rfm, **choices),
            "predictive_lifetime_value": lambda: self._value().predictive(rfm, **choices),
        }
        return {name: table() for name, table in drawn.items() if name in self.chosen}

    def _value(self) -> LifetimeValue:
        spend: Any = self.spend
        return LifetimeValue(self.purchases, spend, margin=self.margin, annual_discount_rate=self.annual_discount_rate)
