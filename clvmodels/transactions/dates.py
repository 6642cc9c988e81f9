"""A column of dates of any kind becomes calendar days; nothing ambiguous is guessed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, InvalidTransactions, shown
from clvmodels.transactions.checks import Check

DateLike = str | dt.date | np.datetime64
TIME = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?"
OFFSET = r"\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)"
LOCAL_DAY = rf"^\d{{4}}-\d{{2}}-\d{{2}}({TIME})?$"
INSTANT = rf"^\d{{4}}-\d{{2}}-\d{{2}}{TIME}{OFFSET}$"
# One letter of strptime's from each group fixes a day; DuckDB reads a weekday's name, but makes nothing of it.
WHOLE_DAYS = (("Yy", "mbB", "d"), ("Yy", "j"), ("G", "V", "u"), ("Yy", "UW", "w"), ("x",), ("c",))
# Beyond these, a date is a placeholder such as 9999-12-31, and pandas' nanoseconds overflow.
EARLIEST, LATEST = dt.date(1678, 1, 1), dt.date(2261, 12, 31)


@ibis.udf.scalar.builtin(signature=(("string", "timestamp('UTC')"), "timestamp"))
def timezone(zone, instant):
    """DuckDB's function: the local time in a zone. Ibis' own cast to a time zone changes nothing on DuckDB."""


@ibis.udf.scalar.builtin(signature=(("string", "string"), "timestamp"))
def try_strptime(text, pattern):
    """DuckDB's function: null where the text does not fit the pattern."""


def calendar_days(
    raw: Any, name: str, *, time_zone: str | None = None, date_format: str | None = None, drop_unknown: bool = False
) -> tuple[Any, list[Check]]:
    """Return the day of each row, and the checks that make it safe to use.

    Parameters
    ----------
    raw : column expression
        Dates, timestamps, ISO text, or anything else together with `date_format`.
    name : str
        The caller's name of the column, for messages.
    time_zone : str, optional
        Where the days begin; needed for, and only for, timestamps that have a time zone.
    date_format : str, optional
        The strptime pattern of text or whole numbers, which must fix year, month and day. A year of two digits (%y) is
        one from 1969 to 2068.
    drop_unknown : bool
        Leave it to the caller to drop the rows whose day is null: those without a date, with one that cannot be read,
        or outside the years that are allowed. What depends on `time_zone` is checked all the same.

    Returns
    -------
    day : date expression
        Null where it cannot be read.
    checks : list of Check

    Raises
    ------
    InvalidTransactions
        If the column's type cannot be a date, or its time zone does not fit `time_zone`.
    InvalidArgument
        If `time_zone` or `date_format` is not usable.

    Examples
    --------
    >>> log = ibis.table({"date": "string"}, name="log")
    >>> day, checks = calendar_days(log.date, "date")
    >>> str(day.type()), len(checks)
    ('date', 4)
    """
    _check_zone(time_zone)
    day, unread, astray = _parsed(raw, name, time_zone, date_format)
    if drop_unknown:
        return in_calendar(day), astray
    blank = raw.isnull() | (raw.strip() == "") if raw.type().is_string() else raw.isnull()
    missing = Check(
        bad=blank,
        found=f"have no {shown(name)}",
        remedy="fill them in or leave these rows out, which unknown_dates='drop' does",
    )
    outside = Check(
        bad=~_inside(day),
        found=f"have a {shown(name)} outside the years {EARLIEST.year} to {LATEST.year}",
        remedy="a placeholder for a missing date? Correct these rows or leave them out",
        example=day,
    )
    return day, [missing, *unread, *astray, outside]


def in_calendar(day: Any) -> Any:
    """Return the day, null where Python has no such date: DuckDB knows infinity.

    Examples
    --------
    >>> str(in_calendar(ibis.literal("1997-01-01").cast("date")).type())
    'date'
    """
    return _inside(day).ifelse(day, ibis.null("date"))


def _inside(day: Any) -> Any:
    return day.between(ibis.literal(EARLIEST), ibis.literal(LATEST))


def _parsed(
    raw: Any, name: str, time_zone: str | None, date_format: str | None
) -> tuple[Any, list[Check], list[Check]]:
    """The day, the checks for what cannot be read, and those for what does not fit `time_zone`."""
    kind = raw.type()
    if date_format is not None:
        return _formatted(raw, name, date_format, time_zone)
    if kind.is_string():
        return _iso(raw.strip(), name, time_zone)
    if kind.is_timestamp():
        return _timestamps(raw, name, time_zone), [], []
    if kind.is_date() or kind.is_null():
        _refuse_zone(name, time_zone)
        return raw.cast("date"), [], []
    whole = ", and for whole numbers such as 19970131 date_format='%Y%m%d'" if kind.is_integer() else ""
    raise InvalidTransactions(f"column {shown(name)} is {kind}; make it dates, timestamps or ISO text{whole}")


def as_day(value: DateLike, name: str) -> dt.date:
    """Read an argument that is a day.

    Parameters
    ----------
    value : ISO text, date, or a timestamp at midnight
    name : str
        The argument's name, for the message.

    Raises
    ------
    InvalidArgument
        If it is not one day.

    Examples
    --------
    >>> as_day("1997-09-30", "observation_end")
    datetime.date(1997, 9, 30)
    """
    readable = re.match(r"\d{4}-\d{2}-\d{2}(?!\d)", value) if isinstance(value, str) else value
    try:
        stamp = pd.Timestamp(value) if readable and isinstance(value, DateLike) else pd.NaT
    except ValueError:
        stamp = pd.NaT
    if not isinstance(stamp, pd.Timestamp):
        raise InvalidArgument(f"{name} is {shown(value)}; give a date such as '1997-09-30' (year-month-day)")
    if stamp.tzinfo is not None or stamp != stamp.normalize():
        raise InvalidArgument(f"{name} is {shown(value)}; give a day without time and zone: it counts to its end")
    return stamp.date()


def midnight(day: dt.date) -> pd.Timestamp:
    """Return the day's first instant.

    Examples
    --------
    >>> midnight(dt.date(1997, 9, 30))
    Timestamp('1997-09-30 00:00:00')
    """
    return pd.Timestamp.fromordinal(day.toordinal())


def _check_zone(time_zone: str | None) -> None:
    # Asked of DuckDB, which converts: Python's own list is empty on a machine without tzdata. IST is several zones.
    if time_zone is None or time_zone == "UTC":
        return
    with duckdb.connect() as connection:
        known = connection.execute("SELECT name FROM pg_timezone_names() WHERE name LIKE '%/%'").fetchall()
    if (time_zone,) not in known:
        raise InvalidArgument(f"time_zone is {shown(time_zone)}; give a name such as 'Europe/Berlin' or 'UTC'")


def _refuse_zone(name: str, time_zone: str | None) -> None:
    if time_zone is not None:
        raise InvalidTransactions(
            f"column {shown(name)} has no time zone, so that its days are taken as they are; leave "
            f"time_zone={shown(time_zone)} out, or hand in timestamps with their zone"
        )


def _timestamps(raw: Any, name: str, time_zone: str | None) -> ir.Value:
    zone = raw.type().timezone
    if zone is None:
        _refuse_zone(name, time_zone)
        return raw.date()
    if time_zone is None:
        raise InvalidTransactions(
            f"column {shown(name)} has the time zone {zone}; say where your days begin and end, "
            "e.g. time_zone='Europe/Berlin'"
        )
    return _local_day(raw.cast("timestamp('UTC')"), time_zone)


def _local_day(instant: ir.Value, time_zone: str) -> Any:
    local: Any = timezone(time_zone, instant)
    return local.date()


def _formatted(raw: Any, name: str, date_format: str, time_zone: str | None) -> tuple[Any, list[Check], list[Check]]:
    kind = raw.type()
    if not (kind.is_string() or kind.is_integer()):
        raise InvalidArgument(
            f"date_format is for text and whole numbers, column {shown(name)} is {kind}; leave it out"
        )
    _check_format(date_format)
    if re.search(r"%[zZ]", date_format):
        raise InvalidArgument(
            f"date_format={shown(date_format)} has a time zone; hand in ISO text or timestamps for that"
        )
    _refuse_zone(name, time_zone)
    text = raw.cast("string").strip()
    parsed: Any = try_strptime(text, date_format)
    unread = Check(
        bad=(text != "") & parsed.isnull(),
        found=f"have a {shown(name)} that does not fit date_format={shown(date_format)}",
        remedy="correct these rows or the format, or pass unknown_dates='drop'",
        example=text,
    )
    return parsed.date(), [unread], []


def _check_format(date_format: str) -> None:
    """Refuse a format from which no day follows: DuckDB takes 1900 and January for what is missing."""
    if isinstance(date_format, str) and date_format:
        with duckdb.connect() as connection:
            try:
                connection.execute("SELECT try_strptime('', ?)", [date_format])
            except duckdb.Error as error:
                said = shown(str(error).rpartition(": ")[2], longest=200)[1:-1]
                raise InvalidTransactions(
                    f"date_format={shown(date_format)} has the format specifier {said}"
                ) from error
    found = {part.lstrip("-") for part in re.findall(r"%(-?.)", str(date_format))}
    if not any(all(found & set(choices) for choices in day) for day in WHOLE_DAYS):
        raise InvalidArgument(
            f"date_format is {shown(date_format)}, which does not fix year, month and day; give e.g. '%d/%m/%Y'"
        )


def _iso(text: Any, name: str, time_zone: str | None) -> tuple[Any, list[Check], list[Check]]:
    aware = text.re_search(INSTANT)
    if time_zone is None:
        day = text.substr(0, 10).try_cast("date")
        astray = Check(
            bad=aware,
            found=f"have a {shown(name)} with an offset from UTC",
            remedy="say where your days begin and end, e.g. time_zone='Europe/Berlin'; all rows need an offset then",
            example=text,
        )
        readable = text.re_search(LOCAL_DAY)
    else:
        day = _local_day(_instant(text), time_zone)
        astray = Check(
            bad=text.re_search(LOCAL_DAY),
            found=f"have a {shown(name)} without an offset from UTC",
            remedy=f"leave time_zone={shown(time_zone)} out, or give every row its offset",
            example=text,
        )
        readable = aware
    unread = Check(
        bad=(text != "") & ~astray.bad & (~readable | day.isnull()),
        found=f"have a {shown(name)} that is not an ISO date",
        remedy="only dates such as 1997-01-31 are read unasked; pass date_format, e.g. '%d/%m/%Y' or '%m/%d/%Y'",
        example=text,
    )
    return readable.ifelse(day, ibis.null("date")), [unread], [astray]


def _instant(text: Any) -> Any:
    """Read ISO text with an offset; DuckDB wants seconds, and no space before the offset."""
    tidy = (
        text.re_replace(r"\s*(Z|UTC)$", "+00")
        .re_replace(r"\s+([+-])", r"\1")
        .re_replace(r"([+-]\d\d)(\d\d)$", r"\1:\2")
    )
    with_seconds = tidy.re_replace(r"^(.{16})([+-])", r"\1:00\2")
    return with_seconds.try_cast("timestamp('UTC')")
