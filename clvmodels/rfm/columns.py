"""The columns of an RFM as Ibis expressions, so that they are worked out where the transactions are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from clvmodels.rfm.rules import AMOUNTS, OPPORTUNITIES, STATISTICS
from clvmodels.rfm.steps import Step

COLUMNS = (
    "frequency",
    "recency",
    "T",
    *OPPORTUNITIES,
    "monetary_value",
    "first_value",
    "total_value",
    "first_date",
    "last_date",
    "active_before",
    "active_lately",
    *STATISTICS,
)
DATES = ("first_date", "last_date")
# Money has fewer digits; those beyond depend on the order in which the rows were added up.
DIGITS = 13


def rfm_columns(counted: Any, end: dt.date, step: Step) -> ir.Table:
    """Add frequency, recency, T and monetary_value to a table of customers with their days, dates and values.

    Parameters
    ----------
    counted : ibis Table
        days (of purchase), first_date, last_date, first_value and total_value, besides others.
    end : date
        The observation end.
    step : Step
        A purchase's day or period.
    """
    frequency = (counted.days - 1).cast("int64")
    repeat_value: Any = ibis.greatest(counted.total_value - counted.first_value, 0.0)
    first, last = step.count(counted.first_date), step.count(counted.last_date)
    observed = step.count(ibis.literal(end)) - first
    opportunities = {"opportunities": observed.cast("int64")} if step.opportunity else {}
    return counted.mutate(
        frequency=frequency,
        recency=(last - first).cast("float64") / step.per_unit,
        T=observed.cast("float64") / step.per_unit,
        monetary_value=(frequency > 0).ifelse(repeat_value / ibis.greatest(frequency, 1).cast("float64"), 0.0),
        **opportunities,
    )


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


def stamped(table: Any) -> ir.Table:
    """Return a table whose dates are timestamps: pandas would make a Python object of each date."""
    return table.mutate(**{name: table[name].cast("timestamp") for name in DATES if name in table.columns})


def tidied(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose amounts are tidy and whose dates are pandas' own."""
    amounts = {name: tidy(frame[name].to_numpy(float)) for name in AMOUNTS if name in frame.columns}
    dates = {name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in DATES if name in frame.columns}
    return frame.assign(**amounts, **dates)
