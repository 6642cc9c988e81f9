"""What the compiled loops of outcomes are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled import outcomes
from clvmodels.errors import InvalidArgument, shown
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array, DrawBlocks, summed

MOST_DAYS = 365_250


@dataclass(frozen=True)
class Simulation:
    """Customers and draws of the parameters, and the seed.

    The probabilities that every draw begins with are worked out here, for a block at a time, as numpy is faster at
    them than a loop that takes one after the other.

    Attributes
    ----------
    seed : uint64
    keys : array (n,) of uint64
        One for each customer, made of the id.
    x, t_x, T : arrays (n,)
    params : BetaGeoParams
        Each of shape (draws,).
    days : float
        Days of a time unit, of which each has one purchase at most; infinitely many: purchases are points in time.
    purpose : uint64
        The random stream of the customers' purchases.
    """

    seed: np.uint64
    keys: NDArray[np.uint64]
    x: Array
    t_x: Array
    T: Array
    params: BetaGeoParams
    days: float = math.inf
    purpose: np.uint64 = outcomes.PURCHASES

    def replicated(self) -> Simulation:
        """The same customers with nothing known of them, at their own first purchase; by another random stream."""
        unknown = np.zeros(len(self.x))
        return replace(self, x=unknown, t_x=unknown, T=unknown, purpose=outcomes.REPLICATED)

    def of(self, rows: slice) -> tuple[Any, ...]:
        """The first arguments of every loop: seed, customers, x, T, alive, r, alpha, a, b, days."""
        x, t_x, T = self.x[rows], self.t_x[rows], self.T[rows]
        # Without a repeat purchase everybody is alive.
        alive = np.ones((len(x), len(self.params.r)))
        repeat = x > 0
        dates = (each[repeat, None] for each in (x, t_x, T))
        alive[repeat] = beta_geo.probability_alive(self.params, *dates)
        return self.seed, self.keys[rows], x, T, alive, *self.params, self.days

    def none(self, rows: slice, horizon: Any) -> Array:
        """P(no purchase within the horizon | alive at T): (rows, draws); one horizon, or one for each of the rows."""
        check_drawable(horizon, self.days)
        x, T = self.x[rows, None], self.T[rows, None]
        growth = np.reshape(horizon, (-1, 1)) / (self.params.alpha + T)
        return np.exp(-(self.params.r + x) * np.log1p(growth))

    def counts(self, horizon: Array) -> DrawBlocks:
        """Purchases of each customer within the customer's own horizon (n,)."""
        draws = len(self.params.r)

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, draws))
            start = *self.of(rows), horizon[rows], self.none(rows, horizon[rows])
            outcomes.purchase_counts(*start, self.purpose, out)
            return out

        return DrawBlocks(len(self.x), draws, block)

    def total_by_period(self, edges: Array, start: Array) -> Array:
        """Purchases of all customers together between the edges: (draws, periods).

        A customer's T lies at `start` (n,) on the axis of the edges, and the horizon reaches to the last edge.
        """
        horizon, draws = edges[-1] - start, len(self.params.r)

        def totals(rows: slice) -> Array:
            out = np.zeros((draws, len(edges) - 1))
            ends = start[rows], horizon[rows], self.none(rows, horizon[rows])
            outcomes.counts_by_period(*self.of(rows), edges, *ends, self.purpose, out)
            return out

        return summed(totals, len(self.x), draws)

    def waiting_times(self, *, until_dropout: bool) -> DrawBlocks:
        """Time of each customer to the next purchase, or to dropping out."""
        draws = len(self.params.r)

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, draws))
            outcomes.waiting_times(*self.of(rows), until_dropout, out)
            return out

        return DrawBlocks(len(self.x), draws, block)


def days_begun(length: float, days: float) -> int:
    """Days that begin within a length of time from the start of a day on: as many purchases as a customer can make.

    >>> days_begun(4.5, 7.0), days_begun(30.0 / 7.0, 7.0), days_begun(1.0, 30.4375)
    (32, 30, 31)
    """
    # Rounding must not add a day.
    return math.ceil(length * days * (1 - 1e-12))


def check_drawable(length: Any, days: float) -> None:
    """Refuse lengths, in units of so many days, over which a customer could make more purchases than can be drawn.

    >>> check_drawable(52.0, 7.0)
    """
    longest = float(np.max(length, initial=0.0)) * (days if math.isfinite(days) else 1.0)
    if longest > MOST_DAYS:
        raise InvalidArgument(
            f"outcomes are drawn for at most {MOST_DAYS:,} days, a thousand years, and these are {longest:,.6g};"
            " give a shorter horizon, or edges or T in the RFM's time unit"
        )


def checked_edges(edges: Sequence[float], *, to_zero: bool = False) -> Array:
    """The edges of one or more periods as an array, which rise from 0, or to it.

    Raises
    ------
    InvalidArgument
        If they do not.

    Examples
    --------
    >>> checked_edges([-26, -13, 0], to_zero=True).tolist()
    [-26.0, -13.0, 0.0]
    """
    try:
        bounds = np.asarray(edges, float)
    except (TypeError, ValueError, OverflowError):
        bounds = np.array([np.nan])
    rising = bounds.ndim == 1 and len(bounds) >= 2 and np.isfinite(bounds).all() and np.all(np.diff(bounds) > 0)
    if not rising or bounds[-1 if to_zero else 0] != 0:
        wanted = "to 0, e.g. [-26, -13, 0]" if to_zero else "from 0, e.g. [0, 13, 26]"
        raise InvalidArgument(f"edges are {shown(edges)}; give times rising {wanted}")
    return bounds
