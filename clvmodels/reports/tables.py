"""A table of raw values that knows how its columns read; the terminal and the page show the same text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from clvmodels.plots.style import printable

Kind = Literal["text", "count", "number", "share", "change", "correlation", "figure", "error"]

MISSING = "-"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's title and the kind of its values.

    ``text``; ``count`` (whole); ``number`` (as many decimals in every row); ``share`` (0.9 reads 90.0 %); ``change``
    (a signed share); ``correlation`` (three decimals); ``figure`` (each value with its own three leading digits),
    ``error`` (with four).
    ``number`` columns of the same `scale` have the same decimals.
    """

    title: str
    kind: Kind = "number"
    scale: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the column is set flush left."""
        return self.kind == "text"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Raw values in rows, one per column; None and NaN where a value does not apply."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def shown(self) -> list[list[str]]:
        """Return the rows as the texts to show.

        Examples
        --------
        >>> columns = (Column(title="customer", kind="text"), Column(title="spend"))
        >>> Table(caption="", columns=columns, rows=(("ann", 1234.56), ("bob", None))).shown()
        [['ann', '1,235'], ['bob', '-']]
        """
        return [
            [
                _shown(column.kind, value, decimals=self._decimals(column))
                for column, value in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]

    def _decimals(self, column: Column) -> int:
        """Return the decimals of all `number` columns of one scale."""
        alike = [
            place
            for place, other in enumerate(self.columns)
            if other is column or (column.scale and other.scale == column.scale)
        ]
        sizes = [
            abs(row[place])
            for row in self.rows
            for place in alike
            if column.kind == "number" and _is_present(row[place])
        ]
        return decimals_for(max(sizes, default=0.0))


def shown_number(value: float, *, decimals: int) -> str:
    """Return `value` with thousands separated, and no minus sign before a zero.

    Examples
    --------
    >>> shown_number(-1234.5, decimals=1), shown_number(-0.001, decimals=1)
    ('-1,234.5', '0.0')
    """
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def decimals_for(largest: float, *, digits: int = 3) -> int:
    """Return the decimals that show so many digits of `largest`, as many decimals at most: more would be noise.

    Examples
    --------
    >>> [decimals_for(value) for value in (0.05, 4.2, 36.79, 1234.0)]
    [3, 2, 1, 0]
    """
    if largest == 0 or not math.isfinite(largest):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(largest)), 0), digits)


def _is_present(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _shown(kind: Kind, value: Any, *, decimals: int) -> str:
    if not _is_present(value):
        return MISSING
    if kind != "text" and math.isinf(value):
        return "infinite"
    match kind:
        case "text":
            return printable(str(value))
        case "count":
            return shown_number(value, decimals=0)
        case "share":
            return f"{shown_number(100 * value, decimals=1)} %"
        case "change":
            return f"{100 * value:+,.1f} %"
        case "correlation":
            return shown_number(value, decimals=3)
        case "figure":
            return shown_number(value, decimals=decimals_for(abs(value)))
        case "error":
            return shown_number(value, decimals=decimals_for(abs(value), digits=4))
        case "number":
            return shown_number(value, decimals=decimals)
