"""A small table in a file becomes a DataFrame, by the same rules as a log."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from clvmodels.errors import InvalidTransactions
from clvmodels.transactions.files import check_names, csv_layout, csv_table, is_csv, named_files
from clvmodels.transactions.sources import connect, unreadable

WHOLE = r"0|-?[1-9]\d{0,17}"


def read_frame(path: str, customer_id: str) -> pd.DataFrame:
    """Return the table in a CSV or Parquet file.

    Parameters
    ----------
    path : str
        Of one file.
    customer_id : str
        The name of the customer's column, if there is one. In CSV its ids are read as in a log: 42 is a number, but
        where one is like 00042 they all stay text. In every other column of CSV, what are all numbers or all true and
        false becomes that, and what is empty is missing.

    Raises
    ------
    InvalidTransactions
        If there is no such file, or it cannot be read.
    """
    files = named_files(path)
    if len(files) > 1:
        raise InvalidTransactions(f"{path} names {len(files)} files; give the path of one")
    if not is_csv(path):
        check_names(files)
        return pd.read_parquet(files[0])
    layout, compression = csv_layout(files[0])
    connection = connect()
    try:
        text = connection.to_pyarrow(csv_table(files, layout, compression, connection)).to_pandas()
    except duckdb.Error as error:
        raise InvalidTransactions(unreadable(error)) from error
    columns = [
        _ids(text.iloc[:, position]) if name == customer_id else _typed(text.iloc[:, position])
        for position, name in enumerate(layout.names)
    ]
    return pd.concat(columns, axis=1).set_axis(list(layout.names), axis=1)


def _ids(text: Any) -> pd.Series:
    return text.astype("int64") if len(text) and text.str.fullmatch(WHOLE).all() else text


def _typed(text: Any) -> pd.Series:
    known = text.dropna()
    lowered = known.str.lower()
    if len(known) == len(text) > 0 and lowered.isin(["true", "false"]).all():
        return lowered == "true"
    # 01 and 1 are two names.
    if known.empty or known.str.match(r"\s*[-+]?0\d").any():
        return text
    try:
        numbers: Any = pd.to_numeric(text)
    except ValueError:
        return text
    return numbers
