"""What a configuration names as its source: files from its folder, or a table of a database, copied once."""

import subprocess
import sys
import traceback

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import clvmodels as clv
from clvmodels.errors import ClvError, InvalidArgument, InvalidTransactions
from clvmodels.jobs import source
from clvmodels.jobs.source import read_source

COLUMNS = ["customer_id", "date", "value"]
PLACE = "ware/house"


@pytest.fixture(scope="module")
def log():
    return clv.datasets.simulate_transactions(customers=40, length=40, random_seed=1)


@pytest.fixture
def shop(tmp_path, log):
    """The folder of a configuration, with a log as files and as a table of a DuckDB file."""
    (tmp_path / "orders").mkdir()
    for number, part in enumerate((log.iloc[::2], log.iloc[1::2])):
        part.to_parquet(tmp_path / "orders" / f"{number}.parquet")
    log.to_csv(tmp_path / "log.csv", index=False)
    with duckdb.connect(tmp_path / "shop.ddb") as connection:
        connection.register("given", log)
        connection.execute("CREATE TABLE orders AS SELECT *, 'x' AS note FROM given")
        connection.execute("CREATE SCHEMA old; CREATE TABLE old.orders AS SELECT * FROM given LIMIT 3")
        connection.execute("CREATE TABLE customers AS SELECT DISTINCT customer_id, 'north' AS region FROM given")
    return tmp_path


def path_of(transactions, folder, *, table=None, columns=COLUMNS, environment=None):
    """What `read_source` returns for a configuration in a folder."""
    return read_source(
        transactions,
        table=table,
        folder=folder,
        columns=columns,
        snapshot=folder / "snapshot.parquet",
        environment=environment or {},
    )


@pytest.mark.parametrize("transactions", ["log.csv", "orders/*.parquet", "./orders/../log.csv"])
def test_a_path_is_seen_from_the_folder_of_the_configuration(transactions, shop, log, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    rfm = clv.rfm_summary(path_of(transactions, shop))
    pd.testing.assert_frame_equal(rfm.frame, clv.rfm_summary(log).frame)


def test_a_folder_with_the_marks_of_a_pattern_is_that_folder(tmp_path, log):
    folder = tmp_path / "shop [old]*"
    folder.mkdir()
    log.to_csv(folder / "log.csv", index=False)
    for transactions in ("log.csv", "*.csv"):
        assert len(clv.rfm_summary(path_of(transactions, folder))) == 40


def test_an_absolute_path_and_the_home_folder_stay_where_they_are(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(shop))
    expected = str(shop / "log.csv")
    assert path_of(expected, tmp_path / "elsewhere") == expected
    assert path_of("~/log.csv", tmp_path / "elsewhere") == expected


def test_a_part_of_a_path_may_come_from_the_environment(shop):
    assert path_of("${WHERE}/*.parquet", shop, environment={"WHERE": "orders"}) == str(shop / "orders/*.parquet")


@pytest.mark.parametrize("transactions", ["none.csv", "none/*.parquet", "${WHERE}/none.csv"])
def test_a_file_that_is_not_there_is_named_as_it_is_written(transactions, shop):
    with pytest.raises(InvalidTransactions, match="no file .*none") as error:
        path_of(transactions, shop, environment={"WHERE": PLACE})
    assert PLACE not in "".join(traceback.format_exception(error.value))


def test_a_table_of_a_path_is_refused(shop):
    with pytest.raises(InvalidArgument, match=r"source\.table is 'orders', and source\.transactions a path"):
        path_of("log.csv", shop, table="orders")


@pytest.mark.parametrize("table", ["orders", "main.orders"])
def test_a_duckdb_file_gives_what_the_log_gives(table, shop, log, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    path = path_of("duckdb://shop.ddb", shop, table=table)
    assert path == str(shop / "snapshot.parquet")
    assert pq.read_schema(path).names == COLUMNS
    pd.testing.assert_frame_equal(clv.rfm_summary(path).frame, clv.rfm_summary(log).frame, check_exact=True)


def test_a_table_of_another_schema_is_read(shop):
    assert pq.read_metadata(path_of("duckdb://shop.ddb", shop, table="old.orders")).num_rows == 3


def test_a_duckdb_file_may_be_anywhere(shop, tmp_path):
    address = f"duckdb://{shop / 'shop.ddb'}"
    assert pq.read_metadata(path_of(address, tmp_path, table="old.orders")).num_rows == 3
    environment = {"DB": address}
    assert pq.read_metadata(path_of("${DB}", tmp_path, table="old.orders", environment=environment)).num_rows == 3


def test_a_duckdb_file_is_opened_for_reading_and_closed(shop):
    before = (shop / "shop.ddb").read_bytes()
    # Another process that reads keeps out all that could write.
    reader = (
        f"import duckdb; c = duckdb.connect({str(shop / 'shop.ddb')!r}, read_only=True); print(1, flush=True); input()"
    )
    command = [sys.executable, "-c", reader]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        path_of("duckdb://shop.ddb", shop, table="orders")
        other.communicate("\n")
    assert (shop / "shop.ddb").read_bytes() == before
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute("DROP TABLE orders")
    assert not list(shop.glob("*.tmp"))


def test_what_changes_in_a_database_later_does_not_matter(shop, log):
    path = path_of("duckdb://shop.ddb", shop, table="orders")
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute("DELETE FROM orders")
    assert len(clv.rfm_summary(path)) == log["customer_id"].nunique()


def test_a_table_is_copied_some_rows_at_a_time(shop, monkeypatch):
    monkeypatch.setattr(source, "BATCH", 2048)
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute(
            "CREATE TABLE long AS SELECT i AS customer_id, DATE '1997-01-01' AS date FROM range(9000) t(i)"
        )
    written = pq.read_metadata(path_of("duckdb://shop.ddb", shop, table="long", columns=COLUMNS[:2]))
    assert (written.num_rows, written.num_row_groups) == (9000, 5)


def test_exact_amounts_and_further_types_of_duckdb_are_read(shop):
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute(
            "CREATE TABLE kinds AS SELECT CAST('6f9619ff-8b86-d011-b42d-00cf4fc964ff' AS UUID) AS customer_id,"
            " TIMESTAMP_NS '1997-01-01 23:59:59.999999999' AS date, CAST('12.34' AS DECIMAL(38, 10)) AS value"
        )
    frame = clv.rfm_summary(path_of("duckdb://shop.ddb", shop, table="kinds")).frame
    assert frame.index.tolist() == ["6f9619ff-8b86-d011-b42d-00cf4fc964ff"]
    assert frame["total_value"].tolist() == [12.34]
    assert frame["first_date"].tolist() == [pd.Timestamp("1997-01-01")]


def test_an_empty_table_is_copied_and_then_refused_as_a_log(shop):
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute("CREATE TABLE nothing AS SELECT * FROM orders LIMIT 0")
    with pytest.raises(InvalidTransactions, match="the table has no rows"):
        clv.rfm_summary(path_of("duckdb://shop.ddb", shop, table="nothing"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("Order", r"there is no table 'Order'; there are orders, customers$"),
        ("old.order", r"there is no table 'old.order'; there are orders$"),
        ("new.orders", r"there is no table 'new.orders', and no other in 'new'"),
        (None, r"source\.transactions is a database; name the table in it, e\.g\. table = \"orders\""),
    ],
)
def test_a_table_that_is_not_there_leads_to_those_that_are(table, message, shop):
    with pytest.raises(ClvError, match=message):
        path_of("duckdb://shop.ddb", shop, table=table)
    assert not (shop / "snapshot.parquet").exists()


def test_of_many_tables_the_nearest_are_listed(shop):
    with duckdb.connect(shop / "shop.ddb") as connection:
        for number in range(20):
            connection.execute(f"CREATE TABLE t{number} (a INTEGER)")
    with pytest.raises(InvalidTransactions, match=r"there are orders, .*, and 12 more$"):
        path_of("duckdb://shop.ddb", shop, table="ordes")


def test_missing_columns_are_named_as_for_any_log(shop):
    with pytest.raises(InvalidTransactions, match=r"missing columns \['paid'\], found .*'note'.*value='\.\.\.'"):
        path_of("duckdb://shop.ddb", shop, table="orders", columns=["customer_id", "date", "paid"])


def test_an_error_in_the_middle_of_a_table_leaves_nothing_behind(shop, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", full)
    with pytest.raises(ClvError, match=r"cannot write .*snapshot\.parquet: No space left on device"):
        path_of("duckdb://shop.ddb", shop, table="orders")
    assert not list(shop.glob("*snapshot*"))
