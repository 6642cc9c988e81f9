"""A time zone is neither dropped nor assumed."""

import datetime as dt
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary


def log_of(*dates):
    return pd.DataFrame({"customer_id": "a", "date": pd.Series(dates, dtype=object)})


def day_of(log, **choices):
    return rfm_summary(log, value=None, **choices).frame["first_date"].iloc[0].strftime("%Y-%m-%d")


LATE = pd.Timestamp("1997-06-30 23:30", tz="UTC")
AWARE = {
    "pandas": log_of(LATE).astype({"date": "datetime64[us, UTC]"}),
    "pandas elsewhere": log_of(LATE).astype({"date": "datetime64[us, America/New_York]"}),
    "objects": log_of(LATE.to_pydatetime()),
    "polars": pl.DataFrame({"customer_id": ["a"], "date": [LATE.to_pydatetime()]}),
    "Arrow": pa.table({"customer_id": ["a"], "date": pa.array([LATE], pa.timestamp("ns", "Asia/Tokyo"))}),
    "DuckDB": duckdb.sql("SELECT 'a' AS customer_id, TIMESTAMPTZ '1997-06-30 23:30:00+00' AS date"),
    "text": log_of("1997-06-30T23:30:00Z"),
    "text without seconds": log_of("1997-06-30 23:30Z"),
    "text with offset": log_of("1997-07-01T01:30:00+02:00"),
    "text with short offset": log_of("1997-07-01 01:30:00.5+0200"),
    "text with space": log_of("1997-07-01 01:30:00.0000000 +02:00"),
    "text with name": log_of("1997-06-30 23:30:00 UTC"),
    "text with hours": log_of("1997-07-01 01:30+02"),
    "text with half hours": log_of("1997-07-01 05:00:00+05:30"),
}


@pytest.mark.parametrize("log", AWARE.values(), ids=AWARE)
@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", "1997-07-01"), ("UTC", "1997-06-30")])
def test_an_instant_has_the_day_of_the_zone_that_is_asked_for(log, zone, day):
    assert day_of(log, time_zone=zone) == day


@pytest.mark.parametrize("log", AWARE.values(), ids=AWARE)
def test_a_time_zone_is_not_dropped_silently(log):
    with pytest.raises(InvalidTransactions, match="time_zone='Europe/Berlin'"):
        day_of(log)


@pytest.mark.parametrize(
    "log",
    [
        log_of("1997-06-30 23:30"),
        log_of("1997-06-30"),
        log_of(dt.date(1997, 6, 30)),
        log_of(dt.datetime(1997, 6, 30)),
        log_of(dt.datetime(1997, 6, 30)).astype({"date": "datetime64[us]"}),
    ],
)
def test_a_time_zone_is_not_assumed(log):
    with pytest.raises(InvalidTransactions, match="leave time_zone='Europe/Berlin' out"):
        day_of(log, time_zone="Europe/Berlin")


def test_a_time_zone_with_a_date_format_is_refused():
    with pytest.raises(InvalidTransactions, match="leave time_zone='UTC' out"):
        day_of(log_of("30/06/1997"), time_zone="UTC", date_format="%d/%m/%Y")


def test_text_that_is_partly_with_an_offset_is_refused_without_a_time_zone():
    with pytest.raises(
        InvalidTransactions, match="1 of 2 rows have a 'date' with an offset from UTC, e.g. '1997-06-30T10:00Z'"
    ):
        day_of(log_of("1997-06-30", "1997-06-30T10:00Z"))


def test_text_that_is_partly_with_an_offset_is_refused_with_a_time_zone():
    with pytest.raises(
        InvalidTransactions, match="1 of 2 rows have a 'date' without an offset from UTC, e.g. '1997-06-30'"
    ):
        day_of(log_of("1997-06-30", "1997-06-30T10:00Z"), time_zone="UTC")


@pytest.mark.parametrize("order", [1, -1])
def test_objects_that_are_partly_with_a_time_zone_are_refused(order):
    moments = [LATE, pd.Timestamp("1997-06-30")][::order]
    with pytest.raises(InvalidTransactions, match="'date' has a time zone in 1 of 2 rows, none in the others"):
        day_of(log_of(*moments), time_zone="UTC")


@pytest.mark.parametrize("zone", ["Berlin", "CEST+1", "", "Europe/Atlantis", "IST"])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(
        InvalidArgument, match=f"time_zone is '{zone}'; give a name such as 'Europe/Berlin'".replace("+", r"\+")
    ):
        day_of(log_of(LATE), time_zone=zone)


@settings(max_examples=15)
@given(
    st.lists(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2035, 1, 1)), min_size=1),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]),
)
def test_the_day_is_that_of_pythons_own_time_zones(moments, zone):
    instants = [moment.replace(tzinfo=dt.UTC) for moment in moments]
    log = pd.DataFrame({"customer_id": range(len(instants)), "date": [instant.isoformat() for instant in instants]})
    found = rfm_summary(log, value=None, time_zone=zone).frame["first_date"]
    assert [day.date() for day in found] == [instant.astimezone(ZoneInfo(zone)).date() for instant in instants]
