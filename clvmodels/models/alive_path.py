"""One customer's history, seen at the end of each day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.rfm import RFM, DateLike, TimeUnit, as_day, rfm_summary
from clvmodels.rfm.steps import Step


def purchase_history(
    dates: Any,
    until: DateLike,
    time_unit: TimeUnit,
    *,
    statistics: Sequence[str] = (),
    time_zone: str | None = None,
    date_format: str | None = None,
) -> tuple[RFM, pd.Series]:
    """What was known of a customer at the end of each day.

    Parameters
    ----------
    dates : list, Series or array (n,)
        The purchases, in any order; several on a day are one. `rfm_summary` tells what dates may be.
    until : date
        The last day.
    time_unit : {"day", "week", "month", "year", "quarter"}
    statistics : sequence of str
        The columns that the model needs. If it counts opportunities, the time unit is one, and a row is an opportunity.
    time_zone, date_format : str, optional
        As in `rfm_summary`.

    Returns
    -------
    rfm : RFM
        One row per day from the first purchase to `until`, whose end is that of the observation.
    bought : pandas.Series of bool
        Whether there was a purchase, indexed by the same days.

    Raises
    ------
    InvalidTransactions
        If there are no dates, or dates that cannot be read.
    InvalidArgument
        If a purchase is after `until`, or `dates` is no column of dates.

    Examples
    --------
    >>> rfm, bought = purchase_history(["1997-01-01", "1997-01-03"], "1997-01-04", "day")
    >>> rfm.frame[["frequency", "recency", "T"]].astype(int).to_numpy().tolist()
    [[0, 0, 0], [0, 0, 1], [1, 2, 2], [1, 2, 3]]
    """
    last = as_day(until, "until")
    end: Any = pd.Timestamp(last)
    bought_on: Any = _days(dates, time_zone=time_zone, date_format=date_format)
    late = bought_on[bought_on > end]
    if len(late):
        raise InvalidArgument(
            f"{len(late)} of {len(bought_on)} purchase days are after until={end:%Y-%m-%d}, the last is"
            f" {late.max():%Y-%m-%d}; choose a later end, or leave them out"
        )
    by_opportunity = "opportunities" in statistics
    step = Step.of(time_unit, time_unit if by_opportunity else None)
    step.check_end(last, "until")
    first: Any = bought_on.min().date()
    steps = np.arange(step.between(first, last) + 1)
    ends = pd.DatetimeIndex([step.later(first, int(number)) for number in steps], name="date").as_unit("us")
    made = np.isin(steps, [step.between(first, day.date()) for day in bought_on])
    numbers = np.flatnonzero(made)
    frequency = np.cumsum(made) - 1
    seen = {"frequency": frequency, "recency": numbers[frequency] / step.per_unit, "T": steps / step.per_unit}
    times = numbers[1:] / step.per_unit
    logs = np.append(0.0, np.cumsum(np.log(np.diff(numbers) / step.per_unit)))
    known: dict[str, Any] = {"opportunities": steps, "log_gaps": logs[frequency]}
    known["purchase_times"] = [times[:n] for n in frequency]
    seen |= {name: column for name, column in known.items() if name in statistics}
    return RFM.from_frame(pd.DataFrame(seen, index=ends), time_unit=time_unit), pd.Series(made, ends, name="purchase")


def _days(dates: Any, **reading: Any) -> pd.DatetimeIndex:
    """The distinct days. Each date goes in as a customer, so that dates are read in one place only."""
    if isinstance(dates, str) or not isinstance(dates, Iterable) or getattr(dates, "ndim", 1) != 1:
        raise InvalidArgument(f"dates is a {type(dates).__name__}; give one customer's dates, as a list or a Series")
    column = pd.Series(dates if hasattr(dates, "__array__") else list(dates)).reset_index(drop=True)
    log = rfm_summary(pd.DataFrame({"date": column, "customer_id": column.index}), value=None, **reading)
    return pd.DatetimeIndex(log.frame["first_date"].unique())
