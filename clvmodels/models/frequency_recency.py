"""All customers of one age that there can be, by frequency and recency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_horizon, check_whole, shown
from clvmodels.rfm import RFM, TimeUnit, days_per_unit

MOST_CELLS = 1_000_000
Matrix = Literal["expected_purchases", "probability_alive"]


def possible_customers(
    T: float, *, most: int, quantity: Matrix, time_unit: TimeUnit, statistics: Sequence[str] = ()
) -> tuple[RFM, pd.MultiIndex]:
    """One customer for each frequency and recency that go together, who bought at equal intervals.

    Parameters
    ----------
    T : float
        Time since the first purchase, one time unit at least.
    most : int
        The highest frequency.
    quantity : {"expected_purchases", "probability_alive"}
        What will be asked of them; it is only checked.
    time_unit : {"day", "week", "month", "year", "quarter"}
    statistics : sequence of str
        The columns that the model needs. If it counts opportunities, the time unit is one, with one purchase at most.

    Returns
    -------
    rfm : RFM
    index : pandas.MultiIndex
        frequency and recency of its customers. Recency is in whole time units; frequency 0 goes with recency 0, and
        others with as many days at least, since a day is one purchase.

    Raises
    ------
    InvalidArgument
        If T, most or quantity is outside its domain.

    Examples
    --------
    >>> possible_customers(2.5, most=8, quantity="probability_alive", time_unit="week")[1].to_list()[-3:]
    [(7, 1.0), (7, 2.0), (8, 2.0)]
    """
    if quantity not in get_args(Matrix):
        raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join(get_args(Matrix))}")
    if check_horizon(T, "T") < 1:
        raise InvalidArgument(f"T is {shown(T)}; give one {time_unit} at least, since recency is in whole {time_unit}s")
    by_opportunity = "opportunities" in statistics
    if by_opportunity and T % 1:
        raise InvalidArgument(f"T is {shown(T)}; give a whole number, since the model counts opportunities")
    most = check_whole(most, "most")
    if most * T > MOST_CELLS:
        raise InvalidArgument(f"T is {T:g} and most is {most:,}, which make more than {MOST_CELLS:,} cells; take fewer")
    recency, frequency = np.meshgrid(np.arange(1.0, np.floor(T) + 1), np.arange(1, most + 1))
    # A day is one purchase.
    possible = frequency <= recency * (1 if by_opportunity else days_per_unit(time_unit))
    cells = pd.DataFrame({"frequency": np.append(0, frequency[possible]), "recency": np.append(0.0, recency[possible])})
    return RFM.from_frame(_known(cells, T, statistics), time_unit=time_unit), pd.MultiIndex.from_frame(cells)


def _known(cells: pd.DataFrame, T: float, statistics: Sequence[str]) -> pd.DataFrame:
    frequency, recency = (cells[name].to_numpy(float) for name in ("frequency", "recency"))
    gap = recency / np.maximum(frequency, 1)
    known: dict[str, Any] = {"T": np.full(len(cells), float(T)), "opportunities": np.full(len(cells), float(T))}
    known["log_gaps"] = frequency * np.log(np.where(gap > 0, gap, 1.0))
    known["purchase_times"] = [each * np.arange(1, n + 1) for each, n in zip(gap, frequency, strict=True)]
    return cells.assign(**{name: column for name, column in known.items() if name in ("T", *statistics)})
