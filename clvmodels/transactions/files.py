"""CSV and Parquet files, read by DuckDB; their rows stay on the disk."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from clvmodels.errors import InvalidTransactions, local_path

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
COMPRESSED = (".gz", ".zst")


def read_files(path: str, connection: Any) -> tuple[ir.Table, bool]:
    """Return the table of the files that a path or glob pattern names, and whether all its columns are text.

    Parameters
    ----------
    path : str
        Columns are matched by name where there are several files.
    connection : ibis DuckDB connection

    Raises
    ------
    InvalidTransactions
        If there is no such file, its kind is not known, or it is not a table.

    Examples
    --------
    >>> read_files("log.xlsx", None)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: cannot tell what kind of file log.xlsx is; its name must end in ...
    """
    pattern = _existing(path)
    if _suffix(path) in PARQUET_SUFFIXES:
        return connection.read_parquet(pattern, union_by_name=True), False
    # Types are never guessed: a guess reads 01/02/1997 one way or the other, and 00042 as 42. Nor are lines skipped.
    table = connection.read_csv(pattern, all_varchar=True, header=True, skip=0, comment="", union_by_name=True)
    if len(table.columns) == 1:
        raise InvalidTransactions(
            f"{path} has one column only, {table.columns[0]!r}: the first line must hold the column names and every "
            "line must have the same number of fields, parted by a comma, semicolon, tab or |"
        )
    return table, True


def _suffix(path: str) -> str:
    suffixes = Path(path.lower()).suffixes
    plain = suffixes[:-1] if suffixes and suffixes[-1] in COMPRESSED else suffixes
    return plain[-1] if plain else ""


def _existing(path: str) -> str:
    """Return the pattern that DuckDB is to read, after a look at the disk."""
    expanded = local_path(path, "the source")
    if expanded.is_dir():
        raise InvalidTransactions(f"{path} is a folder; name the files, e.g. {expanded / '*.parquet'}")
    if _suffix(path) not in CSV_SUFFIXES + PARQUET_SUFFIXES:
        known = ", ".join(CSV_SUFFIXES + PARQUET_SUFFIXES)
        raise InvalidTransactions(
            f"cannot tell what kind of file {path} is; its name must end in {known} (or .gz, .zst)"
        )
    if expanded.exists():
        return glob.escape(str(expanded))
    anchor = Path(expanded.anchor)
    if any(anchor.glob(str(expanded.relative_to(anchor)))):
        return str(expanded)
    raise InvalidTransactions(f"no file {path}, seen from {Path.cwd()}; check the path")
