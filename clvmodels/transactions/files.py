"""CSV and Parquet files, read by DuckDB; their rows stay on the disk."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from clvmodels.errors import ClvError, InvalidTransactions, local_path, shown
from clvmodels.transactions.csv_grammar import LONGEST_LINE, Layout, check_grammar

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, kw_only=True)
class Files:
    """The table of one or several files.

    Attributes
    ----------
    names : list of str
        Of its columns.
    pick : callable
        Makes an Ibis table of columns: new name -> name in the files.
    untyped : bool
        Whether all columns are text.
    """

    names: list[str]
    pick: Callable[[Mapping[str, str]], ir.Table]
    untyped: bool


def read_files(path: str, connection: Any) -> Files:
    """Open the table of the files that a path or glob pattern names; CSV is checked from beginning to end.

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
    clvmodels.errors.InvalidTransactions: cannot tell what kind of file 'log.xlsx' is; its name must end in ...
    """
    files = named_files(path)
    if is_csv(path):
        return _csv(files, connection)
    check_names(files)
    table = connection.read_parquet([glob.escape(str(file)) for file in files], union_by_name=True)
    return Files(
        names=list(table.columns),
        pick=lambda chosen: table.select(**{new: table[name] for new, name in chosen.items()}),
        untyped=False,
    )


def is_csv(path: str) -> bool:
    """Tell CSV from Parquet by the name."""
    return _suffix(path) in CSV_SUFFIXES


def named_files(path: str) -> list[Path]:
    """Return the files that a path or glob pattern names, after a look at the disk.

    Raises
    ------
    InvalidTransactions
        If there are none, or something else is among them.
    """
    try:
        expanded = local_path(path, "the source")
        if expanded.is_dir():
            raise InvalidTransactions(
                f"{_quoted(path)} is a folder; name the files, e.g. {_quoted(f'{path}/*.parquet')}"
            )
        if _suffix(path) not in CSV_SUFFIXES + PARQUET_SUFFIXES:
            known = ", ".join(CSV_SUFFIXES + PARQUET_SUFFIXES)
            raise InvalidTransactions(
                f"cannot tell what kind of file {_quoted(path)} is; its name must end in {known} (or .gz, .zst)"
            )
        found = [expanded] if expanded.exists() or expanded.is_symlink() else _matches(str(expanded))
        strange = [file for file in found if not file.is_file()]
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, no such user, a zero byte
        if isinstance(error, ClvError):
            raise
        raise InvalidTransactions(f"there is no file {_quoted(path)}: {_said(error)}; check the path") from error
    if not found:
        raise InvalidTransactions(f"no file {_quoted(path)}, seen from {Path.cwd()}; check the path")
    if strange:
        raise InvalidTransactions(
            f"{_quoted(strange[0])} is no file, but {_kind(strange[0])}; give the path of a file on a disk"
        )
    return found


def _matches(pattern: str) -> list[Path]:
    anchor = Path(Path(pattern).anchor)
    return sorted(anchor.glob(str(Path(pattern).relative_to(anchor))))


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    return "a link to nothing" if not path.exists() else "a pipe or device"


def _quoted(path: str | Path) -> str:
    return shown(str(path), longest=300)


def _said(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower().rstrip(".")


def _suffix(path: str) -> str:
    suffixes = Path(path.lower()).suffixes
    plain = suffixes[:-1] if suffixes and suffixes[-1] in COMPRESSED else suffixes
    return plain[-1] if plain else ""


def _csv(files: list[Path], connection: Any) -> Files:
    alike: dict[tuple[Layout, str], list[Path]] = {}
    for file in files:
        alike.setdefault(csv_layout(file), []).append(file)

    def pick(chosen: Mapping[str, str]) -> ir.Table:
        tables = [_chosen(csv_table(group, *kind, connection), kind[0].names, chosen) for kind, group in alike.items()]
        return reduce(lambda one, other: one.union(other), tables)

    names = [name for layout, _ in alike for name in layout.names]
    # A name that one file has twice can only be "", and is not to be told apart.
    twice = {name for layout, _ in alike for name in layout.names if layout.names.count(name) > 1}
    return Files(names=[name for name in dict.fromkeys(names) if name not in twice], pick=pick, untyped=True)


def csv_layout(file: Path) -> tuple[Layout, str]:
    """Return the layout of a CSV file that was checked from beginning to end, and its compression.

    Raises
    ------
    InvalidTransactions
        If it cannot be read, or is no CSV.
    """
    compression = COMPRESSED.get(file.suffix.lower(), "none")
    name = _quoted(file)[1:-1]
    try:
        if compression == "none":
            with file.open("rb") as stream:
                return check_grammar(stream, name), compression
        with pa.input_stream(str(file), compression=compression) as stream:
            return check_grammar(stream, name), compression
    except OSError as error:
        raise InvalidTransactions(f"cannot read {name}: {_said(error)}; is it whole, and may you read it?") from error


def csv_table(files: list[Path], layout: Layout, compression: str, connection: Any) -> ir.Table:
    """Return the text of files of one layout, null where a field is empty; the columns are c0, c1, ...

    Nothing is guessed: a guess reads 01/02/1997 one way or the other, and 00042 as 42. Columns are known by their
    position, since DuckDB takes Value and value for one. Its strict mode knows one kind of line end; without it,
    nothing may be read in parts.
    """
    return connection.read_csv(
        [glob.escape(str(file)) for file in files],
        auto_detect=False,
        header=True,
        delim=layout.delimiter,
        quote='"',
        escape='"',
        comment="",
        skip=0,
        null_padding=False,
        ignore_errors=False,
        strict_mode=layout.in_parts,
        parallel=layout.in_parts,
        max_line_size=2 * LONGEST_LINE,
        compression=compression,
        columns={f"c{position}": "VARCHAR" for position in range(len(layout.names))},
    )


def _chosen(table: ir.Table, names: Sequence[str], chosen: Mapping[str, str]) -> ir.Table:
    fields: dict[str, Any] = {name: table[f"c{position}"] for position, name in enumerate(names)}
    absent: Any = ibis.null("string")
    return table.select(**{new: fields.get(name, absent) for new, name in chosen.items()})


def check_names(files: Iterable[Path]) -> None:
    """Refuse Parquet whose names DuckDB would change: it takes value and Value for one."""
    for file in files:
        try:
            names = pq.read_schema(file).names
        except (OSError, pa.ArrowException) as error:
            raise InvalidTransactions(
                f"the file cannot be read: {_quoted(file)}, {_said(error)}; is it Parquet, whole, and may you read it?"
            ) from error
        folded = [name.casefold() for name in names]
        twice = [name for name in names if folded.count(name.casefold()) > 1]
        if twice:
            raise InvalidTransactions(
                f"{_quoted(file)} has more than one column called {shown(twice[0])}, or so but for capitals; rename or"
                " drop the others"
            )
