"""How value is spread over customers: what share of it the best hold, and how many are worth how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import InvalidArgument, check_whole, shown
from clvmodels.intervals import Array, DrawBlocks, Kind, interval_table

Places = NDArray[np.integer]
# 0, and 1, 2, 5, 10, ... from millionths to 5e15: values of any currency lie between.
ROUND_EDGES = np.array([0.0, *(float(f"{step}e{power}") for power in range(-6, 16) for step in (1, 2, 5))])
# The largest values that so few customers have together share a class.
FEW = 1.0


def steps(draws: DrawBlocks, which: Places, points: int) -> Places:
    """Return the step (from 0 on) of each customer (n,), ranked by the mean of row `which` of the draws, best first.

    Raises
    ------
    InvalidArgument
        Fewer than one point.

    Examples
    --------
    >>> steps(DrawBlocks.of(np.array([[1.0, 9.0, 5.0]])), np.array([0, 1, 2, 1]), 2).tolist()
    [1, 0, 1, 0]
    """
    points = check_whole(points, "points")
    means = np.concatenate([np.empty(0), *draws.map(lambda block: block.mean(axis=1))])
    place = np.empty(len(which), dtype=np.int64)
    place[np.argsort(-means[which], kind="stable")] = np.arange(len(which))
    return place * min(points, len(which)) // max(len(which), 1)


def concentration(draws: DrawBlocks, step: Places, *, interval: float, kind: Kind) -> pd.DataFrame:
    """Return the share of the total that the customers of the first steps hold, from none of them to all.

    Parameters
    ----------
    draws : DrawBlocks
        Values of n customers.
    step : array of int (n,)
        Of each customer, see `steps`.
    interval : float
    kind : {"credible", "predictive"}

    Returns
    -------
    pandas.DataFrame
        Columns mean, lower, upper; indexed by `customers`, a share of n.

    Raises
    ------
    InvalidArgument
        No customers, or draws whose total is not above zero.

    Examples
    --------
    >>> draws = DrawBlocks.of(np.array([[6.0, 2.0], [8.0, 0.0]]))
    >>> concentration(draws, np.array([0, 1]), interval=0.9, kind="credible")["mean"].tolist()
    [0.0, 0.875, 1.0]
    """
    sizes = np.bincount(step)
    held = draws.sums(step, len(sizes))
    total = held.sum(axis=1, keepdims=True)
    if not len(sizes) or (empty := np.mean(total <= 0)) > 0:
        found = (
            f"{empty:.0%} of the draws have a total value of zero or less" if len(sizes) else "there are no customers"
        )
        raise InvalidArgument(f"{found}, and nobody holds a share of it; take a longer horizon or more customers")
    reached = np.cumsum(held, axis=1) / total
    # Rounding is not to keep the last share from being whole.
    shares = np.hstack([np.zeros_like(total), reached[:, :-1], np.ones_like(total)])
    index = pd.Index(np.concatenate([[0], np.cumsum(sizes)]) / len(step), name="customers")
    return interval_table(index, DrawBlocks.of(shares), interval=interval, kind=kind)


def distribution(
    draws: DrawBlocks, customers: Places, classes: int | Sequence[float], *, interval: float
) -> pd.DataFrame:
    """Return how many customers have values in which class.

    Parameters
    ----------
    draws : DrawBlocks
        Expected values (rows, draws).
    customers : array of int (rows,)
        How many have the values of a row.
    classes : int or sequence of float
        The largest number of classes with round edges, or the edges.
    interval : float

    Returns
    -------
    pandas.DataFrame
        Columns mean, lower, upper; indexed by at_least and below.

    Raises
    ------
    InvalidArgument
        Less than one class, or edges that are not finite and rising.

    Examples
    --------
    >>> draws = DrawBlocks.of(np.array([[0.4, 7.0], [0.2, 3.0]]))
    >>> distribution(draws, np.array([9, 1]), [0, 1, 5, 10], interval=0.9)["mean"].tolist()
    [9.0, 0.5, 0.5]
    """
    number = np.ndim(classes) == 0
    edges = np.concatenate([[-np.inf], ROUND_EDGES if number else _checked(classes), [np.inf]])
    counts = np.zeros((draws.draws, len(edges) - 1))
    for found in draws.map(lambda block, of: _counts(block, of, edges), customers):
        counts += found
    if number:
        edges, counts = _merged(edges, counts, most=classes)
    shown = np.flatnonzero(np.isfinite(edges[:-1] + edges[1:]) | counts.any(axis=0))
    index = pd.MultiIndex.from_arrays([edges[shown], edges[shown + 1]], names=["at_least", "below"])
    return interval_table(index, DrawBlocks.of(counts[:, shown]), interval=interval, kind="credible")


def _counts(block: Array, customers: Places, edges: Array) -> Array:
    """Customers in each class (draws, classes) of a block (rows, draws); a class has its lower edge, not its upper."""
    classes, draws = len(edges) - 1, block.shape[1]
    place = np.searchsorted(edges, block, side="right") - 1 + classes * np.arange(draws)
    weights = np.broadcast_to(customers[:, None], block.shape)
    found: Any = np.bincount(place.ravel(), weights.ravel(), minlength=classes * draws)
    return found.reshape(draws, classes)


def _merged(edges: Array, counts: Array, *, most: Any) -> tuple[Array, Array]:
    """Classes from 0 on put together, so that there are at most so many, and that below 0."""
    most = check_whole(most, "classes")
    lower, held = edges[1:], counts[:, 1:]
    used = np.flatnonzero(held.any(axis=0))
    lowest, highest = (used[0], used[-1]) if len(used) else (0, 0)
    enough = np.flatnonzero(held.mean(axis=0)[::-1].cumsum()[::-1] >= FEW)
    last = enough[-1] if len(enough) else lowest
    first = max(lowest, last - most + 1)
    starts = np.array([lowest if first == lowest else 0, *range(first + 1, last + 1)])
    together = np.add.reduceat(held[:, : highest + 1], starts, axis=1)
    return np.array([-np.inf, *lower[starts], lower[highest + 1]]), np.hstack([counts[:, :1], together])


def _checked(edges: Any) -> Array:
    """The edges as an array (edges,)."""
    values = np.asarray(edges)
    real = values.dtype.kind in "iuf" and values.ndim == 1 and len(values) > 1
    if not (real and np.isfinite(values).all() and (np.diff(values) > 0).all()):
        raise InvalidArgument(f"classes is {shown(edges)}; give how many, or two or more finite edges that rise")
    return values.astype(float)
