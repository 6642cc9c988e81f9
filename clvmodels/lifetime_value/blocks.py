"""Draws of the lifetime value in blocks of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled import outcomes
from clvmodels.errors import InvalidArgument, check_horizon
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.expectations import distinct_rows
from clvmodels.models.gamma_gamma import GammaGammaPosterior
from clvmodels.rfm import RFM

if TYPE_CHECKING:
    from clvmodels.lifetime_value.value import LifetimeValue


def check_pair(purchases: BetaGeoPosterior, spend: GammaGammaPosterior) -> None:
    """Refuse posteriors whose draws cannot be paired."""
    if purchases.time_unit != spend.time_unit:
        raise InvalidArgument(
            f"purchases are in {purchases.time_unit}s, spend was fitted in {spend.time_unit}s; fit both to the same RFM"
        )
    if purchases.draw_count != spend.draw_count:
        raise InvalidArgument(
            f"purchases have {purchases.draw_count} draws, spend has {spend.draw_count};"
            " fit both with the same method= and draws="
        )


def known(value: LifetimeValue, rfm: RFM) -> list[Array]:
    """What the expected value depends on: frequency, recency, T, number and mean value of purchases, each (n,)."""
    value.purchases.check_customers(rfm)
    dates = [rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    return [*dates, *rfm.spend(include_first=value.spend.include_first)]


def distinct(value: LifetimeValue, rfm: RFM, horizon: float) -> tuple[DrawBlocks, NDArray[np.integer]]:
    """Expected values of all that differ, and which of them is whose: who has done the same is worth the same."""
    x, t_x, T, number, mean = known(value, rfm)
    (x, T, t_x, number, mean), which = distinct_rows(x, T, t_x, number, mean)
    return expected(value, [x, t_x, T, number, mean], rfm.units_per_year, horizon), which


def expected(
    value: LifetimeValue, rows: list[Array], units_per_year: float, horizon: Any, *, with_first: bool = False
) -> DrawBlocks:
    """Expected values of customers of whom that is `known`."""
    x, t_x, T, number, mean = rows
    force = discount_force(value.annual_discount_rate, units_per_year=units_per_year)
    purchases = value.purchases.expectation(
        "expected_discounted_purchases", (x, t_x, T), horizon=horizon, discount_force=force
    )
    spend = value.spend.expectation(number, mean)

    def block(at: slice) -> Array:
        return (purchases.block(at) + with_first) * value.margin_of(spend(at))

    return DrawBlocks(len(x), value.purchases.draw_count, block)


def predictive(
    value: LifetimeValue, rfm: RFM, horizon: float | Array, random_seed: int | None, *, with_first: bool
) -> DrawBlocks:
    """Values that customers will bring, each within its own horizon where there are several."""
    horizons = _horizons(horizon, len(rfm))
    simulation = value.purchases.simulation(rfm, random_seed)
    number, mean = rfm.spend(include_first=value.spend.include_first)
    force = discount_force(value.annual_discount_rate, units_per_year=rfm.units_per_year)
    terms = *value.spend.parameter_draws(predictive=True), value.margin, value.cost_per_purchase, force, with_first
    draws = value.purchases.predictive_draw_count

    def block(rows: slice) -> Array:
        out = np.empty((rows.stop - rows.start, draws))
        within = horizons[rows], simulation.none(rows, horizons[rows])
        outcomes.purchase_values(*simulation.of(rows), *within, number[rows], mean[rows], *terms, out)
        return out

    return DrawBlocks(len(rfm), draws, block)


def _horizons(horizon: float | Array, customers: int) -> Array:
    """One for each customer."""
    each = np.array([check_horizon(one) for one in np.atleast_1d(horizon).tolist()])
    if len(each) not in (1, customers):
        raise InvalidArgument(f"{len(each)} horizons for {customers} customers; give one, or one each")
    return np.broadcast_to(each, customers)
