"""How a store is written: beside everything that is there, whole or not at all, and one pointer moved at the end."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from clvmodels.errors import StoreError
from clvmodels.files import make_folder
from clvmodels.jobs.lock import LOCK, locked
from clvmodels.jobs.manifest import MANIFEST, Sealed, sha256
from clvmodels.jobs.store import NUMBER, POINTER, SCORES, STAGING, VERSIONS, Pointer, Store

Kind = TypeVar("Kind", bound=Sealed)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Writer:
    """The one who may write to a store; made by `writing`, which holds the lock."""

    store: Store

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield an empty folder on the store's disk, gone afterwards."""
        parent = make_folder(self.store.folder / STAGING)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, kind: str, staged: Path, manifest: Callable[[str, dict[str, str]], Kind]) -> Kind:
        """Make a new folder of the files in `staged`, under a number of its own.

        Parameters
        ----------
        kind
            "versions" or "scores".
        staged
            A folder of files.
        manifest
            From the number and the files' checksums to the manifest, which is written last: a folder without one is not
            finished, and the next writer sweeps it away.
        """
        files = {path.name: sha256(path) for path in sorted(staged.iterdir())}
        for name in files:
            _sync(staged / name)
        folder = _claim(self.store.folder / kind)
        sealed = manifest(folder.name, files).sealed()
        (staged / MANIFEST).write_bytes(sealed.to_json())
        _sync(staged / MANIFEST)
        for name in (*files, MANIFEST):
            (staged / name).rename(folder / name)
        _sync(folder)
        _sync(folder.parent)
        return sealed

    def point(self, pointer: Pointer) -> None:
        """Publish: replace the pointer, in one step."""
        path = self.store.folder / POINTER
        temporary = path.with_name(f"{POINTER}.part")
        temporary.write_bytes(pointer.model_dump_json(indent=1).encode() + b"\n")
        _sync(temporary)
        temporary.replace(path)
        _sync(self.store.folder)

    def sweep(self) -> list[Path]:
        """Remove what runs that were killed have left behind; return what it was."""
        root = self.store.folder
        for name in (STAGING, VERSIONS, SCORES):
            if (root / name).is_symlink():
                raise StoreError(f"{root / name} is a link; make it a folder of the store")
        left = [*self._unfinished(), *(root / STAGING).glob("*"), *root.glob(f"{POINTER}.part")]
        for path in left:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return left

    def _unfinished(self) -> list[Path]:
        """Folders without a manifest; one that is published has lost it, and stays."""
        store = self.store
        try:
            pointer = store.published()
        except StoreError:
            return []  # nobody knows what is published
        kept = [] if pointer is None else [store.version_folder(each) for each in (pointer.version, *pointer.before)]
        kept += [] if pointer is None else [store.scores_folder(pointer.scores)]
        folders = [path for kind in (VERSIONS, SCORES) for path in (store.folder / kind).glob("*")]
        empty = [path for path in folders if NUMBER.fullmatch(path.name) and not (path / MANIFEST).is_file()]
        return [path for path in empty if path not in kept]


@contextmanager
def writing(store: Store, *, doing: str, wait: float = 0.0) -> Iterator[Writer]:
    """Hold the store's lock, clean up after runs that were killed, and yield the writer.

    Parameters
    ----------
    store
        Where to.
    doing
        What for, for another run that finds the lock held.
    wait
        Seconds to wait for another run's end.

    Raises
    ------
    Locked
        If another run holds the lock.
    StoreError
        If the disk is full, or the folder cannot be written; what was published stays. If the folder holds what looks
        like a part of a store, and is none.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder, writing(Store(Path(folder)), doing="test") as writer:
    ...     writer.sweep()
    []
    """
    _refuse_others(store.folder)
    with locked(store.folder, doing=doing, wait=wait):
        try:
            writer = Writer(store)
            writer.sweep()
            yield writer
        except OSError as error:
            what = "the disk is full, or a limit of file sizes is reached" if error.errno in FULL else error.strerror
            raise StoreError(
                f"cannot write to {store.folder}: {what or error}; what was published is untouched"
            ) from error


def _refuse_others(folder: Path) -> None:
    """Refuse a folder with files of somebody else under the names that a store has: they would be swept away."""
    there = [name for name in (VERSIONS, SCORES, STAGING) if os.path.lexists(folder / name)]
    is_ours = (folder / LOCK).exists() or any(any(folder.glob(f"{kind}/*/{MANIFEST}")) for kind in (VERSIONS, SCORES))
    if there and not is_ours:
        raise StoreError(
            f"{folder} has {' and '.join(there)}, which no run of clvmodels made; choose an empty folder for the store"
        )


def _claim(parent: Path) -> Path:
    """Make the folder of the next free number; two at once never get the same one."""
    make_folder(parent)
    taken = [int(path.name) for path in parent.iterdir() if NUMBER.fullmatch(path.name)]
    number = max(taken, default=0) + 1
    while True:
        folder = parent / f"{number:06d}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _sync(path: Path) -> None:
    """Have it on the disk, not in the system's memory alone."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
