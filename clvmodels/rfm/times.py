"""A column with an array of purchase times for each customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from clvmodels.errors import InvalidRFM


def as_arrays(column: Any) -> pd.Series:
    """Make the column one of float64 arrays, from lists, tuples, arrays or Arrow's own.

    Raises
    ------
    InvalidRFM
        If it holds anything else.

    Examples
    --------
    >>> as_arrays(pd.Series([[1, 2.5], ()], name="purchase_times")).tolist()
    [array([1. , 2.5]), array([], dtype=float64)]
    """
    kind, given = pa.list_(pa.float64()), list(column)
    try:
        # Text and booleans are no times, which numpy and Arrow would otherwise take for such.
        if not given or not any(isinstance(value, (str, bool)) for one in given[:100] for value in one):
            arrow = pa.array(given, type=kind, from_pandas=True)
            if not arrow.null_count and not arrow.flatten().null_count:
                return pd.Series(
                    arrow.to_numpy(zero_copy_only=False), index=column.index, name=column.name, dtype=object
                )
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidRFM(f"column {column.name!r} cannot be read ({error}); {_WANTED}") from error
    raise InvalidRFM(f"column {column.name!r} has missing values or text; {_WANTED}")


_WANTED = "give every customer a list of times, empty without a repeat purchase"


def flat(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return where each customer's times begin, and all times one after the other: arrays (n + 1,) and (times,).

    Examples
    --------
    >>> [each.tolist() for each in flat(as_arrays(pd.Series([[1, 2.5], [], [4]])))]
    [[0, 2, 2, 3], [1.0, 2.5, 4.0]]
    """
    arrays = list(column)
    ends = np.cumsum([len(one) for one in arrays], dtype="int64")
    return np.concatenate([np.zeros(1, dtype="int64"), ends]), np.concatenate([np.empty(0), *arrays])


def ranks(column: Any) -> np.ndarray:
    """Number the distinct arrays in their order (that of words in a dictionary): an array (n,).

    Examples
    --------
    >>> ranks(as_arrays(pd.Series([[2.0], [1.0, 2.5], [], [1.0, 2.5]]))).tolist()
    [2, 1, 0, 1]
    """
    starts, times = flat(column)
    # Times are not negative, so that their bytes, the highest first, are ordered as they are; -0.0 becomes 0.0.
    data = (times + 0.0).astype(">f8").tobytes()
    keys = np.empty(len(starts) - 1, dtype=object)
    keys[:] = [data[8 * first : 8 * last] for first, last in zip(starts[:-1], starts[1:], strict=True)]
    return pd.factorize(keys, sort=True)[0]


def wrong_times(table: pd.DataFrame, close: float) -> list[tuple[str, np.ndarray]]:
    """Return what may be wrong with purchase_times beside frequency and recency, and the customers (n,) where it is."""
    starts, times = flat(table["purchase_times"])
    number, recency = np.diff(starts), table["recency"].to_numpy(float)
    owner = np.repeat(np.arange(len(number)), number)
    before = np.concatenate([[0.0], times])[:-1]
    first = np.flatnonzero(number)
    before[starts[first]] = 0.0
    unordered = np.zeros(len(number), dtype=bool)
    unordered[owner[~((times > before) & np.isfinite(times))]] = True
    last = np.zeros(len(number))
    last[first] = times[starts[first + 1] - 1]
    wrong = [
        ("a number of purchase_times other than frequency", number != table["frequency"].to_numpy(float)),
        ("purchase_times that do not go up from above 0", unordered),
        ("a last of purchase_times other than recency", ~(np.abs(last - recency) <= close * recency)),
    ]
    if "log_gaps" in table.columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.bincount(owner, weights=np.log(times - before), minlength=len(number))
        told = table["log_gaps"].to_numpy(float)
        wrong.append(("log_gaps other than those of purchase_times", ~(np.abs(found - told) <= close * (1 + number))))
    return wrong
