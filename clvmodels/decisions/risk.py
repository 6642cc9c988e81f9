"""Who is slipping: customers ranked by the value that leaving puts at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import check_known
from clvmodels.decisions.drivers import driver_sentence, drivers, per_unit
from clvmodels.decisions.prospects import Prospects
from clvmodels.errors import check_horizon, check_interval
from clvmodels.intervals import Array, DrawBlocks, summary
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.notebook import answer_as_html
from clvmodels.rfm import RFM
from clvmodels.wording import amount, between, chance, plural, share

PARTS = 5
COLUMNS = ["mean", "lower", "upper", "expected_value", "value_if_retained", "probability_alive"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueAtRisk:
    """The answer of `value_at_risk`.

    Attributes
    ----------
    table : DataFrame
        Indexed by customer_id, the most at risk first: mean, lower and upper (of the value at risk, credible),
        expected_value, value_if_retained, probability_alive, and time_since_last (since the last purchase).
        `clv.plots.lifetime_value` draws its first three columns.
    drivers : DataFrame
        Of the sum over all customers.
    sentence : str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    sentence: str

    _repr_html_ = answer_as_html


def value_at_risk(
    value: LifetimeValue,
    rfm: RFM,
    *,
    horizon: float,
    stays: float = 0.0,
    reach: float | None = None,
    interval: float = 0.9,
) -> ValueAtRisk:
    """Rank customers by value at risk: the value expected if retained less the value expected now.

    Retained means not lost: a customer who has left is back, and nobody leaves in the next `stays` time units. Frequent
    buyers who have long been silent lead the list and are hardly alive; `reach` leaves out those beyond recall.

    Parameters
    ----------
    value : LifetimeValue
    rfm : RFM
    horizon : float
        From the observation end on, in the models' time unit.
    stays : float
        How long a retained customer is sure to stay; 0: from now on they leave as anybody does.
    reach : float, optional
        The longest time since the last purchase after which one who has left can be brought back; by default any.
    interval : float
        Probability inside the credible interval.

    Returns
    -------
    ValueAtRisk

    Raises
    ------
    InvalidArgument
        If horizon, stays, reach or interval are outside their domain.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> slipping = value_at_risk(value, load_cdnow_summary(), horizon=52)
    >>> bool(slipping.table["mean"].is_monotonic_decreasing)
    True
    """
    check_interval(interval)
    check_known(value, rfm)
    terms = {"horizon": check_horizon(horizon), "stays": check_horizon(stays, "stays")}
    prospects = Prospects.of(value, rfm, **terms, reach=None if reach is None else check_horizon(reach, "reach"))
    spend = value.spend.expectation(value.spend.rows_of(rfm))

    def side_by_side(rows: slice) -> Array:
        (now, kept), margin = prospects.of_rows(rows), value.margin_of(spend(rows))
        return np.hstack([(kept - now) * margin, now * margin, kept * margin, prospects.as_is.alive(rows), kept - now])

    def reduced(block: Array) -> tuple[Array, Array]:
        at_risk, *others, purchases = np.hsplit(block, PARTS)
        means = [part.mean(axis=1) for part in others]
        rows = np.column_stack([summary(at_risk, interval, "credible"), *means])
        return rows, np.stack([at_risk.sum(axis=0), purchases.sum(axis=0)])

    blocks = DrawBlocks(len(rfm), PARTS * value.purchases.draw_count, side_by_side)
    rows, sums = zip(*blocks.map(reduced), strict=True)
    table: Any = pd.DataFrame(np.concatenate(rows), index=rfm.frame.index, columns=COLUMNS)
    table["time_since_last"] = rfm.frame["T"] - rfm.frame["recency"]
    ranked = table.sort_values("mean", ascending=False, kind="stable")
    total, purchases = np.sum(sums, axis=0)
    moved = _drivers(total, purchases, interval)
    said = _sentence(ranked, horizon, value, interval) + driver_sentence(moved, "sum")
    return ValueAtRisk(table=ranked, drivers=moved, sentence=said)


def _drivers(total: Array, purchases: Array, interval: float) -> pd.DataFrame:
    inputs = {"purchases at risk": purchases, "margin per purchase": per_unit(total, purchases)}
    return drivers(total, uncertain=inputs, interval=interval)


def _sentence(ranked: Any, horizon: float, value: LifetimeValue, interval: float) -> str:
    total, most = float(ranked["mean"].sum()), ranked.iloc[0]
    tenth = ranked.head(-(-len(ranked) // 10))
    part = float(tenth["mean"].sum()) / total if total else 0.0
    return (
        f"{amount(total)} of the value within {plural(horizon, value.purchases.time_unit)} is at risk, {share(part)} "
        f"of it with the tenth of the customers who have most; the first of them has {amount(most['mean'])} at "
        f"risk{between(most, interval, 'credible')} and is alive with a probability of "
        f"{chance(most['probability_alive'])}. "
    )
