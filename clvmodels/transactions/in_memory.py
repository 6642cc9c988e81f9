"""A pandas or Arrow table's columns made ready for DuckDB; customer ids of any type become positions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from clvmodels.errors import InvalidTransactions


def id_index(ids: Any) -> pd.Index:
    """Make an index of customer ids, of their own type; tuples stay whole.

    Examples
    --------
    >>> id_index(pd.Series([("a", 1), ("b", 2)])).nlevels
    1
    """
    return pd.Index(ids.array, dtype=ids.dtype, tupleize_cols=False, name="customer_id")


def id_codes(ids: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Each row's position among the sorted distinct ids, and those ids as they were.

    Parameters
    ----------
    ids : Series, shape (n,)
        Ids of any hashable kind.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        -1 where the id is missing or blank.
    index : Index
        Of the type of `ids`. Ids that have no order are sorted by type and text, so that the row order does not matter.

    Raises
    ------
    InvalidTransactions
        If the ids cannot be hashed.

    Examples
    --------
    >>> codes, index = id_codes(pd.Series(["b", "a", None, "b"]))
    >>> codes.tolist(), index.tolist()
    ([1, 0, -1, 1], ['a', 'b'])
    """
    values = ids.to_numpy() if isinstance(ids.dtype, np.dtype) else ids.array
    try:
        codes, distinct = pd.factorize(values)
    except TypeError as error:
        raise InvalidTransactions(f"customer ids must be text, numbers or other hashable values: {error}") from error
    index = pd.Index(distinct, dtype=distinct.dtype, tupleize_cols=False, name="customer_id")
    order = _sorted_positions(index)
    rank = np.empty(len(index) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(index)), -1
    rank[[position for position, one in enumerate(index) if isinstance(one, str) and not one.strip()]] = -1
    return rank[codes], index.take(order)


def _sorted_positions(index: pd.Index) -> np.ndarray:
    try:
        return np.asarray(index.argsort())
    except TypeError:
        return np.array(sorted(range(len(index)), key=lambda i: (type(index[i]).__name__, repr(index[i]))))


def pandas_to_arrow(column: pd.Series, name: str) -> pa.Array | pa.ChunkedArray:
    """Convert a pandas column; missing values of any kind become nulls.

    Raises
    ------
    InvalidTransactions
        If the column mixes types, or has one that is neither a day, a number nor text.

    Examples
    --------
    >>> pandas_to_arrow(pd.Series([1.5, None]), "value").null_count
    1
    """
    if isinstance(column.dtype, pd.PeriodDtype):
        raise InvalidTransactions(f"column {name!r} holds periods; convert them with .dt.to_timestamp()")
    if column.dtype == object:
        column = _one_kind_of_date(column, name)
    try:
        return plain(pa.Array.from_pandas(column))
    except (pa.ArrowException, OverflowError, TypeError) as error:
        raise InvalidTransactions(
            f"column {name!r} ({column.dtype}) holds {_kinds(column)}; make it one plain type"
        ) from error


def _one_kind_of_date(column: pd.Series, name: str) -> pd.Series:
    """Make a column of Python dates and times one of days, or one of instants where they have a time zone."""
    present = column.dropna()
    if present.empty or not all(isinstance(value, dt.date) for value in present):
        return column
    aware = sum(getattr(value, "tzinfo", None) is not None for value in present)
    if 0 < aware < len(present):
        raise InvalidTransactions(
            f"column {name!r} has a time zone in {aware} of {len(present)} rows, none in the others; make them one kind"
        )
    if aware:
        return pd.to_datetime(column, utc=True)
    # Arrow takes dates and times, but not one after the other.
    return column.map(lambda value: value.date() if isinstance(value, dt.datetime) else value, na_action="ignore")


def _kinds(column: pd.Series) -> str:
    counts = column.dropna().map(lambda value: type(value).__name__).value_counts()
    return ", ".join(f"{kind} ({count} rows)" for kind, count in counts.items())


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Undo encodings that only save memory, and widen floats to 64 bits.

    Examples
    --------
    >>> str(plain(pa.array([1.5], pa.float32())).type)
    'double'
    """
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.float64()) if pa.types.is_floating(column.type) else column
