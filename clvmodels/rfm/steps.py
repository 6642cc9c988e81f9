"""The shortest time in which there is one purchase at most: a day, or a calendar period that is an opportunity."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.transactions import TimeUnit, Transactions, days_per_unit

# No log is older, and Python's dates begin in the year 1.
FLOOR = dt.date(1600, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A day or a calendar period, and the unit in which time is told.

    Attributes
    ----------
    length : {"day", "week", "month", "year", "quarter"}
        Weeks begin on Monday.
    time_unit : {"day", "week", "month", "year", "quarter"}
    opportunity : bool
        Whether time goes in whole steps, each of which is an opportunity to buy.

    Examples
    --------
    >>> months = Step.of(None, "month")
    >>> months.between(dt.date(1997, 1, 31), dt.date(1997, 3, 1)), months.ends(dt.date(1997, 2, 28))
    (2, True)
    """

    length: TimeUnit
    time_unit: TimeUnit
    opportunity: bool

    @classmethod
    def of(cls, time_unit: TimeUnit | None, opportunity: TimeUnit | None) -> Step:
        """Read the two choices of a log; without an opportunity time is told in weeks unless said otherwise."""
        if opportunity is None:
            unit = "week" if time_unit is None else time_unit
            days_per_unit(unit)
            return cls(length="day", time_unit=unit, opportunity=False)
        try:
            days_per_unit(opportunity)
        except InvalidArgument as error:
            raise InvalidArgument(str(error).replace("time_unit", "opportunity")) from error
        if time_unit not in (None, opportunity):
            raise InvalidArgument(
                f"time_unit is {time_unit!r}, but with opportunity={opportunity!r} time is counted in {opportunity}s;"
                " leave time_unit out"
            )
        return cls(length=opportunity, time_unit=opportunity, opportunity=True)

    @property
    def per_unit(self) -> float:
        """The number of steps in a time unit."""
        return 1.0 if self.opportunity else days_per_unit(self.time_unit)

    def between(self, first: dt.date, last: dt.date) -> int:
        """Count the steps from one day's to another's."""
        return self._number(last) - self._number(first)

    def later(self, day: dt.date, steps: float) -> dt.date:
        """Return the last day of the step that is so many steps after (or, if negative, before) that of a day."""
        number = self._number(day) + max(int(steps), -(10**6)) + 1
        return self._first_day(number) - dt.timedelta(days=1) if number > self._number(FLOOR) else FLOOR

    def ends(self, day: dt.date) -> bool:
        """Whether a day is the last one of its step."""
        return self.later(day, 0) == day

    def last_end(self, day: dt.date) -> dt.date:
        """Return the last day, not after a day, that ends a step."""
        return day if self.ends(day) else self.later(day, -1)

    def check_end(self, day: dt.date, name: str) -> None:
        """Refuse a day that does not end a step: its opportunity would not be over.

        Raises
        ------
        InvalidArgument
            With the two nearest days that do.
        """
        if not self.ends(day):
            raise InvalidArgument(
                f"{name} {day} is not the last day of a {self.length}, so that the last opportunity is not over; choose"
                f" {self.later(day, -1)} or {self.later(day, 0)}"
            )

    def merged(self, transactions: Transactions) -> Transactions:
        """Return the log with each row on the first day of its step."""
        if not self.opportunity:
            return transactions
        table: Any = transactions.table
        return replace(transactions, table=table.mutate(date=table.date.truncate(self.length[0].upper())))

    def count(self, day: Any) -> Any:
        """Number the steps of a date expression's days, as whole numbers that go up by one."""
        if self.length in ("day", "week"):
            days = day.delta(ibis.literal(dt.date(1970, 1, 5)), unit="day")  # a Monday
            return days if self.length == "day" else (days.cast("float64") / 7).floor().cast("int64")
        within = {"month": lambda: day.month() - 1, "quarter": lambda: day.quarter() - 1, "year": lambda: 0}
        return (day.year() * self._in_year() + within[self.length]()).cast("int64")

    def elapsed(self, days: Any, end: dt.date) -> np.ndarray:
        """Return the time from a day's step to those of a column of days, in time units."""
        if self.length == "day":
            return (pd.to_datetime(days) - pd.Timestamp(end)).dt.days.to_numpy() / self.per_unit
        codes, distinct = pd.factorize(pd.to_datetime(days))
        return np.array([self.between(end, day.date()) for day in distinct], dtype=float)[codes]

    def _in_year(self) -> int:
        return {"month": 12, "quarter": 4, "year": 1}[self.length]

    def _number(self, day: dt.date) -> int:
        if self.length in ("day", "week"):
            # The first day of the year 1, day 1, is a Monday.
            return (day.toordinal() - 1) // (7 if self.length == "week" else 1)
        parts = self._in_year()
        return day.year * parts + (day.month - 1) * parts // 12

    def _first_day(self, number: int) -> dt.date:
        if self.length in ("day", "week"):
            return dt.date.fromordinal(number * (7 if self.length == "week" else 1) + 1)
        parts = self._in_year()
        return dt.date(number // parts, number % parts * (12 // parts) + 1, 1)
