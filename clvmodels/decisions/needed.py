r"""How many customers must be won in each period to hold the base, or to reach a revenue target.

With :math:`B_k` what the customers of today bring in period k (or how many of them are left at its end), and
:math:`E_{jk}` what one customer won in period j brings in period k, the numbers :math:`n_k` follow one after the other:

.. math:: n_k = \max\left(0, \frac{g_k - B_k - \sum_{j<k} n_j E_{jk}}{E_{kk}}\right)

for the goal :math:`g_k`, draw by draw. A customer won in a period comes at any time in it with the same probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import leggauss

from clvmodels.decisions.calendar import Calendar, Period
from clvmodels.decisions.checks import check_share, check_value, grouped, numbers, successor
from clvmodels.decisions.drivers import driver_sentence, drivers, model_inputs, purchase_inputs
from clvmodels.errors import check_interval
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.by_period import predictive_alive, predictive_by_period
from clvmodels.rfm import RFM
from clvmodels.wording import between, share

NODES = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Needed:
    """The answer of `customers_needed`.

    Attributes
    ----------
    table : DataFrame
        Indexed by period: mean, lower and upper (predictive) of the number to be won in it, sure (the number that is
        enough with the confidence asked for, if those before it were won as well), goal (of the period) and base (mean
        of what the customers of today do towards it).
    drivers : DataFrame
        Of the number to be won in all.
    sentence : str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str


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
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    >>> value = LifetimeValue(purchases, GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week"))
    >>> answer = customers_needed(value, load_cdnow_summary(), periods=2, target_revenue=12_000)
    >>> answer.table["mean"].round(-1).tolist()
    [100.0, 100.0]
    """
    check_interval(interval)
    check_share(confidence, "confidence")
    check_value(value).purchases.check_customers(rfm)
    grouped(rfm, None)
    calendar, won = Calendar.of(rfm, period=period, periods=periods), successor(value, new)
    if target_revenue is None:
        base, goal = _alive(value, rfm, calendar.edges, random_seed)
    else:
        models, goal = (value.purchases, value.spend), numbers(target_revenue, "target_revenue", periods)[None, :]
        base = predictive_by_period(*models, rfm, edges=calendar.edges, random_seed=random_seed)[..., 0]
    each, goal = brought(won, calendar.edges, alive=target_revenue is None), np.broadcast_to(goal, base.shape)
    number = needed(goal, base, np.broadcast_to(each, (len(base), *each.shape[1:])))
    index = pd.Index(calendar.labels, name="period")
    table = interval_table(index, DrawBlocks.of(number), interval=interval, kind="predictive").assign(
        sure=np.ceil(np.quantile(number, confidence, axis=0, method="inverted_cdf")),
        goal=goal.mean(axis=0),
        base=base.mean(axis=0),
    )
    inputs = purchase_inputs(won.purchases) if target_revenue is None else model_inputs(won)
    moved = drivers(number.sum(axis=1), uncertain=inputs, interval=interval)
    aim = "hold the number of customers alive" if target_revenue is None else "reach the revenue"
    said = _sentence(aim, table, number.sum(axis=1), confidence, interval)
    return Needed(table=table, drivers=moved, sentence=said + driver_sentence(moved, "number to be won"))


def needed(goal: Array, base: Array, each: Array) -> Array:
    """The numbers to be won, one period after the other.

    The goal and what the base brings have the shape (draws, periods), what each one won brings (draws, periods,
    periods); returns (draws, periods).

    Examples
    --------
    >>> needed(np.array([[10.0, 10.0]]), np.array([[8.0, 4.0]]), np.array([[[0.5, 1.0], [0.0, 0.5]]])).tolist()
    [[4.0, 4.0]]
    """
    number = np.zeros(base.shape)
    for k in range(base.shape[1]):
        before = np.einsum("dj,dj->d", number[:, :k], each[:, :k, k])
        number[:, k] = np.maximum(0.0, (goal[:, k] - base[:, k] - before) / each[:, k, k])
    return number


def brought(value: LifetimeValue, edges: Array, *, alive: bool) -> Array:
    """What one customer won in period j is expected to bring in period k: (draws, j, k).

    Revenue, the first purchase included; or with `alive` the probability of being alive at the period's end.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> value = LifetimeValue(purchases, GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week"))
    >>> brought(value, np.array([0.0, 4.0, 8.0]), alive=True).round(2).tolist()
    [[[0.98, 0.94], [0.0, 0.98]]]
    """
    nodes, weights = leggauss(NODES)
    starts = edges[:-1, None] + np.diff(edges)[:, None] * (1 + nodes) / 2
    # Time from being won to every edge: (j, nodes, edges).
    age = np.maximum(edges - starts[..., None], 0.0)
    params = BetaGeoParams(*(draws[:, None] for draws in value.purchases.parameter_draws()))
    formula = beta_geo.survival_if_alive if alive else beta_geo.purchases_if_alive
    found = formula(params, age.ravel(), 0.0, 0.0).reshape(-1, *age.shape)
    mean = np.einsum("n,djne->dje", weights / 2, found)
    if alive:
        return np.triu(mean[..., 1:])
    repeated = np.diff(mean, axis=2)
    p, q, v = value.spend.parameter_draws()
    return (repeated + np.eye(len(edges) - 1)) * (p * v / (q - 1))[:, None, None]


def _alive(value: LifetimeValue, rfm: RFM, edges: Array, random_seed: int | None) -> tuple[Array, Array]:
    """Customers alive at each period's end (draws, periods), and now (draws, 1)."""
    counts = predictive_alive(value.purchases, rfm, times=edges, random_seed=random_seed)
    return counts[:, 1:], counts[:, :1]


def _sentence(aim: str, table: pd.DataFrame, total: Array, confidence: float, interval: float) -> str:
    row = interval_table(pd.Index(["all"]), DrawBlocks.of(total[:, None]), interval=interval, kind="predictive").loc[
        "all"
    ]
    first, last = (table.iloc[place] for place in (0, -1))
    return (
        f"To {aim} from {table.index[0]} to {table.index[-1]}, {row['mean']:,.0f} customers must be won"
        f"{between(row, interval)}: {first['mean']:,.0f} in the first period, {last['mean']:,.0f} in the last; with a "
        f"confidence of {share(confidence)} {first['sure']:,.0f} and {last['sure']:,.0f} are enough. "
    )
