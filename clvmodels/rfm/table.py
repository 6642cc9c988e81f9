"""One row per customer, still where the data are: a database, Parquet files, a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.common.exceptions import IbisError

from clvmodels.errors import InvalidArgument, InvalidRFM, InvalidTransactions
from clvmodels.files import CUSTOMERS, write_parquet
from clvmodels.notebook import as_html
from clvmodels.rfm.columns import COLUMNS, stamped, tidied
from clvmodels.rfm.counts import checked_names, merged, spend_column, spend_data, summed
from clvmodels.rfm.frame import RFM, empty_log
from clvmodels.rfm.rules import OPPORTUNITIES, REQUIRED
from clvmodels.rfm.table_checks import check_table
from clvmodels.transactions import DateLike, Source, TimeUnit, as_day, days_per_unit, midnight, open_source

BATCH = 500_000


@dataclass(frozen=True, kw_only=True, eq=False)
class RFMTable:
    """A table with one row per customer that is not in memory; made by `rfm_table` or `RFMTable.open`.

    Models are fitted to it as to an `RFM`: what is collected are the distinct rows and their counts, never customers.
    `score` works through it in batches.

    Attributes
    ----------
    source : Source
        Where `table` is executed.
    table : ibis Table
        customer_id and columns of `RFM.frame`.
    time_unit : {"day", "week", "month", "year", "quarter"}
    observation_end : Timestamp, optional
    churn_window : float, optional
        As in `RFM`.
    summed : bool
        Whether the amounts are sums made by the database, whose last digits depend on the order of its rows.
    treatments : callable
        Works out `log`.
    """

    source: Source
    table: ir.Table
    time_unit: TimeUnit
    observation_end: pd.Timestamp | None = None
    churn_window: float | None = None
    summed: bool = False
    treatments: Callable[[], pd.DataFrame] = empty_log

    @property
    def log(self) -> pd.DataFrame:
        """What was merged, left out or kept on the way from the transactions: what, count, treatment."""
        return self.treatments()

    def __repr__(self) -> str:
        """Say what it is, in one line, without counting."""
        end = "" if self.observation_end is None else f", observed until {self.observation_end:%Y-%m-%d}"
        return f"RFMTable({', '.join(self.table.columns)}; time unit {self.time_unit}{end})"

    def _repr_html_(self) -> str:
        columns = pd.DataFrame({"type": {name: str(kind) for name, kind in self.table.schema().items()}})
        return as_html(f"{self!r}, not in memory", columns)

    @classmethod
    def open(cls, source: Any, *, time_unit: TimeUnit, observation_end: DateLike | None = None) -> RFMTable:
        """Open a per-customer table where it is, and check it in one query.

        Parameters
        ----------
        source : path to Parquet, Ibis table, DuckDB relation, or a pandas, polars or Arrow table
            customer_id, frequency, recency and T (or opportunities, which it equals); optionally the other columns of
            `RFM.frame`. Further columns are left out.
        time_unit : {"day", "week", "month", "year", "quarter"}
            Of recency and T.
        observation_end : date, optional

        Raises
        ------
        InvalidRFM
            If the table lacks columns or contradicts itself; the message counts the customers and says what to do.

        Examples
        --------
        >>> one = pd.DataFrame({"customer_id": ["a"], "frequency": [2], "recency": [30.43], "T": [38.86]})
        >>> RFMTable.open(one, time_unit="week").count()
        1
        """
        days_per_unit(time_unit)
        end = None if observation_end is None else midnight(as_day(observation_end, "observation_end"))
        try:
            opened = _opened(source)
        except InvalidTransactions as error:
            said = str(error).partition("; pass their names")[0].replace("transactions", "customers")
            raise InvalidRFM(f"{said}; customer_id, {', '.join(REQUIRED)} are needed, under these names") from error
        return cls(source=opened, table=check_table(opened), time_unit=time_unit, observation_end=end)

    @property
    def has_value(self) -> bool:
        """Whether it knows what was spent."""
        return "monetary_value" in self.table.columns

    def count(self) -> int:
        """Return the number of customers."""
        return int(self.source.one_row(self.table.aggregate(customers=self.table.count()))["customers"])

    def compressed(self, statistics: Sequence[str] = REQUIRED) -> pd.DataFrame:
        """As `RFM.compressed`, counted where the data are."""
        names = checked_names(statistics, self.table.columns)
        return self._counted(**{name: self.table[name] for name in names})

    def spend_counts(self, *, include_first: bool) -> pd.DataFrame:
        """As `RFM.spend_counts`, counted where the data are."""
        name = spend_column(self.table, include_first=include_first)
        counts = self._counted(frequency=self.table.frequency, **{name: self.table[name]})
        return merged(counts, *spend_data(counts, include_first=include_first))

    def _counted(self, **columns: Any) -> pd.DataFrame:
        chosen = self.table.select(**columns)
        counts = self.source.collect(chosen.group_by(*columns).aggregate(count=ibis._.count()))
        if counts.empty:
            raise InvalidRFM("the table has no customers; did every day come to zero or less after refunds?")
        return summed(tidied(counts) if self.summed else counts)

    def collect(self) -> RFM:
        """Return all customers in memory."""
        return self.maker()(self.source.collect(stamped(self.table.order_by("customer_id"))))

    def batches(self, customers: int = BATCH, *, count: int | None = None) -> Iterator[RFM]:
        """Yield the customers some at a time, each batch an `RFM`. Of a DuckDB relation all are in memory meanwhile.

        `count` is their number where it is known already.

        Raises
        ------
        InvalidRFM
            If fewer came than there are, as when another query runs on the same connection in between.
        """
        if customers < 1:
            raise InvalidArgument(f"{customers} customers in a batch; give one or more, e.g. {BATCH}")
        expected, seen = self.count() if count is None else count, 0
        for batch in map(self.maker(), self.source.batches(stamped(self.table), customers)):
            seen += len(batch)
            yield batch
        if seen != expected:
            raise InvalidRFM(
                f"{seen} of {expected} customers came: another query on the same database connection has ended the"
                " answer; let nothing else use it meanwhile, or write the table to a file first (to_parquet)"
            )

    def cached(self) -> RFMTable:
        """Work it out once and return the table that the database or cluster keeps of it until it is no longer used.

        For a log in a file, `to_parquet` does this for later sessions too.

        Raises
        ------
        InvalidArgument
            If the log is in memory already, or a DuckDB relation, whose connection is not ours.
        """
        if self.source.ids is not None:
            raise InvalidArgument("the log is in memory; use collect(), or to_parquet(path), instead of cached()")
        try:
            return replace(self, table=self.table.cache())
        except IbisError as error:
            raise InvalidArgument(f"the table cannot be kept where it is ({error}); use to_parquet(path)") from error

    def to_parquet(self, path: str | Path) -> RFMTable:
        """Write it to a Parquet file, whole or not at all, and return the table that reads from there.

        An earlier table of customers or scores is replaced, any other file refused.
        """
        write_parquet(path, (batch.frame.reset_index() for batch in self.batches()), CUSTOMERS)
        opened = RFMTable.open(path, time_unit=self.time_unit, observation_end=self.observation_end)
        return replace(opened, churn_window=self.churn_window, treatments=self.treatments)

    def sql(self, dialect: str) -> str:
        """Return the query for the customers in a dialect of SQL that Ibis knows, such as "pyspark"."""
        return str(ibis.to_sql(self.table, dialect=dialect))

    def maker(self) -> Callable[[pd.DataFrame], RFM]:
        """Return what turns a part of the table, read as a DataFrame, into an `RFM`; it can be sent to workers."""
        return partial(
            _rfm_of,
            summed=self.summed,
            time_unit=self.time_unit,
            observation_end=self.observation_end,
            churn_window=self.churn_window,
        )


def _opened(source: Any) -> Source:
    """Open a per-customer table; its opportunities stand for a T that is not there."""
    needed = {name: name for name in ("customer_id", *REQUIRED)}
    try:
        return open_source(source, needed, optional=COLUMNS)
    except InvalidTransactions:
        needed = {name: name for name in (*needed, *OPPORTUNITIES) if name != "T"}
        try:
            opened: Any = open_source(source, needed, optional=COLUMNS)
        except InvalidTransactions:
            opened = None
        if opened is None:
            raise
    return replace(opened, table=opened.table.mutate(T=opened.table.opportunities))


def _rfm_of(frame: pd.DataFrame, *, summed: bool, time_unit: TimeUnit, **known: Any) -> RFM:
    return replace(RFM.from_frame(tidied(frame) if summed else frame, time_unit=time_unit), **known)
