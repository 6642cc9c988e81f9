"""What a per-customer table in a database must fulfil: the same as one in memory, asked in one query."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clvmodels.errors import MOST_MONEY, InvalidRFM, shown
from clvmodels.rfm.columns import DATES
from clvmodels.rfm.rules import CLOSE, FLAGS, LISTS, NUMBERS, SIGNED, WHOLE, rules_for
from clvmodels.transactions import Check, Source, examine


def check_table(source: Source) -> ir.Table:
    """Return the table with plain types, or say what is wrong.

    Raises
    ------
    InvalidRFM
        With the number of bad customers, one of them, and what to do.
    """
    table: Any = source.table
    numeric = [name for name in NUMBERS if name in table.columns]
    for name in numeric:
        if not table[name].type().is_numeric() or table[name].type().is_boolean():
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it numbers")
    for name in FLAGS:
        if name in table.columns and not table[name].type().is_boolean():
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it true or false for every customer")
    for name in DATES:
        if name in table.columns and not (table[name].type().is_date() or table[name].type().is_timestamp()):
            raise InvalidRFM(f"column {shown(name)} is {table[name].type()}; make it dates")
    for name in LISTS:
        if name in table.columns and not _has_lists_of_numbers(kind := table[name].type()):
            raise InvalidRFM(f"column {shown(name)} is {kind}; make it lists of times")
    checks = [_check(table.customer_id.isnull(), "no customer_id", "give every customer one")]
    for name in numeric:
        checks += _finite(name, table[name].cast("float64"))
    checks += [_check(rule.bad(table), rule.what, rule.remedy) for rule in rules_for(numeric)]
    lists = {name: table[name].cast("array<float64>") for name in LISTS if name in table.columns}
    for times in lists.values():
        checks += _times(table, times)
    distinct = table.customer_id.nunique()
    found = examine(source, checks, {"distinct": distinct}, error=InvalidRFM, rows="customers")
    if found["distinct"] < found["rows"]:
        twice = found["rows"] - found["distinct"]
        raise InvalidRFM(f"{twice} duplicate customer ids; one row per customer is needed")
    floats = {name: table[name].cast("float64") for name in numeric if name not in WHOLE}
    whole = {name: table[name].cast("int64") for name in numeric if name in WHOLE}
    return table.mutate(**floats, **whole, **lists)


def _finite(name: str, value: Any) -> list[Check]:
    missing = value.isnull() | value.isnan()
    found = [
        _check(missing, f"no {name} (missing or NaN)", "give every customer one, 0 if there is nothing"),
        _check(value.isinf(), f"an infinite {name}", "correct it"),
        _check(value > MOST_MONEY, f"a {name} beyond {MOST_MONEY:g}", "correct it, or use a larger unit"),
    ]
    return found if name in SIGNED else [*found, _check(value < 0, f"a negative {name}", "zero or more is possible")]


def _has_lists_of_numbers(kind: Any) -> bool:
    return kind.is_array() and (kind.value_type.is_numeric() or kind.value_type.is_null())


def _times(table: Any, times: Any) -> list[Check]:
    remedy = "purchase_times are those of the repeat purchases since the first, in the time unit, ascending"
    last = (times.length() > 0).ifelse(times[times.length() - 1], 0.0)
    ordered = (times.sort() == times) & (times.unique().length() == times.length())
    ordered &= (times.length() == 0) | (times[0] > 0)
    near = ((last - table.recency).abs() <= CLOSE * table.recency).fill_null(False)
    return [
        _check(times.isnull(), "no purchase_times", "give every customer a list, empty without a repeat purchase"),
        _check(times.length() != table.frequency, "a number of purchase_times other than frequency", remedy),
        _check(~ordered.fill_null(False), "purchase_times that do not go up from above 0", remedy),
        _check(~near, "a last of purchase_times other than recency", remedy),
    ]


def _check(bad: Any, what: str, remedy: str) -> Check:
    return Check(bad=bad, found=f"have {what}", remedy=remedy)
