"""The column of what was paid becomes numbers; nothing missing is counted as zero."""

from __future__ import annotations

from typing import Any

import ibis

from clvmodels.errors import MOST_MONEY, InvalidTransactions, shown
from clvmodels.transactions.checks import Check
from clvmodels.transactions.sources import Source


def amounts(source: Source, name: str | None) -> tuple[Any, list[Check]]:
    """Return the value of each row as a float, and the checks that make it safe to add up.

    Parameters
    ----------
    source : Source
    name : str, optional
        The caller's name of the column, for messages; None if there is none, and every value is zero.

    Raises
    ------
    InvalidTransactions
        If the column is not of numbers. Text is read from files only, which have nothing else.

    Examples
    --------
    >>> import pandas as pd
    >>> from clvmodels.transactions.sources import open_source
    >>> opened = open_source(pd.DataFrame({"who": ["a"], "paid": [5]}), {"customer_id": "who", "value": "paid"})
    >>> amount, checks = amounts(opened, "paid")
    >>> str(amount.type()), len(checks)
    ('float64', 3)
    """
    if name is None:
        return ibis.literal(0.0), []
    raw: Any = source.table.value
    kind = raw.type()
    if source.untyped:
        text = raw.strip().nullif("")
        amount = text.try_cast("float64")
        checks = [_missing(text.isnull(), name), _unread(text.notnull() & amount.isnull(), name, text)]
    elif kind.is_null() or (kind.is_numeric() and not kind.is_boolean()):
        amount = raw.cast("float64")
        checks = [_missing(amount.isnull() | amount.isnan(), name)]
    else:
        raise InvalidTransactions(f"column {shown(name)} is {kind}; make it numbers, e.g. with pandas.to_numeric")
    infinite = Check(
        bad=amount.isinf() | amount.isnan(),
        found=f"have a {shown(name)} that is not finite",
        remedy="correct these rows or leave them out",
        example=amount,
    )
    huge = Check(
        bad=amount.abs() > MOST_MONEY,
        found=f"have a {name!r} beyond {MOST_MONEY:g}, whose sums are not finite",
        remedy="correct these rows, or use a larger unit of money",
        example=amount,
    )
    return amount, [*checks, infinite, huge]


def _missing(bad: Any, name: str) -> Check:
    remedy = "a missing amount is not counted as zero: fill it in, or leave these rows out"
    return Check(bad=bad, found=f"have no {shown(name)}", remedy=remedy)


def _unread(bad: Any, name: str, text: Any) -> Check:
    remedy = "write amounts as 1234.50, without currency signs and thousands marks"
    return Check(bad=bad, found=f"have a {shown(name)} that is not a number", remedy=remedy, example=text)


def no_refunds(refund: Any, name: str | None) -> Check:
    """Refuse negative amounts, and name the choices.

    Parameters
    ----------
    refund : boolean expression
    name : str
        The caller's name of the column.

    Examples
    --------
    >>> no_refunds(ibis.literal(True), "paid").found
    "have a negative 'paid'"
    """
    remedy = (
        "if these are refunds, pass refunds='net' (added to their customer's day, which is no purchase if it then "
        "comes to zero or less) or refunds='drop' (left out)"
    )
    return Check(bad=refund, found=f"have a negative {shown(name)}", remedy=remedy)
