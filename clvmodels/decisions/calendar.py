"""Months, quarters and years from the observation end on, as times and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_whole, shown
from clvmodels.intervals import Array
from clvmodels.rfm import RFM, days_per_unit

Period = Literal["month", "quarter", "year"]
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, eq=False)
class Calendar:
    """Periods that follow one another from the observation end on.

    Attributes
    ----------
    edges : array (periods + 1,)
        In the RFM's time unit, from 0.
    labels : tuple of str
        "1997-10", "1997Q4" or "1998"; the last day ("until 1997-11-15") where the observation does not end with a
        month, quarter or year; "month 1" where it has no date.
    """

    edges: Array
    labels: tuple[str, ...]

    @classmethod
    def of(cls, rfm: RFM, *, period: Period, periods: int) -> Calendar:
        """After the observation of an RFM.

        Raises
        ------
        InvalidArgument
            If the period is unknown, or shorter than an opportunity, or the number is not a whole one from 1 on.

        Examples
        --------
        >>> seen = pd.DataFrame({"frequency": [0], "recency": [0], "T": [5]})
        >>> rfm = RFM.from_frame(seen, time_unit="day", observation_end="1997-09-30")
        >>> months = Calendar.of(rfm, period="month", periods=2)
        >>> months.edges.tolist(), months.labels
        ([0.0, 31.0, 61.0], ('1997-10', '1997-11'))
        """
        if period not in get_args(Period):
            raise InvalidArgument(f"period is {shown(period)}; choose one of {', '.join(get_args(Period))}")
        check_whole(periods, "periods")
        by_opportunity = "opportunities" in rfm.frame and rfm.time_unit in MONTHS
        if by_opportunity and MONTHS[period] < MONTHS[rfm.time_unit]:
            raise InvalidArgument(
                f"period is {period!r}, and a purchase is told to a {rfm.time_unit}, the opportunity; choose one of"
                f" {', '.join(name for name in MONTHS if MONTHS[name] >= MONTHS[rfm.time_unit])}"
            )
        steps = MONTHS[period] * np.arange(1, periods + 1)
        if rfm.observation_end is None:
            unit = rfm.time_unit
            per_month = 1 / MONTHS[unit] if by_opportunity else days_per_unit("month") / days_per_unit(unit)
            return cls(
                np.concatenate([[0.0], steps * per_month]), tuple(f"{period} {i}" for i in range(1, periods + 1))
            )
        ends = [_after(rfm.observation_end, int(months)) for months in steps]
        days = np.array([0, *((end - rfm.observation_end).days for end in ends)], float)
        per_unit, length = days_per_unit(rfm.time_unit), days
        if by_opportunity:
            # Opportunities of the calendar, so that a year's is in its year whether that is a leap year or not.
            per_unit, length = MONTHS[rfm.time_unit], np.array([0, *steps], float)
        return cls(
            length / per_unit,
            tuple(_label(end, period, whole=_ends(rfm.observation_end, period)) for end in ends),
        )


def _after(day: pd.Timestamp, months: int) -> pd.Timestamp:
    """The day so many months later; the last of a month after the last of a month."""
    later = day + pd.DateOffset(months=months)
    return later + pd.offsets.MonthEnd(0) if day.is_month_end else later


def _ends(day: pd.Timestamp, period: Period) -> bool:
    """Whether a month, quarter or year ends with that day."""
    return bool({"month": day.is_month_end, "quarter": day.is_quarter_end, "year": day.is_year_end}[period])


def _label(end: pd.Timestamp, period: Period, *, whole: bool) -> str:
    if not whole:
        return f"until {end:%Y-%m-%d}"
    return (
        f"{end:%Y-%m}" if period == "month" else f"{end.year}Q{end.quarter}" if period == "quarter" else str(end.year)
    )


def span(labels: Sequence[str]) -> str:
    """The periods of some labels in words.

    Examples
    --------
    >>> span(["1997-10", "1997-11"]), span(["until 1997-11-15", "until 1997-12-15"])
    ('from 1997-10 to 1997-11', 'until 1997-12-15')
    """
    last = labels[-1]
    return last if last.startswith("until") else f"in {last}" if len(labels) == 1 else f"from {labels[0]} to {last}"
