"""Outcomes of known customers: purchases drawn by a model into buffers, and what is counted in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clvmodels.compiled import events
from clvmodels.errors import InvalidArgument, shown
from clvmodels.intervals import Array, DrawBlocks, summed

if TYPE_CHECKING:
    from clvmodels.models.purchase_process import PurchaseProcess, Rows

Streams = NDArray[np.uint64]
"""The states of random streams, each (4,)."""
# So many purchases are in memory at once for each thread, unless one customer has more.
MOST_EVENTS = 2**20
MOST_DAYS = 365_250


class Stream(NamedTuple):
    """Where the random numbers of known customers come from: the seed, a key for each (n,), and the purpose."""

    seed: np.uint64
    keys: NDArray[np.uint64]
    purpose: np.uint64


class Events(NamedTuple):
    """Purchases of known customers; cell i x draws + d is customer i under draw d.

    Attributes
    ----------
    offsets : array (customers x draws + 1,)
        The purchases of cell c are times[offsets[c] : offsets[c + 1]].
    times : array
        Since the observation end, rising within a cell.
    """

    offsets: NDArray[np.int64]
    times: Array


class NewEvents(NamedTuple):
    """Purchases of customers to be won, those of a draw together.

    Attributes
    ----------
    starts : array (customers,)
        When each is won.
    offsets : array (customers + 1,)
    times : array
        Since the first purchase, which is one of them.
    states : array (customers, 4)
        The random stream after each customer.
    """

    starts: Array
    offsets: NDArray[np.int64]
    times: Array
    states: NDArray[np.uint64]


@dataclass(frozen=True)
class Outcomes:
    """Customers and draws of the parameters, and the seed.

    Attributes
    ----------
    posterior : PurchaseProcess
        Knows what its parameters are.
    seed : uint64
    keys : array (n,) of uint64
        One for each customer, made of the id.
    rows : tuple of arrays (n,)
        The model's statistics.
    params : object
        All draws of the parameters, as the posterior takes them.
    days : float
        Days of a time unit, of which each has one purchase at most; infinitely many: purchases are points in time.
    purpose : uint64
        The random stream of the customers' purchases.
    """

    posterior: PurchaseProcess
    seed: np.uint64
    keys: NDArray[np.uint64]
    rows: Rows
    params: Any
    days: float
    purpose: np.uint64 = events.PURCHASES

    @property
    def draws(self) -> int:
        """Their number."""
        return self.posterior.predictive_draw_count

    def replicated(self) -> Outcomes:
        """The same customers at their first purchase, when nothing else is known, on a separate random stream."""
        return replace(self, rows=self.posterior.unknown(len(self.keys)), purpose=events.REPLICATED)

    def events(self, rows: slice, horizon: Array, *, first: bool = False) -> Events:
        """Purchases of some customers within the horizon of each (rows,); `first` adds one at time 0."""
        check_drawable(horizon, self.days)
        some, stream = tuple(column[rows] for column in self.rows), Stream(self.seed, self.keys[rows], self.purpose)
        return self.posterior.known_events(self.params, some, horizon, stream, first=first, days=self.days)

    def parts(self, rows: slice, horizon: Array, *, first: bool = False) -> Iterator[tuple[slice, Events]]:
        """The same, some of the customers (a slice of `rows`) at a time, so that the buffers stay small."""
        start = rows.start
        for end in self._ends(rows, horizon):
            inside = slice(start - rows.start, end - rows.start)
            yield inside, self.events(slice(start, end), horizon[inside], first=first)
            start = end

    def _ends(self, rows: slice, horizon: Array) -> NDArray[np.integer]:
        some = tuple(column[rows] for column in self.rows)
        with np.errstate(over="ignore", invalid="ignore"):
            expected = self.draws * self.posterior.usual_rate(self.params, some) * horizon
        # One who buys without end has a part alone.
        part = np.cumsum(np.fmin(expected, MOST_EVENTS)) // MOST_EVENTS
        return rows.start + np.flatnonzero(np.diff(part, append=part[-1] + 1)) + 1

    def counts(self, horizon: Array) -> DrawBlocks:
        """Purchases of each customer within the customer's own horizon (n,)."""

        def block(rows: slice) -> Array:
            out = np.empty((rows.stop - rows.start, self.draws))
            for part, found in self.parts(rows, horizon[rows]):
                out[part] = np.diff(found.offsets).reshape(-1, self.draws)
            return out

        return DrawBlocks(len(self.keys), self.draws, block)

    def total_by_period(self, edges: Array, start: Array) -> Array:
        """Purchases of all customers together between the edges: (draws, periods).

        A customer's T lies at `start` (n,) on the axis of the edges, and the horizon reaches to the last edge.
        """
        horizon = edges[-1] - start

        def totals(rows: slice) -> Array:
            out = np.zeros((self.draws, len(edges) - 1))
            for part, found in self.parts(rows, horizon[rows]):
                events.add_by_period(*found, edges, start[rows][part], out)
            return out

        return summed(totals, len(self.keys), self.draws)

    def waiting_times(self, *, until_dropout: bool) -> DrawBlocks:
        """Time of each customer to the next purchase, or to dropping out."""

        def block(rows: slice) -> Array:
            some, stream = (
                tuple(column[rows] for column in self.rows),
                Stream(self.seed, self.keys[rows], events.WAITING),
            )
            return self.posterior.known_waits(self.params, some, stream, until_dropout=until_dropout)

        return DrawBlocks(len(self.keys), self.draws, block)


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
