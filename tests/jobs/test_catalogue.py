"""Names of tables: looked up in the database's own catalogue, so that no name is a file, an address or SQL."""

import contextlib
import sqlite3
import tempfile
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clvmodels.errors import ClvError, InvalidTransactions
from clvmodels.jobs.catalogue import find_table
from clvmodels.jobs.database import find_database
from clvmodels.transactions import open_source

LOG = pd.DataFrame({"customer_id": ["ann"], "date": ["2024-01-01"]})
ODD = ['we.ird"q', "it's", "select", "orders; DROP TABLE orders", "read_csv('/etc/passwd')", "a b", "ö", "${X}", "*"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    LOG.to_parquet(folder / "other.parquet")
    LOG.to_csv(folder / "other.csv", index=False)
    with duckdb.connect(folder / "shop.ddb") as connection:
        connection.execute("CREATE TABLE orders (customer_id INTEGER)")
        connection.execute("CREATE VIEW inside AS SELECT * FROM orders")
        connection.execute(f"CREATE VIEW outside AS SELECT * FROM '{folder}/other.parquet'")
        connection.execute("CREATE VIEW listing AS SELECT * FROM glob('/etc/*')")
        connection.execute('CREATE SCHEMA "s.h"; CREATE TABLE "s.h"."t.b" (x INTEGER)')
        connection.execute("CREATE MACRO made(a) AS TABLE SELECT a AS customer_id")
        for name in ODD:
            quoted = name.replace('"', '""')
            connection.execute(f'CREATE TABLE "{quoted}" (x INTEGER)')
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE orders (customer_id INTEGER)")
        for name in ODD:
            quoted = name.replace('"', '""')
            connection.execute(f'CREATE TABLE "{quoted}" (x INTEGER)')
    connection.close()
    return folder


def columns_of(shop, name):
    """The columns of a table of the DuckDB file, all rows of which can be read."""
    database = find_database("duckdb://shop.ddb", folder=shop, environment={})

    def look(connection):
        found = find_table(connection, name)
        opened = open_source(found, {"customer_id": found.columns[0]})
        opened.stream(opened.table, 10).read_all()
        return list(found.columns)

    return database.read(look)


@pytest.mark.parametrize("name", ["orders", "inside", "main.orders", "shop.main.orders", "main.inside"])
def test_a_table_or_view_is_found_by_its_name(name, shop):
    assert columns_of(shop, name) == ["customer_id"]


@pytest.mark.parametrize("name", [*ODD, "s.h.t.b", "shop.s.h.t.b", *(f"main.{name}" for name in ODD)])
def test_a_name_may_have_any_signs(name, shop):
    assert columns_of(shop, name) == ["x"]


@pytest.mark.parametrize("name", ODD)
def test_a_name_in_sqlite_may_have_any_signs(name, shop):
    database = find_database("sqlite://shop.sqlite", folder=shop, environment={})
    sql = database.read(lambda connection: str(ibis.to_sql(find_table(connection, name))))
    assert database.read(lambda connection: connection.con.execute(sql).fetchall()) == []


@pytest.mark.parametrize(
    "name",
    [
        "{shop}/other.parquet",
        "{shop}/other.csv",
        "{shop}/*.parquet",
        "other.parquet",
        "file://{shop}/other.parquet",
        "http://127.0.0.1:1/other.parquet",
        "https://127.0.0.1:1/other.csv",
        "s3://bucket/other.parquet",
        "hf://datasets/other.csv",
        "read_parquet('{shop}/other.parquet')",
        "read_csv('/etc/hostname')",
        "glob('*')",
        "made(1)",
        "duckdb_settings()",
        "sqlite_master",
        "information_schema.tables",
        "pg_catalog.pg_class",
        "ORDERS",
        "main.Orders",
        'main."orders"',
        '"orders"',
        "orders--",
        "orders; SELECT 1",
        "(SELECT 1)",
        "other.main.orders",
        ".orders",
        "orders.",
        "",
        ".",
    ],
)
def test_a_name_that_is_not_in_the_catalogue_is_no_table(name, shop, monkeypatch):
    monkeypatch.chdir(shop)
    with pytest.raises(InvalidTransactions, match="there is no table"):
        columns_of(shop, name.format(shop=shop))


@pytest.mark.parametrize("name", ["outside", "listing"])
def test_a_view_of_something_outside_the_database_is_refused_by_its_name(name, shop):
    with pytest.raises(InvalidTransactions, match=f"'{name}' needs something outside the database, which is not read"):
        columns_of(shop, name)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=8))
def test_any_text_is_a_table_or_refused(name, shop):
    with contextlib.suppress(InvalidTransactions):
        assert columns_of(shop, name) in (["x"], ["customer_id"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{shop}/other.parquet'",
        "SELECT * FROM read_text('/etc/hostname')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "ATTACH '{shop}/new.ddb'",
        "COPY orders TO '{shop}/copy.csv'",
        "CREATE TABLE new (a INTEGER)",
        "SET enable_external_access = true",
        "SET autoinstall_known_extensions = true",
    ],
)
def test_a_duckdb_file_is_locked_in(query, shop):
    database = find_database("duckdb://shop.ddb", folder=shop, environment={})
    with pytest.raises(ClvError, match="cannot read the database"):
        database.read(lambda connection: connection.raw_sql(query.format(shop=shop)))


def test_a_sqlite_file_is_opened_for_reading(shop):
    database = find_database("sqlite://shop.sqlite", folder=shop, environment={})
    with pytest.raises(ClvError, match="attempt to write a readonly database"):
        database.read(lambda connection: connection.con.execute("CREATE TABLE new (a INTEGER)"))


def test_it_spills_into_a_folder_of_its_own(shop):
    database = find_database("duckdb://shop.ddb", folder=shop, environment={})
    asked = "SELECT current_setting('temp_directory')"
    spilled = database.read(lambda connection: connection.con.execute(asked).fetchone()[0])
    assert Path(spilled).parent == Path(tempfile.gettempdir())
    assert not Path(spilled).exists()


def test_two_tables_of_one_name_are_told_apart_by_their_schema():
    connection = ibis.duckdb.connect()
    connection.raw_sql("CREATE TABLE orders (a INTEGER); CREATE SCHEMA old; CREATE TABLE old.orders (b INTEGER)")
    assert find_table(connection, "orders").columns == ("a",)
    assert find_table(connection, "old.orders").columns == ("b",)
