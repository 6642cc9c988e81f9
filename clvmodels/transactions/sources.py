"""A raw table of any kind becomes an Ibis table with our column names, and a way to collect from it."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.common.exceptions import IbisError

from clvmodels.errors import InvalidTransactions, shown
from clvmodels.transactions.files import read_files
from clvmodels.transactions.in_memory import id_codes, pandas_to_arrow, plain

VIEW = "clvmodels_transactions"


@dataclass(frozen=True, kw_only=True)
class Source:
    """An Ibis table with the columns customer_id, date and perhaps value, and where it is executed.

    Attributes
    ----------
    table : ibis Table
        The columns as they are in the caller's table, under our names.
    run : callable
        Executes an expression on `table` and returns an Arrow table.
    stream : callable
        Executes an expression and returns an Arrow reader of batches of about so many rows, which are not all in
        memory at once.
    backend : Ibis backend, optional
        Where that is; None for a DuckDB relation.
    untyped : bool
        Everything is text, as in a CSV file.
    ids : pandas Index, optional
        If given, customer_id in `table` is a position in it.
    """

    table: ir.Table
    run: Callable[[ir.Table], pa.Table]
    stream: Callable[[ir.Table, int], pa.RecordBatchReader]
    backend: Any = None
    untyped: bool = False
    ids: pd.Index | None = None

    def collect(self, expression: ir.Table) -> pd.DataFrame:
        """Execute `expression`; the customers come back under their own ids.

        Raises
        ------
        InvalidTransactions
            If the table cannot be read.
        """
        try:
            return self._own_ids(self.run(expression).to_pandas())
        except (duckdb.Error, IbisError) as error:
            raise InvalidTransactions(unreadable(error)) from error

    def one_row(self, aggregate: ir.Table) -> dict[str, Any]:
        """Execute an expression of one row; return its values by name."""
        answer = self.collect(aggregate)
        return {str(name): answer[name].iloc[0] for name in answer.columns}

    def batches(self, expression: ir.Table, rows: int) -> Iterator[pd.DataFrame]:
        """Execute `expression` and yield its rows, about so many at a time; otherwise as `collect`."""
        waiting: list[pa.RecordBatch] = []
        try:
            for batch in self.stream(expression, rows):
                waiting.append(batch)
                if sum(map(len, waiting)) >= rows:
                    yield self._own_ids(pa.Table.from_batches(waiting).to_pandas())
                    waiting = []
        except (duckdb.Error, IbisError) as error:
            raise InvalidTransactions(unreadable(error)) from error
        if sum(map(len, waiting)):
            yield self._own_ids(pa.Table.from_batches(waiting).to_pandas())

    def _own_ids(self, frame: pd.DataFrame) -> pd.DataFrame:
        if "customer_id" not in frame:
            return frame
        if self.ids is not None:
            return frame.assign(customer_id=self.ids.take(frame["customer_id"].to_numpy()))
        if self.table.customer_id.type().is_uuid():
            return frame.assign(customer_id=frame["customer_id"].map(uuid.UUID))
        return frame

    def customer(self, example: Any) -> Any:
        """Return the caller's own id of a customer found in `table`."""
        return example if self.ids is None or pd.isna(example) else self.ids[int(example)]


def open_source(source: Any, columns: dict[str, str], *, optional: Sequence[str] = ()) -> Source:
    """Open a table of any kind.

    Parameters
    ----------
    source : pandas DataFrame, Arrow or polars table, DuckDB relation, Ibis table, or a path to CSV or Parquet
        A path may be a glob pattern. Nothing is changed in it, and files and relations are not loaded into memory.
    columns : dict
        Our column name -> the caller's.
    optional : sequence of str
        Further columns, under our names, that are taken where they are there.

    Raises
    ------
    InvalidTransactions
        If the kind is not known, a column is missing or a file cannot be read.

    Examples
    --------
    >>> log = pd.DataFrame({"who": ["b", "a"], "when": ["1997-01-01", "1997-01-02"]})
    >>> opened = open_source(log, {"customer_id": "who", "date": "when"})
    >>> opened.collect(opened.table.select("customer_id"))["customer_id"].tolist()
    ['b', 'a']
    """
    try:
        return _opened(source, _Columns(columns, optional))
    except (duckdb.Error, IbisError) as error:
        raise InvalidTransactions(unreadable(error)) from error


@dataclass(frozen=True)
class _Columns:
    """Our column names -> the caller's, and names that are taken where they are there."""

    needed: dict[str, str]
    optional: Sequence[str]

    def among(self, found: Sequence[Any]) -> dict[str, str]:
        """Those of a table; refuse one that lacks a column, or has it twice."""
        missing = {ours: name for ours, name in self.needed.items() if name not in found}
        if missing:
            remedy = ", ".join(f"{ours}='...'" for ours in missing)
            without = "; for a log without a spend column pass value=None" if "value" in missing else ""
            raise InvalidTransactions(
                f"missing columns {shown(list(missing.values()))}, found {shown(list(found))}; pass their names: "
                f"{remedy}{without}"
            )
        chosen = {**{name: name for name in self.optional if name in found}, **self.needed}
        twice = [name for name in chosen.values() if list(found).count(name) > 1]
        if twice:
            raise InvalidTransactions(f"more than one column is called {shown(twice[0])}; rename or drop the others")
        return chosen


def _opened(source: Any, columns: _Columns) -> Source:
    if isinstance(source, pd.DataFrame):
        return _from_pandas(source, columns)
    if isinstance(source, ir.Table):
        return _in_backend(_renamed(source, columns), source.get_backend())
    if isinstance(source, duckdb.DuckDBPyRelation):
        return _from_relation(source, columns)
    if isinstance(source, (str, os.PathLike)):
        return _from_files(os.fspath(source), columns)
    if hasattr(source, "__arrow_c_stream__") and not isinstance(source, pd.Series):
        return _from_arrow(pa.table(source), columns)
    raise InvalidTransactions(
        f"cannot read transactions from a {type(source).__module__}.{type(source).__name__}; hand in a pandas, polars "
        "or Arrow table (a lazy one collected), a DuckDB relation, an Ibis table, or a path to CSV or Parquet"
    )


def _in_backend(table: ir.Table, backend: Any, *, untyped: bool = False, ids: pd.Index | None = None) -> Source:
    def stream(expression: ir.Table, rows: int) -> pa.RecordBatchReader:
        if backend.name != "duckdb":
            return backend.to_pyarrow_batches(expression, chunk_size=rows)
        # For its batches Ibis calls what DuckDB has renamed, and each call warns. The empty answer makes it register
        # tables that are in memory.
        backend.to_pyarrow(expression.limit(0))
        return backend.con.sql(str(ibis.to_sql(expression, dialect="duckdb"))).to_arrow_reader(rows)

    return Source(table=table, run=backend.to_pyarrow, stream=stream, backend=backend, untyped=untyped, ids=ids)


def _renamed(table: ir.Table, columns: _Columns) -> ir.Table:
    return table.select(**{ours: table[name] for ours, name in columns.among(table.columns).items()})


def file_columns(path: str) -> list[str]:
    """Return the names of the columns of a CSV or Parquet file, or of all files that a glob pattern names.

    Raises
    ------
    InvalidTransactions
        If there is no such file, or it cannot be read.
    """
    try:
        return read_files(path, connect()).names
    except (duckdb.Error, IbisError) as error:
        raise InvalidTransactions(unreadable(error)) from error


def connect() -> Any:
    """Connect to a DuckDB of our own."""
    # Without this, DuckDB spills larger-than-memory work into the working directory.
    return ibis.duckdb.connect(temp_directory=tempfile.gettempdir())


def _schema(arrow: pa.Schema) -> ibis.Schema:
    try:
        return ibis.Schema.from_pyarrow(arrow)
    except (KeyError, NotImplementedError, ValueError) as error:
        kinds = shown(", ".join(f"{column.name} {column.type}" for column in arrow), longest=300)[1:-1]
        raise InvalidTransactions(f"column types {kinds}: {error}; use dates, numbers and text") from error


def _in_memory(ids: pd.Series, others: dict[str, pa.Array | pa.ChunkedArray]) -> Source:
    codes, index = id_codes(ids)
    table = pa.table({"customer_id": pa.array(codes, mask=codes < 0), **others})
    return _in_backend(ibis.memtable(table, schema=_schema(table.schema)), connect(), ids=index)


def _from_pandas(frame: Any, columns: _Columns) -> Source:
    customer = columns.needed["customer_id"]
    if customer not in frame.columns and customer in frame.index.names:
        raise InvalidTransactions(f"{shown(customer)} is in the index; pass frame.reset_index()")
    chosen = columns.among(list(frame.columns))
    others = {ours: pandas_to_arrow(frame[name], name) for ours, name in chosen.items() if ours != "customer_id"}
    return _in_memory(frame[customer], others)


def _from_arrow(table: pa.Table, columns: _Columns) -> Source:
    chosen = columns.among(table.column_names)
    others = {ours: plain(table.column(name)) for ours, name in chosen.items() if ours != "customer_id"}
    return _in_memory(table.column(chosen["customer_id"]).to_pandas(), others)


def _from_relation(relation: duckdb.DuckDBPyRelation, columns: _Columns) -> Source:
    """Compile to SQL and run it on the relation's own connection, which may not be ours."""
    names = columns.among(relation.columns)
    chosen = relation.select(*(duckdb.ColumnExpression(name).alias(ours) for ours, name in names.items()))

    def run(expression: ir.Table) -> pa.Table:
        sql = str(ibis.to_sql(expression, dialect="duckdb"))
        try:
            return _as_planned(chosen.query(VIEW, sql).to_arrow_table(), expression)
        finally:
            # query() leaves a temporary view behind in the caller's database.
            chosen.query(VIEW, f"DROP VIEW IF EXISTS {VIEW}")

    def stream(expression: ir.Table, rows: int) -> pa.RecordBatchReader:
        # The relation's connection holds one streaming answer at a time, which another query would end.
        return run(expression).to_reader(max_chunksize=rows)

    schema = dict(_schema(chosen.limit(0).to_arrow_table().schema))
    if str(chosen.types[list(names).index("customer_id")]) == "UUID":  # text in Arrow
        schema["customer_id"] = ibis.dtype("uuid")
    return Source(table=ibis.table(schema, name=VIEW), run=run, stream=stream)


def _as_planned(answer: pa.Table, expression: ir.Table) -> pa.Table:
    """Cast to the types that Ibis expects: DuckDB adds up integers to 128 bits, and writes 0.0 as a decimal."""
    planned = expression.schema().to_pyarrow()
    ids = {name: answer.column(name) for name in answer.column_names if name == "customer_id"}
    others = [name for name in answer.column_names if name not in ids]
    return pa.table({**ids, **{name: answer.column(name).cast(planned.field(name).type) for name in others}})


def _from_files(path: str, columns: _Columns) -> Source:
    connection = connect()
    files = read_files(path, connection)
    return _in_backend(files.pick(columns.among(files.names)), connection, untyped=files.untyped)


def unreadable(error: Exception) -> str:
    """Say what DuckDB or Ibis could not read, in one short line."""
    lines = [line.strip() for line in str(error).partition("LINE ")[0].splitlines() if line.strip()]
    said = shown(" ".join(lines[:3]), longest=300)[1:-1]
    return f"the transactions cannot be read: {said}; correct them, or read them yourself and hand in a DataFrame"
