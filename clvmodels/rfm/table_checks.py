"""What a per-customer table in a database must fulfil: the same as one in memory, asked in one query."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clvmodels.errors import MOST_MONEY, InvalidRFM, shown
from clvmodels.rfm.columns import DATES
from clvmodels.rfm.frame_checks import AMOUNTS, FLAGS, REQUIRED, RULES
from clvmodels.transactions import Check, Source, examine


def check_table(source: Source) -> ir.Table:
    """Return the table with plain types, or say what is wrong.

    Raises
    ------
    InvalidRFM
        With the number of bad customers, one of them, and what to do.
    """
    table: Any = source.table
    numeric = [name for name in (*REQUIRED, *AMOUNTS) if name in table.columns]
    for name in numeric:
        if not table[name].type().is_numeric() or table[name].type().is_boolean():
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it numbers")
    for name in FLAGS:
        if name in table.columns and not table[name].type().is_boolean():
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it true or false for every customer")
    for name in DATES:
        if name in table.columns and not (table[name].type().is_date() or table[name].type().is_timestamp()):
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it dates")
    checks = [_check(table.customer_id.isnull(), "no customer_id", "give every customer one")]
    for name in numeric:
        checks += _finite(name, table[name].cast("float64"))
    checks += [_check(bad(table), what, remedy) for what, bad, remedy in RULES]
    distinct = table.customer_id.nunique()
    found = examine(source, checks, {"distinct": distinct}, error=InvalidRFM, rows="customers")
    if found["distinct"] < found["rows"]:
        twice = found["rows"] - found["distinct"]
        raise InvalidRFM(f"{twice} duplicate customer ids; one row per customer is needed")
    floats = {name: table[name].cast("float64") for name in numeric if name != "frequency"}
    return table.mutate(**floats, frequency=table.frequency.cast("int64"))


def _finite(name: str, value: Any) -> list[Check]:
    missing = value.isnull() | value.isnan()
    return [
        _check(missing, f"no {name} (missing or NaN)", "give every customer one, 0 if there is nothing"),
        _check(value.isinf(), f"an infinite {name}", "correct it"),
        _check(value > MOST_MONEY, f"a {name} beyond {MOST_MONEY:g}", "correct it, or use a larger unit"),
        _check(value < 0, f"a negative {name}", "zero or more is possible"),
    ]


def _check(bad: Any, what: str, remedy: str) -> Check:
    return Check(bad=bad, found=f"have {what}", remedy=remedy)
