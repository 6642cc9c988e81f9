"""Folders of tables, plots and words: the next answer replaces the last one, and nothing else."""

import json

import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.files import write_recorded


def test_the_next_answer_replaces_the_last_one(tmp_path):
    write_recorded(tmp_path, {"a.csv": b"1", "b.csv": b"1"}, read=None)
    write_recorded(tmp_path, {"a.csv": b"2"}, read=None)
    write_recorded(tmp_path, {"a.csv": b"3", "b.csv": b"3"}, read=None)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")} == {"a.csv": b"3", "b.csv": b"3"}


@pytest.mark.parametrize("record", [None, "", "[]", '{"written by clvmodels": {"a.csv": ["0"]}}', "{"])
def test_a_file_of_somebody_else_stays_and_nothing_is_written(record, tmp_path):
    if record is not None:
        (tmp_path / ".clvmodels.json").write_text(record)
    (tmp_path / "b.csv").write_bytes(b"mine")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InvalidArgument, match=r"b\.csv is there already, and is not as an earlier answer left it"):
        write_recorded(tmp_path, {"a.csv": b"1", "b.csv": b"1"}, read=None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_that_was_changed_by_hand_stays(tmp_path):
    (path,) = write_recorded(tmp_path, {"a.csv": b"1"}, read=None)
    path.write_bytes(b"1, checked by me")
    with pytest.raises(InvalidArgument, match="there already"):
        write_recorded(tmp_path, {"a.csv": b"2"}, read=None)
    assert path.read_bytes() == b"1, checked by me"


def test_what_is_there_already_with_that_content_is_no_hindrance(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"1")
    assert write_recorded(tmp_path, {"a.csv": b"1"}, read=None) == (tmp_path / "a.csv",)


def test_a_run_that_was_killed_before_its_files_came_hinders_no_next_one(tmp_path, monkeypatch):
    write_recorded(tmp_path, {"a.csv": b"1"}, read=None)
    for content in (b"2", b"3", b"4"):
        with monkeypatch.context() as killed:
            killed.setattr("clvmodels.files.recorded._written", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                write_recorded(tmp_path, {"a.csv": content}, read=None)
    assert write_recorded(tmp_path, {"a.csv": b"5"}, read=None)[0].read_bytes() == b"5"
    assert len(json.loads((tmp_path / ".clvmodels.json").read_text())["written by clvmodels"]["a.csv"]) == 2


@pytest.mark.parametrize("source", ["a.csv", "*.csv", "../{}/*.csv"])
def test_what_is_read_is_not_replaced_even_where_it_is_ours(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (path,) = write_recorded(tmp_path, {"a.csv": b"1"}, read=None)
    with pytest.raises(InvalidArgument, match="would be read as a part of"):
        write_recorded(tmp_path, {"a.csv": b"2"}, read=source.format(tmp_path.name))
    assert path.read_bytes() == b"1"
