"""Checks of what decisions are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import MOST_MONEY, InvalidArgument, check_cost, check_number, shown
from clvmodels.lifetime_value import LifetimeValue, segments
from clvmodels.model_error import ModelError
from clvmodels.rfm import RFM


def check_model_error(model_error: Any) -> None:
    """Refuse what is neither None nor a ModelError.

    Examples
    --------
    >>> check_model_error(None)
    """
    if not (model_error is None or isinstance(model_error, ModelError)):
        raise InvalidArgument(
            f"model_error is a {type(model_error).__name__}; give what clv.estimate_model_error returns"
        )


def check_value(value: Any, name: str = "value") -> LifetimeValue:
    """Return what is a LifetimeValue.

    Raises
    ------
    InvalidArgument
        If it is anything else, such as a posterior.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> check_value(value) is value
    True
    """
    if not isinstance(value, LifetimeValue):
        raise InvalidArgument(
            f"{name} is a {type(value).__name__}; give a clv.LifetimeValue(purchases, spend, margin=...)"
        )
    return value


def check_known(value: Any, rfm: Any) -> None:
    """Refuse what is no LifetimeValue, what is no RFM in its time unit, and one without customers.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> check_known(value, RFM.new_customer("week"))
    """
    check_value(value).purchases.check_customers(rfm)
    grouped(rfm, None)


def successor(value: LifetimeValue, new: LifetimeValue | None) -> LifetimeValue:
    """The value of the customers to be won: `new`, or that of those who are known.

    Raises
    ------
    InvalidArgument
        If `new` has another time unit or another number of draws.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> value = LifetimeValue(*cdnow_posteriors())
    >>> successor(value, None) is value
    True
    """
    if new is None:
        return value
    check_value(new, "new")
    known, other = ((one.purchases.time_unit, one.purchases.draw_count) for one in (value, new))
    if known != other:
        raise InvalidArgument(
            f"the customers have a model in {known[0]}s with {known[1]} draws, the new ones one in {other[0]}s with"
            f" {other[1]}; fit both with the same time_unit= and draws="
        )
    return new


def costs_of(cost: Any, names: list, what: str) -> dict[Any, float]:
    """The cost of a customer of each of the names, from one for all or a dict.

    Examples
    --------
    >>> costs_of(12, ["mail", "search"], "channels")
    {'mail': 12.0, 'search': 12.0}
    """
    by_name = isinstance(cost, (Mapping, pd.Series))
    given: Any = cost if by_name else dict.fromkeys(names, cost)
    missing = [name for name in names if name not in given]
    if missing:
        raise InvalidArgument(f"cost lacks {what} {missing[:5]}, it has {list(given)[:5]}; give the cost of each")
    return {name: check_cost(given[name], f"the cost of {name}" if by_name else "cost") for name in names}


def numbers(given: Any, name: str, periods: int) -> NDArray[np.float64]:
    """One number for each of the periods, from one number or as many, all finite and zero or more.

    Examples
    --------
    >>> numbers(5, "target_revenue", 2).tolist()
    [5.0, 5.0]
    """
    try:
        found = np.asarray(np.nan if isinstance(given, bool) else given, float)
    except (TypeError, ValueError, OverflowError):
        found = np.array(np.nan)
    if found.ndim > 1 or (found.ndim == 1 and len(found) != periods):
        raise InvalidArgument(f"{name} has {found.size} numbers for {periods} periods; give one, or one for each")
    if not ((found >= 0) & (found <= MOST_MONEY)).all():
        raise InvalidArgument(f"{name} is {shown(given)}; give numbers, zero or more")
    return np.broadcast_to(found, periods)


def check_discount(discount: Any) -> float:
    """Return a share of the price that is given away.

    Examples
    --------
    >>> check_discount(0.1)
    0.1
    """
    return check_number(discount, "discount", "a share of the price in [0, 1], e.g. 0.1", high=1.0)


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
    if by is not None and not isinstance(by, str):
        raise InvalidArgument(f"by is a {type(by).__name__}; give the name of a column of rfm.frame")
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
