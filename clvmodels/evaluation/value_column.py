"""Which column of a file holds the spend, where nobody said so."""

from __future__ import annotations

import os

from clvmodels.errors import ClvError, DataWarning, shown, warn
from clvmodels.rfm import file_columns

DEFAULT_VALUE = "value"


def default_value_column(path: str | os.PathLike[str]) -> str | None:
    """Return "value" if a CSV or Parquet file has such a column; else None, with a warning.

    A file that cannot be read is left to `clv.backtest`, which says why.

    Parameters
    ----------
    path
        One file, or a glob pattern.
    """
    try:
        columns = file_columns(os.fspath(path))
    except ClvError:
        return DEFAULT_VALUE
    if DEFAULT_VALUE in columns:
        return DEFAULT_VALUE
    found = f"there is no column {shown(DEFAULT_VALUE)} among {shown(columns)}"
    warn(f"{found}: purchases alone are evaluated; name the spend column to change this", DataWarning)
    return None
