"""A transaction log, checked in one query and not collected."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from clvmodels.errors import InvalidArgument, InvalidTransactions, shown
from clvmodels.transactions.amounts import amounts, no_refunds
from clvmodels.transactions.checks import Check, examine
from clvmodels.transactions.dates import calendar_days, in_calendar
from clvmodels.transactions.sources import Source, open_source

Refunds = Literal["error", "net", "drop"]
UnknownDates = Literal["error", "drop"]


class Reading(NamedTuple):
    """How a log is to be read; the meaning of each choice is in the docstring of `clvmodels.rfm_summary`."""

    customer_id: str = "customer_id"
    date: str = "date"
    value: str | None = "value"
    refunds: Refunds = "error"
    unknown_dates: UnknownDates = "error"
    time_zone: str | None = None
    date_format: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Transactions:
    """A checked log.

    Attributes
    ----------
    table : ibis Table
        The columns customer_id, date (a day) and value (0 in a log without amounts); all rows with a date, refunds too.
    source : Source
        Where `table` is executed.
    has_value : bool
        Whether the log has amounts.
    refunds : {"error", "net", "drop"}
        How refunds are to be treated.
    rows : int
        All rows handed in.
    unknown_dates : int
        Those of them without a readable date, which are left out.
    first_purchase, last_purchase : date
        Of the rows that are no refund.
    log_end : date
        The day of the last row.
    """

    table: ir.Table
    source: Source
    has_value: bool
    refunds: Refunds
    rows: int
    unknown_dates: int
    first_purchase: dt.date
    last_purchase: dt.date
    log_end: dt.date

    def collect(self, expression: ir.Table) -> pd.DataFrame:
        """Execute an expression on `table`; customer_id comes back as it went in."""
        return self.source.collect(expression)


def check_transactions(source: Any, reading: Reading | None = None, *, last_day: dt.date | None = None) -> Transactions:
    """Check a transaction log, in one query and without collecting its rows.

    Parameters
    ----------
    source : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
        One row per transaction or per line of it.
    reading : Reading, optional
        The names of the columns, and how to take refunds, unknown dates, time zones and date formats.
    last_day : date, optional
        The end of the window that will be used, beyond which refunds do no harm; by default the log's last day.

    Returns
    -------
    Transactions

    Raises
    ------
    InvalidTransactions
        If anything in the log is missing, cannot be read or would have to be guessed.
    InvalidArgument
        If a choice is unknown.

    Examples
    --------
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-08"], "value": [9.5, 20]})
    >>> check_transactions(log).last_purchase
    datetime.date(1997, 1, 8)
    """
    reading = reading or Reading()
    _check_choices(reading)
    opened = open_source(source, _columns(reading))
    raw, drop = opened.table, reading.unknown_dates == "drop"
    zones_and_formats = {"time_zone": reading.time_zone, "date_format": reading.date_format}
    day, date_checks = calendar_days(raw.date, reading.date, drop_unknown=drop, **zones_and_formats)
    amount, value_checks = amounts(opened, reading.value)
    refund_checks = []
    if reading.refunds == "error":
        within = ibis.literal(True) if last_day is None else day <= ibis.literal(last_day)
        refund_checks.append(no_refunds((amount < 0) & within, reading.value))
    id_checks, other_checks = _id_checks(raw.customer_id, reading.customer_id), [*value_checks, *refund_checks]
    if drop:  # nothing else matters in a row that is left out
        id_checks, other_checks = _where(day.notnull(), id_checks), _where(day.notnull(), other_checks)
    found = examine(opened, [*id_checks, *date_checks, *other_checks], _facts(opened, day, amount))
    _refuse_nothing(found, reading)
    customer = _whole(raw.customer_id) if opened.untyped and found["whole_ids"] else raw.customer_id
    table = raw.select(customer_id=customer, date=day, value=amount)
    return Transactions(
        table=table.filter(table.date.notnull()) if drop else table,
        source=opened,
        has_value=reading.value is not None,
        refunds=reading.refunds,
        rows=int(found["rows"]),
        unknown_dates=int(found["unknown"]),
        first_purchase=found["first_purchase"],
        last_purchase=found["last_purchase"],
        log_end=found["log_end"],
    )


def _check_choices(reading: Reading) -> None:
    for name, known in (("refunds", Refunds), ("unknown_dates", UnknownDates)):
        if getattr(reading, name) not in get_args(known):
            raise InvalidArgument(
                f"{name} is {shown(getattr(reading, name))}; choose one of {', '.join(get_args(known))}"
            )


def _columns(reading: Reading) -> dict[str, str]:
    names = {"customer_id": reading.customer_id, "date": reading.date}
    return names if reading.value is None else {**names, "value": reading.value}


def _where(known: Any, checks: list[Check]) -> list[Check]:
    return [replace(check, bad=known & check.bad) for check in checks]


def _facts(source: Source, day: Any, amount: Any) -> dict[str, ir.Value]:
    raw, day = source.table, in_calendar(day)
    customer: Any = raw.customer_id
    same: Any = _whole(customer).cast("string") == customer if source.untyped else ibis.literal(False)
    return {
        "first_purchase": day.min(where=amount >= 0),
        "last_purchase": day.max(where=amount >= 0),
        "log_end": day.max(),
        "unknown": raw.count(where=day.isnull()),
        "whole_ids": (day.isnull() | (customer.notnull() & same.fill_null(False))).all(),
    }


def _refuse_nothing(found: dict[str, Any], reading: Reading) -> None:
    """Refuse a log of which nothing is left to count."""
    known = found["rows"] - found["unknown"]
    if known == 0:
        raise InvalidTransactions(
            f"none of the {found['rows']} rows has a {shown(reading.date)} that can be read; "
            "unknown_dates='error' says why"
        )
    if pd.isna(found["first_purchase"]):
        raise InvalidTransactions(
            f"all {known} rows have a negative {shown(reading.value)}, so nothing was bought; turn the sign round?"
        )


def _whole(customer: Any) -> Any:
    """Ids in a file are text; 42 becomes a number, but where one id is like 00042 they all stay text."""
    return customer.try_cast("int64")


def _id_checks(customer: Any, name: str) -> list[Check]:
    kind = customer.type()
    if kind.is_nested():
        raise InvalidTransactions(f"column {shown(name)} is {kind}; make the customer ids text or numbers")
    missing = customer.isnull()
    if kind.is_string():
        # Few ids begin with a blank (32 or less): only those are stripped, which takes long.
        missing |= (customer.ascii_str() <= 32).ifelse(customer.strip() == "", False)
    if kind.is_floating():
        missing |= customer.isnan()
    remedy = "give every row its customer, or leave these rows out"
    return [Check(bad=missing, found=f"have no {shown(name)}", remedy=remedy)]
