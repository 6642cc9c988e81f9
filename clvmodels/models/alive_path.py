"""One customer's history, seen at the end of each day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.rfm import RFM, DateLike, TimeUnit, as_day, days_per_unit, rfm_summary


def purchase_history(
    dates: Any,
    until: DateLike,
    time_unit: TimeUnit,
    *,
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
    time_unit : {"day", "week", "month", "year"}
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
    end = pd.Timestamp(as_day(until, "until"))
    bought_on = _days(dates, time_zone=time_zone, date_format=date_format)
    late = bought_on[bought_on > end]
    if len(late):
        raise InvalidArgument(
            f"{len(late)} of {len(bought_on)} purchase days are after until={end:%Y-%m-%d}, the last is"
            f" {late.max():%Y-%m-%d}; choose a later end, or leave them out"
        )
    days: Any = pd.date_range(bought_on.min(), end, name="date", unit="us")
    bought = pd.Series(days.isin(bought_on), index=days, name="purchase")
    last = days.to_series().where(bought).ffill()
    table = {"frequency": bought.cumsum() - 1, "recency": (last - days[0]).dt.days, "T": (days - days[0]).days}
    seen = pd.DataFrame(table, index=days).astype({"recency": float, "T": float})
    seen[["recency", "T"]] /= days_per_unit(time_unit)
    return RFM.from_frame(seen, time_unit=time_unit), bought


def _days(dates: Any, **reading: Any) -> pd.DatetimeIndex:
    """The distinct days. Each date goes in as a customer, so that dates are read in one place only."""
    if isinstance(dates, str) or not isinstance(dates, Iterable) or getattr(dates, "ndim", 1) != 1:
        raise InvalidArgument(f"dates is a {type(dates).__name__}; give one customer's dates, as a list or a Series")
    column = pd.Series(dates if hasattr(dates, "__array__") else list(dates)).reset_index(drop=True)
    log = rfm_summary(pd.DataFrame({"date": column, "customer_id": column.index}), value=None, **reading)
    return pd.DatetimeIndex(log.frame["first_date"].unique())
