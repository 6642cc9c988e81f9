"""The errors and warnings of clvmodels, and the checks of choices that every layer shares."""

from __future__ import annotations

import copy
import linecache
import math
import os
import re
import reprlib
import sys
import sysconfig
import warnings
from fractions import Fraction
from numbers import Real
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

# What addresses of other places begin with; other letters do so only before a slash.
SCHEMES = "abfss?|adl|az|dbfs|file|ftps?|gcs?|gs|hdfs|hf|https?|oss|r2|s3[an]?|sftp|smb|ssh|viewfs|wasbs?|webhdfs"
# A pathlib.Path has one slash where an address has two, and perhaps a folder before it.
ADDRESS = re.compile(rf"://|^\s*[a-z][a-z0-9+.-]+:[/\\]|^\s*({SCHEMES}):|[/\\]({SCHEMES}):([/\\]|$)", re.IGNORECASE)
WINDOWS = re.compile(r"^[a-z]:[/\\]|^\\\\", re.IGNORECASE)
LONGEST_NAME, LONGEST_PATH = 255, 4095  # bytes, where most systems end


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


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line that called clvmodels, however deep inside it this is called.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     warn("late rows", DataWarning)
    >>> str(seen[0].message)
    'late rows'
    """
    own = frame = sys._getframe(1)
    # Generated code and the standard library may stand between two calls of ours.
    while _root(frame) in {"clvmodels", *sys.stdlib_module_names} and frame.f_back is not None:
        frame = frame.f_back
    at = frame if _root(frame) not in sys.stdlib_module_names else own
    registry = at.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(message, category, at.f_code.co_filename, at.f_lineno, registry=registry)


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "clvmodels")).partition(".")[0]


def local_path(path: str | os.PathLike[str], name: str = "the path") -> Path:
    """Return a path on this machine, with the home folder in the place of ``~``; `name` is what an error calls it.

    Raises
    ------
    InvalidArgument
        If it is an address of another place, such as ``s3://bucket/log.csv``, or no file can have such a name.

    Examples
    --------
    >>> local_path("data/log.csv").name
    'log.csv'
    >>> local_path("s3://bucket/log.csv")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: the path is 's3://bucket/log.csv', an address and not a path on this machine: copy
    the files here, or mount the place and give its path
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise InvalidArgument(f"{name} is a {type(path).__name__}; give a path, e.g. 'data/log.csv'") from None
    wrong = why_not_local(text)
    if wrong is not None:
        raise InvalidArgument(f"{name} is {shown(text, longest=100)}, {wrong}")
    return Path(text).expanduser()


def why_not_local(path: str) -> str | None:
    """Return what makes a text no path on this machine, and what to do; None where it is one.

    Examples
    --------
    >>> why_not_local("a" * 300)
    'which is too long for the name of a file: give a shorter one'
    """
    if ADDRESS.search(path) or (os.name == "posix" and WINDOWS.search(path)):
        return "an address and not a path on this machine: copy the files here, or mount the place and give its path"
    try:
        found = Path(path).expanduser()
        longest = max([len(os.fsencode(part)) for part in found.parts], default=0)
    except RuntimeError:
        return "and there is no such user here: write the folder out"
    except UnicodeEncodeError:
        longest = None
    if not path or longest is None or "\0" in path:
        return "which no file can be called: give another name"
    if longest > LONGEST_NAME or len(os.fsencode(found)) > LONGEST_PATH:
        return "which is too long for the name of a file: give a shorter one"
    return None


LONGEST = 1e6
"""Time units, whatever they are: days for 2,700 years."""
MOST_MONEY = 1e100
"""Sums and squares of amounts stay far from the largest number that a computer holds."""
MOST_COUNTED = 1_000_000


def as_number(value: Any) -> float:
    """The value as a float: infinite where it is too large for one, NaN where it is no number that NumPy computes with.

    >>> as_number(3), as_number(10**400), as_number("3"), as_number(True)
    (3.0, inf, nan, nan)
    """
    if isinstance(value, bool | Fraction) or not isinstance(value, Real):
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
    return check_number(length, name, "a finite number of time units, above zero", high=LONGEST, above=True)


class _Shown(reprlib.Repr):
    """Short representations in one line, in which numpy's scalars and arrays are Python's."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = longest
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 20

    def repr1(self, x: Any, level: int) -> str:
        if type(x).__module__ == "numpy" and hasattr(x, "dtype"):
            # A time is a bare number to Python, and a long double has no other name there.
            x = str(x) if x.dtype.kind in "mM" else x[: self.maxlist + 1].tolist() if x.shape else x.item()
            x = float(x) if type(x).__module__ == "numpy" else x
        return super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write out integers of thousands of digits.
        return f"a number of {x.bit_length()} bits" if x.bit_length() > 10_000 else super().repr_int(x, level)

    def repr_bytes(self, x: bytes, level: int) -> str:
        return super().repr_instance(x if len(x) <= self.maxother else x[: self.maxother // 2] + b"...", level)

    def repr_instance(self, x: Any, level: int) -> str:
        return " ".join(super().repr_instance(x, level).split())


def shown(value: Any, *, longest: int = 80) -> str:
    """Return a value as messages quote it: short whatever its length, and without numpy's types.

    Parameters
    ----------
    value
        Of any kind; a list and the like are cut after twenty entries.
    longest
        In characters, of a text or another single value.

    Examples
    --------
    >>> import numpy as np
    >>> shown(np.int64(4)), shown("ann"), shown((np.float32(0.5), "x"))
    ('4', "'ann'", "(0.5, 'x')")
    >>> len(shown("x" * 1_000_000)), len(shown(list(range(5_000))))
    (80, 75)
    """
    return _Shown(longest).repr(value)
