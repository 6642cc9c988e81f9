"""Checked transactions become purchase days, and those one row per customer, in one Ibis expression."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from clvmodels.rfm.columns import rfm_columns
from clvmodels.rfm.statistics import aggregates, finished, prepared
from clvmodels.rfm.steps import Step
from clvmodels.transactions import Transactions


@ibis.udf.agg.builtin(signature=(("float64", "date"), "float64"))
def arg_min(value, date):
    """DuckDB's function; for Ibis' own it sorts every customer's days."""


# Below this share of the amounts that went in, a day's sum is what rounding left of zero.
ROUNDING = 1e-9
COUNTS = ("rows", "kept_rows", "refund_rows", "days", "kept_days", "zero_days", "customers_without")


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
    if transactions.refunds == "error":  # there are none
        days: Any = rows.group_by("customer_id", "date").aggregate(rows=rows.count(), value=rows.value.sum())
        return days.mutate(kept_rows=days.rows, refund_rows=ibis.literal(0), purchase=ibis.literal(True))
    refund = rows.value < 0
    kept: Any = ~refund if transactions.refunds == "drop" else ibis.literal(True)
    days = rows.group_by("customer_id", "date").aggregate(
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


def customers_until(
    transactions: Transactions, end: dt.date, *, window: float, step: Step, statistics: Sequence[str] = ()
) -> ir.Table:
    """One row per customer who is seen until the end of a day, those who bought nothing included.

    Parameters
    ----------
    transactions : Transactions
    end : date
        The observation end, inclusive.
    window : float
        The length, in time units, of each of the two adjacent windows that end with `end`.
    step : Step
        A purchase's day or period.
    statistics : sequence of str
        Those that are to be made, too.

    Returns
    -------
    ibis Table
        customer_id, the columns of `RFM.frame`, and the counts rows, kept_rows, refund_rows, days (of purchase),
        kept_days and zero_days.

    Examples
    --------
    >>> from clvmodels.transactions import check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> checked = check_transactions(log)
    >>> until = customers_until(checked, dt.date(1997, 1, 15), window=0.5, step=Step.of("week", None))
    >>> found = checked.collect(until)
    >>> found[["frequency", "recency", "T", "monetary_value"]].values.tolist()
    [[1.0, 1.0, 2.0, 20.0]]
    """
    days: Any = purchase_days(transactions)
    days = prepared(days.filter(days.date <= ibis.literal(end)), statistics, step)
    allowed = transactions.refunds != "error"
    buys = days.purchase if allowed else None
    bought = days.purchase if allowed else ibis.literal(True)
    # Days are whole: date > end - 3.5 days is date > end - 4 days, and date >= end - 3.5 days is date >= end - 3 days.
    steps = window * step.per_unit
    # Whole days at either end of the older window belong to it; of periods it has as many as the later one.
    before = math.ceil(2 * steps) if step.opportunity else math.floor(2 * steps) + 1
    middle, oldest = step.later(end, -math.ceil(steps)), step.later(end, -before)
    counted: Any = days.group_by("customer_id").aggregate(
        days=days.count(where=buys),
        first_date=days.date.min(where=buys),
        last_date=days.date.max(where=buys),
        first_value=_first_value(days, buys, transactions),
        total_value=days.value.sum(where=buys),
        active_before=(bought & (days.date > ibis.literal(oldest)) & (days.date <= ibis.literal(middle))).any(),
        zero_days=days.count(where=bought & (days.value == 0)),
        rows=days.rows.sum(),
        **(_refund_counts(days) if allowed else {}),
        **aggregates(days, buys, statistics, step),
    )
    if not allowed:
        counted = counted.mutate(kept_rows=counted.rows, refund_rows=ibis.literal(0), kept_days=counted.days)
    active_lately = (counted.last_date > ibis.literal(middle)).fill_null(False)
    columns: Any = rfm_columns(counted.mutate(active_lately=active_lately), end, step)
    return columns.mutate(**finished(columns, statistics, step))


def _first_value(days: Any, buys: Any, transactions: Transactions) -> Any:
    backend = transactions.source.backend
    if backend is None or backend.name == "duckdb":
        return arg_min(days.value, days.date, where=buys)
    return days.value.argmin(days.date, where=buys)


def _refund_counts(days: Any) -> dict[str, ir.Value]:
    kept_days = days.count(where=days.kept_rows > 0)
    return {"kept_rows": days.kept_rows.sum(), "refund_rows": days.refund_rows.sum(), "kept_days": kept_days}


def totals(customers: Any) -> dict[str, Any]:
    """Sums of the counts of `customers_until`, as expressions on an Ibis table or as numbers from a DataFrame."""
    sums = {name: customers[name].sum() for name in COUNTS[:-1]}
    return {**sums, "customers_without": (customers["days"] == 0).sum()}


def treatments(total: Mapping[str, Any], transactions: Transactions, step: Step) -> pd.DataFrame:
    """Return what was merged, left out or kept: what, count, treatment.

    Examples
    --------
    >>> from clvmodels.transactions import check_transactions
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> checked = check_transactions(log)
    >>> weeks = Step.of("week", None)
    >>> until = checked.collect(customers_until(checked, dt.date(1997, 1, 5), window=1, step=weeks))
    >>> treatments(totals(until), checked, weeks).loc[2, "what"]
    'rows after the observation end'
    """
    refunds = {"error": "none found", "net": "added to their day", "drop": "left out"}[transactions.refunds]
    unknown = transactions.unknown_dates
    steps = [
        ("rows", transactions.rows, "read"),
        ("rows without a readable date", unknown, "left out" if unknown else "none found"),
        ("rows after the observation end", transactions.rows - unknown - total["rows"], "left out"),
        (
            f"further rows {'in' if step.opportunity else 'on'} a customer's {step.length}",
            total["kept_rows"] - total["kept_days"],
            "merged into one purchase",
        ),
    ]
    if transactions.has_value:
        steps += [
            ("refund rows", total["refund_rows"], refunds),
            (f"{step.length}s that come to zero or less after refunds", total["kept_days"] - total["days"], "left out"),
            ("customers with refunds only", total["customers_without"], "left out"),
            (f"zero-value {step.length}s", total["zero_days"], "kept as purchases"),
        ]
    return pd.DataFrame(steps, columns=["what", "count", "treatment"]).astype({"count": "int64"})
