"""The columns of an RFM as Ibis expressions, so that they are worked out where the transactions are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir

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
# Money has fewer digits; those beyond depend on the order in which the rows were added up.
DIGITS = 13
# Powers of ten are exact up to the 22nd, and so is what is rounded with them.
EXACT_POWERS = 22


def rfm_columns(counted: Any, end: dt.date, per_unit: float) -> ir.Table:
    """Add frequency, recency, T and monetary_value to a table of customers with their days, dates and values.

    Parameters
    ----------
    counted : ibis Table
        days (of purchase), first_date, last_date, first_value and total_value, besides others.
    end : date
        The observation end.
    per_unit : float
        Days per time unit.
    """
    frequency = (counted.days - 1).cast("int64")
    repeat_value: Any = ibis.greatest(counted.total_value - counted.first_value, 0.0)
    return counted.mutate(
        frequency=frequency,
        recency=days_between(counted.first_date, counted.last_date) / per_unit,
        T=days_between(counted.first_date, ibis.literal(end)) / per_unit,
        monetary_value=(frequency > 0).ifelse(repeat_value / ibis.greatest(frequency, 1).cast("float64"), 0.0),
    )


def days_between(first: Any, last: Any) -> Any:
    """Whole days from one date to another, as a float."""
    return last.delta(first, unit="day").cast("float64")


def tidy(amount: Any) -> Any:
    """Round to as many digits as are independent of the order of summation.

    Examples
    --------
    >>> ibis.duckdb.connect().to_pyarrow(tidy(ibis.literal(0.1) + 0.2)).as_py()
    0.3
    """
    size = amount.abs().nullif(0.0)
    places = (DIGITS - 1 - size.log10().floor()).fill_null(0.0)
    up = ibis.literal(10.0) ** places.clip(0, EXACT_POWERS)
    down = ibis.literal(10.0) ** (-places).clip(0, EXACT_POWERS)
    return (places.abs() <= EXACT_POWERS).ifelse((amount * up / down).round() / up * down, amount)
