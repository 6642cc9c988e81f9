"""The tables and views of a database, looked up by name, and nothing that is no table."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb
from ibis.common.exceptions import IbisInputError, TableNotFound

from clvmodels.errors import InvalidTransactions, shown

MOST_SHOWN = 10


def find_table(connection: Any, name: str) -> Any:
    """Return a table or view of a database, by its name or as schema.name, exactly as the database has it.

    Parameters
    ----------
    connection : Ibis backend
    name : str

    Raises
    ------
    InvalidTransactions
        If there is none, and those that are there are listed, the nearest first; or if it needs something outside the
        database, such as a file.

    Examples
    --------
    >>> import ibis
    >>> find_table(ibis.duckdb.connect(), "orders")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: there is no table 'orders', and no other; perhaps 'schema.orders'?
    """
    schema, _, table = name.rpartition(".")
    places, there = _in_catalogue(connection, name) if connection.name == "duckdb" else _elsewhere(connection, name)
    for place, short in places:
        with suppress(TableNotFound, IbisInputError):  # a name of too many parts is none
            return _opened(connection, place, short)
    if not there:
        where = f"no other in {shown(schema)}" if schema else f"no other; perhaps 'schema.{name}'?"
        raise InvalidTransactions(f"there is no table {shown(name)}, and {where}")
    raise InvalidTransactions(f"there is no table {shown(name)}; there are {', '.join(_nearest(table, there))}")


def _in_catalogue(connection: Any, name: str) -> tuple[list[tuple[Any, str]], list[str]]:
    """Where a DuckDB table may be, and the names beside it; a name that it does not know DuckDB takes for a file."""
    listed = "SELECT table_catalog, table_schema, table_name FROM information_schema.tables"
    tables, current = connection.con.execute(listed).fetchall(), connection.current_database
    schema = name.rpartition(".")[0] or current
    places = [
        ((catalog, within), table)
        for catalog, within, table in tables
        if name in (f"{within}.{table}", f"{catalog}.{within}.{table}") or (name == table and within == current)
    ]
    return places, [table for catalog, within, table in tables if schema in (within, f"{catalog}.{within}")]


def _elsewhere(connection: Any, name: str) -> tuple[list[tuple[Any, str]], list[str]]:
    """The same of a database that takes a quoted name for nothing but a name."""
    schema, _, table = name.rpartition(".")
    with suppress(IbisInputError):
        there = connection.list_tables(database=schema or None)
        return [(None, name), *([(schema, table)] if schema else [])], there
    return [(None, name)], []


def _opened(connection: Any, place: Any, table: str) -> Any:
    try:
        return connection.table(table, database=place)
    except duckdb.PermissionException as error:
        raise InvalidTransactions(
            f"{shown(table)} needs something outside the database, which is not read: {error}; make a table of it in"
            " the database, or name the files as the source"
        ) from error


def _nearest(name: str, there: Sequence[str]) -> list[str]:
    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, name.casefold(), other.casefold()).ratio()

    nearest = sorted(sorted(there), key=likeness, reverse=True)
    more = len(nearest) - MOST_SHOWN
    return [*nearest[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
