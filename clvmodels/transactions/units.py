"""Units of time, in days."""

from __future__ import annotations

from typing import Literal

from clvmodels.errors import InvalidArgument, shown

TimeUnit = Literal["day", "week", "month", "year", "quarter"]
DAYS_PER_UNIT: dict[str, float] = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25, "quarter": 365.25 / 4}


def days_per_unit(time_unit: TimeUnit) -> float:
    """Return the number of days in a time unit.

    Parameters
    ----------
    time_unit : {"day", "week", "month", "year", "quarter"}

    Raises
    ------
    InvalidArgument
        If the unit is not known.

    Examples
    --------
    >>> days_per_unit("month")
    30.4375
    """
    if time_unit not in tuple(DAYS_PER_UNIT):
        raise InvalidArgument(f"time_unit is {shown(time_unit)}; choose one of {', '.join(DAYS_PER_UNIT)}")
    return DAYS_PER_UNIT[time_unit]
