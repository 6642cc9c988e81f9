"""The tables and views of a database, looked up by name, and nothing that is no table."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb
from ibis.common.exceptions import TableNotFound

from clvmodels.errors import InvalidTransactions

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
    places = [(None, name), (schema, table)] if connection.name != "duckdb" else _in_catalogue(connection, name)
    for place, short in places:
        if place != "":
            with suppress(TableNotFound):
                return _opened(connection, place, short)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Ibis calls what DuckDB has renamed
        there = connection.list_tables(database=schema or None)
    if not there:
        where = f"no other in {schema!r}" if schema else f"no other; perhaps 'schema.{name}'?"
        raise InvalidTransactions(f"there is no table {name!r}, and {where}")
    raise InvalidTransactions(f"there is no table {name!r}; there are {', '.join(_nearest(table, there))}")


def _in_catalogue(connection: Any, name: str) -> list[tuple[tuple[str, str], str]]:
    """The places of a DuckDB table: asked for a name that is not in its catalogue, DuckDB looks for a file."""
    listed = "SELECT table_catalog, table_schema, table_name FROM information_schema.tables"
    names = {each: (each[2], ".".join(each[1:]), ".".join(each)) for each in connection.con.execute(listed).fetchall()}
    return [
        ((catalog, schema), table)
        for (catalog, schema, table), (short, *longer) in names.items()
        if name in longer or (name == short and schema == connection.current_database)
    ]


def _opened(connection: Any, place: Any, table: str) -> Any:
    try:
        return connection.table(table, database=place)
    except duckdb.PermissionException as error:
        raise InvalidTransactions(
            f"{table!r} needs something outside the database, which is not read: {error}; make a table of it in the"
            " database, or name the files as the source"
        ) from error


def _nearest(name: str, there: Sequence[str]) -> list[str]:
    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, name.casefold(), other.casefold()).ratio()

    nearest = sorted(sorted(there), key=likeness, reverse=True)
    more = len(nearest) - MOST_SHOWN
    return [*nearest[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
