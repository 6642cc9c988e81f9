"""One run at a time: who waits, who leaves, and what a killed run leaves behind."""

import errno
import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from clvmodels.errors import InvalidArgument, Locked, StoreError
from clvmodels.jobs.lock import LOCK, OWNER, locked
from clvmodels.jobs.writing import writing


def test_a_second_run_leaves_and_names_the_first_one(store, warm):
    with locked(store.folder, doing="retrain the winter model"):
        ended = warm.run("publish", store.folder)
    assert ended.error == "Locked"
    who = f"retrain the winter model (process {os.getpid()} on {socket.gethostname()}, since 20"
    assert ended.message.startswith(who)
    assert f"holds the lock of {store.folder}" in ended.message
    assert "wait" in ended.message
    assert store.published() is None


def test_a_second_run_waits_as_long_as_it_is_told(store, warm):
    with ThreadPoolExecutor(1) as aside:
        with locked(store.folder, doing="the first"):
            second = aside.submit(warm.run, "publish", store.folder, 30.0)
            time.sleep(0.5)
            assert not second.done()
        assert second.result().result == "000001"
    with locked(store.folder, doing="the first"):
        began = time.monotonic()
        ended = warm.run("publish", store.folder, 0.4)
        assert ended.error == "Locked"
        assert time.monotonic() - began >= 0.4


def test_two_runs_in_one_process_exclude_each_other_as_well(store):
    with locked(store.folder, doing="the first"):
        for wait in (0.0, 0.1):
            with pytest.raises(Locked, match=r"^the first \(process"), locked(store.folder, doing="x", wait=wait):
                raise AssertionError


@pytest.mark.parametrize("doing", ["retrain", "score"])
def test_the_lock_of_a_killed_run_is_free_at_once(doing, store, warm):
    ended = warm.run("hold", store.folder, doing, 60.0, kill_after=0.3)
    assert ended.killed
    assert json.loads((store.folder / OWNER).read_text())["doing"] == doing
    with locked(store.folder, doing="the next one"):
        assert json.loads((store.folder / OWNER).read_text())["doing"] == "the next one"
    assert not (store.folder / OWNER).exists()


@pytest.mark.parametrize("left", [b"", b'{"doing": "retr', b"[]", b"\xff\xfe", b'{"doing": 1}', b"[" * 200_000])
def test_a_leftover_owner_that_cannot_be_read_does_no_harm(left, store, warm):
    with locked(store.folder, doing="the first"):
        (store.folder / OWNER).write_bytes(left)
        ended = warm.run("publish", store.folder)
        assert (ended.error, ended.message.partition(" holds")[0]) == ("Locked", "another run")
        (store.folder / OWNER).write_bytes(left)
    with locked(store.folder, doing="the next one"):
        assert json.loads((store.folder / OWNER).read_text())["doing"] == "the next one"


def test_an_owner_that_is_a_folder_frees_the_lock_all_the_same(store):
    (store.folder / OWNER).mkdir(parents=True)
    for _ in range(2):
        try:
            with locked(store.folder, doing="test"):
                pass
        except StoreError:
            pass  # refused is fine
    with FileLock(store.folder / LOCK, timeout=0) as free:
        assert free.is_locked


def test_the_lock_is_free_after_an_error(store):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writing(store, doing="test"):
            raise ZeroDivisionError
    assert not (store.folder / OWNER).exists()


def test_a_folder_that_cannot_be_locked_is_refused(store):
    store.folder.mkdir(parents=True)
    (store.folder / ".lock").mkdir()
    said = rf"cannot lock {store.folder}: .*choose a folder that can be written"
    with pytest.raises(StoreError, match=said), locked(store.folder, doing="test"):
        raise AssertionError


def test_a_link_in_place_of_the_lock_is_not_followed(store, tmp_path):
    store.folder.mkdir(parents=True)
    (tmp_path / "precious").write_text("of somebody else")
    (store.folder / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(StoreError, match="cannot lock"), locked(store.folder, doing="test"):
        raise AssertionError
    assert (tmp_path / "precious").read_text() == "of somebody else"


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_where_the_system_has_no_such_locks_there_is_no_softer_kind(store, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(StoreError, match="cannot lock"), locked(store.folder, doing="test"):
        raise AssertionError("a soft lock stays when its holder is killed")


@pytest.mark.parametrize("wait", [-1.0, float("nan")])
def test_a_wait_that_is_no_time_is_refused(wait, store):
    said = "wait is .*; give seconds, zero or more"
    with pytest.raises(InvalidArgument, match=said), locked(store.folder, doing="test", wait=wait):
        raise AssertionError


def test_an_interrupt_while_waiting_leaves_the_lock_to_its_holder(store):
    def interrupted(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupted)
    try:
        with locked(store.folder, doing="the first"):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt), locked(store.folder, doing="the second", wait=30):
                raise AssertionError
            assert json.loads((store.folder / OWNER).read_text())["doing"] == "the first"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
