"""One model of purchases at its draws: expectations, outcomes event by event, and what a model has to say for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import exprel

from clvmodels.errors import InvalidArgument, check_horizon
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.expectations import Expectation, Expected, distinct_rows
from clvmodels.models.outcomes import Events, NewEvents, Outcomes, Stream, Streams, days_begun
from clvmodels.models.posterior import Posterior, customer_keys
from clvmodels.rfm import RFM, RFMTable, days_per_unit
from clvmodels.rfm.rules import LISTS

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
# What has no meaning where nobody leaves.
LEAVING = ("probability_alive", "expected_lifetime", "lifetime")


@dataclass(frozen=True, kw_only=True, repr=False)
class PurchaseProcess(Posterior):
    """The draws of a model of purchases, and the questions that it answers customer by customer.

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
    leaves : bool
        Whether customers may leave: where they do not, P(alive), survival and lifetimes have no meaning.
    leave, left : str
        What customers do who leave, and what they have done, in words.
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
    leaves: ClassVar[bool] = True
    leave: ClassVar[str] = "leave"
    left: ClassVar[str] = "left for good"
    leaves_between_purchases: ClassVar[bool] = False
    params: ClassVar[Callable[..., Any]]

    def with_leaving(self) -> Self:
        """The posterior that says who leaves and when: this one, or the members of a pool that do, with as many draws.

        Raises
        ------
        InvalidArgument
            If nobody leaves under the model.
        """
        if self.leaves:
            return self
        from clvmodels.models.registry import leaving

        raise InvalidArgument(
            f"{self.label} has no probability of being alive and no lifetime: under it nobody leaves for good. Ask for"
            f" probability_of_purchase, or use a model in which customers leave ({', '.join(leaving())}), alone or in a"
            " pool with this one"
        )

    def outcomes(self, rfm: RFM, *, random_seed: int | None = None) -> Outcomes:
        """What these customers will do, event by event."""
        rows, keys = self.rows_of(rfm), customer_keys(rfm.frame.index)
        return Outcomes(self, self.seed_for(random_seed), keys, rows, self.at_draws(predictive=True), self.days)

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log-likelihood of each customer's history, as leave-one-out asks for it."""
        params, columns = self.at_draws(), self.rows_of(rfm)

        def block(rows: slice) -> Array:
            return self.formulas.log_likelihood(params, *(each[rows, None] for each in columns))

        return DrawBlocks(len(rfm), self.draw_count, block)

    def expectation(self, quantity: str, rows: Rows, *, horizon: float | None = None, **choices: float) -> Expected:
        """Draws of a credible quantity for customers of whom the `statistics` are known, each (n,)."""
        length = needed(horizon, default=0.0 if quantity == "probability_alive" else None)
        if quantity in LEAVING:
            self.with_leaving()
        return self.expectation_at(self.at_draws(), quantity, rows, length, **choices)

    def ever(self, rows: Rows) -> Expected:
        """P(another purchase at any time)."""
        # Whoever does not leave between purchases buys again if alive.
        if self.leaves_between_purchases:
            return self.expectation_at(self.at_draws(), "probability_of_purchase", rows, FOREVER)
        return self.expectation("probability_alive", rows)

    def expectation_at(self, params: Any, quantity: str, rows: Rows, horizon: float, **choices: float) -> Expected:
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
        if quantity in LEAVING:
            self.with_leaving()
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

    def usual_rate(self, params: Any, rows: Rows) -> Array:
        """Purchases per time unit at the mean of the draws of the parameters (n,), to make room for outcomes."""
        return self.purchase_rate(type(params)(*(np.mean(draws) for draws in params)), rows)

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
        return tuple(known[name].to_numpy(object if name in LISTS else float) for name in self.statistics)

    def unknown(self, customers: int) -> Rows:
        """The statistics of customers of whom nothing but the first purchase is known, now."""
        return tuple(_nothing(customers, arrays=name in LISTS) for name in self.statistics)

    def ages(self, rfm: RFM) -> Array:
        """Time since each customer's first purchase (n,)."""
        return rfm.frame["T"].to_numpy(float)

    def distinct(self, rows: Rows, *others: Array) -> tuple[Rows, list[Array], NDArray[np.integer]]:
        """The distinct customers by their statistics and other columns, and which of them each is (n,)."""
        x, t_x, T, *further = rows
        # With T before t_x, a block has few T and needs few values of the series.
        (x, T, t_x, *rest), which = distinct_rows(x, T, t_x, *further, *others)
        return (x, t_x, T, *rest[: len(further)]), rest[len(further) :], which


def needed(horizon: float | None, *, default: float | None) -> float:
    """Return a checked horizon, or the default where none is given.

    >>> needed(None, default=0.0)
    0.0
    """
    given = default if horizon is None else horizon
    if given is None:
        raise InvalidArgument("horizon is missing; give the number of time units to look ahead, e.g. horizon=52")
    return check_horizon(given)


def _nothing(customers: int, *, arrays: bool) -> Array:
    """Zeros (customers,), or as many empty arrays."""
    if not arrays:
        return np.zeros(customers)
    return pd.Series([np.empty(0)] * customers, dtype=object).to_numpy()
