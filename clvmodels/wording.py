"""Numbers and lists in sentences."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

from clvmodels.errors import InvalidArgument, shown

# The ends of an interval are hardly known better than to a hundredth of its width.
DIGITS_OF_WIDTH = 2
# Below this a number has so few digits before the point that more would be noise.
MOST_DECIMALS = 6
LONGEST_CURRENCY = 8


def amount(value: float) -> str:
    """Return a number with thousands separators, and three digits or all before the point.

    Examples
    --------
    >>> amount(1234.5), amount(9.999), amount(-0.01234), amount(0), amount(math.inf)
    ('1,234', '10.0', '-0.0123', '0', 'infinite')
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    rounded = abs(float(f"{value:.3g}"))
    decimals = 2 - math.floor(math.log10(rounded)) if rounded else 0
    return f"{value:,.{max(decimals, 0)}f}"


def share(value: float) -> str:
    """Return a share in per cent, which is 0 or 100 only if it is exactly.

    Examples
    --------
    >>> share(0.123), share(0.0), share(0.9999), share(0.0001)
    ('12 %', '0 %', 'over 99 %', 'under 1 %')
    """
    if 0 < value < 0.01:
        return "under 1 %"
    if 0.99 < value < 1:
        return "over 99 %"
    return f"{100 * value:.0f} %"


def chance(probability: float) -> str:
    """Return a probability that was estimated from draws, and is therefore never quite 0 or 1, in per cent.

    Examples
    --------
    >>> chance(1.0), chance(0.123), chance(0.0)
    ('over 99 %', '12 %', 'under 1 %')
    """
    return share(min(max(probability, 1e-9), 1 - 1e-9))


def between(row: Mapping[str, float], interval: float, kind: str) -> str:
    """Return the interval of a figure in brackets, after a space, with its kind; nothing where there is none.

    Examples
    --------
    >>> between({"lower": 33.5, "upper": 40.5}, 0.9, "credible")
    ' (90 % credible interval 33.5 to 40.5)'
    >>> between({"lower": math.nan, "upper": math.nan}, 0.9, "credible")
    ''
    """
    if math.isnan(row["lower"]) or math.isnan(row["upper"]):
        return ""
    return f" ({share(interval)} {kind} interval {amount(row['lower'])} to {amount(row['upper'])})"


def with_currency(figure: str, currency: str) -> str:
    """Return a figure with its currency: a code after it, a sign before it; as it is where there is none.

    Examples
    --------
    >>> with_currency("21,800", "EUR"), with_currency("-5", "$"), with_currency("7", "")
    ('21,800 EUR', '-$5', '7')
    """
    if not currency:
        return figure
    if currency[-1].isalpha():
        return f"{figure} {currency}"
    sign, digits = ("-", figure[1:]) if figure.startswith("-") else ("", figure)
    return f"{sign}{currency}{digits}"


def plural(count: float, noun: str) -> str:
    """Return a count with its noun, thousands separated.

    Examples
    --------
    >>> plural(1, "customer"), plural(2357, "customer"), plural(38.9, "week")
    ('1 customer', '2,357 customers', '38.9 weeks')
    """
    return f"{count:,.4g} {noun}" if count == 1 else f"{count:,.10g} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Join words.

    Examples
    --------
    >>> listed(["level", "error", "ranking"])
    'level, error and ranking'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def supported_decimals(lower: float, upper: float) -> int | None:
    """Return the decimals that show two digits of an interval's width, below 0 for tens; None where it has none.

    Examples
    --------
    >>> supported_decimals(19712.1, 24102.9), supported_decimals(0.12, 0.31), supported_decimals(5.0, 5.0)
    (-2, 2, None)
    """
    if lower == upper or not math.isfinite(lower) or not math.isfinite(upper):
        return None
    width = abs(upper - lower)
    if not math.isfinite(width):
        return None
    return min(DIGITS_OF_WIDTH - 1 - math.floor(math.log10(width)), MOST_DECIMALS)


def shown_number(value: float, *, decimals: int) -> str:
    """Return `value` with thousands separated, rounded to tens or more by negative decimals, without minus before zero.

    Examples
    --------
    >>> shown_number(-1234.5, decimals=1), shown_number(-0.001, decimals=1), shown_number(21834.2, decimals=-2)
    ('-1,234.5', '0.0', '21,800')
    """
    text = f"{round(float(value), decimals):,.{max(decimals, 0)}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def shown_interval(lower: float, upper: float, *, decimals: int) -> str:
    """Return the ends of an interval in words.

    Examples
    --------
    >>> shown_interval(19712.1, 24102.9, decimals=-2)
    '19,700 to 24,100'
    """
    ends = ("infinite" if math.isinf(end) else shown_number(end, decimals=decimals) for end in (lower, upper))
    return " to ".join(ends)


def supported(value: float, lower: float, upper: float) -> str:
    """Return a figure rounded to what its interval supports; as an amount where it has none.

    Examples
    --------
    >>> supported(21834.2, 19712.1, 24102.9), supported(21834.2, 5.0, 5.0)
    ('21,800', '21,834')
    """
    decimals = supported_decimals(lower, upper)
    return amount(value) if decimals is None else shown_number(value, decimals=decimals)


def supported_interval(lower: float, upper: float) -> str:
    """Return the ends of an interval, rounded to what it supports.

    Examples
    --------
    >>> supported_interval(19712.1, 24102.9), supported_interval(5.0, 5.0)
    ('19,700 to 24,100', '5.00 to 5.00')
    """
    return " to ".join(supported(end, lower, upper) for end in (lower, upper))


def check_currency(currency: object) -> str:
    """Return the currency if it is one that a report can show.

    Examples
    --------
    >>> check_currency("€")
    '€'
    """
    if not isinstance(currency, str) or len(currency) > LONGEST_CURRENCY or not all(map(_is_plain, currency)):
        raise InvalidArgument(f"currency is {shown(currency)}; give a code such as 'EUR' or a sign such as '$'")
    return currency


def _is_plain(character: str) -> bool:
    """A letter, a currency sign or a full stop; no digit, which would run into the amount."""
    return unicodedata.category(character)[0] == "L" or unicodedata.category(character) == "Sc" or character == "."
