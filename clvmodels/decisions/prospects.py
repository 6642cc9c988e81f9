"""Expected purchases of customers as things are, and if nobody who has left, or is about to, were lost.

Keeping is an intervention: a customer who has left is brought back, and one who would leave while the keeping lasts,
for w time units, does not. Purchase rate and dropout are still the customer's own, distributed as the model says given
that the customer is alive, or has left. Kept until w, customers buy at their expected rate until then, and from then on
as those who are alive do for the rest of the horizon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.expectations import Expected
from clvmodels.rfm import RFM, days_per_unit

Kept = Callable[[slice], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Prospects:
    """Expected discounted purchases within the horizon, as things are and if kept.

    Attributes
    ----------
    as_is : Expected
        Within the horizon, of customers as they are.
    rest : callable
        slice -> purchase rate, and discounted purchases within what is left of the horizon after the keeping, of
        customers alive: both (rows, draws).
    returned : callable
        The same of customers who had left.
    silent : array (n,)
        Time since the last purchase.
    kept : float
        Discounted length of the keeping.
    later : float
        Discount factor of its end.
    reach : float
        The longest time since the last purchase after which one who has left can be brought back.
    days : float
        Of a time unit: nobody is kept buying more than daily.
    """

    as_is: Expected
    rest: Kept
    returned: Kept
    silent: Array
    kept: float
    later: float
    reach: float
    days: float

    @classmethod
    def of(
        cls, value: LifetimeValue, rfm: RFM, *, horizon: float, stays: float, reach: float | None = None
    ) -> Prospects:
        """For customers who would be kept for `stays` time units, of which those within the horizon count."""
        force = discount_force(value.annual_discount_rate, units_per_year=rfm.units_per_year)
        kept = min(stays, horizon)
        purchases = value.purchases.with_leaving()
        rows, terms = purchases.rows_of(rfm), {"horizon": horizon - kept, "discount_force": force}
        as_is = purchases.expectation("expected_discounted_purchases", rows, horizon=horizon, discount_force=force)
        rest = purchases.stayed(rows, **terms)
        returned = purchases.returned(rows, **terms)
        length = -np.expm1(-force * kept) / force if force else kept
        silent = (rfm.frame["T"] - rfm.frame["recency"]).to_numpy(float)
        return cls(
            as_is,
            rest,
            returned,
            silent,
            length,
            np.exp(-force * kept),
            np.inf if reach is None else reach,
            days_per_unit(rfm.time_unit),
        )

    def of_rows(self, rows: slice) -> tuple[Array, Array]:
        """As things are, and if kept for certain: two arrays (rows, draws)."""
        alive = self.as_is.alive(rows)
        stayed = alive * self._kept(self.rest(rows))
        silent = self.silent[rows, None]
        returned = np.where(silent <= self.reach * (1 + 1e-9), (1 - alive) * self._kept(self.returned(rows)), 0.0)
        return self.as_is.block(rows), stayed + returned

    def _kept(self, expected: tuple[Array, Array]) -> Array:
        rate, rest = expected
        return self.kept * np.minimum(rate, self.days) + self.later * rest
