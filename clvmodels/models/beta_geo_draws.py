"""What BG/NBD says of customers, draw by draw; `beta_geo_posterior` makes tables of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from scipy.special import exprel

from clvmodels.errors import InvalidArgument, check_horizon, shown
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.discount import discount_force
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.expectations import Expectation
from clvmodels.models.posterior import Posterior, customer_keys
from clvmodels.models.simulation import Simulation, checked_edges, days_begun
from clvmodels.rfm import RFM, days_per_unit

CREDIBLE: dict[str, Callable[..., Array]] = {
    "probability_alive": beta_geo.survival_if_alive,
    "expected_purchases": beta_geo.purchases_if_alive,
    "expected_discounted_purchases": beta_geo.discounted_purchases_if_alive,
    "probability_of_purchase": beta_geo.probability_of_purchase_if_alive,
    "expected_lifetime": beta_geo.lifetime_if_alive,
}
PURCHASES = ("expected_purchases", "expected_discounted_purchases")
Dates = tuple[Array, Array, Array]
PREDICTIVE = ("predictive_purchases", "time_to_next_purchase", "lifetime")


@dataclass(frozen=True, kw_only=True, repr=False)
class BetaGeoDraws(Posterior):
    """Draws of what BG/NBD expects of customers and of what they will do, in blocks (rows, draws).

    `BetaGeoPosterior` says what the arguments mean.
    """

    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

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
            return self._expected(quantity, dates_of(rfm), **in_time_units(rfm, **choices))
        if quantity in PREDICTIVE:
            return self._outcomes(quantity, rfm, **choices)
        raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join((*CREDIBLE, *PREDICTIVE))}")

    def simulation(self, rfm: RFM, random_seed: int | None) -> Simulation:
        """What the loops of `clvmodels.compiled.outcomes` need of these customers' purchases."""
        self.check_customers(rfm)
        seed = self.seed_for(random_seed)
        params = BetaGeoParams(*self.parameter_draws(predictive=True))
        return Simulation(seed, customer_keys(rfm.frame.index), *dates_of(rfm), params, days_per_unit(self.time_unit))

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
        params, dates = BetaGeoParams(*self.parameter_draws()), dates_of(rfm)

        def block(rows: slice) -> Array:
            return beta_geo.log_likelihood(params, *(each[rows, None] for each in dates))

        return DrawBlocks(len(rfm), self.draw_count, block)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        r, alpha, a, b = self.parameter_draws()
        return {"r": r, "alpha": alpha, "phi": a / (a + b), "kappa": a + b}

    def expectation(self, quantity: str, rows: Dates, *, horizon: float | None = None, **choices: float) -> Expectation:
        """Draws of a credible quantity for customers of frequency, recency and T, each (n,)."""
        length = _needed(horizon, default=0.0 if quantity == "probability_alive" else None)
        params, purchases = BetaGeoParams(*self.parameter_draws()), quantity in PURCHASES
        most = self.most_purchases(length, **choices) if purchases else math.inf
        return Expectation.of(CREDIBLE[quantity], params, length, rows, most=most, **choices)

    def most_purchases(self, horizon: float, *, discount_force: float = 0.0) -> float:
        """A purchase on every day of the horizon, discounted: more cannot be, whatever the rate."""
        days = days_begun(horizon, days_per_unit(self.time_unit))
        return float(days * exprel(-discount_force * horizon))

    def _expected(self, quantity: str, rows: Dates, **choices: float) -> DrawBlocks:
        return DrawBlocks(len(rows[0]), self.draw_count, self.expectation(quantity, rows, **choices).block)

    def _outcomes(
        self, quantity: str, rfm: RFM, *, horizon: float | None = None, random_seed: int | None = None
    ) -> DrawBlocks:
        simulation = self.simulation(rfm, random_seed)
        if quantity == "predictive_purchases":
            return simulation.counts(np.full(len(rfm), _needed(horizon, default=None)))
        return simulation.waiting_times(until_dropout=quantity == "lifetime")


def dates_of(rfm: RFM) -> Dates:
    """Frequency, recency and T of the customers, each (n,)."""
    frame = rfm.frame
    return frame["frequency"].to_numpy(float), frame["recency"].to_numpy(float), frame["T"].to_numpy(float)


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
