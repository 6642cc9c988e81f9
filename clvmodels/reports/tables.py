"""A table of raw values that knows how its columns read; terminal, page, Markdown and JSON show the same text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from clvmodels.plots.style import printable
from clvmodels.wording import shown_interval, shown_number, supported_decimals

Kind = Literal["text", "count", "number", "interval", "share", "change", "correlation", "figure", "error"]

MISSING = "-"
# Below it three decimals would show nothing.
SMALL = 5e-4


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's title and the kind of its values.

    ``text``; ``count`` (whole); ``number`` (as many decimals in every row); ``interval`` (a pair, its lower and its
    upper end); ``share`` (0.9 reads 90.0 %); ``change`` (a signed share); ``correlation`` (three decimals); ``figure``
    (each value with its own three leading digits, a whole number with all), ``error`` (with four).
    ``number`` columns of the same `scale` have the same decimals. Where the scale has an interval, each row is rounded
    to what its narrowest interval supports.
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
        >>> columns = (Column(title="total", scale="money"), Column(title="interval", kind="interval", scale="money"))
        >>> Table(caption="", columns=columns, rows=((21834.2, (19712.1, 24102.9)),)).shown()
        [['21,800', '19,700 to 24,100']]
        """
        alike = [self._decimals(column) for column in self.columns]
        return [
            [
                _shown(column.kind, value, decimals=self._supported(column, row, else_=decimals))
                for column, value, decimals in zip(self.columns, row, alike, strict=True)
            ]
            for row in self.rows
        ]

    def _scale_of(self, column: Column) -> list[int]:
        """The places of the columns that are rounded with this one."""
        return [
            place
            for place, other in enumerate(self.columns)
            if other is column or (column.scale and other.scale == column.scale)
        ]

    def _decimals(self, column: Column) -> int:
        """The decimals of all `number` columns of one scale."""
        if column.kind not in ("number", "interval"):
            return 0
        return _decimals_of(row[place] for row in self.rows for place in self._scale_of(column))

    def _supported(self, column: Column, row: tuple[Any, ...], *, else_: int) -> int:
        """The decimals that the row's narrowest interval of the scale supports; without one those of its figures."""
        places = self._scale_of(column)
        if column.kind not in ("number", "interval") or all(self.columns[at].kind != "interval" for at in places):
            return else_
        pairs = [row[at] for at in places if self.columns[at].kind == "interval"]
        found = [supported_decimals(*pair) for pair in pairs if is_present(pair)]
        known = [decimals for decimals in found if decimals is not None]
        return max(known, default=_decimals_of(row[at] for at in places))


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


def _decimals_of(values: Iterable[Any]) -> int:
    """The decimals for the largest of some figures and pairs that is finite."""
    each = (part for value in values for part in (value if isinstance(value, tuple) else (value,)))
    return decimals_for(max((abs(part) for part in each if is_present(part) and math.isfinite(part)), default=0.0))


def is_present(value: Any) -> bool:
    """Whether there is a value: neither None nor NaN, nor a pair with such an end."""
    if isinstance(value, tuple):
        return all(is_present(part) for part in value)
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _shown(kind: Kind, value: Any, *, decimals: int) -> str:
    if not is_present(value):
        return MISSING
    if kind not in ("text", "interval") and math.isinf(value):
        return "infinite"
    match kind:
        case "text":
            return printable(str(value))
        case "count":
            return shown_number(value, decimals=0)
        case "share":
            return f"{shown_number(100 * value, decimals=1)} %"
        case "change":
            # Zero added, so that what rounds to zero from below has no minus.
            return f"{round(100 * value, 1) + 0.0:+,.1f} %"
        case "correlation":
            return shown_number(value, decimals=3)
        case "figure" if 0 < abs(value) < SMALL:
            return f"{value:.1g}"
        case "figure":
            return shown_number(value, decimals=0 if isinstance(value, int) else decimals_for(abs(value)))
        case "error":
            return shown_number(value, decimals=decimals_for(abs(value), digits=4))
        case "number":
            return shown_number(value, decimals=decimals)
        case "interval":
            return shown_interval(*value, decimals=decimals)
