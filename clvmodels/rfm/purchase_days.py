"""Checked transactions become purchase days, and those one row per customer, in one Ibis expression."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from clvmodels.transactions import Transactions, midnight
from clvmodels.transactions.in_memory import id_index

COLUMNS = (
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "first_value",
    "total_value",
    "first_date",
    "last_date",
    "active_before",
    "active_lately",
)
# Below this share of the amounts that went in, a day's sum is what rounding left of zero.
ROUNDING = 1e-9
# Money has fewer digits; those beyond depend on the order in which the rows were added up.
DIGITS = 13


def purchase_days(transactions: Transactions) -> ir.Table:
    """One row per customer and day.

    Parameters
    ----------
    transactions : Transactions

    Returns
    -------
    ibis Table
        customer_id, date, value (the day's sum), purchase (whether the day counts), and the counts rows, kept_rows and
        refund_rows.

    Examples
    --------
    >>> from clvmodels.transactions import Reading, check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01"] * 2, "value": [9.5, -9.5]})
    >>> checked = check_transactions(log, Reading(refunds="net"))
    >>> checked.collect(purchase_days(checked).select("value", "purchase")).values.tolist()
    [[0.0, False]]
    """
    rows: Any = transactions.table
    refund = rows.value < 0
    kept: Any = ~refund if transactions.refunds == "drop" else ibis.literal(True)
    days: Any = rows.group_by("customer_id", "date").aggregate(
        rows=rows.count(),
        kept_rows=rows.count(where=kept),
        refund_rows=rows.count(where=refund),
        value=rows.value.sum(where=kept).fill_null(0.0),
        gross=rows.value.abs().sum(where=kept).fill_null(0.0),
    )
    purchase = days.kept_rows > 0
    if transactions.refunds == "net":
        purchase &= (days.refund_rows == 0) | (days.value > ROUNDING * days.gross)
    return days.mutate(purchase=purchase).drop("gross")


def customers_until(transactions: Transactions, end: dt.date, churn_days: float) -> pd.DataFrame:
    """One row per customer who is seen until the end of a day, in the order of their ids.

    Parameters
    ----------
    transactions : Transactions
    end : date
        Inclusive.
    churn_days : float
        The length of each of the two adjacent windows that end with `end`.

    Returns
    -------
    DataFrame
        customer_id, days (of purchase), first_date, last_date, first_value, total_value, active_before, active_lately,
        and the counts rows, kept_rows, refund_rows, kept_days, zero_days.

    Examples
    --------
    >>> from clvmodels.transactions import check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> customers_until(check_transactions(log), dt.date(1997, 1, 8), 3.5)[["days", "total_value"]].values.tolist()
    [[2.0, 29.5]]
    """
    days: Any = purchase_days(transactions)
    days = days.filter(days.date <= ibis.literal(end))
    buys = days.purchase
    # Days are whole: date > end - 3.5 days is date > end - 4 days, and date >= end - 3.5 days is date >= end - 3 days.
    middle, oldest = _days_before(end, math.ceil(churn_days)), _days_before(end, math.floor(2 * churn_days))
    table = days.group_by("customer_id").aggregate(
        days=days.count(where=buys),
        first_date=days.date.min(where=buys),
        last_date=days.date.max(where=buys),
        first_value=days.value.argmin(days.date, where=buys),
        total_value=days.value.sum(where=buys),
        active_before=(buys & days.date.between(ibis.literal(oldest), ibis.literal(middle))).any(),
        active_lately=(buys & (days.date > ibis.literal(middle))).any(),
        rows=days.rows.sum(),
        kept_rows=days.kept_rows.sum(),
        refund_rows=days.refund_rows.sum(),
        kept_days=days.count(where=days.kept_rows > 0),
        zero_days=days.count(where=buys & (days.value == 0)),
    )
    frame = transactions.collect(table.order_by("customer_id"))
    return frame.assign(
        **{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("first_date", "last_date")},
        **{name: tidy(frame[name].to_numpy()) for name in ("first_value", "total_value")},
    )


def _days_before(end: dt.date, days: int) -> dt.date:
    # No log is longer than this, and Python's dates begin in the year 1.
    return end - dt.timedelta(days=min(days, 300_000))


def rfm_columns(counted: pd.DataFrame, end: dt.date, per_unit: float) -> pd.DataFrame:
    """Turn what `customers_until` counted into the columns of `RFM.frame`, without customers who bought nothing.

    Parameters
    ----------
    counted : DataFrame
    end : date
        The observation end.
    per_unit : float
        Days per time unit.

    Returns
    -------
    DataFrame, indexed by customer_id

    Examples
    --------
    >>> from clvmodels.transactions import check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> counted = customers_until(check_transactions(log), dt.date(1997, 1, 15), 7)
    >>> rfm_columns(counted, dt.date(1997, 1, 15), 7)[["frequency", "recency", "T", "monetary_value"]].values.tolist()
    [[1.0, 1.0, 2.0, 20.0]]
    """
    bought: Any = counted[counted["days"] > 0]
    frequency = bought["days"] - 1
    repeat_value = np.maximum(bought["total_value"] - bought["first_value"], 0.0)
    table: pd.DataFrame = bought.assign(
        frequency=frequency.astype("int64"),
        recency=(bought["last_date"] - bought["first_date"]).dt.days / per_unit,
        T=(midnight(end) - bought["first_date"]).dt.days / per_unit,
        monetary_value=np.where(frequency > 0, repeat_value / np.maximum(frequency, 1), 0.0),
    )
    return table.filter(items=COLUMNS).set_axis(id_index(bought["customer_id"]))


def treatments(counted: pd.DataFrame, transactions: Transactions) -> pd.DataFrame:
    """Return what was merged, left out or kept: what, count, treatment.

    Examples
    --------
    >>> from clvmodels.transactions import check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> checked = check_transactions(log)
    >>> treatments(customers_until(checked, dt.date(1997, 1, 5), 2), checked).loc[1, "what"]
    'rows after the observation end'
    """
    total = counted[["rows", "kept_rows", "refund_rows", "days", "kept_days", "zero_days"]].sum()
    refunds = {"error": "none found", "net": "added to their day", "drop": "left out"}[transactions.refunds]
    steps = [
        ("rows", transactions.rows, "read"),
        ("rows after the observation end", transactions.rows - total["rows"], "left out"),
        ("further rows on a customer's day", total["kept_rows"] - total["kept_days"], "merged into one purchase"),
    ]
    if transactions.has_value:
        steps += [
            ("refund rows", total["refund_rows"], refunds),
            ("days that come to zero or less after refunds", total["kept_days"] - total["days"], "left out"),
            ("customers with refunds only", (counted["days"] == 0).sum(), "left out"),
            ("zero-value days", total["zero_days"], "kept as purchases"),
        ]
    return pd.DataFrame(steps, columns=["what", "count", "treatment"]).astype({"count": "int64"})


def tidy(amounts: np.ndarray) -> np.ndarray:
    """Round to as many digits as are independent of the order of summation.

    Parameters
    ----------
    amounts : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> tidy(np.array([0.1 + 0.2, 1e-30, 0.0])).tolist()
    [0.3, 1e-30, 0.0]
    """
    with np.errstate(divide="ignore"):
        magnitude = np.floor(np.log10(np.abs(amounts)))
    # Powers of ten are exact up to the 22nd, and so is what is rounded with them.
    places = np.where(np.isfinite(magnitude), DIGITS - 1 - magnitude, np.inf)
    up, down = 10.0 ** np.clip(places, 0, 22), 10.0 ** np.clip(-places, 0, 22)
    return np.where(np.abs(places) <= 22, np.round(amounts * up / down) / up * down, amounts)
