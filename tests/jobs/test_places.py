"""Where a job may write: never over what it reads or keeps, by whatever name."""

import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ClvError, InvalidArgument, InvalidConfiguration, StoreError
from clvmodels.jobs import evaluate_job, load_config, write_template, write_version_report
from clvmodels.jobs.scores import check_copy, copy_scores
from clvmodels.jobs.store import Store
from clvmodels.jobs.writing import writing

LOG = pd.DataFrame({"customer_id": ["ann"], "date": ["2024-01-01"], "value": [3.0]})
SEEN = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.0], "T": [38.0]})


@pytest.fixture
def shop(tmp_path):
    """The folder of a configuration: a log, a database, links to them, and another folder."""
    LOG.to_csv(tmp_path / "orders.csv", index=False)
    (tmp_path / "parts").mkdir()
    LOG.to_parquet(tmp_path / "parts" / "1.parquet")
    with duckdb.connect(tmp_path / "shop.ddb") as connection:
        connection.execute("CREATE TABLE orders (customer_id INTEGER)")
    (tmp_path / "segments.csv").write_text("customer_id,segment\nann,north\n")
    (tmp_path / "link.csv").symlink_to("orders.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "orders.csv")
    (tmp_path / "linked").symlink_to("parts")
    return tmp_path


def configured(shop, source="orders.csv", more="", **output):
    """The job of a configuration."""
    said = "".join(f"{key} = '{value}'\n" for key, value in output.items())
    (shop / "night.toml").write_text(f"[source]\ntransactions = '{source}'\n{more}[output]\n{said}")
    return load_config(shop / "night.toml")


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("orders.csv", "../{shop}/orders.csv"),
        ("orders.csv", "{folder}/orders.csv"),
        ("orders.csv", "link.csv"),
        ("orders.csv", "hard.csv"),
        ("orders.csv", "ORDERS.csv"),
        ("link.csv", "orders.csv"),
        ("../{shop}/orders.csv", "orders.csv"),
        ("${{ORDERS}}", "orders.csv"),
        ("*.csv", "scores.csv"),
        ("parts/*.parquet", "parts/scores.parquet"),
        ("parts/*.parquet", "linked/scores.parquet"),
        ("linked/*.parquet", "parts/scores.parquet"),
        ("**/*.parquet", "out/new/scores.parquet"),
        ("orders.csv", "segments.csv"),
        ("orders.csv", "night.toml"),
        ("orders.csv", "NIGHT.toml"),
        ("orders.csv", "clvmodels-store/published.json"),
        ("orders.csv", "clvmodels-store"),
        ("orders.csv", "out/../clvmodels-store/scores/000001/scores.parquet"),
        ("duckdb://shop.ddb", "shop.ddb"),
        ("duckdb://shop.ddb", "shop.ddb.wal"),
        ("${{DB}}", "./shop.ddb"),
        ("sqlite://shop.ddb", "shop.ddb-journal"),
    ],
)
def test_a_copy_of_the_scores_replaces_nothing_that_is_read_or_kept(source, copy, shop, monkeypatch):
    monkeypatch.setenv("ORDERS", "orders.csv")
    monkeypatch.setenv("DB", f"duckdb://{shop}/shop.ddb")
    names = {"shop": shop.name, "folder": shop}
    more = "[segments]\nfile = 'segments.csv'\n"
    with pytest.raises(InvalidConfiguration, match=r"output\.(scores_copy|folder) is .*; choose another place"):
        configured(shop, source.format(**names), more, scores_copy=copy.format(**names))


@pytest.mark.parametrize("copy", ["scores.parquet", "out/scores.parquet", "parts/scores.json", "/srv/scores.parquet"])
def test_a_copy_beside_what_is_read_is_allowed(copy, shop):
    assert configured(shop, "parts/*.parquet", scores_copy=copy).scores_copy == shop / copy


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("**/*.parquet", "clvmodels-store"),
        ("*/*/*/*.parquet", "store"),
        ("store/scores/000001/scores.parquet", "store"),
    ],
)
def test_a_store_is_not_where_its_tables_would_be_read(source, folder, shop):
    with pytest.raises(InvalidConfiguration, match=r"output\.folder is .*, and the job would read its files"):
        configured(shop, source, folder=folder)


def test_a_variable_that_is_set_when_the_run_begins_is_looked_at_then(shop, monkeypatch):
    monkeypatch.delenv("ORDERS", raising=False)
    job = configured(shop, "${ORDERS}", scores_copy="orders.csv")
    monkeypatch.setenv("ORDERS", "orders.csv")
    with pytest.raises(InvalidArgument, match="is read by the job"):
        check_copy(job)


def made(shop):
    """A table of scores to copy."""
    SEEN.to_parquet(shop / "made.parquet")
    return shop / "made.parquet"


def test_a_link_that_leads_to_the_source_later_is_found_when_the_copy_is_written(shop):
    job = configured(shop, scores_copy="copy.parquet")
    check_copy(job)
    (shop / "copy.parquet").symlink_to("orders.csv")
    before = (shop / "orders.csv").read_bytes()
    assert "is read by the job" in copy_scores(job, made(shop))["copy_error"]
    assert (shop / "orders.csv").read_bytes() == before


def test_a_copy_replaces_the_last_copy_and_no_file_of_somebody_else(shop):
    job, path = configured(shop, scores_copy="copy.parquet"), made(shop)
    for _ in range(2):
        check_copy(job)
        assert copy_scores(job, path) == {"scores_copy": str(shop / "copy.parquet")}
    (shop / "copy.parquet").write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"output\.scores_copy: .*copy\.parquet is there already"):
        check_copy(job)
    assert "is there already" in copy_scores(job, path)["copy_error"]
    assert (shop / "copy.parquet").read_bytes() == b"mine"


def test_a_copy_by_way_of_a_link_replaces_what_it_leads_to_and_sweeps_beside_it(shop):
    job = configured(shop, scores_copy="copy.parquet")
    (shop / "out").mkdir()
    (shop / "copy.parquet").symlink_to("out/scores.parquet")
    (shop / "out" / ".scores.parquet.1.2.part").write_bytes(b"killed")
    copy_scores(job, made(shop))
    assert (shop / "copy.parquet").is_symlink()
    assert [path.name for path in (shop / "out").iterdir()] == ["scores.parquet"]


@pytest.mark.parametrize("copy", ["/dev/null", "/dev/stdout", "/proc/self/fd/1", "parts", "pipe"])
def test_a_copy_to_what_is_no_file_stops_a_run_before_it_begins(copy, shop):
    os.mkfifo(shop / "pipe")
    job = configured(shop, scores_copy=copy)
    with pytest.raises(StoreError, match=r"output\.scores_copy: .*(belongs to the system|folder|pipe)"):
        check_copy(job)


@pytest.mark.parametrize("key", ["folder", "scores_copy"])
@pytest.mark.parametrize("address", ["s3://bucket/store", "s3:/bucket", "file:///data", "hdfs:a", r"C:\data"])
def test_an_address_is_no_place_for_output(key, address, shop):
    with pytest.raises(InvalidConfiguration, match=rf"output\.{key} is '.*'; an address and not a path"):
        configured(shop, **{key: address})
    assert not list(shop.glob("s3*"))


@pytest.mark.parametrize(
    "source", ["s3:/bucket/a.csv", "file:a.csv", "unknown:/a.csv", r"C:\a.csv", "~nosuchuser/a.csv"]
)
@pytest.mark.parametrize("place", ["source", "segments"])
def test_an_address_is_no_file_to_read(source, place, shop, tmp_path_factory):
    more = f"[segments]\nfile = '{source}'\n" if place == "segments" else ""
    job = configured(shop, source if place == "source" else "orders.csv", more)
    with pytest.raises(ClvError, match="an address and not a path on this machine|no such user here"):
        evaluate_job(job, tmp_path_factory.mktemp("out"))


@pytest.mark.parametrize("path", ["s3://bucket/night.toml", Path("s3://bucket/night.toml"), "~nosuchuser/night.toml"])
def test_a_configuration_is_read_and_written_on_this_machine(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidConfiguration, match="an address and not|no such user"):
        load_config(path)
    with pytest.raises(InvalidArgument, match="an address and not|no such user"):
        write_template(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["nothing", "mine.txt", "/dev/null"])
def test_a_template_is_not_written_by_way_of_a_link(target, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "night.toml").symlink_to(target)
    with pytest.raises(InvalidArgument, match="is there already and stays as it is"):
        write_template(tmp_path / "night.toml")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("out", ["orders.csv", "night.toml", "link.csv", "clvmodels-store/versions/000001/report.html"])
def test_a_report_is_not_written_over_what_a_job_reads_or_keeps(out, shop):
    job = configured(shop)
    with pytest.raises(InvalidArgument, match="is a part of the store or is read by the job"):
        write_version_report(job, out=shop / out, format="html")


def test_an_evaluation_is_not_written_into_the_store_or_the_source(shop):
    with pytest.raises(InvalidArgument, match="is a part of the store or is read by the job"):
        evaluate_job(configured(shop), shop / "clvmodels-store" / "versions" / "000001")
    with pytest.raises(InvalidArgument, match="is a part of the store or is read by the job"):
        evaluate_job(configured(shop, "parts/*.parquet"), shop / "linked")


@pytest.mark.parametrize("name", ["evaluation.json", "scores.parquet", "report.html"])
def test_an_evaluation_leaves_a_file_of_somebody_else_and_begins_no_work(name, tmp_path, monkeypatch):
    (tmp_path / name).write_text("mine")
    monkeypatch.setattr("clvmodels.reports.publish.backtest", lambda *_, **__: pytest.fail("the work has begun"))
    from clvmodels.reports import publish_evaluation

    with pytest.raises(InvalidArgument, match="there already"):
        publish_evaluation(LOG, tmp_path, calibration_end="2024-02-01", holdout_end="2024-03-01")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}


@pytest.mark.parametrize("name", ["scores/202401", "versions/202401", ".staging/mine"])
def test_a_folder_of_somebody_else_under_the_name_of_a_stores_is_not_swept_away(name, tmp_path):
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "mine.csv").write_text("mine")
    refused = pytest.raises(StoreError, match=r"which no run of clvmodels made; choose an empty folder for the store")
    with refused, writing(Store(tmp_path), doing="test") as writer:
        writer.sweep()
    assert (tmp_path / name / "mine.csv").read_text() == "mine"
    assert not (tmp_path / ".lock").exists()


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/store", "file/store", "file"])
def test_a_store_in_the_place_of_a_file_is_refused(place, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ClvError, match="cannot make the folder"), writing(Store(tmp_path / place), doing="test"):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_answers_are_not_written_over_the_log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = clv.datasets.simulate_transactions(customers=60, length=60, random_seed=1)
    log.to_csv("value_at_risk.csv", index=False)
    before = Path("value_at_risk.csv").read_bytes()
    from clvmodels.reports import decide

    with pytest.raises(InvalidArgument, match=r"value_at_risk\.csv would be read as a part of|there already"):
        decide("slipping", "value_at_risk.csv", ".", reading={"value": "value"}, horizon=10, top=3)
    assert [path.name for path in Path().iterdir()] == ["value_at_risk.csv"]
    assert Path("value_at_risk.csv").read_bytes() == before
