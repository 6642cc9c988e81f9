"""One row per customer: how often, how lately, for how long observed, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.notebook import as_html
from clvmodels.rfm.columns import COLUMNS
from clvmodels.rfm.counts import checked_names, counted, fingerprint, in_order, spend_data
from clvmodels.rfm.frame_checks import checked_frame, first_of
from clvmodels.rfm.rules import LISTS, NUMBERS, REQUIRED, WHOLE
from clvmodels.transactions import DateLike, TimeUnit, as_day, days_per_unit, midnight
from clvmodels.transactions.in_memory import check_same_kinds

FIRST_ROWS = 10


def empty_log() -> pd.DataFrame:
    """Return a log of no treatments."""
    return pd.DataFrame({"what": [], "count": [], "treatment": []}).astype({"count": "int64"})


@dataclass(frozen=True, kw_only=True, eq=False)
class RFM:
    """A table with one row per customer, made by `rfm_summary`, `split_holdout` or `RFM.from_frame`.

    Attributes
    ----------
    frame : DataFrame, shape (customers, columns), indexed by customer_id
        frequency (repeat purchase days), recency (from first to last purchase) and T (from first purchase to
        observation end), both in `time_unit`. From a log with amounts also monetary_value (mean of the repeat purchase
        days, 0 without any), first_value and total_value; from any log first_date and last_date, and active_before and
        active_lately (bought in the older and in the later of the two windows that end with the observation).
        With `opportunity` also opportunities: the periods after the first purchase's, which T counts too.
        By `statistics`: log_gaps (sum of the natural logarithms of the gaps between purchases, in `time_unit`; 0
        without a repeat purchase), purchase_times (an array of the repeat purchases' times since the first, ascending),
        free_purchases (purchases of value 0, the first included), log_value_mean and log_value_squares (of the
        logarithms of the values above 0, the first included: mean, and sum of squared deviations; 0 without any).
    time_unit : {"day", "week", "month", "year", "quarter"}
    observation_end : Timestamp, optional
        The last day that was observed.
    churn_window : float, optional
        The length of each of the two windows, in `time_unit`.
    log : DataFrame
        what, count, treatment: what was merged, left out or kept on the way from the transactions.
    """

    frame: pd.DataFrame
    time_unit: TimeUnit
    observation_end: pd.Timestamp | None = None
    churn_window: float | None = None
    log: pd.DataFrame = field(default_factory=empty_log)

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Say what is in it, in one line."""
        end = "" if self.observation_end is None else f", observed until {self.observation_end:%Y-%m-%d}"
        return f"RFM({len(self)} customers, time unit {self.time_unit}{end})"

    def _repr_html_(self) -> str:
        treated = [self.log] if len(self.log) else []
        return as_html(repr(self), self.frame, *treated, rows=FIRST_ROWS)

    @property
    def has_value(self) -> bool:
        """Whether it knows what was spent."""
        return "monetary_value" in self.frame.columns

    @property
    def units_per_year(self) -> float:
        """The number of time units in a year of 365.25 days."""
        return days_per_unit("year") / days_per_unit(self.time_unit)

    @property
    def fingerprint(self) -> str:
        """A sha256 of the numbers and their unit; neither the order of the customers nor their ids matter."""
        names = [name for name in (*NUMBERS, *LISTS) if name in self.frame.columns]
        numbers: Any = self.frame[names]
        return fingerprint(in_order(numbers), self.time_unit)

    def statistics(self, names: Sequence[str]) -> pd.DataFrame:
        """Return some of the columns, in the order of their names; without repeat purchases some need not be there.

        Raises
        ------
        InvalidRFM
            If one is not there: the message says which call makes it.
        """
        known = self.frame.assign(**self._implied())
        chosen: Any = known[checked_names(names, known.columns)]
        return chosen

    def _implied(self) -> dict[str, Any]:
        """What is not there and can be told where nobody came back."""
        frame = self.frame
        if frame["frequency"].to_numpy().any():
            return {}
        implied: dict[str, Any] = {"log_gaps": 0.0, "purchase_times": [np.empty(0)] * len(frame)}
        if not frame["T"].to_numpy().any():
            implied["opportunities"] = 0.0
        return {name: value for name, value in implied.items() if name not in frame.columns}

    def compressed(self, statistics: Sequence[str] = REQUIRED) -> pd.DataFrame:
        """Return the distinct rows of some columns, in order, with the `count` of customers that have them.

        Parameters
        ----------
        statistics : sequence of str
            By default frequency, recency and T. Customers with equal purchase_times count as equal.

        Raises
        ------
        InvalidRFM
            As `statistics`.
        """
        chosen = self.statistics(statistics)
        return counted({str(name): chosen[name] for name in chosen})

    def spend(self, *, include_first: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the number of each customer's purchases that count, and their mean value: two arrays (n,).

        Repeat purchases count, and with `include_first` the first as well. A new customer has none.

        Raises
        ------
        InvalidRFM
            If the RFM has no values.
        """
        return spend_data(self.frame, include_first=include_first)

    def spend_counts(self, *, include_first: bool) -> pd.DataFrame:
        """Return the distinct rows of `number` and `mean` (see `spend`), with the `count` of customers."""
        return counted(dict(zip(("number", "mean"), self.spend(include_first=include_first), strict=True)))

    def assign(self, **columns: pd.Series | Mapping[Any, Any]) -> RFM:
        """Return a copy with further columns, e.g. a segment, aligned on customer_id.

        Parameters
        ----------
        **columns : Series indexed by customer_id, or dict of customer_id -> value
            Customers that are not in this table are ignored.

        Raises
        ------
        InvalidArgument
            If a column lacks customers, has some twice, or has a name that is taken by a quantity derived from the
            transactions.

        Examples
        --------
        >>> RFM.new_customer("week").assign(segment={"new": "web"}).frame.loc["new", "segment"]
        'web'
        """
        taken = sorted(set(columns) & set(COLUMNS))
        if taken:
            raise InvalidArgument(f"{taken} are derived from the transactions; choose other names")
        added = {name: self._aligned(name, column) for name, column in columns.items()}
        return replace(self, frame=self.frame.assign(**added))

    def _aligned(self, name: str, column: Any) -> pd.Series:
        if not isinstance(column, (pd.Series, Mapping)):
            raise InvalidArgument(
                f"{name} is a {type(column).__name__}; give a Series indexed by customer_id, or a dict"
            )
        series = column if isinstance(column, pd.Series) else _series_of(column)
        if not series.index.is_unique:
            raise InvalidArgument(
                f"{name} has customers twice, e.g. {first_of(series.index[series.index.duplicated()])}"
            )
        position = series.index.get_indexer(self.frame.index)
        lacking = self.frame.index[position < 0]
        if len(lacking):
            raise InvalidArgument(
                f"{name} lacks {len(lacking)} of {len(self)} customers, e.g. {first_of(lacking)}; "
                "index it by customer_id"
            )
        taken = series.take(position)
        check_same_kinds(taken.index, self.frame.index, error=InvalidArgument)
        return taken.set_axis(self.frame.index)

    def select(self, customers: Any) -> RFM:
        """Return a copy with some of the customers.

        Parameters
        ----------
        customers : list-like of ids, or of booleans, one per customer
            A boolean Series is aligned on customer_id. The order is kept as asked.

        Raises
        ------
        InvalidArgument
            If an id is not known or asked for twice, or the number of booleans is not that of the customers.

        Examples
        --------
        >>> two = pd.DataFrame({"frequency": [0, 1], "recency": [0, 2], "T": [5, 5]}, index=["a", "b"])
        >>> RFM.from_frame(two, time_unit="week").select(["b"]).frame.index.tolist()
        ['b']
        """
        asked = customers if hasattr(customers, "dtype") else pd.Index(list(customers), tupleize_cols=False)
        if pd.api.types.is_bool_dtype(asked.dtype):
            mask = self._aligned("the selection", asked) if isinstance(asked, pd.Series) else asked
            if len(mask) != len(self):
                raise InvalidArgument(f"{len(mask)} booleans for {len(self)} customers; give one each")
            return self._only(np.flatnonzero(mask))
        asked = pd.Index(asked, tupleize_cols=False)
        position = self.frame.index.get_indexer(asked)
        unknown = asked[position < 0]
        if len(unknown):
            raise InvalidArgument(
                f"{len(unknown)} of {len(asked)} customers are not in the table, e.g. {first_of(unknown)}"
            )
        check_same_kinds(asked, self.frame.index.take(position), error=InvalidArgument)
        if not asked.is_unique:
            raise InvalidArgument(f"customer {first_of(asked[asked.duplicated()])} is asked for twice; name each once")
        return self._only(position)

    def _only(self, position: np.ndarray) -> RFM:
        if not len(position):
            raise InvalidArgument(f"none of the {len(self)} customers is selected; select at least one")
        return replace(self, frame=self.frame.iloc[position])

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, time_unit: TimeUnit, observation_end: DateLike | None = None) -> RFM:
        """Make an RFM of a per-customer table.

        Parameters
        ----------
        frame : DataFrame
            customer_id as a column or as the index; frequency, recency and T; optionally the other columns of
            `RFM.frame` and any of your own. T may be missing beside opportunities, which it equals. It is not changed,
            and its order is kept.
        time_unit : {"day", "week", "month", "year", "quarter"}
            Of recency and T.
        observation_end : date, optional

        Raises
        ------
        InvalidRFM
            If the table contradicts itself; the message counts the customers and says what to do.
        InvalidArgument
            If the time unit or the date cannot be understood.

        Examples
        --------
        >>> table = pd.DataFrame({"customer_id": ["a"], "frequency": [2], "recency": [30.43], "T": [38.86]})
        >>> RFM.from_frame(table, time_unit="week")
        RFM(1 customers, time unit week)
        """
        days_per_unit(time_unit)
        end = None if observation_end is None else midnight(as_day(observation_end, "observation_end"))
        return cls(frame=checked_frame(frame), time_unit=time_unit, observation_end=end)

    @classmethod
    def new_customer(cls, time_unit: TimeUnit) -> RFM:
        """Return one customer, called "new", of whom nothing is known yet: all that a model may need is zero or empty.

        Examples
        --------
        >>> RFM.new_customer("week").frame.loc["new", ["frequency", "recency", "T"]].tolist()
        [0.0, 0.0, 0.0]
        """
        nothing = {name: [0] if name in WHOLE else [0.0] for name in NUMBERS} | {name: [[]] for name in LISTS}
        new = cls.from_frame(pd.DataFrame(nothing, index=["new"]), time_unit=time_unit)
        # The first purchase is yet to come: its value is unknown, not zero.
        return replace(new, frame=new.frame.assign(first_value=np.nan, total_value=np.nan))


def _series_of(values: Mapping[Any, Any]) -> pd.Series:
    return pd.Series(list(values.values()), index=pd.Index(list(values), tupleize_cols=False))
