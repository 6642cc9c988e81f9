"""The errors and warnings of clvmodels, and the checks of choices that every layer shares."""

from __future__ import annotations

import math
from numbers import Real


class ClvError(Exception):
    """Base of all errors that clvmodels raises on purpose."""


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
    if not (isinstance(interval, Real) and 0 < interval < 1):
        raise InvalidArgument(f"interval is {interval!r}; give a probability between 0 and 1, e.g. interval=0.9")
    return float(interval)


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
    if not (isinstance(margin, Real) and 0 < margin <= 1):
        raise InvalidArgument(f"margin is {margin!r}; give a share of the spend in (0, 1], e.g. 0.3")
    return float(margin)


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
    if isinstance(cost, bool) or not (isinstance(cost, Real) and math.isfinite(cost) and cost >= 0):
        raise InvalidArgument(f"{name} is {cost!r}; give an amount of money, zero or more")
    return float(cost)


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
    if not (isinstance(horizon, Real) and math.isfinite(horizon) and horizon >= 0):
        raise InvalidArgument(f"{name} is {horizon!r}; give a finite number of time units, zero or more")
    return float(horizon)
