"""Files in a folder that carry no mark of ours, such as CSV: a record beside them tells them from any others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from clvmodels.files.outputs import Kind, check_output, check_unread, has_keys
from clvmodels.files.writing import write_whole

RECORD, KEY = ".clvmodels.json", "written by clvmodels"
RECORDS = Kind("a record of clvmodels", lambda path: has_keys(path, {KEY}))


def write_recorded(folder: Path, files: Mapping[str, bytes], *, read: object) -> tuple[Path, ...]:
    """Write files into a folder, and a record of their checksums, by which the next run knows them.

    Parameters
    ----------
    folder
        Where to.
    files
        Content by name. A file that is there is replaced if it is as the record says, or has that content already.
    read
        Where the content comes from; none of it is replaced.

    Raises
    ------
    InvalidArgument
        If a file that is there is not in the record, or was changed since; nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_recorded(Path(folder), {"a.txt": b"first"}, read=None)
    ...     [path.read_text() for path in write_recorded(Path(folder), {"a.txt": b"second"}, read=None)]
    ['second']
    """
    record = folder / RECORD
    known = _recorded(record)
    kinds = {name: _as_recorded({*known.get(name, ()), _checksum(content)}) for name, content in files.items()}
    for name, content in files.items():
        check_unread(folder / name, read)
        there = check_output(folder / name, kinds[name])
        # Both, for a run may be killed after the record is written, and before the file is.
        known[name] = [*([_checksum(there.read_bytes())] if there.exists() else []), _checksum(content)]
    write_whole(record, json.dumps({KEY: known}, indent=1).encode() + b"\n", RECORDS)
    return _written(folder, files, kinds)


def _written(folder: Path, files: Mapping[str, bytes], kinds: Mapping[str, Kind]) -> tuple[Path, ...]:
    return tuple(write_whole(folder / name, content, kinds[name]) for name, content in files.items())


def _recorded(record: Path) -> dict[str, list[str]]:
    try:
        return dict(json.loads(record.read_bytes())[KEY])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _as_recorded(checksums: set[str]) -> Kind:
    return Kind("as an earlier answer left it", lambda path: _checksum(path.read_bytes()) in checksums)


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
