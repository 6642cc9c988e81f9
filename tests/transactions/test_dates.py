"""Dates become calendar days, and nothing ambiguous is guessed."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary
from clvmodels.transactions import as_day


def day_of(date, **choices):
    """The first day of a log with this one date."""
    log = date if isinstance(date, (pl.DataFrame, pa.Table)) else pd.DataFrame({"customer_id": ["a"], "date": date})
    return rfm_summary(log, value=None, **choices).frame.loc["a", "first_date"].strftime("%Y-%m-%d")


def days(*dates):
    return pd.DataFrame({"customer_id": "a", "date": pd.Series(dates)})


@pytest.mark.parametrize(
    "date",
    [
        "1997-01-31",
        " 1997-01-31 ",
        "1997-01-31 23:59",
        "1997-01-31T23:59:59",
        "1997-01-31 23:59:59.999999999",
        pd.Categorical(["1997-01-31"]),
        pd.array(["1997-01-31"], dtype="string[python]"),
        pd.Series([dt.date(1997, 1, 31)], dtype=object),
        pd.Series([dt.datetime(1997, 1, 31, 23, 59)], dtype=object),
        pd.to_datetime(["1997-01-31 23:59:59.999999999"]).astype("datetime64[ns]"),
        pd.to_datetime(["1997-01-31 23:59:59"]).astype("datetime64[s]"),
        pd.Categorical(pd.to_datetime(["1997-01-31 12:00"])),
        pd.array([dt.date(1997, 1, 31)], dtype="date32[day][pyarrow]"),
        pl.DataFrame({"customer_id": ["a"], "date": [dt.date(1997, 1, 31)]}),
        pl.DataFrame({"customer_id": ["a"], "date": [dt.datetime(1997, 1, 31, 23, 59)]}),
        pa.table({"customer_id": ["a"], "date": pa.array([dt.datetime(1997, 1, 31, 23)], pa.timestamp("ms"))}),
    ],
)
def test_a_date_of_any_type_is_floored_to_its_day(date):
    assert day_of(date) == "1997-01-31"


def test_dates_and_times_may_be_mixed_in_any_order():
    moments = [dt.datetime(1997, 1, 31, 12), dt.date(1997, 2, 1), pd.Timestamp("1997-02-02 10:00")]
    there, back = days(*moments).astype({"date": object}), days(*moments[::-1]).astype({"date": object})
    assert rfm_summary(there, value=None).frame.equals(rfm_summary(back, value=None).frame)


@pytest.mark.parametrize(
    "text", ["01/02/1997", "1.2.1997", "1997/01/02", "19970102", "1997-1-2", "Jan 2 1997", "1997-01", "x"]
)
def test_text_that_is_not_iso_is_refused_with_an_example_and_the_remedy(text):
    with pytest.raises(
        InvalidTransactions, match=r"1 of 2 rows .* not an ISO date, e\.g\. '.*'; .* pass date_format"
    ) as error:
        rfm_summary(days("1997-01-31", text), value=None)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    "text", ["1997-02-30", "1997-13-01", "1997-01-31 25:00", "1997-01-31 12:61", "1997-01-31 noon"]
)
def test_a_day_or_time_that_does_not_exist_is_refused(text):
    with pytest.raises(InvalidTransactions, match="1 of 1 rows have a 'date' that is not an ISO date"):
        day_of(text)


def test_dates_are_never_compared_as_text():
    log = days("31/01/1997", "01/02/1997")
    recency = rfm_summary(log, value=None, date_format="%d/%m/%Y", time_unit="day").frame.loc["a", "recency"]
    assert recency == 1.0


@pytest.mark.parametrize(("pattern", "expected"), [("%d/%m/%Y", "1997-02-01"), ("%m/%d/%Y", "1997-01-02")])
def test_the_date_format_decides_what_is_ambiguous(pattern, expected):
    assert day_of("01/02/1997", date_format=pattern) == expected


def test_whole_numbers_are_read_with_a_date_format():
    assert day_of(19970131, date_format="%Y%m%d") == "1997-01-31"


def test_whole_numbers_without_a_date_format_are_refused_with_the_remedy():
    with pytest.raises(InvalidTransactions, match=r"column 'date' is int64; .* date_format='%Y%m%d'"):
        day_of(19970131)


def test_rows_that_do_not_fit_the_date_format_are_counted():
    with pytest.raises(
        InvalidTransactions, match=r"2 of 3 rows .* does not fit date_format='%d/%m/%Y', e\.g\. '01/13/1997'"
    ):
        rfm_summary(days("31/01/1997", "01/31/1997", "01/13/1997"), value=None, date_format="%d/%m/%Y")


def test_a_date_format_for_what_is_already_a_date_is_refused():
    with pytest.raises(InvalidArgument, match="date_format is for text and whole numbers, column 'date' is timestamp"):
        day_of(pd.to_datetime(["1997-01-31"]), date_format="%Y-%m-%d")


def test_a_date_format_with_a_time_zone_is_refused():
    with pytest.raises(InvalidArgument, match="date_format='%Y-%m-%d %z' has a time zone"):
        day_of("1997-01-31 +0200", date_format="%Y-%m-%d %z")


def test_a_date_format_that_does_not_exist_is_refused():
    with pytest.raises(InvalidTransactions, match="format specifier %Q"):
        day_of("1997-01-31", date_format="%Q")


@pytest.mark.parametrize(
    "pattern",
    ["%m-%d", "%Y", "%Y-%m", "%d/%m", "%H:%M", "", "2024-%m-%d", "%%Y-%m-%d", "%Y %W", "%Y %W %a", "%G-%V", 5],
)
def test_a_date_format_that_leaves_the_day_open_is_refused(pattern):
    log = pd.DataFrame({"customer_id": ["a"], "date": ["01-31"]})
    with pytest.raises(InvalidArgument, match="does not fix year, month and day; give e.g. '%d/%m/%Y'"):
        rfm_summary(log, value=None, date_format=pattern)


@settings(max_examples=15, deadline=None)
@given(
    st.dates(dt.date(1970, 1, 1), dt.date(2067, 12, 31)),
    st.sampled_from(["%d.%m.%y", "%d %b %Y", "%B %d, %Y", "%Y%j", "%G-%V-%u", "%Y %U %w", "%Y %W %w", "%a %d/%m/%Y"]),
)
def test_a_date_format_that_fixes_the_day_reads_what_python_writes(day, pattern):
    log = pd.DataFrame({"customer_id": ["a"], "date": [day.strftime(pattern)]})
    assert rfm_summary(log, value=None, date_format=pattern).frame["first_date"].dt.date.tolist() == [day]


@pytest.mark.parametrize("absent", [None, "", "  ", pd.NaT])
def test_missing_dates_are_counted_with_their_customer(absent):
    with pytest.raises(InvalidTransactions, match="1 of 2 rows have no 'date', e.g. customer 'a'"):
        rfm_summary(days("1997-01-31", absent).astype({"date": object}), value=None)


def test_a_column_without_any_date_is_refused():
    with pytest.raises(InvalidTransactions, match="2 of 2 rows have no 'date'"):
        rfm_summary(days(None, None), value=None)


@pytest.mark.parametrize("placeholder", ["9999-12-31", "0001-01-01", "1600-01-01"])
def test_placeholders_for_a_missing_date_are_refused(placeholder):
    with pytest.raises(InvalidTransactions, match="outside the years 1678 to 2261, e.g. '" + placeholder):
        rfm_summary(days("1997-01-31", placeholder), value=None)


def test_timestamps_beyond_nanoseconds_are_refused_and_do_not_overflow():
    with pytest.raises(InvalidTransactions, match="outside the years 1678 to 2261, e.g. '9999-12-31'"):
        rfm_summary(days(dt.datetime(1997, 1, 31), dt.datetime(9999, 12, 31)), value=None)


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ([1.5], "column 'date' is float64"),
        ([True], "column 'date' is boolean"),
        (pd.to_timedelta([1], unit="D"), "column 'date' is interval"),
        (pd.Series([b"1997-01-31"], dtype=object), "column 'date' is binary"),
        (pd.period_range("1997-01", periods=1, freq="M"), r"column 'date' holds periods; .* \.dt\.to_timestamp"),
    ],
)
def test_a_column_that_is_no_date_is_refused(column, found):
    with pytest.raises(InvalidTransactions, match=found):
        rfm_summary(pd.DataFrame({"customer_id": ["a"], "date": column}), value=None)


def test_dates_mixed_with_text_are_refused_with_what_is_in_the_column():
    log = pd.DataFrame(
        {"customer_id": "a", "date": pd.Series([pd.Timestamp("1997-01-31"), "1997-02-01"], dtype=object)}
    )
    with pytest.raises(
        InvalidTransactions, match=r"column 'date' \(object\) holds Timestamp \(1 rows\), str \(1 rows\)"
    ):
        rfm_summary(log, value=None)


@pytest.mark.parametrize(
    "day",
    [
        "1997-09-30",
        "1997-09-30 00:00:00",
        dt.date(1997, 9, 30),
        dt.datetime(1997, 9, 30),
        pd.Timestamp("1997-09-30"),
        np.datetime64("1997-09-30"),
    ],
)
def test_an_argument_that_is_a_day_is_read(day):
    assert as_day(day, "observation_end") == dt.date(1997, 9, 30)


@pytest.mark.parametrize(
    "day", ["30/09/1997", "19970930", "1997-09", "1997-02-30", "soon", "", 19970930, None, pd.NaT, np.nan]
)
def test_an_argument_that_is_no_day_is_refused(day):
    with pytest.raises(InvalidArgument, match="observation_end is .*; give a date such as '1997-09-30'"):
        as_day(day, "observation_end")


@pytest.mark.parametrize(
    "day", ["1997-09-30 12:00", pd.Timestamp("1997-09-30 00:01"), pd.Timestamp("1997-09-30", tz="UTC")]
)
def test_an_argument_with_a_time_or_zone_is_refused(day):
    with pytest.raises(InvalidArgument, match="give a day without time and zone: it counts to its end"):
        as_day(day, "observation_end")


@settings(max_examples=10)
@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1))
def test_any_moment_has_the_same_day_as_text_and_as_a_timestamp(moments):
    expected = pd.Series([str(moment.date()) for moment in moments]).astype("datetime64[us]").tolist()
    for dates in (pd.Series(moments), [str(moment) for moment in moments]):
        log = pd.DataFrame({"customer_id": range(len(moments)), "date": dates})
        assert rfm_summary(log, value=None).frame["first_date"].tolist() == expected
