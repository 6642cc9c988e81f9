"""The address of a database: what it may say, where its secrets come from, and that nothing shows them."""

import traceback

import duckdb
import pytest

from clvmodels.errors import ClvError, InvalidArgument, InvalidTransactions
from clvmodels.jobs.database import find_database

SECRET = "p@ss/w?rd#1'&"


@pytest.fixture
def shop(tmp_path):
    """The folder of a configuration, with a database and another file."""
    with duckdb.connect(tmp_path / "shop.ddb") as connection:
        connection.execute("CREATE TABLE orders (customer_id INTEGER)")
    (tmp_path / "broken.ddb").write_text("no database")
    return tmp_path


def tables_of(transactions, folder, environment=None):
    """What is read of the database that a configuration names."""
    found = find_database(transactions, folder=folder, environment=environment or {})
    return found.read(lambda connection: connection.list_tables())


def everything_shown(error):
    """The message and the traceback, with all that led to it."""
    raised = error.value
    assert raised.__cause__ is None
    assert raised.__context__ is None
    return "".join(traceback.format_exception(raised))


@pytest.mark.parametrize(
    ("transactions", "message"),
    [
        ("duckdb://none.ddb", r"no database file 'none\.ddb', seen from"),
        ("duckdb://", "no database file ''"),
        ("duckdb://:memory:", "no database file ':memory:'"),
        ("duckdb://shop.ddb?read_only=False", "has options after the path of a database file"),
        ("duckdb://broken.ddb", r"cannot open the database duckdb://broken\.ddb: .*not a valid DuckDB database"),
        ("duckbd://shop.ddb", r"begins with duckbd://, .*; do you mean duckdb://\?"),
        ("https://shop.example/orders.csv", r"begins with https://, .*; Ibis knows .*postgres.*; or give a path"),
        ("mysql://localhost/shop", r"needs a driver that is not installed: pip install 'ibis-framework\[mysql\]'"),
        ("postgres://shop@localhost:port/shop", r"no address such as postgres://user@host:5432/database"),
        ("postgres://[shop/shop", r"no address such as postgres://user@host:5432/database"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(transactions, message, shop):
    with pytest.raises(ClvError, match=message):
        tables_of(transactions, shop)


def test_a_driver_that_is_not_installed_is_named_with_the_extra_of_ours(shop, monkeypatch):
    def missing(*_, **__):
        raise ImportError("no psycopg")

    monkeypatch.setattr("ibis.connect", missing)
    with pytest.raises(InvalidArgument, match=r"pip install 'clvmodels\[postgres\]'") as error:
        tables_of("postgresql://shop@localhost/shop", shop)
    everything_shown(error)


@pytest.mark.parametrize(
    "transactions",
    [
        "postgres://shop:hunter2@localhost:5432/shop",
        "postgresql://shop:hunter2@localhost/shop",
        "postgres://:hunter2@localhost/shop",
        "postgres://shop:hunter2/x@localhost/shop",
        "postgres://shop:x@hunter2@localhost/shop",
        "postgres://shop:x?hunter2@localhost/shop",
        "postgres://shop:x#hunter2@localhost/shop",
        "postgres://shop:hunter2${MORE}@localhost/shop",
        "postgres://shop:$hunter2@localhost/shop",
        "postgres://shop@localhost/shop?password=hunter2",
        "postgres://shop@localhost/shop?sslmode=require&PASSWORD=hunter2",
        "postgres://shop@localhost/shop?p%61ssword=hunter2",
        "postgres://shop@localhost/shop?sslpassword=hunter2",
        "snowflake://shop@account/db?token=hunter2",
        "mysql://shop:hunter2@localhost/shop",
    ],
)
def test_a_password_that_is_written_out_is_refused_and_not_repeated(transactions, shop):
    with pytest.raises(InvalidArgument, match=r"has a password written out; .* \$\{NAME\} in its place") as error:
        tables_of(transactions, shop, {"MORE": "x"})
    assert "hunter2" not in everything_shown(error)


@pytest.mark.parametrize(
    ("transactions", "message"),
    [
        ("postgres://shop:${SHOP_PASSWORD}@localhost/shop", "environment variable SHOP_PASSWORD, which is not set"),
        ("postgres://shop:${EMPTY}@localhost/shop", "environment variable EMPTY, which is empty"),
        ("${WHERE}/log.csv", "environment variable WHERE, which is not set"),
        ("postgres://shop:${shop password}@localhost/shop", "names no environment variable"),
    ],
)
def test_a_variable_that_is_not_set_is_named(transactions, message, shop):
    with pytest.raises(InvalidArgument, match=message):
        tables_of(transactions, shop, {"EMPTY": ""})


@pytest.fixture
def given(monkeypatch):
    """What Ibis is asked to connect to; it then complains with all that it knows."""
    asked = []

    def connect(address, **options):
        asked.extend([address, options])
        raise ConnectionError(f"no way to {address}:\n  {options!r}, {SECRET!r} or {SECRET} is wrong")

    monkeypatch.setattr("ibis.connect", connect)
    return asked


@pytest.mark.parametrize(
    ("transactions", "value", "address"),
    [
        ("postgres://shop:${X}@db/shop", SECRET, "postgres://shop:p%40ss%2Fw%3Frd%231%27%26@db/shop"),
        ("postgres://shop@db/shop?password=${X}", SECRET, "postgres://shop@db/shop?password=p%40ss%2Fw%3Frd%231%27%26"),
        ("postgres://shop@${X}/shop", "db.example:5433", "postgres://shop@db.example:5433/shop"),
        ("postgres://shop@db/${X}", "shop", "postgres://shop@db/shop"),
        (
            "${X}",
            "postgres://shop:p%40ss%2Fw%3Frd%231%27%26@db/shop",
            "postgres://shop:p%40ss%2Fw%3Frd%231%27%26@db/shop",
        ),
    ],
)
def test_a_value_is_written_as_its_place_demands_and_shown_nowhere(transactions, value, address, shop, given):
    with pytest.raises(InvalidTransactions, match=r"cannot open the database (postgres://|\$\{X\})") as error:
        tables_of(transactions, shop, {"X": value})
    assert given[0] == address
    shown = everything_shown(error)
    if "ss" in value:
        assert not any(form in shown for form in (SECRET, "p@ss", "p%40ss", "w?rd", "w%3Frd"))


def test_a_user_from_the_environment_may_have_any_name(shop, given):
    with pytest.raises(InvalidTransactions):
        tables_of("postgres://${X}@db/shop", shop, {"X": "shop@server"})
    assert given == ["postgres://shop%40server@db/shop", {"user": "shop@server"}]


def test_a_database_shows_no_secret_of_its_own_accord(shop):
    found = find_database("${X}", folder=shop, environment={"X": "postgres://shop:hunter2@db/shop"})
    assert "hunter2" not in repr(found)
