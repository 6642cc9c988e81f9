"""Checks of what decisions are given."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.lifetime_value import segments
from clvmodels.rfm import RFM


def check_share(share: Any, name: str) -> None:
    """Refuse what is no probability strictly between 0 and 1.

    Examples
    --------
    >>> check_share(0.9, "confidence")
    """
    if not (isinstance(share, Real) and 0 < float(share) < 1):
        raise InvalidArgument(f"{name} is {share!r}; give a probability between 0 and 1, e.g. 0.9")


def check_count(count: Any, name: str) -> None:
    """Refuse what is no whole number from 1 on.

    Examples
    --------
    >>> check_count(100, "cohort")
    """
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise InvalidArgument(f"{name} is {count!r}; give a whole number, 1 or more")


def check_length(length: Any, name: str) -> float:
    """Return a length in time units, above zero.

    Examples
    --------
    >>> check_length(52, "period")
    52.0
    """
    if not (isinstance(length, Real) and math.isfinite(length) and float(length) > 0):
        raise InvalidArgument(f"{name} is {length!r}; give a finite number of time units, above zero")
    return float(length)


def check_discount(discount: Any) -> float:
    """Return a share of the price that is given away.

    Examples
    --------
    >>> check_discount(0.1)
    0.1
    """
    if not (isinstance(discount, Real) and 0 <= float(discount) <= 1):
        raise InvalidArgument(f"discount is {discount!r}; give a share of the price in [0, 1], e.g. 0.1")
    return float(discount)


def grouped(rfm: RFM, by: str | None) -> tuple[Any, pd.Index]:
    """The group of every customer as a code (n,), and the groups, of which none is empty.

    Raises
    ------
    InvalidArgument
        If there are no customers, the column is missing or has gaps, or a group has no customers.

    Examples
    --------
    >>> codes, groups = grouped(RFM.new_customer("week"), None)
    >>> list(groups)
    ['total']
    """
    if len(rfm) == 0:
        raise InvalidArgument("there are no customers; select at least one")
    segment = segments(rfm, by)
    counts = np.bincount(np.asarray(segment.codes), minlength=len(segment.categories))
    empty = [str(name) for name, count in zip(segment.categories, counts, strict=True) if count == 0]
    if empty:
        raise InvalidArgument(
            f"no customer is in {by} {empty}; leave these out, e.g. with .cat.remove_unused_categories()"
        )
    return np.asarray(segment.codes), pd.Index(segment.categories, name=by)
