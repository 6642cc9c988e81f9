"""The errors and warnings of clvmodels, and the checks of choices that every layer shares."""

from __future__ import annotations

import copy
import linecache
import math
import sys
import sysconfig
from numbers import Real
from pathlib import Path
from types import TracebackType
from typing import Any


class ClvError(Exception):
    """Base of all errors that clvmodels raises on purpose.

    In IPython and notebooks it shows the reader's own lines and the message;
    `traceback.print_exception(sys.last_value)` shows the rest.
    """

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of the whole traceback."""
        short = copy.copy(self)
        # What it came from is told in the message.
        short.__suppress_context__ = True
        shell: Any = sys.modules["IPython"].get_ipython()
        return shell.InteractiveTB.structured_traceback(type(short), short, _own_lines(self.__traceback__), tb_offset=0)


def _own_lines(frames: TracebackType | None) -> TracebackType | None:
    """The frames of a traceback that are neither ours nor of an installed library."""
    if frames is None:
        return None
    rest = _own_lines(frames.tb_next)
    file = frames.tb_frame.f_code.co_filename
    libraries = [Path(__file__).parent, *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))]
    # Compiled and generated code has no lines to show.
    if not linecache.getlines(file) or any(Path(file).is_relative_to(library) for library in libraries):
        return rest
    return TracebackType(rest, frames.tb_frame, frames.tb_lasti, frames.tb_lineno)


class InvalidTransactions(ClvError, ValueError):
    """A transaction log that cannot be used as it is; the message says what was found and what to do."""


class InvalidRFM(ClvError, ValueError):
    """A per-customer table that cannot be used as it is."""


class InvalidArgument(ClvError, ValueError):
    """A choice outside its domain."""


class FitFailed(ClvError, RuntimeError):
    """A fit that has no usable result; the message names the cause and the remedy."""


class InvalidConfiguration(ClvError, ValueError):
    """A configuration file that cannot be used as it is; the message names the keys."""


class StoreError(ClvError, RuntimeError):
    """A store of models that is damaged, or cannot be written."""


class Locked(ClvError, RuntimeError):
    """Another run is writing to the store; the message names it."""


class FitWarning(UserWarning):
    """A fit that has a result, but failed one of its checks."""


class DataWarning(UserWarning):
    """Data that can be used, but are probably not what was meant."""


LONGEST = 1e6
"""Time units, whatever they are: days for 2,700 years."""
MOST_MONEY = 1e100
"""Sums and squares of amounts stay far from the largest number that a computer holds."""
MOST_COUNTED = 1_000_000
LONGEST_SHOWN = 60


def shown(value: Any) -> str:
    """A value as an error quotes it: plain, and short.

    >>> shown(0.5), shown(10**400), shown("a" * 1000)[-10:]
    ('0.5', 'a whole number of 401 digits', 'aaaaaaa...')
    """
    item = getattr(value, "item", None)
    plain = item() if callable(item) and getattr(value, "ndim", None) == 0 else value
    # Python refuses to write out some thousands of digits.
    if isinstance(plain, int) and abs(plain) >= 10**20:
        return f"a whole number of {math.floor(math.log10(abs(plain))) + 1} digits"
    try:
        text = repr(plain)
    except ValueError:
        text = f"a {type(plain).__name__} with a huge number in it"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def as_number(value: Any) -> float:
    """The value as a float: infinite where it is too large for one, NaN where it is no real number.

    >>> as_number(3), as_number(10**400), as_number("3"), as_number(True)
    (3.0, inf, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if abs(value) == value else -math.inf


def check_number(value: Any, name: str, wanted: str, *, low: float = 0.0, high: float, above: bool = False) -> float:
    """Return `value` as a float if it is a number from `low` (or `above` it) to `high`.

    Parameters
    ----------
    value : any
    name : str
        What an error calls it.
    wanted : str
        What to give instead, as an error says it; the largest number that can be is added to it.
    low, high : float
    above : bool

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_number(52, "horizon", "a length", high=1e6)
    52.0
    """
    number = as_number(value)
    if (number > low if above else number >= low) and number <= high:
        return number
    limit = f"; the largest is {high:,.10g}" if number > high > 1 else ""
    raise InvalidArgument(f"{name} is {shown(value)}; give {wanted}{limit}")


def check_whole(value: Any, name: str, *, smallest: int = 1, largest: int = MOST_COUNTED) -> int:
    """Return `value` as an int if it is a whole number from `smallest` to `largest`; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_whole(12.0, "periods")
    12
    """
    number = as_number(value)
    if not (number.is_integer() and smallest <= number <= largest):
        limit = f"; the largest is {largest:,}" if number > largest else ""
        raise InvalidArgument(f"{name} is {shown(value)}; give a whole number, {smallest} or more{limit}")
    return int(value)


def check_interval(interval: float) -> float:
    """Return `interval` if it is a probability strictly between 0 and 1.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_interval(0.9)
    0.9
    """
    return check_share(interval, "interval")


def check_share(share: float, name: str, *, above: float = 0.0) -> float:
    """Return `share` if it is a probability strictly between 0 (or `above`) and 1; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_share(0.9, "confidence")
    0.9
    """
    if not above < as_number(share) < 1:
        raise InvalidArgument(f"{name} is {shown(share)}; give a probability between {above:g} and 1, e.g. {name}=0.9")
    return float(share)


def check_margin(margin: float) -> float:
    """Return `margin` if it is a share of the spend above 0.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_margin(0.3)
    0.3
    """
    return check_number(margin, "margin", "a share of the spend in (0, 1], e.g. 0.3", high=1.0, above=True)


def check_cost(cost: float, name: str) -> float:
    """Return `cost` if it is a finite amount of money, zero or more; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_cost(12, "cost")
    12.0
    """
    return check_number(cost, name, "an amount of money, zero or more", high=MOST_MONEY)


def check_horizon(horizon: float, name: str = "horizon") -> float:
    """Return `horizon` (in the RFM's time unit) if it is finite and not negative; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_horizon(52)
    52.0
    """
    return check_number(horizon, name, "a finite number of time units, zero or more", high=LONGEST)


def check_length(length: float, name: str) -> float:
    """Return `length` (in time units) if it is finite and above zero; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is not.

    Examples
    --------
    >>> check_length(52, "period")
    52.0
    """
    return check_number(length, name, "a finite length in time units, above zero", high=LONGEST, above=True)
