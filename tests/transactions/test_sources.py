"""Every kind of table gives the same customers, and is left as it was."""

import pathlib

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clvmodels.errors import InvalidTransactions
from clvmodels.rfm import rfm_summary
from clvmodels.transactions import sources

NAMES = {"customer_id": "who", "date": "when", "value": "paid"}


def a_log():
    """Two customers, with further columns under our own names that must not get in the way."""
    return pd.DataFrame(
        {
            "who": [20, 3, 3, 3],
            "when": pd.to_datetime(["1997-01-03 10:00", "1997-01-02 09:00", "1997-01-09 23:59", "1997-01-09 00:01"]),
            "paid": [5.0, 2.5, 3.0, 4.0],
            "customer_id": ["x"] * 4,
            "date": ["not a date"] * 4,
            "value": [float("nan")] * 4,
        }
    )


def in_duckdb(log):
    connection = duckdb.connect()
    connection.register("given", pa.Table.from_pandas(log))
    return connection.sql("SELECT * FROM given")


def in_ibis(log):
    connection = ibis.duckdb.connect()
    connection.create_table("log", pa.Table.from_pandas(log))
    return connection.table("log")


def as_file(folder, write, name):
    path = folder / name
    write(path)
    return path


KINDS = {
    "pandas": lambda log, folder: log,
    "pandas with Arrow dtypes": lambda log, folder: log.convert_dtypes(dtype_backend="pyarrow"),
    "pandas with nullable dtypes": lambda log, folder: log.convert_dtypes(),
    "polars": lambda log, folder: pl.from_pandas(log),
    "Arrow table": lambda log, folder: pa.Table.from_pandas(log),
    "Arrow stream": lambda log, folder: pa.Table.from_pandas(log).to_reader(),
    "DuckDB relation": lambda log, folder: in_duckdb(log),
    "Ibis table": lambda log, folder: in_ibis(log),
    "Ibis memtable": lambda log, folder: ibis.memtable(pa.Table.from_pandas(log)),
    "CSV path": lambda log, folder: as_file(folder, lambda path: log.to_csv(path, index=False), "log.csv"),
    "CSV text path": lambda log, folder: str(as_file(folder, lambda path: log.to_csv(path, index=False), "log.csv")),
    "gzipped CSV": lambda log, folder: as_file(folder, lambda path: log.to_csv(path, index=False), "log.csv.gz"),
    "Parquet path": lambda log, folder: as_file(folder, log.to_parquet, "log.parquet"),
    "Parquet text path": lambda log, folder: str(as_file(folder, log.to_parquet, "log.pq")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_gives_the_same_customers(kind, tmp_path):
    rfm = rfm_summary(KINDS[kind](a_log(), tmp_path), **NAMES)
    assert rfm.frame.index.tolist() == [3, 20]
    assert rfm.frame["frequency"].tolist() == [1, 0]
    assert rfm.frame["recency"].tolist() == [1.0, 0.0]
    assert rfm.frame["T"].tolist() == [1.0, 6 / 7]
    assert rfm.frame["total_value"].tolist() == [9.5, 5.0]


@pytest.mark.parametrize("kind", ["pandas", "pandas with nullable dtypes"])
def test_the_callers_frame_is_not_changed(kind, tmp_path):
    source = KINDS[kind](a_log(), tmp_path)
    before = source.copy(deep=True)
    rfm_summary(source, **NAMES)
    pd.testing.assert_frame_equal(source, before)


def test_a_relation_leaves_nothing_behind_in_its_database():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE log AS SELECT 1 AS who, DATE '1997-01-01' AS day")
    rfm_summary(connection.table("log"), customer_id="who", date="day", value=None)
    assert connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []
    assert connection.sql("SELECT * FROM log").fetchall()[0][0] == 1


def test_only_the_checks_and_the_customers_are_collected(monkeypatch):
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE log AS SELECT i % 3 AS customer_id, DATE '1997-01-01' AS date FROM range(1000) t(i)"
    )
    collected = []
    collect = sources.Source.collect
    monkeypatch.setattr(sources.Source, "collect", lambda self, e: collected.append(collect(self, e)) or collected[-1])
    rfm_summary(connection.table("log"), value=None)
    assert [len(frame) for frame in collected] == [1, 3]


def test_a_relation_on_a_data_frame_is_read():
    given = a_log()
    assert len(rfm_summary(duckdb.from_df(given).filter("paid > 0"), **NAMES)) == 2


def test_missing_columns_are_named_with_those_found():
    with pytest.raises(InvalidTransactions, match=r"missing columns \['customer_id', 'date'\], found \['id', 'day'\]"):
        rfm_summary(pd.DataFrame({"id": [1], "day": ["1997-01-01"]}), value=None)


def test_a_missing_value_column_has_the_remedy_for_a_log_without_one():
    with pytest.raises(InvalidTransactions, match="pass value=None"):
        rfm_summary(pd.DataFrame({"customer_id": [1], "date": ["1997-01-01"]}))


@pytest.mark.parametrize("kind", ["polars", "Arrow table", "DuckDB relation", "Ibis table", "CSV path", "Parquet path"])
def test_missing_columns_are_found_in_every_kind_of_table(kind, tmp_path):
    with pytest.raises(InvalidTransactions, match=r"missing columns \['buyer'\], found \['who', 'when'"):
        rfm_summary(KINDS[kind](a_log(), tmp_path), customer_id="buyer", date="when", value="paid")


def test_an_id_in_the_index_has_its_remedy():
    with pytest.raises(InvalidTransactions, match="reset_index"):
        rfm_summary(a_log().set_index("who"), **NAMES)


def test_a_column_that_is_there_twice_is_refused():
    log = a_log()
    with pytest.raises(InvalidTransactions, match="more than one column is called 'when'"):
        rfm_summary(pd.concat([log, log[["when"]]], axis=1), **NAMES)


@pytest.mark.parametrize(
    "kind", ["pandas", "polars", "Arrow table", "DuckDB relation", "Ibis table", "CSV path", "Parquet path"]
)
def test_an_empty_table_is_refused(kind, tmp_path):
    with pytest.raises(InvalidTransactions, match="the table has no rows"):
        rfm_summary(KINDS[kind](a_log().iloc[:0], tmp_path), **NAMES)


@pytest.mark.parametrize(
    "source", [None, [1, 2], {"customer_id": [1]}, pd.Series([1]), b"log.csv", pl.LazyFrame({"a": [1]})]
)
def test_a_source_of_another_type_is_refused_with_those_that_work(source):
    with pytest.raises(
        InvalidTransactions, match="cannot read transactions from a .* hand in a pandas, polars or Arrow"
    ):
        rfm_summary(source)


def test_a_relation_whose_connection_is_closed_is_refused():
    connection = duckdb.connect()
    relation = connection.sql("SELECT 1 AS customer_id, DATE '1997-01-01' AS date")
    connection.close()
    with pytest.raises(InvalidTransactions, match="already been closed"):
        rfm_summary(relation, value=None)


def test_an_unbound_ibis_table_is_refused():
    with pytest.raises(InvalidTransactions, match="unbound"):
        rfm_summary(ibis.table({"customer_id": "int", "date": "date"}, name="nowhere"), value=None)


def test_a_column_type_that_is_no_date_is_named():
    relation = duckdb.sql("SELECT 1 AS customer_id, INTERVAL 1 DAY AS date")
    with pytest.raises(InvalidTransactions, match="date month_day_nano_interval"):
        rfm_summary(relation, value=None)


def test_work_larger_than_memory_spills_outside_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rfm_summary(a_log(), **NAMES)
    assert list(pathlib.Path().iterdir()) == []
