"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from clvmodels.errors import ClvError


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
    temporary = make_folder(path.parent) / f".{path.name}.{os.getpid()}.part"
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise ClvError(f"cannot write {path}: {error.strerror}; choose another place") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path
