"""Checks of a transaction table: counted together in one query, so that a file of any size is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from clvmodels.errors import InvalidTransactions
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


def examine(source: Source, checks: Sequence[Check], facts: dict[str, ir.Value]) -> dict[str, Any]:
    """Run all checks and collect the facts, in one aggregate query.

    Parameters
    ----------
    source : Source
    checks : sequence of Check
        In the order in which they are to be reported.
    facts : dict
        Name -> an aggregate expression on the source's table.

    Returns
    -------
    dict
        The facts, and `rows`.

    Raises
    ------
    InvalidTransactions
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
    for number, check in enumerate(checks):
        example: Any = table.customer_id if check.example is None else check.example.cast("string")
        asked[f"bad_{number}"] = table.count(where=check.bad)
        asked[f"example_{number}"] = example.min(where=check.bad)
    answer = source.collect(table.aggregate(**asked))
    found = {str(name): answer[name].iloc[0] for name in answer.columns}
    if found["rows"] == 0:
        raise InvalidTransactions("the table has no rows; hand in at least one transaction")
    for number, check in enumerate(checks):
        if found[f"bad_{number}"]:
            example = _shown(source, check, found[f"example_{number}"])
            raise InvalidTransactions(
                f"{found[f'bad_{number}']} of {found['rows']} rows {check.found}{example}; {check.remedy}"
            )
    return {name: found[name] for name in ("rows", *facts)}


def _shown(source: Source, check: Check, example: Any) -> str:
    if pd.isna(example):
        return ""
    return f", e.g. {example!r}" if check.example is not None else f", e.g. customer {source.customer(example)!r}"
