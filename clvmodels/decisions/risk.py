"""Who is slipping: customers ranked by the value that leaving puts at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.decisions.checks import grouped
from clvmodels.decisions.prospects import Prospects
from clvmodels.errors import check_horizon, check_interval
from clvmodels.intervals import Array, DrawBlocks, summary
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.rfm import RFM

COLUMNS = ["mean", "lower", "upper", "expected_value", "value_if_retained", "probability_alive"]


def value_at_risk(
    value: LifetimeValue,
    rfm: RFM,
    *,
    horizon: float,
    stays: float = 0.0,
    reach: float | None = None,
    interval: float = 0.9,
) -> pd.DataFrame:
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
    DataFrame
        Indexed by customer_id, the most at risk first: mean, lower and upper (of the value at risk), expected_value,
        value_if_retained, probability_alive, and time_since_last (the time since the last purchase).
        `clv.plots.lifetime_value` draws it.

    Raises
    ------
    InvalidArgument
        If horizon, stays, reach or interval are outside their domain.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.gamma_gamma import GammaGamma
    >>> purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> value = LifetimeValue(purchases, GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week"))
    >>> slipping = value_at_risk(value, load_cdnow_summary(), horizon=52)
    >>> bool(slipping["mean"].is_monotonic_decreasing)
    True
    """
    check_interval(interval)
    grouped(rfm, None)
    value.purchases.check_customers(rfm)
    terms = {"horizon": check_horizon(horizon), "stays": check_horizon(stays, "stays")}
    prospects = Prospects.of(value, rfm, **terms, reach=None if reach is None else check_horizon(reach, "reach"))
    spend = value.spend.expectation(*rfm.spend(include_first=value.spend.include_first))

    def row(rows: slice) -> Array:
        now, kept = prospects.of_rows(rows)
        margin = value.margin_of(spend(rows))
        ends = summary((kept - now) * margin, interval, "credible")
        means = [(each * margin).mean(axis=1) for each in (now, kept)]
        return np.column_stack([ends, *means, prospects.as_is.alive(rows).mean(axis=1)])

    blocks = DrawBlocks(len(rfm), value.purchases.draw_count, row)
    table = pd.DataFrame(np.concatenate(list(blocks.map(lambda each: each))), index=rfm.frame.index, columns=COLUMNS)
    table["time_since_last"] = rfm.frame["T"] - rfm.frame["recency"]
    return table.sort_values("mean", ascending=False, kind="stable")
