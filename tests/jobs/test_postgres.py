"""A Postgres table is a source like any other: a server of its own, started for these tests, shows it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import traceback
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

import clvmodels as clv
from clvmodels.errors import ClvError, InvalidTransactions
from clvmodels.jobs import source
from clvmodels.jobs.source import read_segments_of, read_source

pytestmark = pytest.mark.postgres

PASSWORD = "p@ss/w?rd #1'"
COLUMNS = ["customer_id", "date", "value"]
ENVIRONMENT = {"SHOP_PASSWORD": PASSWORD}


def programs():
    """The folder of Postgres' own programs: on the path, or the newest that Debian has installed."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return Path(found).parent if found else debian[-1].parent if debian else None


def run(*command):
    """Run one of Postgres' programs, which refuse to be run by root; skip where that cannot be."""
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd="/", timeout=90, **user)
    except (LookupError, OSError) as error:
        pytest.skip(f"no Postgres can be started here: {error}")
    if done.returncode:
        pytest.skip(f"no Postgres can be started here: {done.stderr or done.stdout}")


@pytest.fixture(scope="module")
def driver():
    return pytest.importorskip("psycopg", reason="no driver here: pip install 'clvmodels[postgres]'")


@pytest.fixture(scope="module")
def port(driver):
    """The port of a server that is stopped at the end."""
    folder = programs()
    if folder is None:
        pytest.skip("no Postgres is installed here (apt install postgresql)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="clvmodels-postgres-") as home:
        Path(home).chmod(0o777)
        Path(home, "password").write_text(PASSWORD)
        data = f"{home}/data"
        rules = ("--auth=scram-sha-256", "--username=shop", f"--pwfile={home}/password")
        run(folder / "initdb", f"--pgdata={data}", "--encoding=UTF8", "--no-sync", *rules)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        run(folder / "pg_ctl", "start", "-w", "-D", data, "-l", f"{home}/log", "-o", options)
        yield port
        run(folder / "pg_ctl", "stop", "-D", data, "-m", "fast")


@pytest.fixture(scope="module")
def address(port):
    return f"postgres://shop:${{SHOP_PASSWORD}}@127.0.0.1:{port}/postgres"


@pytest.fixture(scope="module")
def log():
    """A log in cents, at times of the day, some of them of another day in another zone."""
    log = clv.datasets.simulate_transactions(customers=300, length=60, random_seed=1)
    hours = pd.to_timedelta(log.index % 24, unit="h")
    return log.assign(date=pd.to_datetime(log["date"]) + hours, value=log["value"].round(2))


@pytest.fixture(scope="module")
def server(driver, port, log):
    """A connection that writes, and the log in the types of a shop."""
    with driver.connect(
        host="127.0.0.1", port=port, user="shop", password=PASSWORD, dbname="postgres", autocommit=True
    ) as connection:
        connection.execute("SET TIMEZONE = 'UTC'; CREATE SCHEMA old; CREATE DOMAIN money_amount AS numeric(12, 2)")
        connection.execute(
            "CREATE TABLE orders (note text, paid numeric, exact numeric(12, 2), price money_amount, plain float8,"
            " at timestamp, moment timestamptz, day date, customer bigint, code numeric, token uuid)"
        )
        with connection.cursor().copy("COPY orders (paid, at, customer) FROM STDIN") as copy:
            for customer, date, value in log[COLUMNS].itertuples(index=False):
                copy.write_row((repr(value), str(date), customer))
        connection.execute(
            "UPDATE orders SET exact = paid, price = paid, plain = paid, moment = at, day = at, code = customer,"
            " token = md5(customer::text)::uuid"
        )
        connection.execute("CREATE TABLE old.orders AS SELECT * FROM orders LIMIT 5")
        connection.execute(
            "CREATE TABLE customers AS SELECT DISTINCT customer::text AS id, 'north' AS region FROM orders"
        )
        yield connection


def path_of(address, folder, *, table="orders", columns=("customer", "at", "paid"), environment=ENVIRONMENT):
    return read_source(
        address,
        table=table,
        folder=folder,
        columns=columns,
        snapshot=folder / "snapshot.parquet",
        environment=environment,
    )


def everything_shown(error):
    assert error.value.__cause__ is None
    assert error.value.__context__ is None
    return "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("amount", ["paid", "exact", "price", "plain"])
def test_amounts_of_any_type_give_exactly_what_the_log_gives(amount, address, server, log, tmp_path):
    names = {"customer_id": "customer", "date": "at", "value": amount}
    rfm = clv.rfm_summary(path_of(address, tmp_path, columns=list(names.values())), **names)
    expected = clv.rfm_summary(log)
    pd.testing.assert_frame_equal(rfm.frame, expected.frame, check_exact=True)
    assert rfm.fingerprint == expected.fingerprint


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
def test_instants_have_the_days_of_the_zone_that_is_asked_for(zone, address, server, log, tmp_path):
    path = path_of(address, tmp_path, columns=["customer", "moment", "paid"])
    rfm = clv.rfm_summary(path, customer_id="customer", date="moment", value="paid", time_zone=zone)
    expected = clv.rfm_summary(log.assign(date=log["date"].dt.tz_localize("UTC")), time_zone=zone)
    pd.testing.assert_frame_equal(rfm.frame, expected.frame, check_exact=True)
    with pytest.raises(InvalidTransactions, match="has the time zone"):
        clv.rfm_summary(path, customer_id="customer", date="moment", value="paid")


def test_a_log_of_days_without_amounts_is_read(address, server, log, tmp_path):
    rfm = clv.rfm_summary(
        path_of(address, tmp_path, columns=["customer", "day"]), customer_id="customer", date="day", value=None
    )
    pd.testing.assert_frame_equal(rfm.frame, clv.rfm_summary(log.drop(columns="value"), value=None).frame)


@pytest.mark.parametrize("column", ["code", "token"])
def test_ids_that_parquet_has_no_type_for_are_text(column, address, server, log, tmp_path):
    path = path_of(address, tmp_path, columns=[column, "at", "paid"])
    frame = clv.rfm_summary(path, customer_id=column, date="at", value="paid").frame
    text = dict(server.execute(f"SELECT customer, {column}::text FROM orders").fetchall())
    expected = clv.rfm_summary(log.assign(customer_id=log["customer_id"].map(text))).frame
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)


def test_a_table_in_the_database_itself_is_read_as_well(port, server, log, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    connection = ibis.connect(f"postgres://shop@127.0.0.1:{port}/postgres")
    gap = "CREATE TEMP TABLE gaps AS SELECT customer::text AS customer_id, at AS date, paid AS value FROM orders"
    connection.raw_sql(f"{gap}; INSERT INTO gaps VALUES ('1', NULL, 9), (NULL, 'infinity', NULL)").close()
    rfm = clv.rfm_summary(connection.table("gaps"), unknown_dates="drop")
    connection.disconnect()
    expected = clv.rfm_summary(log.assign(customer_id=log["customer_id"].astype(str)))
    pd.testing.assert_frame_equal(rfm.frame.sort_index(), expected.frame, check_dtype=False)
    assert rfm.log.loc[1].tolist() == ["rows without a readable date", 2, "left out"]


@pytest.mark.parametrize("column", ["at", "moment", "day"])
def test_missing_and_infinite_dates_are_refused_or_left_out(column, address, server, log, tmp_path):
    server.execute("DROP TABLE IF EXISTS gaps; CREATE TABLE gaps AS SELECT * FROM orders")
    late = "('infinity'), ('-infinity'), ('20000-01-01'), ('4000-01-01 BC'), (NULL)"
    server.execute(f"INSERT INTO gaps ({column}) VALUES {late}")
    choices = {"customer_id": "customer", "date": column, "value": "paid"}
    choices |= {"time_zone": "UTC"} if column == "moment" else {}
    path = path_of(address, tmp_path, table="gaps", columns=["customer", column, "paid"])
    rfm = clv.rfm_summary(path, unknown_dates="drop", **choices)
    pd.testing.assert_frame_equal(rfm.frame, clv.rfm_summary(log).frame, check_exact=True)
    assert rfm.log.loc[1, "count"] == 5
    server.execute(
        f"UPDATE gaps SET customer = 1, paid = 1 WHERE customer IS NULL; DELETE FROM gaps WHERE {column} IS NULL"
    )
    path = path_of(address, tmp_path, table="gaps", columns=["customer", column, "paid"])
    with pytest.raises(InvalidTransactions, match=r"4 of \d+ rows have a .* outside the years 1678 to 2261"):
        clv.rfm_summary(path, **choices)


def test_the_password_of_libpq_works_by_itself(port, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    plain = f"postgresql://shop@127.0.0.1:{port}/postgres?application_name=clvmodels"
    assert pq.read_metadata(path_of(plain, tmp_path, table="old.orders", environment={})).num_rows == 5


def test_the_whole_address_may_be_in_the_environment(port, server, tmp_path):
    whole = {"SHOP": f"postgres://shop:p%40ss%2Fw%3Frd%20%231%27@127.0.0.1:{port}/postgres"}
    assert pq.read_metadata(path_of("${SHOP}", tmp_path, table="old.orders", environment=whole)).num_rows == 5


@pytest.mark.parametrize(
    ("written", "environment"),
    [
        ("postgres://shop:${WRONG}@127.0.0.1:{port}/postgres", {"WRONG": "hunter2 'or' so"}),
        ("postgres://127.0.0.1:{port}/postgres?user=shop&password=${WRONG}", {"WRONG": "hunter2 'or' so"}),
        ("${WHOLE}", {"WHOLE": "postgres://shop:hunter2@127.0.0.1:{port}/postgres"}),
        ("postgres://${WRONG}@127.0.0.1:{port}/postgres", {"WRONG": "hunter2"}),
    ],
)
def test_a_wrong_password_is_said_and_not_shown(written, environment, port, server, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PGPASSWORD", "hunter2 too")
    caplog.set_level("DEBUG")
    places = {name: value.replace("{port}", str(port)) for name, value in environment.items()}
    with pytest.raises(InvalidTransactions, match="cannot open the database .*password authentication failed") as error:
        path_of(written.replace("{port}", str(port)), tmp_path, environment=places)
    assert "hunter2" not in everything_shown(error) + caplog.text


def test_a_server_that_is_not_there_is_said(driver, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"postgres://shop@127.0.0.1:{nobody.getsockname()[1]}/postgres"
        with pytest.raises(InvalidTransactions, match="cannot open the database .*[Cc]onnection.* refused"):
            path_of(gone, tmp_path)


def test_a_table_that_is_not_there_leads_to_those_that_are(address, server, tmp_path):
    with pytest.raises(InvalidTransactions, match=r"there is no table 'Orders'; there are orders, customers"):
        path_of(address, tmp_path, table="Orders")
    with pytest.raises(InvalidTransactions, match=r"there is no table 'new.orders', and no other in 'new'"):
        path_of(address, tmp_path, table="new.orders")


def test_missing_columns_are_named(address, server, tmp_path):
    with pytest.raises(
        InvalidTransactions, match=r"missing columns \['customer_id', 'date', 'value'\], found \['note'"
    ):
        path_of(address, tmp_path, columns=COLUMNS)


def test_what_the_database_refuses_is_said_and_leaves_nothing_behind(address, port, server, tmp_path):
    server.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest-password'")
    guest = address.replace("shop:", "guest:")
    with pytest.raises(ClvError, match=r"cannot read the database .*permission denied for table orders"):
        path_of(guest, tmp_path, environment={"SHOP_PASSWORD": "guest-password"})
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_changes_in_the_middle_of_a_job_does_not_matter(address, server, log, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "BATCH", 100)
    server.execute("DROP TABLE IF EXISTS busy; CREATE TABLE busy AS SELECT * FROM orders")
    write = pq.ParquetWriter.write_batch

    def meanwhile(*arguments):
        write(*arguments)
        server.execute("INSERT INTO busy SELECT * FROM orders LIMIT 10; DELETE FROM busy WHERE customer % 2 = 0")

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", meanwhile)
    path = path_of(address, tmp_path, table="busy")
    assert pq.read_metadata(path).num_row_groups > 5
    server.execute("DROP TABLE busy")
    rfm = clv.rfm_summary(path, customer_id="customer", date="at", value="paid")
    pd.testing.assert_frame_equal(rfm.frame, clv.rfm_summary(log).frame, check_exact=True)


@pytest.mark.parametrize("failing", ["write_batch", "close"])
def test_an_error_in_the_middle_closes_the_connection(failing, address, server, tmp_path, monkeypatch):
    original = getattr(pq.ParquetWriter, failing)

    # Once: a writer that is forgotten closes itself again, where nothing can catch the error.
    def full(*_):
        monkeypatch.setattr(pq.ParquetWriter, failing, original)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(source, "BATCH", 100)
    monkeypatch.setattr(pq.ParquetWriter, failing, full)
    with pytest.raises(ClvError, match="No space left on device"):
        path_of(address, tmp_path)
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    until = time.monotonic() + 20  # the server's side of it takes a moment
    while server.execute(others).fetchone() != (0,) and time.monotonic() < until:
        time.sleep(0.05)
    assert server.execute(others).fetchone() == (0,)
    assert list(tmp_path.iterdir()) == []


def test_segments_of_a_table_fit_the_ids_of_the_log(address, server, tmp_path):
    rfm = clv.rfm_summary(path_of(address, tmp_path), customer_id="customer", date="at", value="paid")
    choices = {"customer_id": "id", "segment": "region", "folder": tmp_path, "environment": ENVIRONMENT}
    segments = read_segments_of(address, file=None, table="customers", customers=rfm.frame.index, **choices)
    assert set(rfm.assign(region=segments).frame["region"]) == {"north"}
