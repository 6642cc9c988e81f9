"""A checked log that can be cut at any day, and what a cut gives: what was known, and what came after."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import ibis
import numpy as np
import pandas as pd

from clvmodels.errors import DataWarning, InvalidArgument, check_length, shown, warn
from clvmodels.notebook import as_html
from clvmodels.rfm.columns import tidy
from clvmodels.rfm.counts import checked_names
from clvmodels.rfm.frame import FIRST_ROWS, RFM
from clvmodels.rfm.purchase_days import purchase_days
from clvmodels.rfm.rules import OF_VALUES, OPPORTUNITIES, REQUIRED, STATISTICS
from clvmodels.rfm.statistics import chosen_statistics
from clvmodels.rfm.steps import Step
from clvmodels.rfm.summary import summarise
from clvmodels.transactions import (
    Reading,
    Refunds,
    TimeUnit,
    Transactions,
    UnknownDates,
    check_transactions,
    days_per_unit,
    midnight,
)
from clvmodels.transactions.in_memory import id_index


class LogChoices(TypedDict, total=False):
    """How a log is read and cut, as keyword arguments; all but `window` are explained in `rfm_summary`.

    window : the length, in `time_unit`, of a sliding calibration: purchases before it are forgotten, as if the log
    began with it. Customers who bought before it only are not known, and count as new when they come back.
    """

    time_unit: TimeUnit | None
    customer_id: str
    date: str
    value: str | None
    refunds: Refunds
    unknown_dates: UnknownDates
    time_zone: str | None
    date_format: str | None
    churn_window: float | None
    window: float | None
    opportunity: TimeUnit | None
    statistics: Sequence[str]


def needed_statistics(models: Iterable[object]) -> tuple[str, ...]:
    """Return the columns of an RFM that models or forecasters need, by their attribute `statistics`, each once.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> needed_statistics([SimpleNamespace(statistics=("T", "log_gaps")), None, SimpleNamespace(statistics=("T",))])
    ('T', 'log_gaps')
    """
    return tuple(dict.fromkeys(name for one in models for name in getattr(one, "statistics", ())))


def asking_for(statistics: Sequence[str], choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices of a log that make further statistics too, as far as it gives them.

    Without a value column it has none of values, and without `opportunity` nobody counts opportunities.

    Parameters
    ----------
    statistics : sequence of str
        Such as the union of those that some models need.
    choices : LogChoices

    Examples
    --------
    >>> asking_for(("frequency", "log_gaps", "free_purchases", "opportunities"), {"value": None})
    {'value': None, 'statistics': ['frequency', 'log_gaps']}
    """
    given = choices.get("statistics", ())
    without = (*(OF_VALUES if choices.get("value", "value") is None else ()),)
    without += () if choices.get("opportunity") else OPPORTUNITIES
    needed = [name for name in statistics if name not in without]
    return {**choices, "statistics": list(dict.fromkeys([*([given] if isinstance(given, str) else given), *needed]))}


def check_opportunities(statistics: Sequence[str], choices: Mapping[str, Any]) -> None:
    """Refuse a model that needs opportunities, before a log is read, where the choices count none.

    Raises
    ------
    InvalidRFM
        With the choice that counts them.

    Examples
    --------
    >>> check_opportunities(("frequency", "opportunities"), {"opportunity": "month"})
    """
    if set(statistics) & set(OPPORTUNITIES) and not choices.get("opportunity"):
        checked_names(OPPORTUNITIES, ())


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldoutSplit:
    """What was known at the calibration end, and what came after.

    Attributes
    ----------
    calibration : RFM
        Of the rows until the end of `calibration_end` only.
    holdout : DataFrame, indexed like `calibration.frame`
        purchases (days in the holdout) and, for a log with amounts, value (their sum); 0 for those who bought nothing.
    calibration_end, holdout_end : Timestamp
        The last day of each; the holdout begins on the day after `calibration_end`.
    horizon : float
        The length of the holdout, in the calibration's time unit.
    new_customers, new_purchases, new_value : int, int and float
        Customers first seen in the holdout, and their purchase days and spend there; they are not in `holdout`.
    periods : DataFrame
        The calibration customers' purchases and value in each time unit of the holdout: end (time units since the
        calibration end; the last is `horizon`), purchases, value.
    log : CheckedLog
        Where it was cut from.
    """

    calibration: RFM
    holdout: pd.DataFrame
    calibration_end: pd.Timestamp
    holdout_end: pd.Timestamp
    horizon: float
    new_customers: int
    new_purchases: int
    new_value: float
    periods: pd.DataFrame
    log: CheckedLog

    def having(self, statistics: Sequence[str]) -> HoldoutSplit:
        """Return the same cut with further statistics of the customers, as far as the log can give them."""
        log, frame = self.log.having(statistics), self.calibration.frame
        missing = [name for name in log.statistics if name not in frame.columns]
        if not missing:
            return self
        known = log.known(self.calibration_end.date()).frame
        added = {name: known[name].reindex(frame.index) for name in missing}
        return replace(self, log=log, calibration=replace(self.calibration, frame=frame.assign(**added)))

    def history(self) -> pd.DataFrame:
        """Collect the purchase days of the calibration: customer_id, date and value, by customer and date."""
        return self.log.history(self.calibration_end.date())

    def __repr__(self) -> str:
        """Say what is in it, in one line."""
        return (
            f"HoldoutSplit({len(self.calibration)} customers until {self.calibration_end:%Y-%m-%d}, "
            f"{self.holdout['purchases'].sum()} purchases until {self.holdout_end:%Y-%m-%d})"
        )

    def _repr_html_(self) -> str:
        known = self.calibration.frame[list(REQUIRED)]
        new = f"First seen in the holdout, and not in the table: {self.new_customers:,} customers."
        return as_html(repr(self), known.join(self.holdout), new, rows=FIRST_ROWS)


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedLog:
    """A log that was checked once, to be cut at any day.

    Attributes
    ----------
    transactions : Transactions
    step : Step
        A purchase's day or period, and the time unit.
    churn_window, window : float or None
    statistics : tuple of str
        As in `LogChoices`.
    """

    transactions: Transactions
    step: Step
    churn_window: float | None
    window: float | None
    statistics: tuple[str, ...]

    @property
    def time_unit(self) -> TimeUnit:
        """The unit in which time is told."""
        return self.step.time_unit

    @classmethod
    def check(
        cls,
        transactions: Any,
        *,
        last_day: dt.date | None,
        time_unit: TimeUnit | None = None,
        churn_window: float | None = None,
        window: float | None = None,
        opportunity: TimeUnit | None = None,
        statistics: Sequence[str] = (),
        **reading: Any,
    ) -> CheckedLog:
        """Check a log; `reading` are the arguments of `Reading`, errors those of `rfm_summary`."""
        step = Step.of(time_unit, opportunity)
        if window is not None and round(check_length(window, "window") * step.per_unit) < 1:
            raise InvalidArgument(f"window is {window} {step.time_unit}s; give a length of a {step.length} or more")
        read = Reading(**reading)
        names = chosen_statistics(statistics, step=step, has_value=read.value is not None)
        checked = step.merged(check_transactions(transactions, read, last_day=last_day))
        if checked.source.untyped:
            # Text would be parsed anew for every question that a cut asks.
            checked = replace(checked, table=checked.table.cache())
        return cls(transactions=checked, step=step, churn_window=churn_window, window=window, statistics=names)

    def having(self, statistics: Sequence[str]) -> CheckedLog:
        """Return the same log with further statistics to make, as far as it can give them; others are left out."""
        able = [
            name for name in STATISTICS if name in statistics and (self.transactions.has_value or name not in OF_VALUES)
        ]
        added = [name for name in able if name not in self.statistics]
        return replace(self, statistics=(*self.statistics, *added)) if added else self

    def split(self, start: dt.date, end: dt.date) -> HoldoutSplit:
        """Cut at the end of the day `start`, with a holdout until the end of the day `end`."""
        self._check_cut(start, end)
        known = self._remembered(start)
        calibration = self.known(start)
        horizon = self.step.between(start, end) / self.step.per_unit
        customers, days = _after(known, start, end)
        old, new = customers[customers["known"]], customers[~customers["known"]]
        unused = [] if known.has_value else ["value"]
        return HoldoutSplit(
            calibration=calibration,
            holdout=_per_customer(old, calibration.frame.index).drop(columns=unused),
            calibration_end=midnight(start),
            holdout_end=midnight(end),
            horizon=horizon,
            new_customers=len(new),
            new_purchases=int(new["purchases"].sum()),
            new_value=float(new["value"].sum()) if known.has_value else math.nan,
            periods=_per_period(days, self.step.elapsed(days["date"], start), horizon).drop(columns=unused),
            log=self,
        )

    def known(self, end: dt.date) -> RFM:
        """Return the customers as they are known at the end of a day."""
        self.step.check_end(end, "the observation end")
        return summarise(
            self._remembered(end), end, step=self.step, churn_window=self.churn_window, statistics=self.statistics
        )

    def earlier(self, end: dt.date, *, places: Sequence[float], horizon: float) -> Iterator[tuple[dt.date, dt.date]]:
        """Days at which what is known at the end of a day could have been cut: at these shares of its length.

        Yields
        ------
        start, end : date
            For `split`: the holdout is as long as `horizon` (time units), where there is time.
        """
        known, steps = self._remembered(end), round(horizon * self.step.per_unit)
        end = self.step.last_end(end)
        length = self.step.between(known.first_purchase, end)
        for place in places:
            start = self.step.later(end, -round((1 - place) * length))
            if known.first_purchase <= start < min(end, known.last_purchase):
                yield start, min(self.step.later(start, steps), end)

    def history(self, end: dt.date) -> pd.DataFrame:
        """Collect the purchase days until the end of a day: customer_id, date and value, by customer and date."""
        known = self._remembered(end)
        days: Any = purchase_days(known)
        names = ["customer_id", "date", *(["value"] if known.has_value else [])]
        days = days.filter(days.purchase & (days.date <= ibis.literal(end))).select(*names)
        table = known.collect(days.order_by("customer_id", "date"))
        return table.assign(date=pd.to_datetime(table["date"]))

    def _remembered(self, start: dt.date) -> Transactions:
        """The rows that a calibration until `start` knows, and all later ones."""
        checked = self.transactions
        steps = math.inf if self.window is None else round(self.window * self.step.per_unit)
        if steps > self.step.between(checked.first_purchase, start):
            return checked
        first = self.step.later(start, -steps) + dt.timedelta(days=1)
        table: Any = checked.table.filter(checked.table.date >= ibis.literal(first))
        counts = table.aggregate(rows=table.count(), known=table.count(where=table.date <= ibis.literal(start)))
        found = checked.source.one_row(counts)
        if found["known"] == 0:
            raise InvalidArgument(
                f"nothing was bought from {first} to {start}, the window of {self.window:g} {self.time_unit}s; give a "
                "longer one"
            )
        # Nobody knows when the rows without a date were: they are counted whatever is remembered.
        return replace(checked, table=table, rows=int(found["rows"]) + checked.unknown_dates, first_purchase=first)

    def _check_cut(self, start: dt.date, end: dt.date) -> None:
        checked = self.transactions
        self.step.check_end(start, "calibration_end")
        self.step.check_end(end, "holdout_end")
        if not checked.first_purchase <= start < checked.last_purchase:
            raise InvalidArgument(
                f"calibration_end {start} is not among the purchases, which run from {checked.first_purchase} to "
                f"{checked.last_purchase}; choose a day that leaves purchases on both sides"
            )
        if (end - checked.log_end).days > days_per_unit(self.time_unit):
            warn(
                f"the log ends on {checked.log_end}, more than a {self.time_unit} before holdout_end {end}: what was "
                "bought in between is not recorded and counts as nothing; is "
                f"holdout_end={shown(str(checked.log_end))} meant?",
                DataWarning,
            )


def _after(checked: Transactions, start: dt.date, end: dt.date) -> tuple[Any, Any]:
    """Return the holdout per customer, with `known` for those of the calibration, and the known ones' per day."""
    days: Any = purchase_days(checked)
    days = days.filter(days.purchase & (days.date <= ibis.literal(end)))
    days = days.group_by("customer_id").mutate(first_date=days.date.min())
    later = days.filter(days.date > ibis.literal(start)).mutate(known=days.first_date <= ibis.literal(start))
    known: Any = later.filter(later.known)
    customers = later.group_by("customer_id", "known").aggregate(**_sums(later)).order_by("customer_id")
    per_day = known.group_by("date").aggregate(**_sums(known)).order_by("date")
    return checked.collect(customers), checked.collect(per_day)


def _sums(days: Any) -> dict[str, Any]:
    return {"purchases": days.count(), "value": days.value.sum()}


def _per_customer(customers: Any, index: pd.Index) -> pd.DataFrame:
    """Line the holdout up with the calibration customers; those who bought nothing have zero."""
    position = index.get_indexer(id_index(customers["customer_id"]))
    purchases, value = np.zeros(len(index), dtype="int64"), np.zeros(len(index))
    purchases[position], value[position] = customers["purchases"], tidy(customers["value"].to_numpy())
    return pd.DataFrame({"purchases": purchases, "value": value}, index=index)


def _per_period(days: Any, elapsed: np.ndarray, horizon: float) -> pd.DataFrame:
    """Add up the days by time unit: the first ends one unit after the calibration end, the last at the horizon."""
    number = math.ceil(horizon)
    period = np.ceil(elapsed).astype("int64") - 1
    purchases = np.bincount(period, weights=days["purchases"], minlength=number)
    value = np.bincount(period, weights=days["value"], minlength=number)
    ends = np.minimum(np.arange(1.0, number + 1), horizon)
    return pd.DataFrame({"end": ends, "purchases": purchases.astype("int64"), "value": tidy(value)})
