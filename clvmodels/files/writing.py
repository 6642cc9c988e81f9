"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

from clvmodels.errors import ClvError, local_path
from clvmodels.files.outputs import Kind, check_output

if TYPE_CHECKING:
    import pandas as pd


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, with those above it, unless it is there.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ClvError
        If it cannot be made, or is an address of another place.
    """
    folder = local_path(path, "the folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ClvError(f"cannot make the folder {folder}: {error.strerror}; choose another place") from error
    return folder


def write_whole(path: str | os.PathLike[str], content: bytes, kind: Kind | None = None) -> Path:
    """Write `content` under a temporary name in the same folder, then move it into place.

    Parameters
    ----------
    path
        Where to; missing folders are made, an existing file is replaced, and a link leads to what is replaced.
    content
        The bytes.
    kind
        What alone may be replaced; by default any file.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ClvError
        If it cannot be written, or would replace what it may not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "new" / "a.txt", b"whole").read_text()
    'whole'
    """
    with whole_file(path, kind) as temporary:
        temporary.write_bytes(content)
    return local_path(path)


@contextmanager
def whole_file(path: str | os.PathLike[str], kind: Kind | None = None) -> Iterator[Path]:
    """Yield a temporary name in the same folder; what was written there is moved into place when all went well.

    A link stays a link: the file that it leads to is replaced. `kind` is what alone may be replaced.

    Raises
    ------
    ClvError
        If it cannot be written, or would replace what it may not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    target = check_output(path, kind)
    temporary = make_folder(target.parent) / f".{target.name}.{os.getpid()}.{get_ident()}.part"
    try:
        temporary.touch()  # so that a place that cannot be written is found before the work is done
        yield temporary
        check_output(target, kind)  # which somebody else may have written meanwhile
        temporary.replace(target)
    except OSError as error:
        raise ClvError(f"cannot write {path}: {error.strerror or error}; choose another place") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(path: str | os.PathLike[str], frames: Iterable[pd.DataFrame], kind: Kind | None = None) -> None:
    """Write frames of the same columns one after the other to one Parquet file, whole or not at all.

    `kind` is what alone may be replaced.

    Raises
    ------
    ClvError
        If there are no frames, it cannot be written or would replace what it may not, or a column has no type that
        Parquet knows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole_file(path, kind) as temporary:
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
