"""Where a job writes, held against what it reads and what it keeps."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from clvmodels.errors import ClvError, InvalidArgument, local_path
from clvmodels.files import is_read
from clvmodels.jobs.database import IN_FILES, KEY, find_database
from clvmodels.jobs.environment import secrets_in
from clvmodels.jobs.source import as_pattern

if TYPE_CHECKING:
    from clvmodels.jobs.config import Job

# Besides a database, the files that DuckDB and SQLite keep at its side.
BESIDE = ("", ".wal", "-wal", "-shm", "-journal")
KEPT = ("scores/000001/scores.parquet", "versions/000001/golden.parquet", "published.json")


def check_outputs(job: Job) -> None:
    """Refuse a configuration whose outputs would replace, or join, what it reads.

    Where the source is said by environment variables that are not set yet, it is left to the run.

    Raises
    ------
    InvalidArgument
    """
    for pattern in _read(job, os.environ):
        if any(is_read(job.store / name, pattern) for name in KEPT):
            raise InvalidArgument(
                f"output.folder is {str(job.store)!r}, and the job would read its files; choose another place"
            )
    if job.scores_copy is not None:
        check_place(job, job.scores_copy, "output.scores_copy")


def check_place(job: Job, path: Path, name: str) -> None:
    """Refuse to write where something would be replaced that a job reads or keeps, or where it would be read.

    Parameters
    ----------
    job
        The configuration.
    path
        The file to write.
    name
        What an error calls it.

    Raises
    ------
    InvalidArgument
        If it is a part of the store or of a source, or the configuration itself, perhaps by way of links.
    """
    if any(is_read(path, each) for each in (f"{glob.escape(str(job.store))}/**", *_read(job, os.environ))):
        raise InvalidArgument(
            f"{name} is {str(path)!r}, which is a part of the store or is read by the job; choose another place"
        )


def _read(job: Job, environment: Mapping[str, str]) -> Iterator[str]:
    """The paths and patterns of what a job reads; what cannot be told is passed over, for its reading will say why."""
    if job.file is not None:
        yield glob.escape(str(job.file))
    segments, source = job.config.segments, job.config.source.transactions
    with suppress(ClvError):
        database = find_database(source, folder=job.folder, environment=environment)
        if database is None:
            yield as_pattern(secrets_in(source, environment, key=KEY).fill(source), job.folder)
        elif database.kind in IN_FILES:
            yield from (glob.escape(database.address + ending) for ending in BESIDE)
    if segments is not None and segments.file is not None:
        with suppress(ClvError):
            file = secrets_in(segments.file, environment, key="segments.file").fill(segments.file)
            yield glob.escape(str(job.folder / local_path(file)))
