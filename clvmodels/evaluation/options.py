"""Choices of an evaluation that come as text or as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pandas as pd

from clvmodels.errors import InvalidArgument, InvalidTransactions, local_path, shown
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.registry import default_forecasters, forecasters, named_forecasters
from clvmodels.models.registry import purchase_model, spend_model
from clvmodels.rfm import read_frame


def read_forecasters(
    names: str | None, *, model: str | Sequence[str] | None = None, spend: str | None = None, segmented: bool = False
) -> Sequence[Forecaster]:
    """Return the model under test, and the forecasters that a text names, separated by commas.

    Parameters
    ----------
    names
        "all" is every one that needs no segments; None is those that are compared where nobody chose.
    model, spend
        Keys of the models under test, several of purchases for a pool; by default the default ones.
    segmented
        Whether there are segments.

    Raises
    ------
    InvalidArgument
        If a name is unknown.

    Examples
    --------
    >>> [forecaster.name for forecaster in read_forecasters("hiatus, nothing")][1:]
    ['hiatus', 'nothing']
    """
    under_test = ModelForecaster(purchases=purchase_model(model), spend=spend_model(spend))
    if names is None:
        return default_forecasters(segmented, under_test=under_test)
    everyone = [name for name in forecasters() if name != "multiplicative_segment"]
    asked = everyone if names.strip() == "all" else [name.strip() for name in names.split(",")]
    return [under_test, *named_forecasters([name for name in dict.fromkeys(asked) if name != under_test.name])]


def read_rate(rate: str | None) -> float | str | None:
    """Return a rate of acquisition as a number, or "estimated".

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> read_rate("12.5")
    12.5
    """
    if rate is None or rate == "estimated":
        return rate
    try:
        return float(rate)
    except ValueError:
        raise InvalidArgument(
            f"acquisition_rate is {shown(rate)}; give customers per time unit, or 'estimated'"
        ) from None


def read_segments(path: str | os.PathLike[str] | None, customer_id: str) -> pd.Series | None:
    """Return the segments in a CSV or Parquet file, by customer.

    Parameters
    ----------
    path
        With the customer's column and one other; None for no segments.
    customer_id
        The name of the customer's column.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or has other columns.
    """
    if path is None:
        return None
    where = str(local_path(path, "the file of segments"))
    try:
        table: Any = read_frame(where, customer_id)
    except InvalidTransactions as error:
        raise InvalidArgument(f"cannot read the segments in {path}: {error}") from error
    others = [name for name in table.columns if name != customer_id]
    if customer_id not in table.columns or len(others) != 1:
        raise InvalidArgument(
            f"{path} has the columns {shown(list(table.columns))}; give one named {shown(customer_id)} and one with the"
            " segments"
        )
    return table.set_index(customer_id)[others[0]]
