"""Further statistics of a customer's purchases, for the models that need them, worked out where the log is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import ibis

from clvmodels.errors import InvalidArgument
from clvmodels.rfm.columns import COLUMNS, DIGITS
from clvmodels.rfm.rules import OF_VALUES, OPPORTUNITIES, STATISTICS
from clvmodels.rfm.steps import Step

# What is added up is in whole numbers of these parts, so that the order of the rows does not matter.
GAP_PARTS, VALUE_PARTS, SQUARE_PARTS = 2.0**44, 2.0**40, 2.0**40


def chosen_statistics(statistics: Sequence[str], *, step: Step, has_value: bool) -> tuple[str, ...]:
    """Return those of some names that are made on demand only, each once and in order.

    Raises
    ------
    InvalidArgument
        If a name is not known, or the log cannot give it.

    Examples
    --------
    >>> chosen_statistics(("frequency", "T", "log_gaps"), step=Step.of("day", None), has_value=True)
    ('log_gaps',)
    """
    names = (statistics,) if isinstance(statistics, str) else tuple(statistics)
    unknown = [name for name in names if name not in (*COLUMNS, *STATISTICS, *OPPORTUNITIES)]
    if unknown:
        raise InvalidArgument(f"statistics has {unknown}; choose from {', '.join(STATISTICS)}")
    if set(names) & set(OPPORTUNITIES) and not step.opportunity:
        raise InvalidArgument("opportunities are counted where one is named, e.g. opportunity='month'; pass that")
    valued = [name for name in names if name in OF_VALUES]
    if valued and not has_value:
        raise InvalidArgument(f"{valued} are statistics of values, and the log has none; name its value column")
    return tuple(name for name in STATISTICS if name in names)


def prepared(days: Any, names: Sequence[str], step: Step) -> Any:
    """Add to the purchase days what `aggregates` adds up."""
    if "log_gaps" in names:
        number = step.count(days.date)
        days = days.mutate(number=number).group_by("customer_id", "purchase").order_by("number")
        days = days.mutate(gap=ibis._.number - ibis._.number.lag())
        days = days.mutate(log_gap=_whole(days.gap.fill_null(1).cast("float64").ln(), GAP_PARTS))
    if {"log_value_mean", "log_value_squares"} & set(names):
        paid = days.purchase & (days.value > 0)
        parts = _whole(_tidy(paid.ifelse(days.value, 1.0)).ln(), VALUE_PARTS)
        days = days.mutate(log_value=paid.ifelse(parts, ibis.null("int64"))).group_by("customer_id")
        days = days.mutate(least=ibis._.log_value.min(), paid=ibis._.log_value.count(), sum=ibis._.log_value.sum())
        # Above the least, so that equal prices differ by nothing at all.
        above = (days.log_value - days.least).cast("float64")
        days = days.mutate(deviation=(above - _mean_above(days.sum, days.least, days.paid)) / VALUE_PARTS)
    return days


def aggregates(days: Any, buys: Any, names: Sequence[str], step: Step) -> dict[str, Any]:
    """Return what is kept of each customer, for `finished`."""
    kept: dict[str, Any] = {}
    if "log_gaps" in names:
        kept["gap_parts"] = days.log_gap.sum(where=buys)
    if "purchase_times" in names:
        kept["numbers"] = step.count(days.date).collect(where=buys)
    if {"log_value_mean", "log_value_squares"} & set(names):
        kept |= {"least": days.log_value.min(), "paid": days.log_value.count(), "sum": days.log_value.sum()}
        kept |= {"square_parts": _whole(days.deviation * days.deviation, SQUARE_PARTS).sum().fill_null(0)}
    return kept


def finished(counted: Any, names: Sequence[str], step: Step) -> dict[str, Any]:
    """Return the statistics, from a customer's frequency and what `aggregates` kept."""
    found: dict[str, Any] = {}
    if "log_gaps" in names:
        unit = counted.frequency.cast("float64") * math.log(step.per_unit)
        found["log_gaps"] = counted.gap_parts.cast("float64") / GAP_PARTS - unit
    if "purchase_times" in names:
        numbers = counted.numbers.sort()
        first = numbers[0]
        found["purchase_times"] = numbers[1:].map(lambda number: (number - first).cast("float64") / step.per_unit)
    if "free_purchases" in names:
        found["free_purchases"] = counted.zero_days.cast("int64")
    if "log_value_mean" in names:
        parts = counted.least.cast("float64") + _mean_above(counted.sum, counted.least, counted.paid)
        found["log_value_mean"] = (parts / VALUE_PARTS).fill_null(0.0)
    if "log_value_squares" in names:
        found["log_value_squares"] = counted.square_parts.cast("float64") / SQUARE_PARTS
    return found


def _whole(number: Any, parts: float) -> Any:
    """In whole parts, whose sum does not depend on the order."""
    return (number * parts).round().cast("int64")


def _mean_above(total: Any, least: Any, number: Any) -> Any:
    number = ibis.greatest(number, 1).cast("float64")
    return (total.cast("float64") - number * least.cast("float64")) / number


def _tidy(value: Any) -> Any:
    """Round a day's value to the digits that its rows' order leaves alone, as `columns.tidy` does."""
    places = DIGITS - 1 - value.log10().floor()
    inside = places.abs() <= 22
    up, down = (ibis.literal(10.0) ** inside.ifelse(ibis.greatest(each, 0.0), 0.0) for each in (places, -places))
    return inside.ifelse((value * up / down).round() / up * down, value)
