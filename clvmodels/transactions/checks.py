"""Checks of a table: counted together in one query, so that a file of any size is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from clvmodels.errors import ClvError, InvalidTransactions, shown
from clvmodels.transactions.sources import Source


@dataclass(frozen=True, kw_only=True)
class Check:
    """Rows that may not be there.

    Attributes
    ----------
    bad : boolean expression on the source's table
        True for a row that is refused; null counts as false.
    found, remedy : str
        What the message says: "3 of 100 rows {found}, e.g. ...; {remedy}".
    example : expression, optional
        Of a bad row; without it, the row's customer is named.
    """

    bad: ir.BooleanValue
    found: str
    remedy: str
    example: ir.Value | None = None


def examine(
    source: Source,
    checks: Sequence[Check],
    facts: dict[str, ir.Value],
    *,
    error: type[ClvError] = InvalidTransactions,
    rows: str = "rows",
) -> dict[str, Any]:
    """Run all checks and collect the facts, in one aggregate query; what is bad is counted in another one.

    Parameters
    ----------
    source : Source
    checks : sequence of Check
        In the order in which they are to be reported.
    facts : dict
        Name -> an aggregate expression on the source's table.
    error : exception class
        What to raise.
    rows : str
        What a row is called.

    Returns
    -------
    dict
        The facts, and `rows`.

    Raises
    ------
    InvalidTransactions, or `error`
        If the table is empty, or for the first check that finds a bad row.

    Examples
    --------
    >>> from clvmodels.transactions.sources import open_source
    >>> log = pd.DataFrame({"customer_id": ["a", "b"], "value": [1.0, -2.0]})
    >>> opened = open_source(log, {"customer_id": "customer_id", "value": "value"})
    >>> negative = Check(bad=opened.table.value < 0, found="have a negative value", remedy="drop them")
    >>> examine(opened, [negative], {})
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: 1 of 2 rows have a negative value, e.g. customer 'b'; drop them
    """
    table = source.table
    asked = {"rows": table.count(), **facts}
    if checks:  # one count of all takes half the time that a count of each does
        asked["bad"] = table.count(where=reduce(or_, (check.bad for check in checks)))
    found = source.one_row(table.aggregate(**asked))
    if found["rows"] == 0:
        raise error(f"the table has no {rows}; hand in at least one")
    if found.pop("bad", 0):
        each: dict[str, Any] = {str(number): table.count(where=check.bad) for number, check in enumerate(checks)}
        counts = source.one_row(table.aggregate(**each))
        for check, count in zip(checks, counts.values(), strict=True):
            if count:
                share = f"{count} of {found['rows']} {rows}"
                raise error(f"{share} {check.found}{_shown(source, check)}; {check.remedy}")
        raise error(f"the {rows} changed while they were read; hand in a copy")
    return found


def _shown(source: Source, check: Check) -> str:
    """A bad row, which is only looked for where there is one."""
    of: Any = source.table.customer_id if check.example is None else check.example.cast("string")
    example = source.one_row(source.table.aggregate(example=of.min(where=check.bad)))["example"]
    if pd.isna(example):
        return ""
    return (
        f", e.g. {shown(example)}"
        if check.example is not None
        else f", e.g. customer {shown(source.customer(example))}"
    )
