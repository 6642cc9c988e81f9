r"""How many customers must be won in each period to hold the base, or to reach a revenue target.

Draw by draw, customers are won one after the other, each with a life of their own, until the goal of the period is
reached; what they bring later counts later. As nobody takes anything away, that n customers are enough is the same as
that no more than n were needed: its probability is a share of draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import leggauss

from clvmodels.decisions.calendar import Calendar, Period, span
from clvmodels.decisions.checks import check_known, numbers, successor
from clvmodels.decisions.drivers import driver_sentence, drivers
from clvmodels.errors import InvalidArgument, check_interval, check_share
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.by_period import predictive_alive, predictive_by_period, predictive_needed
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import between, share

NODES = 6
DRAWN_ONE_BY_ONE, MOST_NEEDED = 5000, 1e9


@dataclass(frozen=True, kw_only=True, eq=False)
class Needed:
    """The answer of `customers_needed`.

    Attributes
    ----------
    table : DataFrame
        Indexed by period: mean, lower and upper (predictive) of the number to be won in it, sure (the number that is
        enough with the confidence asked for, in this period for itself, where as many as needed were won before), goal
        (of the period) and base (mean of what the customers of today do towards it).
    drivers : DataFrame
        Of the number to be won in all.
    sentence : str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def customers_needed(
    value: LifetimeValue,
    rfm: RFM,
    *,
    periods: int = 12,
    period: Period = "month",
    target_revenue: float | Sequence[float] | None = None,
    new: LifetimeValue | None = None,
    confidence: float = 0.9,
    interval: float = 0.9,
    random_seed: int | None = None,
) -> Needed:
    """Say how many customers must be won in each period.

    Parameters
    ----------
    value : LifetimeValue
        Of the customers now. Revenue is what they spend: neither margin nor discount matter.
    rfm : RFM
        All customers now.
    periods : int
    period : {"month", "quarter", "year"}
    target_revenue : float, or sequence of floats, optional
        Revenue to be reached in each period. Without it the base is held: as many customers alive at the end of each
        period as now.
    new : LifetimeValue, optional
        Of the customers to be won; by default `value`.
    confidence : float
        With which the numbers in the column `sure` are enough.
    interval : float
        Probability inside the intervals.
    random_seed : int, optional
        Replaces the fit's seed.

    Returns
    -------
    Needed

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or the targets are not as many as the periods.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> answer = customers_needed(value, load_cdnow_summary(), periods=2, target_revenue=12_000)
    >>> answer.table["mean"].round(-1).tolist()
    [100.0, 100.0]
    """
    check_interval(interval)
    check_share(confidence, "confidence")
    check_known(value, rfm)
    calendar, won = Calendar.of(rfm, period=period, periods=periods), successor(value, new)
    target = None if target_revenue is None else numbers(target_revenue, "target_revenue", periods)
    base, goal = _there(value, rfm, calendar.edges, target, random_seed)
    each = brought(won, calendar.edges, alive=target is None)
    terms = {"edges": calendar.edges, "group": group_size(goal, base, each), "random_seed": random_seed}
    number = predictive_needed(won.purchases, None if target is None else won.spend, goal, base, **terms)
    table = interval_table(
        pd.Index(calendar.labels, name="period"), DrawBlocks.of(number), interval=interval, kind="predictive"
    ).assign(
        sure=np.quantile(number, confidence, axis=0, method="inverted_cdf"),
        goal=goal.mean(axis=0),
        base=base.mean(axis=0),
    )
    moved = drivers(number.sum(axis=1), uncertain=_inputs(base, goal, each), interval=interval)
    aim = "hold the number of customers alive" if target_revenue is None else "reach the revenue"
    said = _sentence(aim, table, number.sum(axis=1), confidence, interval)
    return Needed(table=table, drivers=moved, sentence=said + driver_sentence(moved, "number to be won"))


def _there(
    value: LifetimeValue, rfm: RFM, edges: Array, target: Array | None, random_seed: int | None
) -> tuple[Array, Array]:
    """What the customers of today do towards the goal in each period, and the goal: both (draws, periods)."""
    if target is None:
        alive = predictive_alive(value.purchases, rfm, times=edges, random_seed=random_seed)
        return alive[:, 1:], np.broadcast_to(alive[:, :1], alive[:, 1:].shape)
    base = predictive_by_period(value.purchases, value.spend, rfm, edges=edges, random_seed=random_seed)[..., 0]
    return base, np.broadcast_to(target, base.shape)


def group_size(goal: Array, base: Array, each: Array) -> int:
    """How many customers are drawn as one, so that no draw takes more than some thousands.

    Raises
    ------
    InvalidArgument
        If more customers are needed than can be.

    Examples
    --------
    >>> group_size(np.array([[10.0]]), np.array([[8.0]]), np.array([[[0.5]]]))
    1
    """
    shares = np.diagonal(each, axis1=1, axis2=2)
    # A customer may bring so little that no number of them is enough.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        needed = np.where(goal > base, (goal - base) / shares, 0.0)
    expected = float(needed.sum(axis=1).mean())
    if expected > MOST_NEEDED:
        raise InvalidArgument(
            f"about {expected:.3g} customers would have to be won; is the target in the data's money?"
        )
    return max(1, int(expected // DRAWN_ONE_BY_ONE))


def _inputs(base: Array, goal: Array, each: Array) -> dict[str, Array]:
    """What the number depends on: what is there already, and what one who is won brings."""
    missing = (goal - base).sum(axis=1)
    return {"what the customers of today lack": missing, "what a new customer brings": each[:, 0].sum(axis=1)}


def brought(value: LifetimeValue, edges: Array, *, alive: bool) -> Array:
    """What one customer won in period j is expected to bring in period k: (draws, j, k).

    Revenue, the first purchase included; or with `alive` the probability of being alive at the period's end.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> brought(value, np.array([0.0, 4.0, 8.0]), alive=True).round(2).tolist()
    [[[0.98, 0.94], [0.0, 0.98]]]
    """
    nodes, weights = leggauss(NODES)
    starts = edges[:-1, None] + np.diff(edges)[:, None] * (1 + nodes) / 2
    # Time from being won to every edge: (j, nodes, edges).
    age = np.maximum(edges - starts[..., None], 0.0)
    quantity = "probability_alive" if alive else "expected_purchases"
    found = value.purchases.newcomer(quantity, age.ravel()).reshape(-1, *age.shape)
    mean = np.einsum("n,djne->dje", weights / 2, found)
    if alive:
        return np.triu(mean[..., 1:])
    repeated = np.diff(mean, axis=2)
    return (repeated + np.eye(len(edges) - 1)) * value.spend.newcomer()[:, None, None]


def _sentence(aim: str, table: pd.DataFrame, total: Array, confidence: float, interval: float) -> str:
    whole = DrawBlocks.of(total[:, None])
    row = interval_table(pd.Index(["all"]), whole, interval=interval, kind="predictive").loc["all"]
    kind, first, last = "predictive", table.iloc[0], table.iloc[-1]
    return (
        f"To {aim} {span(list(table.index))}, {row['mean']:,.0f} customers must be won{between(row, interval, kind)}: "
        f"{first['mean']:,.0f} in the first period, {last['mean']:,.0f} in the last. {first['sure']:,.0f} and "
        f"{last['sure']:,.0f} are enough with a confidence of {share(confidence)} in each period for itself. "
    )
