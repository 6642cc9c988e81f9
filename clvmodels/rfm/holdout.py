"""Cut a transaction log in two: customers as they stood at the calibration end, and what they did in the holdout."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from clvmodels.errors import DataWarning, InvalidArgument
from clvmodels.rfm.columns import tidy
from clvmodels.rfm.purchase_days import purchase_days
from clvmodels.rfm.summary import summarise
from clvmodels.rfm.table import RFM
from clvmodels.transactions import (
    DateLike,
    Reading,
    Refunds,
    TimeUnit,
    Transactions,
    as_day,
    check_transactions,
    days_per_unit,
    midnight,
)
from clvmodels.transactions.in_memory import id_index


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldoutSplit:
    """What was known at the calibration end, and what came after.

    Attributes
    ----------
    calibration : RFM
        Of the rows until the end of `calibration_end` only.
    holdout : DataFrame, indexed like `calibration.frame`
        purchases (days in the holdout) and, for a log with amounts, value (their sum); 0 for those who bought nothing.
    calibration_end, holdout_end : Timestamp
        The last day of each; the holdout begins on the day after `calibration_end`.
    horizon : float
        The length of the holdout, in the calibration's time unit.
    new_customers, new_purchases : int
        Customers first seen in the holdout, and their purchase days there; they are not in `holdout`.
    periods : DataFrame
        The calibration customers' purchases and value in each time unit of the holdout: end (time units since the
        calibration end; the last is `horizon`), purchases, value.
    """

    calibration: RFM
    holdout: pd.DataFrame
    calibration_end: pd.Timestamp
    holdout_end: pd.Timestamp
    horizon: float
    new_customers: int
    new_purchases: int
    periods: pd.DataFrame

    def __repr__(self) -> str:
        """Say what is in it, in one line."""
        return (
            f"HoldoutSplit({len(self.calibration)} customers until {self.calibration_end:%Y-%m-%d}, "
            f"{self.holdout['purchases'].sum()} purchases until {self.holdout_end:%Y-%m-%d})"
        )


def split_holdout(
    transactions: Any,
    *,
    calibration_end: DateLike,
    holdout_end: DateLike,
    time_unit: TimeUnit = "week",
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
) -> HoldoutSplit:
    """Cut a log at a day: nothing after the end of `calibration_end` is known to the calibration RFM.

    Both parts count in the same way: a purchase is a customer's day. Customers first seen in the holdout are counted
    apart.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
    calibration_end, holdout_end : date
        The last days of the two periods, each to its end. Rows after `holdout_end` are left out.
    time_unit, customer_id, date, value, refunds, time_zone, date_format, churn_window
        As in `rfm_summary`. Refunds until `holdout_end` count.

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
    >>> log = pd.DataFrame({"customer_id": ["a"] * 3, "date": ["1997-01-01", "1997-01-15", "1997-01-20"]})
    >>> split = split_holdout(log, calibration_end="1997-01-08", holdout_end="1997-01-22", value=None)
    >>> split.holdout["purchases"].tolist(), split.horizon
    ([2], 2.0)
    """
    days_per_unit(time_unit)
    start, end = as_day(calibration_end, "calibration_end"), as_day(holdout_end, "holdout_end")
    if end <= start:
        raise InvalidArgument(f"holdout_end {end} is not after calibration_end {start}; choose a later day")
    reading = Reading(customer_id, date, value, refunds, time_zone, date_format)
    checked = check_transactions(transactions, reading, last_day=end)
    _check_cut(checked, start, end, time_unit)
    calibration = summarise(checked, start, time_unit=time_unit, churn_window=churn_window)
    return _split(checked, calibration, start, end)


def _check_cut(checked: Transactions, start: dt.date, end: dt.date, time_unit: TimeUnit) -> None:
    if not checked.first_purchase <= start < checked.last_purchase:
        raise InvalidArgument(
            f"calibration_end {start} is not among the purchases, which run from {checked.first_purchase} to "
            f"{checked.last_purchase}; choose a day that leaves purchases on both sides"
        )
    if (end - checked.log_end).days > days_per_unit(time_unit):
        warnings.warn(
            f"the log ends on {checked.log_end}, more than a {time_unit} before holdout_end {end}: what was bought in "
            f"between is not recorded and counts as nothing; is holdout_end={str(checked.log_end)!r} meant?",
            DataWarning,
            stacklevel=3,
        )


def _split(checked: Transactions, calibration: RFM, start: dt.date, end: dt.date) -> HoldoutSplit:
    per_unit = days_per_unit(calibration.time_unit)
    horizon = (end - start).days / per_unit
    customers, days = _after(checked, start, end)
    known, new = customers[customers["known"]], customers[~customers["known"]]
    unused = [] if checked.has_value else ["value"]
    return HoldoutSplit(
        calibration=calibration,
        holdout=_per_customer(known, calibration.frame.index).drop(columns=unused),
        calibration_end=midnight(start),
        holdout_end=midnight(end),
        horizon=horizon,
        new_customers=len(new),
        new_purchases=int(new["purchases"].sum()),
        periods=_per_period(days, start, per_unit, horizon).drop(columns=unused),
    )


def _after(checked: Transactions, start: dt.date, end: dt.date) -> tuple[Any, Any]:
    """Return the holdout per customer, with `known` for those of the calibration, and the known ones' per day."""
    days: Any = purchase_days(checked)
    days = days.filter(days.purchase & (days.date <= ibis.literal(end)))
    days = days.group_by("customer_id").mutate(first_date=days.date.min())
    later = days.filter(days.date > ibis.literal(start)).mutate(known=days.first_date <= ibis.literal(start))
    known: Any = later.filter(later.known)
    customers = later.group_by("customer_id", "known").aggregate(**_sums(later)).order_by("customer_id")
    per_day = known.group_by("date").aggregate(**_sums(known)).order_by("date")
    return checked.collect(customers), checked.collect(per_day)


def _sums(days: Any) -> dict[str, Any]:
    return {"purchases": days.count(), "value": days.value.sum()}


def _per_customer(customers: Any, index: pd.Index) -> pd.DataFrame:
    """Line the holdout up with the calibration customers; those who bought nothing have zero."""
    position = index.get_indexer(id_index(customers["customer_id"]))
    purchases, value = np.zeros(len(index), dtype="int64"), np.zeros(len(index))
    purchases[position], value[position] = customers["purchases"], tidy(customers["value"].to_numpy())
    return pd.DataFrame({"purchases": purchases, "value": value}, index=index)


def _per_period(days: Any, start: dt.date, per_unit: float, horizon: float) -> pd.DataFrame:
    """Add up the days by time unit: the first ends one unit after the calibration end, the last at the horizon."""
    elapsed = (pd.to_datetime(days["date"]) - midnight(start)).dt.days / per_unit
    number = math.ceil(horizon)
    period = np.ceil(elapsed.to_numpy()).astype("int64") - 1
    purchases = np.bincount(period, weights=days["purchases"], minlength=number)
    value = np.bincount(period, weights=days["value"], minlength=number)
    ends = np.minimum(np.arange(1.0, number + 1), horizon)
    return pd.DataFrame({"end": ends, "purchases": purchases.astype("int64"), "value": tidy(value)})
