r"""What a customer will buy as things are, and what if nobody who has left, or is about to, were lost.

Keeping is an intervention: a customer who has left is brought back, and one who would leave while the keeping lasts,
for w time units, does not. Purchase rate and dropout probability are still the customer's own. For a customer who is
alive at T they are distributed as BG/NBD says; for one who dropped out right after the last purchase at :math:`t_x`,
the purchases say nothing of the time since, and leaving has been seen once:

.. math:: \lambda \sim \Gamma(r + x, \alpha + t_x), \quad p \sim B(a + 1, b + x - 1)

Kept until w, customers buy at :math:`E[\lambda] = (r + x) / (\alpha + T)` (or with :math:`t_x` for T) until then, and
from then on as those who are alive do for the rest of the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.expectations import Expectation
from clvmodels.rfm import RFM, days_per_unit


@dataclass(frozen=True, eq=False)
class Prospects:
    """Expected discounted purchases within the horizon, as things are and if kept.

    Attributes
    ----------
    as_is : Expectation
        Within the horizon, of customers as they are.
    rest : Expectation
        Within what is left of the horizon after the keeping, of customers alive.
    returned : Expectation
        The same of customers who had left.
    kept : float
        Discounted length of the keeping.
    later : float
        Discount factor of its end.
    reach : float
        The longest time since the last purchase after which one who has left can be brought back.
    days : float
        Of a time unit: nobody is kept buying more than daily.
    """

    as_is: Expectation
    rest: Expectation
    returned: Expectation
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
        x, t_x, T = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
        params = BetaGeoParams(*value.purchases.parameter_draws())
        left = params._replace(a=params.a + 1, b=params.b - 1)

        def expected(draws: BetaGeoParams, length: float, *rows: Array) -> Expectation:
            formula, (first, second, third) = beta_geo.discounted_purchases_if_alive, rows
            most = value.purchases.most_purchases(length, discount_force=force)
            return Expectation.of(formula, draws, length, (first, second, third), most=most, discount_force=force)

        as_is = expected(params, horizon, x, t_x, T)
        # Nobody leaves before a repeat purchase: those rows have no weight.
        returned = expected(left, horizon - kept, np.maximum(x, 1), t_x, t_x)
        rest = expected(params, horizon - kept, x, t_x, T) if kept else as_is
        length = -np.expm1(-force * kept) / force if force else kept
        return cls(
            as_is,
            rest,
            returned,
            length,
            np.exp(-force * kept),
            np.inf if reach is None else reach,
            days_per_unit(rfm.time_unit),
        )

    def of_rows(self, rows: slice) -> tuple[Array, Array]:
        """As things are, and if kept for certain: two arrays (rows, draws)."""
        alive = self.as_is.alive(rows)
        stayed = alive * self._kept(self.rest, rows)
        silent = (self.as_is.T - self.as_is.t_x)[rows, None]
        returned = np.where(silent <= self.reach * (1 + 1e-9), (1 - alive) * self._kept(self.returned, rows), 0.0)
        return alive * self.as_is.if_alive(rows), stayed + returned

    def _kept(self, expectation: Expectation, rows: slice) -> Array:
        x, T = expectation.x[rows, None], expectation.T[rows, None]
        rate = (expectation.params.r + x) / (expectation.params.alpha + T)
        return self.kept * np.minimum(rate, self.days) + self.later * expectation.if_alive(rows)
