"""A transaction log becomes one row per customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from clvmodels.errors import InvalidArgument, InvalidTransactions, check_number
from clvmodels.rfm.columns import COLUMNS, stamped, tidied
from clvmodels.rfm.frame import RFM
from clvmodels.rfm.purchase_days import customers_until, totals, treatments
from clvmodels.rfm.rules import AMOUNTS, FLAGS, OPPORTUNITIES, STATISTICS
from clvmodels.rfm.statistics import chosen_statistics
from clvmodels.rfm.steps import Step
from clvmodels.rfm.table import RFMTable
from clvmodels.transactions import (
    DateLike,
    Reading,
    Refunds,
    TimeUnit,
    Transactions,
    UnknownDates,
    as_day,
    check_transactions,
    midnight,
)
from clvmodels.transactions.in_memory import id_index

LONGEST_WINDOW = 1e12


def rfm_summary(
    transactions: Any,
    *,
    time_unit: TimeUnit | None = None,
    observation_end: DateLike | None = None,
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    unknown_dates: UnknownDates = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
    opportunity: TimeUnit | None = None,
    statistics: Sequence[str] = (),
) -> RFM:
    """Summarise a transaction log of any size as one row per customer, sorted by customer_id.

    A purchase is a customer's day: the rows of a day are one purchase, and their values are added. The log itself is
    neither collected nor changed.

    Parameters
    ----------
    transactions : pandas, polars or Arrow table, DuckDB relation, Ibis table, or a path to CSV or Parquet
        One row per transaction or per line of it. A path may be a glob pattern.
    time_unit : {"day", "week", "month", "year", "quarter"}, optional
        Of recency and T, which are whole days divided by 1, 7, 30.4375, 365.25 and 91.3125; by default weeks.
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
    opportunity : {"day", "week", "month", "year", "quarter"}, optional
        For models of discrete time. A purchase is then a customer's calendar period of that length (weeks begin on
        Monday): its rows are one purchase, and refunds are netted within it. frequency counts the periods with a
        purchase after the first one, recency and T count periods, `opportunities` equals T, dates are those of the
        periods' first days, and the period is the time unit. The observation end must be a period's last day.
    statistics : sequence of str
        Further columns that a model needs: log_gaps, purchase_times, free_purchases, log_value_mean, log_value_squares
        (see `RFM`). Those that are always made may be named as well.

    Returns
    -------
    RFM

    Raises
    ------
    InvalidTransactions
        If the log cannot be used as it is: the message counts the rows, shows one and says what to do.
    InvalidArgument
        If a choice is unknown, nothing was bought until `observation_end`, or that is not the end of an opportunity.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-01", "1997-01-15"], "value": [9.5, 20]})
    >>> rfm = rfm_summary(log, observation_end="1997-01-29")
    >>> rfm.frame.loc["a", ["frequency", "recency", "T", "monetary_value"]].tolist()
    [1.0, 2.0, 4.0, 20.0]
    """
    step = Step.of(time_unit, opportunity)
    names = chosen_statistics(statistics, step=step, has_value=value is not None)
    reading = Reading(customer_id, date, value, refunds, unknown_dates, time_zone, date_format)
    checked, end = _checked(transactions, observation_end, reading, step)
    return summarise(checked, end, step=step, churn_window=churn_window, statistics=names)


def rfm_table(
    transactions: Any,
    *,
    time_unit: TimeUnit | None = None,
    observation_end: DateLike | None = None,
    customer_id: str = "customer_id",
    date: str = "date",
    value: str | None = "value",
    refunds: Refunds = "error",
    unknown_dates: UnknownDates = "error",
    time_zone: str | None = None,
    date_format: str | None = None,
    churn_window: float | None = None,
    opportunity: TimeUnit | None = None,
    statistics: Sequence[str] = (),
) -> RFMTable:
    """Summarise a transaction log as `rfm_summary` does, and leave the result where the transactions are.

    The log is checked now; the customers are worked out when they are asked for: by a fit, which collects counts only,
    by `score`, or by `RFMTable.to_parquet`, which spares doing it anew each time.

    Parameters
    ----------
    transactions, time_unit, observation_end, customer_id, date, value, refunds, unknown_dates, time_zone, date_format,
    churn_window, opportunity, statistics
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
    step = Step.of(time_unit, opportunity)
    asked = chosen_statistics(statistics, step=step, has_value=value is not None)
    reading = Reading(customer_id, date, value, refunds, unknown_dates, time_zone, date_format)
    checked, end = _checked(transactions, observation_end, reading, step)
    customers, window = _customers(checked, end, step, churn_window, asked)
    names = _column_names(checked, window, step, asked)
    bought: Any = customers.filter(customers.days > 0)
    return RFMTable(
        source=checked.source,
        table=bought.select("customer_id", *names),
        time_unit=step.time_unit,
        observation_end=midnight(end),
        churn_window=window,
        summed=True,
        treatments=lambda: treatments(checked.source.one_row(customers.aggregate(**totals(customers))), checked, step),
    )


def _checked(
    transactions: Any, observation_end: DateLike | None, reading: Reading, step: Step
) -> tuple[Transactions, dt.date]:
    """The log, and the observation end."""
    end = None if observation_end is None else as_day(observation_end, "observation_end")
    checked = check_transactions(transactions, reading, last_day=end)
    step.check_end(end or checked.log_end, "the log's last day" if end is None else "observation_end")
    return step.merged(checked), end or checked.log_end


def summarise(
    checked: Transactions,
    end: dt.date,
    *,
    step: Step,
    churn_window: float | None = None,
    statistics: Sequence[str] = (),
) -> RFM:
    """Summarise a checked log, merged by step, until the end of a day; errors are those of `rfm_summary`.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": ["a"], "date": ["1997-01-01"], "value": [9.5]})
    >>> len(summarise(check_transactions(log), dt.date(1997, 1, 29), step=Step.of("week", None)))
    1
    """
    customers, window = _customers(checked, end, step, churn_window, statistics)
    counted = tidied(checked.collect(stamped(customers.order_by("customer_id"))))
    bought: Any = counted[counted["days"] > 0]
    if bought.empty:
        raise InvalidTransactions(
            f"until {end} every day comes to zero or less after refunds; is the sign turned round?"
        )
    return RFM(
        frame=bought[_column_names(checked, window, step, statistics)].set_axis(id_index(bought["customer_id"])),
        time_unit=step.time_unit,
        observation_end=midnight(end),
        churn_window=window,
        log=treatments(totals(counted), checked, step),
    )


def _customers(
    checked: Transactions, end: dt.date, step: Step, churn_window: float | None, statistics: Sequence[str]
) -> tuple[Any, float | None]:
    """The expression of `customers_until`, and the churn window."""
    observed = step.between(checked.first_purchase, end) / step.per_unit
    if checked.first_purchase > end:
        raise InvalidArgument(
            f"nothing was bought until {end}: the first purchase is on {checked.first_purchase}; choose a later end"
        )
    window = observed / 2 if churn_window is None else _checked_window(churn_window)
    return customers_until(checked, end, window=window, step=step, statistics=statistics), window or None


def _column_names(checked: Transactions, window: float | None, step: Step, statistics: Sequence[str]) -> list[str]:
    unused = [*([] if checked.has_value else AMOUNTS), *([] if window else FLAGS)]
    unused += [*([] if step.opportunity else OPPORTUNITIES), *(name for name in STATISTICS if name not in statistics)]
    return [name for name in COLUMNS if name not in unused]


def _checked_window(churn_window: float) -> float:
    wanted = "a length in time units, above zero"
    return check_number(churn_window, "churn_window", wanted, high=LONGEST_WINDOW, above=True)
