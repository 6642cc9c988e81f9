"""What a configuration names as its source becomes a path; what a database holds is copied there first."""

from __future__ import annotations

import datetime as dt
import glob
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from clvmodels.errors import InvalidArgument, InvalidTransactions, local_path, shown
from clvmodels.evaluation.options import read_segments
from clvmodels.files import whole_file
from clvmodels.jobs.catalogue import find_table
from clvmodels.jobs.database import KEY, Database, find_database
from clvmodels.jobs.environment import Secrets, secrets_in, without_secrets
from clvmodels.transactions import file_columns, open_source

BATCH = 100_000
OURS = ("customer_id", "date", "value")
WHOLE = r"0|-?[1-9]\d{0,17}"
# Postgres has dates beyond these, and infinity; its driver has not. These are outside the years that are allowed, too.
FIRST, LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)


def read_source(
    transactions: str,
    *,
    table: str | None,
    folder: Path,
    columns: Sequence[str],
    snapshot: Path,
    environment: Mapping[str, str] = os.environ,
) -> str:
    r"""Return a path that `clvmodels.rfm_summary` takes, of the log that a configuration names.

    Parameters
    ----------
    transactions : str
        A path to CSV or Parquet, perhaps a glob pattern; or the address of a database, as Ibis knows it. Each
        ``${NAME}`` is taken from the environment: a password has no other way in (but libpq's own PGPASSWORD).
    table : str or None
        Of a database, perhaps as schema.table.
    folder : Path
        From where a path is seen: that of the configuration.
    columns : sequence of str
        The names of the customer's column, of the date's and, if there are amounts, of theirs; in this order.
    snapshot : Path
        The Parquet file into which these columns of a table are copied, in one query, so that all that follows sees one
        state of it. Its rows are not in memory at once.
    environment : mapping
        Such as `os.environ`.

    Returns
    -------
    str
        An absolute path or pattern; `snapshot` for a database.

    Raises
    ------
    InvalidArgument
        If the address cannot be used: it has a password written out, a variable is not set, a driver not installed.
    InvalidTransactions
        If there is no such file, table or column, or it cannot be read. Messages show nothing from the environment.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     here = Path(folder)
    ...     _ = (here / "orders.csv").write_text("customer_id,date\n7,1997-01-01\n")
    ...     path = read_source(
    ...         "*.csv", table=None, folder=here, columns=["customer_id", "date"], snapshot=here / "copy.parquet"
    ...     )
    >>> Path(path).name
    '*.csv'
    """
    database = find_database(transactions, folder=folder, environment=environment)
    if database is None:
        if table is not None:
            raise InvalidArgument(
                f"source.table is {shown(table)}, and {KEY} a path; a table is part of a database only"
            )
        return _existing(transactions, folder, secrets_in(transactions, environment, key=KEY))
    if table is None:
        raise InvalidArgument(f'{KEY} is a database; name the table in it, e.g. table = "orders"')
    names = {**dict(zip(OURS, columns, strict=False)), **{name: name for name in columns[len(OURS) :]}}
    _copy(database, table, names, snapshot)
    return str(snapshot)


def read_segments_of(
    transactions: str,
    *,
    file: str | None,
    table: str | None,
    customer_id: str,
    segment: str,
    folder: Path,
    customers: pd.Index | None = None,
    environment: Mapping[str, str] = os.environ,
) -> pd.Series:
    r"""Return the segments that a configuration names, by customer.

    Parameters
    ----------
    transactions : str
        The source of the log, as in `read_source`.
    file : str or None
        A CSV or Parquet file with the customer's column and one other.
    table : str or None
        Or a table of the database that `transactions` names.
    customer_id, segment : str
        The names of the columns; of a file the first alone.
    folder, environment
        As in `read_source`.
    customers : Index, optional
        Customers of the log, of which the type alone matters: 7 and "7" are one customer, and ids that cannot be one of
        the log's are left out. By default ids are as they are found; in CSV numbers where all are whole.

    Returns
    -------
    Series indexed by customer_id
        Rows without customer or segment are left out.

    Raises
    ------
    InvalidArgument, InvalidTransactions
        As in `read_source`, or if a customer has several segments.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "regions.csv").write_text("customer_id,region\n7,north\n8,\n")
    ...     choices = {"customer_id": "customer_id", "segment": "segment", "folder": Path(folder)}
    ...     read_segments_of("orders.csv", file="regions.csv", table=None, **choices).to_dict()
    {7: 'north'}
    """
    if (file is None) == (table is None):
        raise InvalidArgument("give either segments.file or segments.table")
    if file is not None:
        found = _segments_in_file(file, customer_id, folder, environment)
    else:
        database = find_database(transactions, folder=folder, environment=environment)
        if database is None:
            raise InvalidArgument(f"segments.table is {shown(table)}, and {KEY} a path; give segments.file instead")
        found = _segments_in_table(database, str(table), customer_id, segment)
    found = found.set_axis(["customer_id", "segment"], axis=1).dropna()
    return _one_each(found if customers is None else _as_in(customers, found))


def _segments_in_file(file: str, customer_id: str, folder: Path, environment: Mapping[str, str]) -> pd.DataFrame:
    secrets = secrets_in(file, environment, key="segments.file")
    what, filled = f"cannot read {file}", secrets.fill(file)
    said: Any = {"secrets": secrets, "failed": what, "error": InvalidArgument}
    path = folder / without_secrets(lambda: local_path(filled, "segments.file"), **said)
    read: Any = without_secrets(lambda: read_segments(path, customer_id), **said)
    return read.reset_index()


def _segments_in_table(database: Database, table: str, customer_id: str, segment: str) -> pd.DataFrame:
    def collect(connection: Any) -> pd.DataFrame:
        found = find_table(connection, table)
        opened = open_source(found, {"customer_id": customer_id, "segment": segment})
        chosen = found.select(customer_id=_plain(found[customer_id], "customer_id"), segment=found[segment])
        chosen = chosen.mutate(segment=chosen.segment.cast("string")).filter(chosen.customer_id.notnull())
        return opened.stream(chosen, BATCH).read_all().to_pandas()

    return database.read(collect)


def _one_each(found: pd.DataFrame) -> pd.Series:
    one: Any = found.drop_duplicates().set_index("customer_id")["segment"]
    if not one.index.is_unique:
        several = one.index[one.index.duplicated()].unique()
        raise InvalidArgument(
            f"{len(several)} customers have several segments, e.g. {shown(several.tolist()[0])}; give each one"
        )
    return one


def _as_in(customers: pd.Index, found: pd.DataFrame) -> pd.DataFrame:
    """Ids in the type of the log's: a number in one place may be text in the other."""
    ids: Any = found["customer_id"]
    if pd.api.types.is_integer_dtype(customers.dtype) and pd.api.types.is_string_dtype(ids):
        whole: Any = found[ids.str.fullmatch(WHOLE)]
        return whole.assign(customer_id=whole["customer_id"].astype("int64"))
    if customers.inferred_type == "string" and not pd.api.types.is_string_dtype(ids):
        return found.assign(customer_id=ids.map(str))
    if len(customers) and isinstance(customers[0], uuid.UUID) and pd.api.types.is_string_dtype(ids):
        return found.assign(customer_id=ids.map(uuid.UUID))
    return found


def _existing(path: str, folder: Path, secrets: Secrets) -> str:
    """The absolute path or pattern of files that are there."""
    what, filled = f"cannot read {path}", secrets.fill(path)
    said: Any = {"secrets": secrets, "failed": what, "error": InvalidTransactions}
    whole = without_secrets(lambda: as_pattern(filled, folder), **said)
    without_secrets(lambda: file_columns(whole), **said)
    return whole


def as_pattern(path: str, folder: Path) -> str:
    """Return a path or glob pattern, as it is seen from a folder, from the root on.

    Raises
    ------
    InvalidArgument
        If it is an address.

    Examples
    --------
    >>> as_pattern("orders/*.csv", Path("/data [1]"))
    '/data [[]1]/orders/*.csv'
    """
    given = local_path(path, KEY)
    whole = folder.absolute() / given
    if not whole.exists() and glob.has_magic(str(given)) and not given.is_absolute():
        whole = Path(glob.escape(str(folder.absolute()))) / given
    return str(whole)


def _copy(database: Database, table: str, names: Mapping[str, str], snapshot: Path) -> None:
    """Stream columns (ours -> the table's) of a table into a Parquet file."""
    import pyarrow.parquet as pq

    def copy(connection: Any) -> None:
        found = find_table(connection, table)
        opened = open_source(found, dict(names))
        chosen = found.select(**{name: _plain(found[name], ours) for ours, name in names.items()})
        with whole_file(snapshot) as temporary:
            reader = opened.stream(chosen, BATCH)
            with pq.ParquetWriter(temporary, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)

    database.read(copy)


def _plain(column: Any, ours: str) -> Any:
    """A column of a database in a type that Parquet has, and that loses nothing on the way."""
    kind = column.type()
    if ours == "value":  # a domain over numbers is unknown to Ibis
        return column.cast("float64") if kind.is_decimal() or kind.is_unknown() else column
    # DuckDB reads numbers of more than 38 digits as floats, and those of any number of digits have no type at all.
    endless = kind.is_decimal() and (kind.precision is None or kind.precision > 38)
    if endless or kind.is_unknown() or kind.is_uuid():
        return column.cast("string")
    if column.get_backend().name == "postgres" and (kind.is_date() or kind.is_timestamp()):
        first, last = ibis.literal(FIRST).cast(kind), ibis.literal(LAST).cast(kind)
        return (column < first).ifelse(first, (column > last).ifelse(last, column))
    return column
