"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

from clvmodels.errors import ClvError

if TYPE_CHECKING:
    import pandas as pd


def make_folder(path: Path) -> Path:
    """Make a folder, with those above it, unless it is there.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ClvError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ClvError(f"cannot make the folder {path}: {error.strerror}; choose another place") from error
    return path


def write_whole(path: Path, content: bytes) -> Path:
    """Write `content` under a temporary name in the same folder, then move it into place.

    Parameters
    ----------
    path
        Where to; missing folders are made, an existing file is replaced.
    content
        The bytes.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ClvError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "new" / "a.txt", b"whole").read_text()
    'whole'
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary name in the same folder; what was written there is moved into place when all went well.

    Raises
    ------
    ClvError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    if path.is_dir():
        raise ClvError(f"{path} is a folder; give the name of a file in it")
    temporary = make_folder(path.parent) / f".{path.name}.{os.getpid()}.{get_ident()}.part"
    try:
        temporary.touch()  # so that a place that cannot be written is found before the work is done
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise ClvError(f"cannot write {path}: {error.strerror or error}; choose another place") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Write frames of the same columns one after the other to one Parquet file, whole or not at all.

    Raises
    ------
    ClvError
        If there are no frames, it cannot be written, or a column has no type that Parquet knows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole_file(path) as temporary:
        remaining = iter(frames)
        first = next(remaining, None)
        if first is None:
            raise ClvError(f"there is nothing to write to {path}: no customers were handed in")
        try:
            schema = pa.Schema.from_pandas(first, preserve_index=False)
            with pq.ParquetWriter(temporary, schema) as writer:
                for frame in chain([first], remaining):
                    writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
        except pa.ArrowException as error:
            raise ClvError(f"cannot write {path} as Parquet: {error}; make the customer ids numbers or text") from error
