"""Who renewed a contract how often: the data of the contractual model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, shown
from clvmodels.intervals import Array
from clvmodels.rfm import TimeUnit, days_per_unit
from clvmodels.rfm.frame_checks import check_kinds, first_of

MOST_RENEWALS = 100_000
# (what a bad customer has, which ones are, what to do), in the order in which they are asked.
RULES: list[tuple[str, Callable[[Array], Any], str]] = [
    (
        "no number of renewals (missing or infinite)",
        lambda n: ~np.isfinite(n),
        "give every customer one, 0 before the first renewal",
    ),
    ("a negative number of renewals", lambda n: n < 0, "give 0 to those who have not renewed yet"),
    ("a number of renewals that is not whole", lambda n: n % 1 != 0, "count the contract periods that were renewed"),
    (
        f"more than {MOST_RENEWALS:,} renewals",
        lambda n: n > MOST_RENEWALS,
        "count contract periods; are these dates, or amounts?",
    ),
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Renewals:
    """How often customers have renewed their contracts, and who has left; by `from_survivors` or `from_customers`.

    Attributes
    ----------
    counts : DataFrame
        The distinct rows of renewals (made so far) and left (whether the customer then left; otherwise no more is
        known), with the `count` of customers that have them.
    time_unit : {"day", "week", "month", "year"}
        Length of a contract period.

    Examples
    --------
    >>> cohort = Renewals.from_survivors([1000, 869, 743], time_unit="year")
    >>> cohort
    Renewals(1000 customers, up to 2 renewals, time unit year)
    >>> cohort.counts.values.tolist()
    [[0, True, 131], [1, True, 126], [2, False, 743]]
    """

    counts: pd.DataFrame
    time_unit: TimeUnit

    def __len__(self) -> int:
        """Return the number of customers."""
        return int(self.counts["count"].to_numpy().sum())

    def __repr__(self) -> str:
        """Say what is in it, in one line."""
        most = self.counts["renewals"].to_numpy().max()
        return f"Renewals({len(self)} customers, up to {most} renewals, time unit {self.time_unit})"

    @classmethod
    def from_survivors(cls, survivors: Sequence[float] | pd.DataFrame, *, time_unit: TimeUnit) -> Renewals:
        """Make it of the number of customers that each cohort still had after every renewal.

        Parameters
        ----------
        survivors : sequence of length m + 1, or DataFrame, shape (cohorts, m + 1)
            One cohort: the number of customers won, then of those left after the first renewal was due, and so on.
            Several: a row each, with the columns 0, 1, ..., m; missing (NaN) after a cohort's last observation.
        time_unit : {"day", "week", "month", "year"}
            Length of a contract period.

        Raises
        ------
        InvalidArgument
            If the numbers cannot be those of cohorts; the message says which, and what to do.

        Examples
        --------
        >>> triangle = pd.DataFrame([[100, 80, 70], [200, 150, None]], index=["2021", "2022"])
        >>> Renewals.from_survivors(triangle, time_unit="year").observed()["at_risk"].tolist()
        [300, 300, 80]
        """
        days_per_unit(time_unit)
        table = _cohorts(survivors)
        for name, row in zip(table.index, table.to_numpy(), strict=True):
            _check_cohort(f"cohort {shown(name)}" if len(table) > 1 else "the cohort", row)
        numbers = table.to_numpy()
        lost = -np.diff(numbers, axis=1)
        last = np.sum(~np.isnan(numbers), axis=1) - 1
        made = np.concatenate([np.tile(np.arange(lost.shape[1]), len(lost)), last])
        left = np.repeat([True, False], [lost.size, len(last)])
        count = np.concatenate([np.nan_to_num(lost).ravel(), numbers[np.arange(len(last)), last]])
        return cls._of(made, left, count, time_unit)

    @classmethod
    def from_customers(
        cls, frame: pd.DataFrame, *, time_unit: TimeUnit, renewals: str = "renewals", left: str = "left"
    ) -> Renewals:
        """Make it of a per-customer table.

        Parameters
        ----------
        frame : DataFrame, one row per customer
            customer_id as a column or as the index. It is not changed.
        time_unit : {"day", "week", "month", "year"}
            Length of a contract period.
        renewals : str
            Name of the column with the number of renewals that the customer has made: 0, 1, ...
        left : str
            Name of the column that is true for those who did not renew after that, and false for those whose next
            renewal is still to come.

        Raises
        ------
        InvalidArgument
            With the number of bad customers, one of them, and what to do.

        Examples
        --------
        >>> table = pd.DataFrame({"customer_id": ["ann", "bob"], "renewals": [3, 0], "left": [False, True]})
        >>> Renewals.from_customers(table, time_unit="month")
        Renewals(2 customers, up to 3 renewals, time unit month)
        """
        days_per_unit(time_unit)
        table = checked_customers(frame, renewals=renewals, left=left)
        return cls._of(table["renewals"], table["left"], np.ones(len(table)), time_unit)

    @classmethod
    def _of(cls, renewals: Any, left: Any, count: Array, time_unit: TimeUnit) -> Renewals:
        rows = pd.DataFrame({"renewals": renewals, "left": left, "count": count}).query("count > 0")
        counts = rows.groupby(["renewals", "left"], as_index=False).agg(count=("count", "sum"))
        made: Any = counts.astype({"renewals": "int64", "left": "bool", "count": "int64"})
        if not (made["left"].any() or made["renewals"].max() > 0):
            raise InvalidArgument(
                f"none of the {made['count'].sum()} customers has come up for renewal yet; wait for a contract period"
            )
        return cls(counts=made, time_unit=time_unit)

    def observed(self) -> pd.DataFrame:
        """Return what was seen of every renewal, over all customers for whom it was due (Kaplan and Meier 1958).

        Returns
        -------
        DataFrame, indexed by period 0, 1, ..., the number of the renewal
            at_risk: customers whose renewal was due, and seen to be made or not; renewed: those who made it;
            renewal_rate: their share; retention: the product of the renewal rates so far. In period 0 all are won.

        Examples
        --------
        >>> observed = Renewals.from_survivors([1000, 869, 743], time_unit="year").observed()
        >>> observed["retention"].round(3).tolist()
        [1.0, 0.869, 0.743]
        """
        made, left, count = (self.counts[name].to_numpy() for name in ("renewals", "left", "count"))
        periods = int((made + left).max()) + 1
        renewed = np.bincount(made, weights=count, minlength=periods)[::-1].cumsum()[::-1]
        lost = np.bincount(made[left] + 1, weights=count[left], minlength=periods)
        table = pd.DataFrame({"at_risk": renewed + lost, "renewed": renewed}).astype("int64").rename_axis("period")
        rate = table["renewed"] / table["at_risk"]
        return table.assign(renewal_rate=rate.where(table.index > 0), retention=rate.cumprod())


def checked_customers(
    frame: pd.DataFrame, *, renewals: str = "renewals", left: str = "left", left_needed: bool = True
) -> pd.DataFrame:
    """Return renewals (int) and left (bool) by customer_id, in the order handed in, or say what is wrong.

    Where `left` is not needed and not there, nobody has left.

    Examples
    --------
    >>> checked_customers(pd.DataFrame({"renewals": [2.0]}, index=["ann"]), left_needed=False)
                 renewals   left
    customer_id
    ann                 2  False
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidArgument(f"cannot read customers from a {type(frame).__name__}; hand in a pandas DataFrame")
    table = _by_customer(frame)
    missing = [name for name in (renewals, *[left] * left_needed) if name not in table.columns]
    if missing:
        raise InvalidArgument(f"missing columns {missing}, found {shown(list(table.columns))}; name or rename yours")
    made: Any = table[renewals]
    if pd.api.types.is_bool_dtype(made.dtype) or not pd.api.types.is_numeric_dtype(made.dtype):
        raise InvalidArgument(
            f"column {shown(renewals)} is {made.dtype}; make it whole numbers, the renewals made so far"
        )
    numbers = made.to_numpy(dtype="float64", na_value=np.nan)
    for what, bad, remedy in RULES:
        wrong = bad(numbers)
        if wrong.any():
            example = f"{first_of(table.index[wrong])} ({numbers[wrong][0]:.10g})"
            raise InvalidArgument(f"{wrong.sum()} of {len(table)} customers have {what}, e.g. {example}; {remedy}")
    gone = _flags(table[left]) if left in table.columns else np.zeros(len(table), bool)
    return pd.DataFrame({"renewals": numbers.astype("int64"), "left": gone}, index=table.index)


def _by_customer(frame: pd.DataFrame) -> pd.DataFrame:
    if not frame.columns.is_unique:
        raise InvalidArgument(f"column names occur twice: {shown(list(frame.columns))}; drop or rename one of them")
    table = frame.rename_axis("customer_id") if frame.index.nlevels == 1 else frame
    if "customer_id" in frame.columns:
        ids: Any = frame["customer_id"]
        own = pd.Index(ids.array, dtype=ids.dtype, tupleize_cols=False, name="customer_id")
        table = frame.drop(columns="customer_id").set_axis(own)
    elif frame.index.nlevels > 1:
        raise InvalidArgument(f"the index has {frame.index.nlevels} levels; one customer_id is needed")
    if table.empty:
        raise InvalidArgument("the table has no customers; hand in at least one")
    absent, twice = int(table.index.isna().sum()), table.index[table.index.duplicated()]
    if absent:
        raise InvalidArgument(f"{absent} of {len(table)} customers have no customer_id; give every customer one")
    check_kinds(table.index, error=InvalidArgument)
    if len(twice):
        raise InvalidArgument(
            f"{len(twice)} rows repeat a customer_id, e.g. {first_of(twice)}; keep one row per customer"
        )
    return table


def _flags(left: Any) -> Any:
    if not pd.api.types.is_bool_dtype(left.dtype) or left.isna().any():
        raise InvalidArgument(f"column {shown(left.name)} is {left.dtype}; make it true or false for every customer")
    return left.to_numpy(dtype=bool)


def _cohorts(survivors: Any) -> pd.DataFrame:
    """The cohorts' survivors as numbers, a row for each cohort."""
    table = survivors if isinstance(survivors, pd.DataFrame) else _one_cohort(survivors)
    if table.empty:
        raise InvalidArgument("there are no survivors; give the number of customers won, and of those left afterwards")
    if list(map(str, table.columns)) != list(map(str, range(table.shape[1]))):
        raise InvalidArgument(
            f"the columns are {shown(list(table.columns))}; they must be 0 (customers won), 1, 2, ..."
            " (renewals due), with the"
            " cohort as index"
        )
    try:
        return table.astype("float64")
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"survivors must be numbers of customers: {error}") from error


def _one_cohort(survivors: Any) -> pd.DataFrame:
    values = np.asarray(survivors, dtype=object)
    if values.ndim != 1:
        raise InvalidArgument(
            f"survivors is a {type(survivors).__name__} of {values.ndim} dimensions; give a sequence of numbers for one"
            " cohort, or a DataFrame with a row for each of several"
        )
    return pd.DataFrame([values])


def _check_cohort(name: str, row: Array) -> None:
    seen = row[: np.sum(~np.isnan(row))]
    if np.isnan(seen).any() or not len(seen):
        found = f"no number in period {int(np.argmax(np.isnan(row)))}"
        raise InvalidArgument(f"{name} has {found}; numbers may be missing only after the last observation")
    wrong = ~np.isfinite(seen) | (seen < 0)
    wrong[~wrong] = seen[~wrong] % 1 != 0
    if wrong.any():
        period = int(np.argmax(wrong))
        raise InvalidArgument(
            f"{name} has {seen[period]:.10g} survivors in period {period}; give numbers of customers,"
            " not shares or percentages"
        )
    if seen[0] == 0:
        raise InvalidArgument(f"{name} has no customers in period 0; leave it out")
    if np.any(np.diff(seen) > 0):
        period = int(np.argmax(np.diff(seen) > 0)) + 1
        raise InvalidArgument(
            f"{name} rises from {seen[period - 1]:.10g} to {seen[period]:.10g} in period {period}; survivors can only"
            " fall: put customers who joined later in a cohort of their own"
        )
