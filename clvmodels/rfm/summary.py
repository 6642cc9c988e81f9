"""A transaction log becomes one row per customer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from clvmodels.errors import InvalidArgument, InvalidTransactions, check_number
from clvmodels.rfm.columns import COLUMNS, tidied
from clvmodels.rfm.frame_checks import AMOUNTS, FLAGS
from clvmodels.rfm.lazy import RFMTable
from clvmodels.rfm.purchase_days import customers_until, totals, treatments
from clvmodels.rfm.table import RFM
from clvmodels.transactions import (
    DateLike,
    Reading,
    Refunds,
    TimeUnit,
    Transactions,
    UnknownDates,
    as_day,
    check_transactions,
    days_per_unit,
    midnight,
)
from clvmodels.transactions.in_memory import id_index

LONGEST_WINDOW = 1e12


def rfm_summary(
    transactions: Any,
    *,
    time_unit: TimeUnit = "week",
    observation_end: DateLike | None = None,
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    unknown_dates: UnknownDates = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
) -> RFM:
    """Summarise a transaction log of any size as one row per customer, sorted by customer_id.

    A purchase is a customer's day: the rows of a day are one purchase, and their values are added. The log itself is
    neither collected nor changed.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
        One row per transaction or per line of it. A path may be a glob pattern.
    time_unit : {"day", "week", "month", "year"}
        Of recency and T, which are whole days divided by 1, 7, 30.4375 and 365.25.
    observation_end : date, optional
        The last day that counts, to its end; by default the last day in the log. Later rows are left out.
    customer_id, date, value : str
        The names of the columns. `value=None` for a log of purchases without amounts.
    refunds : {"error", "net", "drop"}
        Negative values until the observation end are refused; or added to their customer's day, which is no purchase
        if it then comes to zero or less; or left out.
    unknown_dates : {"error", "drop"}
        Rows whose date is missing, cannot be read or is outside the years 1678 to 2261 are refused; or left out and
        counted, whatever else is in them.
    time_zone : str, optional
        Where the days begin and end, e.g. "Europe/Berlin": for timestamps with a time zone, which need it.
    date_format : str, optional
        The strptime pattern of dates that are text but not ISO, or whole numbers: "%d/%m/%Y", "%Y%m%d".
    churn_window : float, optional
        The length, in `time_unit`, of each of the two adjacent windows that end with the observation; by default half
        of the time since the log's first purchase.

    Returns
    -------
    RFM

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is: the message counts the rows, shows one and says what to do.
    InvalidArgument
        If a choice is unknown, or nothing was bought until `observation_end`.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-15"], "value": [9.5, 20]})
    >>> rfm = rfm_summary(log, observation_end="1997-01-29")
    >>> rfm.frame.loc["a", ["frequency", "recency", "T", "monetary_value"]].tolist()
    [1.0, 2.0, 4.0, 20.0]
    """
    days_per_unit(time_unit)
    reading = Reading(customer_id, date, value, refunds, unknown_dates, time_zone, date_format)
    checked, end = _checked(transactions, observation_end, reading)
    return summarise(checked, end, time_unit=time_unit, churn_window=churn_window)


def rfm_table(
    transactions: Any,
    *,
    time_unit: TimeUnit = "week",
    observation_end: DateLike | None = None,
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    unknown_dates: UnknownDates = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
) -> RFMTable:
    """Summarise a transaction log as `rfm_summary` does, and leave the result where the transactions are.

    The log is checked now; the customers are worked out when they are asked for: by a fit, which collects counts only,
    by `score`, or by `RFMTable.to_parquet`, which spares doing it anew each time.

    Parameters
    ----------
    transactions, time_unit, observation_end, customer_id, date, value, refunds, unknown_dates, time_zone, date_format,
    churn_window
        As in `rfm_summary`. An Ibis table stays in its own database or cluster; outside DuckDB its dates must be dates
        or timestamps without a time zone.

    Returns
    -------
    RFMTable

    Raises
    ------
    InvalidTransactions, InvalidArgument
        As in `rfm_summary`.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-15"], "value": [9.5, 20]})
    >>> rfm_table(log, observation_end="1997-01-29").collect().frame.loc["a", ["frequency", "recency", "T"]].tolist()
    [1.0, 2.0, 4.0]
    """
    days_per_unit(time_unit)
    reading = Reading(customer_id, date, value, refunds, unknown_dates, time_zone, date_format)
    checked, end = _checked(transactions, observation_end, reading)
    customers, window = _customers(checked, end, time_unit, churn_window)
    names = _column_names(checked, window)
    bought: Any = customers.filter(customers.days > 0)
    return RFMTable(
        source=checked.source,
        table=bought.select("customer_id", *names),
        time_unit=time_unit,
        observation_end=midnight(end),
        churn_window=window,
        summed=True,
        treatments=lambda: treatments(checked.source.one_row(customers.aggregate(**totals(customers))), checked),
    )


def _checked(transactions: Any, observation_end: DateLike | None, reading: Reading) -> tuple[Transactions, dt.date]:
    """The log, and the observation end."""
    end = None if observation_end is None else as_day(observation_end, "observation_end")
    checked = check_transactions(transactions, reading, last_day=end)
    return checked, end or checked.log_end


def summarise(checked: Transactions, end: dt.date, *, time_unit: TimeUnit, churn_window: float | None = None) -> RFM:
    """Summarise a checked log until the end of a day; parameters and errors are those of `rfm_summary`.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a"], "date": ["1997-01-01"], "value": [9.5]})
    >>> len(summarise(check_transactions(log), dt.date(1997, 1, 29), time_unit="week"))
    1
    """
    customers, window = _customers(checked, end, time_unit, churn_window)
    counted = tidied(checked.collect(customers.order_by("customer_id")))
    bought: Any = counted[counted["days"] > 0]
    if bought.empty:
        raise InvalidTransactions(
            f"until {end} every day comes to zero or less after refunds; is the sign turned round?"
        )
    return RFM(
        frame=bought[_column_names(checked, window)].set_axis(id_index(bought["customer_id"])),
        time_unit=time_unit,
        observation_end=midnight(end),
        churn_window=window,
        log=treatments(totals(counted), checked),
    )


def _customers(
    checked: Transactions, end: dt.date, time_unit: TimeUnit, churn_window: float | None
) -> tuple[Any, float | None]:
    """The expression of `customers_until`, and the churn window."""
    per_unit = days_per_unit(time_unit)
    observed = (end - checked.first_purchase).days / per_unit
    if observed < 0:
        raise InvalidArgument(
            f"nothing was bought until {end}: the first purchase is on {checked.first_purchase}; choose a later end"
        )
    window = observed / 2 if churn_window is None else _checked_window(churn_window)
    return customers_until(checked, end, window * per_unit, per_unit), window or None


def _column_names(checked: Transactions, window: float | None) -> list[str]:
    unused = [*([] if checked.has_value else AMOUNTS), *([] if window else FLAGS)]
    return [name for name in COLUMNS if name not in unused]


def _checked_window(churn_window: float) -> float:
    wanted = "a length in time units, above zero"
    return check_number(churn_window, "churn_window", wanted, high=LONGEST_WINDOW, above=True)
