"""One run at a time: a lock that the system frees when its holder dies."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from clvmodels.errors import InvalidArgument, Locked, StoreError
from clvmodels.files import make_folder

LOCK, OWNER = ".lock", ".owner.json"


@contextmanager
def locked(folder: Path, *, doing: str, wait: float = 0.0) -> Iterator[None]:
    """Hold a store's lock.

    Parameters
    ----------
    folder
        The store's; made where it is missing.
    doing
        What for: another run is told.
    wait
        Seconds to wait for another run's end.

    Raises
    ------
    Locked
        If another run still holds it; the message says which.
    StoreError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder), doing="retrain"):
    ...     (Path(folder) / ".lock").exists()
    True
    """
    if not wait >= 0:
        raise InvalidArgument(f"wait is {wait}; give seconds, zero or more")
    make_folder(folder)
    # A soft lock would stay when its holder is killed.
    lock = FileLock(folder / LOCK, timeout=wait, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise Locked(f"{_owner(folder)} holds the lock of {folder}; wait for its end, or pass wait=600") from None
    except (OSError, NotImplementedError) as error:
        raise StoreError(f"cannot lock {folder}: {error}; choose a folder that can be written") from error
    try:
        _sign(folder, doing)
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER).unlink()
        lock.release()


def _sign(folder: Path, doing: str) -> None:
    """Say who holds it; for people, so that a disk too full for it stops nothing."""
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    owner = {"doing": doing, "process": os.getpid(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):
        (folder / OWNER).write_text(json.dumps(owner))


def _owner(folder: Path) -> str:
    try:
        owner = json.loads((folder / OWNER).read_text())
        return f"{owner['doing']} (process {owner['process']} on {owner['host']}, since {owner['since']})"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another run"
