"""What an output may replace: files of ours, and nothing that is something else, or is read."""

import json
import os
import socket
from pathlib import Path

import h5py
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import InvalidArgument
from clvmodels.files import CUSTOMERS, EVALUATION, POSTERIOR, REPORT, check_output, is_read, whole_file, write_whole
from clvmodels.models.beta_geo import BetaGeo

SEEN = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.0], "T": [38.0]})
LOG = pd.DataFrame({"customer_id": ["ann"], "date": ["2024-01-01"], "value": [3.0]})
POINT = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
RFM = clv.RFM.from_frame(SEEN, time_unit="week")


def foreign(path):
    """Files of somebody else, of many kinds, under one name after the other."""
    yield path.write_bytes(b"my notes")
    yield path.write_bytes(b"\x89HDF\r\n\x1a\nbroken")
    yield path.write_bytes(b"PAR1 broken PAR1")
    yield path.write_bytes(b"[" * 5000)
    yield path.write_bytes(b"<!DOCTYPE html><p>clvmodels, my own notes on it")
    yield path.write_text(json.dumps({"title": "mine", "metrics": []}))
    yield LOG.to_csv(path, index=False)
    yield LOG.to_parquet(path)
    with h5py.File(path, "w") as file:
        file["mine"] = [1, 2]
    yield


@pytest.mark.parametrize("kind", [POSTERIOR, CUSTOMERS, EVALUATION, REPORT], ids=lambda kind: kind.name)
def test_a_file_of_somebody_else_stays_as_it_is(kind, tmp_path):
    path = tmp_path / "mine"
    for _ in foreign(path):
        before = path.read_bytes()
        with pytest.raises(InvalidArgument, match=r"mine is there already, and is not .*: it stays as it is; move it"):
            write_whole(path, b"new", kind)
        assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "write",
    [
        POINT.save,
        lambda path: clv.score(RFM, path, purchases=POINT, horizon=10),
        lambda path: clv.RFMTable.open(SEEN, time_unit="week").to_parquet(path),
    ],
    ids=["posterior", "scores", "customers"],
)
def test_public_functions_replace_their_own_files_and_no_others(write, tmp_path):
    path = tmp_path / "mine.parquet"
    for _ in foreign(path):
        before = path.read_bytes()
        with pytest.raises(InvalidArgument, match="there already"):
            write(path)
        assert path.read_bytes() == before
    path.write_bytes(b"")  # as tempfile leaves it
    write(path)
    first = path.stat().st_ino
    write(path)
    assert path.stat().st_ino != first
    assert list(tmp_path.iterdir()) == [path]


def test_a_posterior_is_not_replaced_by_scores(tmp_path):
    path = POINT.save(tmp_path / "model")
    with pytest.raises(InvalidArgument, match="is not a table of customers"):
        clv.score(RFM, path, purchases=POINT, horizon=10)
    assert clv.load_posterior(path).samples.equals(POINT.samples)


def test_a_table_is_not_written_over_the_log_that_it_comes_from(tmp_path):
    path = tmp_path / "log.parquet"
    LOG.to_parquet(path)
    with pytest.raises(InvalidArgument, match="there already"):
        clv.rfm_table(str(path), time_unit="week").to_parquet(path)
    assert pd.read_parquet(path).equals(LOG)


@pytest.mark.parametrize("kind", [None, POSTERIOR])
def test_what_is_no_file_is_refused(kind, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "ring").symlink_to("ring")
    for name, target in {"to null": "/dev/null", "to pipe": "pipe", "to folder": "folder"}.items():
        (tmp_path / name).symlink_to(target)
    for name in ("pipe", "socket", "folder", "ring", "to null", "to pipe", "to folder"):
        before = os.lstat(tmp_path / name)
        with pytest.raises(InvalidArgument, match="folder; give|pipe or a socket|belongs to the system|cannot write"):
            write_whole(tmp_path / name, b"new", kind)
        assert os.lstat(tmp_path / name).st_ino == before.st_ino


@pytest.mark.parametrize(
    "path",
    ["/dev/null", "/dev/full", "/dev/stdout", "/dev/fd/1", "/dev/new.nc", "/proc/self/fd/1", "/proc/a", "/sys/a"],
)
def test_what_belongs_to_the_system_is_never_replaced(path, tmp_path):
    for way in (path, f"{tmp_path}/../../../../../../../..{path}"):
        before = os.path.lexists(path) and os.lstat(path)[:2]
        with pytest.raises(clv.ClvError, match="belongs to the system"):
            POINT.save(way)
        assert (os.path.lexists(path) and os.lstat(path)[:2]) == before


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no shared memory")
def test_shared_memory_is_a_place_for_files():
    assert check_output("/dev/shm/clvmodels-new.nc") == Path("/dev/shm/clvmodels-new.nc")


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    POINT.save(tmp_path / "there" / "model.nc")
    (tmp_path / "here.nc").symlink_to("there/model.nc")
    before = (tmp_path / "there" / "model.nc").stat().st_ino
    assert POINT.save(tmp_path / "here.nc") == tmp_path / "here.nc"
    assert (tmp_path / "here.nc").is_symlink()
    assert (tmp_path / "there" / "model.nc").stat().st_ino != before
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["model.nc"]


def test_a_link_to_nothing_leads_to_a_new_file(tmp_path):
    (tmp_path / "here.nc").symlink_to("there/model.nc")
    POINT.save(tmp_path / "here.nc")
    assert (tmp_path / "there" / "model.nc").is_file()


def test_a_link_to_a_file_of_somebody_else_does_not_lead_around_the_check(tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "model.nc").symlink_to("mine.csv")
    with pytest.raises(InvalidArgument, match="there already"):
        POINT.save(tmp_path / "model.nc")
    assert (tmp_path / "mine.csv").read_text() == "mine"


def test_another_name_of_a_replaced_file_keeps_what_it_had(tmp_path):
    POINT.save(tmp_path / "model.nc")
    (tmp_path / "kept.nc").hardlink_to(tmp_path / "model.nc")
    before = (tmp_path / "kept.nc").read_bytes()
    BetaGeo.at(r=1, alpha=4, a=1, b=2, time_unit="day").save(tmp_path / "model.nc")
    assert (tmp_path / "kept.nc").read_bytes() == before


def test_a_file_that_appears_while_the_work_is_done_stays(tmp_path):
    path = tmp_path / "scores.parquet"

    def appear():
        with whole_file(path, CUSTOMERS) as temporary:
            temporary.write_bytes(b"new")
            path.write_bytes(b"mine")

    with pytest.raises(InvalidArgument, match="there already"):
        appear()
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_of_a_store_is_not_saved_over(tmp_path):
    path = POINT.save(tmp_path / "purchases.nc")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InvalidArgument, match="a part of a store's version"):
        POINT.save(path)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("log.csv", "log.csv"),
        ("LOG.csv", "log.csv"),
        ("new/../log.csv", "log.csv"),
        ("link.csv", "log.csv"),
        ("hard.csv", "log.csv"),
        ("log.csv", "link.csv"),
        ("linked/new.parquet", "parts/*.parquet"),
        ("parts/new.parquet", "linked/*.parquet"),
        ("parts/new.parquet", "*/new.parquet"),
        ("parts/new.parquet", "**/*.parquet"),
        ("new.parquet", "**/*.parquet"),
        ("a/b/new.parquet", "**/*.parquet"),
        ("a/new.parquet", "[a-c]/*.parquet"),
        ("parts/new.parquet", "deep/*/new.parquet"),
        ("hard.csv", "*.csv"),
        ("pattern[1].csv", "pattern[1].csv"),
    ],
)
def test_a_file_that_a_pattern_names_or_would_name_is_read(path, pattern, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    LOG.to_csv("log.csv", index=False)
    LOG.to_csv("pattern[1].csv", index=False)
    Path("link.csv").symlink_to("log.csv")
    Path("hard.csv").hardlink_to("log.csv")
    Path("parts").mkdir()
    Path("linked").symlink_to("parts")
    Path("deep").mkdir()
    Path("deep/link").symlink_to("../parts")
    assert is_read(Path(path), pattern)
    assert is_read(tmp_path / path, str(tmp_path / pattern))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("log.csv", "other.csv"),
        ("out/new.parquet", "*.parquet"),
        ("parts/deep/new.parquet", "parts/*.parquet"),
        ("parts/new.json", "parts/*.parquet"),
        ("parts2/new.parquet", "parts/**/*.parquet"),
        ("new.csv", "a**.csv/x"),
    ],
)
def test_a_file_beside_a_pattern_is_not_read(path, pattern, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not is_read(Path(path), pattern)


def test_a_report_replaces_a_report_of_any_format(tmp_path):
    log = clv.datasets.simulate_transactions(customers=30, length=40, spend=None, random_seed=1)
    # A forecaster without a posterior has the shortest report.
    choices = {"value": None, "forecasters": clv.named_forecasters(["as_before"])}
    result = clv.backtest(log, calibration_end="2020-06-30", holdout_end="2020-09-30", **choices)
    for name in ("report.html", "report.md", "report.json"):
        path = clv.write_report(result, tmp_path / name)
        for form in ("md", "json", "html"):
            clv.write_report(result, path, format=form)
        path.write_text("mine")
        with pytest.raises(InvalidArgument, match="is not a report that clvmodels wrote"):
            clv.write_report(result, path)
        assert path.read_text() == "mine"
