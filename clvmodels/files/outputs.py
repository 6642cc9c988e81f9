"""What an output may replace: plain files that are recognisably ours, and nothing that is read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from clvmodels.errors import InvalidArgument, local_path

# The system's own; what looks like a file in them is none, or is somebody's device.
SYSTEM, SHARED_MEMORY = ("/dev", "/proc", "/sys"), "/dev/shm"
SEALED = "manifest.json"
PAGE_MARK, MARKDOWN_MARK = b'<meta name="generator" content="clvmodels">', b"[//]: # (Made by clvmodels)"
CUSTOMER_COLUMNS = {"customer_id", "frequency", "recency", "T"}
EVALUATION_KEYS = {"calibration_end", "holdout_end", "verdict", "metrics"}
REPORT_KEYS = {"schema", "title", "headline", "sections"}


@dataclass(frozen=True)
class Kind:
    """A kind of files that we write, told from all others by what is in them.

    Attributes
    ----------
    name : str
    holds : callable
        From a file to whether it is one.
    """

    name: str
    holds: Callable[[Path], bool]


def _is_posterior(path: Path) -> bool:
    import h5py

    with h5py.File(path) as file:
        return "clvmodels" in file.attrs


def _is_table_of_customers(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return set(pq.read_metadata(path).schema.names) >= CUSTOMER_COLUMNS
    except pa.ArrowException:
        return False


def has_keys(path: Path, keys: set[str]) -> bool:
    """Tell whether a file is a JSON object with all of these keys; ValueError if it is no JSON."""
    found = json.loads(path.read_bytes())
    return isinstance(found, dict) and set(found) >= keys


def _is_report(path: Path) -> bool:
    text = path.read_bytes()
    if PAGE_MARK in text[:4096] or text.rstrip().endswith(MARKDOWN_MARK):
        return True
    return has_keys(path, REPORT_KEYS)


POSTERIOR = Kind("a posterior that clvmodels saved", _is_posterior)
CUSTOMERS = Kind("a table of customers that clvmodels wrote", _is_table_of_customers)
EVALUATION = Kind("an evaluation that clvmodels wrote", lambda path: has_keys(path, EVALUATION_KEYS))
REPORT = Kind("a report that clvmodels wrote", _is_report)


def check_output(path: str | os.PathLike[str], kind: Kind | None = None) -> Path:
    """Return the file that writing to `path` would make or replace; where it is a link, what it leads to.

    Parameters
    ----------
    path
        The file; it need not be there.
    kind
        What alone may be replaced, besides empty files; by default any file.

    Raises
    ------
    InvalidArgument
        If it is an address of another place, there is something else than a file, or a file that is not ours, or one
        of a store's versions.

    Examples
    --------
    >>> check_output("nowhere/scores.parquet", CUSTOMERS).name
    'scores.parquet'
    >>> check_output("/dev/null")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: /dev/null is in /dev, which belongs to the system; choose another place
    """
    given = local_path(path)
    try:
        target, named = given.resolve(), given.parent.resolve() / given.name
        found = target.stat() if target.exists() else None
    except (OSError, RuntimeError) as error:  # links that lead round in a ring
        raise InvalidArgument(f"cannot write {given}: {error}; choose another place") from error
    for place in (named, target):
        system = next((each for each in SYSTEM if place.is_relative_to(each)), None)
        if system is not None and not place.is_relative_to(SHARED_MEMORY):
            raise InvalidArgument(f"{given} is in {system}, which belongs to the system; choose another place")
    if found is None:
        return target
    if stat.S_ISDIR(found.st_mode):
        raise InvalidArgument(f"{given} is a folder; give the name of a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise InvalidArgument(f"{given} is a device, a pipe or a socket; give the name of a file")
    if kind is not None and (target.parent / SEALED).is_file():
        raise InvalidArgument(f"{given} is a part of a store's version, and stays as it is; choose another place")
    if kind is not None and found.st_size > 0 and not _holds(kind, target):
        raise InvalidArgument(
            f"{given} is there already, and is not {kind.name}: it stays as it is; move it away, or choose another name"
        )
    return target


def _holds(kind: Kind, path: Path) -> bool:
    try:
        return kind.holds(path)
    except (OSError, ValueError, RecursionError):
        return False


def is_read(path: Path, pattern: str) -> bool:
    """Tell whether a file would be among those that a path or glob pattern names, once it is written.

    Links are followed, names that differ in case alone count as one, and so do two names of one file.

    Parameters
    ----------
    path
        The file; it need not be there.
    pattern
        As `clvmodels.rfm_summary` takes it.

    Examples
    --------
    >>> is_read(Path("log/scores.parquet"), "log/*.parquet"), is_read(Path("scores.parquet"), "log/*.parquet")
    (True, False)
    """
    target, wanted = path.resolve(), local_path(pattern)
    if _matches(_folded(target), _folded(wanted.resolve())):
        return True
    if target.exists() and any(each.exists() and each.samefile(target) for each in _there(wanted)):
        return True
    # A folder that is a link, below the first sign of the pattern.
    inside = any(each.resolve() == target.parent for each in _there(wanted.parent))
    return inside and fnmatchcase(target.name.casefold(), wanted.name.casefold())


def _there(pattern: Path) -> list[Path]:
    """The files and folders that a path or pattern names now."""
    if pattern.exists():
        return [pattern]
    anchor = Path(pattern.anchor)
    with suppress(ValueError, OSError):  # no pattern, or a folder that nobody may read
        return list(anchor.glob(str(pattern.relative_to(anchor))))
    return []


def check_unread(path: Path, source: object) -> None:
    """Refuse to write a file that is, or would become, a part of what is read; a source in memory has no path.

    Raises
    ------
    InvalidArgument

    Examples
    --------
    >>> check_unread(Path("log/scores.parquet"), "log/*.parquet")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: log/scores.parquet would be read as a part of log/*.parquet; choose another place
    """
    if isinstance(source, (str, os.PathLike)) and is_read(path, os.fspath(source)):
        raise InvalidArgument(f"{path} would be read as a part of {os.fspath(source)}; choose another place")


def _folded(path: Path) -> tuple[str, ...]:
    return tuple(part.casefold() for part in path.parts)


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    first = bool(parts) and (parts[0] == pattern[0] or fnmatchcase(parts[0], pattern[0]))
    return first and _matches(parts[1:], pattern[1:])
