"""Where a log is cut: at one day, or at several origins one after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, Unpack

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_horizon, shown
from clvmodels.rfm.cut import CheckedLog, HoldoutSplit, LogChoices
from clvmodels.rfm.steps import Step
from clvmodels.transactions import DateLike, as_day


def split_holdout(
    transactions: Any, *, calibration_end: DateLike, holdout_end: DateLike, **choices: Unpack[LogChoices]
) -> HoldoutSplit:
    """Cut a log at a day: nothing after the end of `calibration_end` is known to the calibration RFM.

    Both parts count in the same way: a purchase is a customer's day. Customers first seen in the holdout are counted
    apart.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    calibration_end, holdout_end : date
        The last days of the two periods, each to its end. Rows after `holdout_end` are left out.
    **choices
        time_unit, customer_id, date, value, refunds, unknown_dates, time_zone, date_format, churn_window, opportunity,
        statistics: as in `rfm_summary`; both days must end an opportunity. Refunds until `holdout_end` count. And
        window, in time units: what was bought longer than that before the end of `calibration_end` is forgotten, as if
        the log began later; by default nothing is.

    Returns
    -------
    HoldoutSplit

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is.
    InvalidArgument
        If a choice is unknown, `calibration_end` is before the first or after the last purchase, or `holdout_end` is
        not after it.

    Warns
    -----
    DataWarning
        If the log ends more than one time unit before `holdout_end`: what is not recorded would count as not bought.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-15", "1997-01-20"]})
    >>> split = split_holdout(log, calibration_end="1997-01-08", holdout_end="1997-01-22", value=None)
    >>> split.holdout["purchases"].tolist(), split.horizon
    ([2], 2.0)
    """
    start, end = as_day(calibration_end, "calibration_end"), as_day(holdout_end, "holdout_end")
    if end <= start:
        raise InvalidArgument(f"holdout_end {end} is not after calibration_end {start}; choose a later day")
    return CheckedLog.check(transactions, last_day=end, **choices).split(start, end)


def rolling_splits(
    transactions: Any,
    *,
    origins: int | Sequence[DateLike],
    horizon: float,
    holdout_end: DateLike | None = None,
    **choices: Unpack[LogChoices],
) -> Iterator[HoldoutSplit]:
    """Cut a log at several origins, one after the other, each with a holdout of the same length.

    Parameters
    ----------
    transactions : as in `split_holdout`
    origins : int or sequence of dates
        The calibration ends. A number of them is spread evenly over the second half of the time from the first purchase
        to the last possible origin, which is included.
    horizon : float
        The length of each holdout, in time units; rounded to whole days (or opportunities). Holdouts may overlap.
    holdout_end : date, optional
        The last day of the last holdout; by default that of the log.
    **choices
        As in `split_holdout`; with `window` the calibration slides, without it it grows.

    Yields
    ------
    HoldoutSplit
        From the first origin to the last. The log is checked before the first one.

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is.
    InvalidArgument
        If there is no room for the origins: the message says how much there is.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> log = simulate_transactions(customers=50, length=60, random_seed=1)
    >>> splits = rolling_splits(log, origins=["2020-06-30", "2020-09-30"], horizon=10)
    >>> [f"{split.calibration_end:%d %B} to {split.holdout_end:%d %B}" for split in splits]
    ['30 June to 08 September', '30 September to 09 December']
    """
    last_day = None if holdout_end is None else as_day(holdout_end, "holdout_end")
    log = CheckedLog.check(transactions, last_day=last_day, **choices)
    steps, end = _whole_steps(horizon, log), last_day or log.step.last_end(log.transactions.log_end)
    last = log.step.later(end, -steps)
    if isinstance(origins, Integral) and not isinstance(origins, bool):
        starts = _spread(int(origins), log.transactions.first_purchase, last, log.step)
    else:
        starts = _given(origins, last)
    return (log.split(start, log.step.later(start, steps)) for start in starts)


def _whole_steps(horizon: float, log: CheckedLog) -> int:
    steps = round(check_horizon(horizon) * log.step.per_unit)
    if steps < 1:
        raise InvalidArgument(f"horizon is {horizon} {log.time_unit}s; give a length of a {log.step.length} or more")
    return steps


def _spread(number: int, first: dt.date, last: dt.date, step: Step) -> list[dt.date]:
    """Evenly over the second half of the time from the first purchase to the last origin."""
    length = step.between(first, last)
    places = np.unique(np.round(np.linspace(length / 2, length, max(number, 1))).astype(int)) if length > 0 else []
    if number < 1:
        raise InvalidArgument(f"origins is {number}; ask for one or more")
    if len(places) < number:
        room = f"between {first} and {last}, which leaves the horizon after it,"
        raise InvalidArgument(
            f"{number} origins are asked for, and {room} there is room for {len(places)}; ask for one or more that fit,"
            " or for a shorter horizon"
        )
    # With one origin, the last possible one.
    return [step.later(first, int(place)) for place in (places if number > 1 else [length])]


def _given(origins: Any, last: dt.date) -> list[dt.date]:
    if (
        isinstance(origins, str)
        or not isinstance(origins, Sequence | np.ndarray | pd.Index | pd.Series)
        or not len(origins)
    ):
        raise InvalidArgument(f"origins is {shown(origins)}; give a number, or a list of dates")
    starts = sorted(as_day(origin, "origins") for origin in origins)
    if len(set(starts)) < len(starts):
        raise InvalidArgument("origins has a day twice; name each once")
    if starts[-1] > last:
        raise InvalidArgument(
            f"origin {starts[-1]} leaves less than the horizon until the end; the last possible one is {last}"
        )
    return starts
