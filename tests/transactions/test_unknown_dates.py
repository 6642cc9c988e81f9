"""Rows without a readable date are refused, or left out and counted when that is asked for."""

import datetime as dt

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary, rfm_table
from clvmodels.transactions import Reading, check_transactions

WHEN = [dt.datetime(1997, 1, 1, 9), None, dt.datetime(1997, 1, 8, 23), dt.datetime(9999, 12, 31), None]
LOG = pd.DataFrame({"customer_id": ["a", "a", "a", "b", "c"], "date": WHEN, "value": [1.0, 2.0, 4.0, 8.0, 16.0]})
LEFT = LOG.iloc[[0, 2]]


def as_file(folder, name, write):
    write(folder / name)
    return folder / name


def in_ibis(log):
    connection = ibis.duckdb.connect()
    connection.create_table("log", pa.Table.from_pandas(log))
    return connection.table("log")


KINDS = {
    "pandas": lambda log, folder: log,
    "pandas with text": lambda log, folder: log.assign(date=log["date"].astype(str)),
    "polars": lambda log, folder: pl.from_pandas(log),
    "Arrow table": lambda log, folder: pa.Table.from_pandas(log),
    "DuckDB relation": lambda log, folder: duckdb.from_arrow(pa.Table.from_pandas(log)),
    "Ibis table": lambda log, folder: in_ibis(log),
    "CSV": lambda log, folder: as_file(folder, "log.csv", lambda path: log.to_csv(path, index=False)),
    "Parquet": lambda log, folder: as_file(folder, "log.parquet", log.to_parquet),
}


def texts(*dates):
    return pd.DataFrame({"customer_id": "a", "date": pd.Series(dates, dtype=object)})


def left_of(log, **choices):
    """The days that are left, and how many rows were not."""
    checked = check_transactions(log, Reading(value=None, unknown_dates="drop", **choices))
    return sorted(str(day)[:10] for day in checked.collect(checked.table)["date"]), checked.unknown_dates


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("summarise", [rfm_summary, lambda *args, **choices: rfm_table(*args, **choices).collect()])
def test_dropped_they_are_left_out_and_counted_in_every_kind_of_table(kind, summarise, tmp_path):
    rfm = summarise(KINDS[kind](LOG, tmp_path), unknown_dates="drop", time_unit="day")
    pd.testing.assert_frame_equal(rfm.frame, rfm_summary(LEFT, time_unit="day").frame, check_index_type=False)
    assert rfm.observation_end == pd.Timestamp("1997-01-08")


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_refused_by_default_in_every_kind_of_table(kind, tmp_path):
    with pytest.raises(InvalidTransactions, match="of 5 rows have (no 'date'|a 'date' that is not an ISO date)"):
        rfm_summary(KINDS[kind](LOG, tmp_path))


def test_a_checked_log_knows_how_many_there_were():
    checked = check_transactions(LOG, Reading(unknown_dates="drop"))
    assert (checked.rows, checked.unknown_dates) == (5, 3)
    assert check_transactions(LEFT).unknown_dates == 0


@pytest.mark.parametrize("date", ["", "  ", None, "soon", "31/01/1997", "1997-02-30", "9999-12-31", "1600-01-01"])
def test_text_that_is_no_date_is_left_out(date):
    assert left_of(texts("1997-01-31", date)) == (["1997-01-31"], 1)


@pytest.mark.parametrize("date", ["", None, "1997-01-31", "31/13/1997", "31/12/9999"])
def test_text_that_does_not_fit_the_date_format_is_left_out(date):
    assert left_of(texts("31/01/1997", date), date_format="%d/%m/%Y") == (["1997-01-31"], 1)


def test_whole_numbers_that_are_no_date_are_left_out():
    log = pd.DataFrame({"customer_id": "a", "date": pd.array([19970131, 0, None, 19971301], dtype="Int64")})
    assert left_of(log, date_format="%Y%m%d") == (["1997-01-31"], 3)


@pytest.mark.parametrize("date", [None, "", "soon", "1997-13-01T10:00Z"])
def test_instants_that_cannot_be_read_are_left_out(date):
    assert left_of(texts("1997-01-31T23:30Z", date), time_zone="Europe/Berlin") == (["1997-02-01"], 1)


def test_a_missing_instant_of_a_column_with_a_time_zone_is_left_out():
    log = texts("1997-01-31 23:30", None).assign(date=lambda log: pd.to_datetime(log["date"], utc=True))
    assert left_of(log, time_zone="Europe/Berlin") == (["1997-02-01"], 1)


def test_an_infinite_date_of_a_database_is_left_out():
    relation = duckdb.sql("SELECT 'a' AS customer_id, unnest([DATE 'infinity', '-infinity', '1997-01-31']) AS date")
    assert left_of(relation) == (["1997-01-31"], 2)


@pytest.mark.parametrize(
    ("log", "choices", "message"),
    [
        (texts("1997-01-31", "1997-01-31T10:00Z"), {}, "1 of 2 rows have a 'date' with an offset from UTC"),
        (texts("1997-01-31T10:00Z", "1997-01-31"), {"time_zone": "UTC"}, "1 of 2 rows .* without an offset from UTC"),
        (LOG.assign(date=pd.to_datetime(LEFT["date"], utc=True)), {}, "has the time zone UTC; say where"),
        (LOG, {"time_zone": "UTC"}, "leave time_zone='UTC' out"),
        (LOG.assign(date=1.5), {}, "column 'date' is float64"),
        (LOG, {"date_format": "%Y"}, "date_format is for text and whole numbers"),
    ],
)
def test_a_time_zone_or_type_that_does_not_fit_is_an_error_all_the_same(log, choices, message):
    with pytest.raises((InvalidTransactions, InvalidArgument), match=message):
        check_transactions(log, Reading(value=None, unknown_dates="drop", **choices))


@pytest.mark.parametrize("date", [None, pd.NaT, "soon", ""])
def test_a_log_without_a_single_date_is_refused(date):
    log = pd.DataFrame({"customer_id": ["a", "b"], "date": [date] * 2, "value": 1.0})
    with pytest.raises(InvalidTransactions, match="none of the 2 rows has a 'date' that can be read"):
        rfm_summary(log, unknown_dates="drop")


def test_what_else_is_wrong_with_a_row_that_is_left_out_does_no_harm(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("customer_id,date,value\n7,1997-01-01,2.5\nTotal,,many\n,,\n8,,-3\n")
    rfm = rfm_summary(path, unknown_dates="drop")
    assert rfm.frame.index.tolist() == [7]
    assert rfm.frame.index.dtype == "int64"


@pytest.mark.parametrize(("column", "value"), [("customer_id", None), ("value", float("nan")), ("value", -1.0)])
def test_what_is_wrong_with_a_row_that_is_kept_is_refused(column, value):
    log = LEFT.reset_index(drop=True)
    log.loc[1, column] = value
    with pytest.raises(InvalidTransactions, match="1 of 3 rows have"):
        rfm_summary(pd.concat([log, LOG.iloc[[1]]]), unknown_dates="drop")


def test_nothing_but_refunds_among_the_rows_that_are_kept_is_refused():
    with pytest.raises(InvalidTransactions, match="all 2 rows have a negative 'value'"):
        rfm_summary(LOG.assign(value=-1.0), unknown_dates="drop", refunds="net")


def test_an_unknown_treatment_is_refused():
    with pytest.raises(InvalidArgument, match="unknown_dates is 'ignore'; choose one of error, drop"):
        rfm_summary(LOG, unknown_dates="ignore")
