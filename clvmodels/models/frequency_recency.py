"""All customers of one age that there can be, by frequency and recency."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_horizon, check_whole, shown
from clvmodels.rfm import RFM, TimeUnit, days_per_unit

MOST_CELLS = 1_000_000
Matrix = Literal["expected_purchases", "probability_alive"]


def possible_customers(T: float, *, most: int, quantity: Matrix, time_unit: TimeUnit) -> tuple[RFM, pd.MultiIndex]:
    """One customer for each frequency and recency that go together.

    Parameters
    ----------
    T : float
        Time since the first purchase, one time unit at least.
    most : int
        The highest frequency.
    quantity : {"expected_purchases", "probability_alive"}
        What will be asked of them; it is only checked.
    time_unit : {"day", "week", "month", "year"}

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
    most = check_whole(most, "most")
    if most * T > MOST_CELLS:
        raise InvalidArgument(f"T is {T:g} and most is {most:,}, which make more than {MOST_CELLS:,} cells; take fewer")
    recency, frequency = np.meshgrid(np.arange(1.0, np.floor(T) + 1), np.arange(1, most + 1))
    # A day is one purchase.
    possible = frequency <= recency * days_per_unit(time_unit)
    frame = pd.DataFrame(
        {"frequency": np.append(0, frequency[possible]), "recency": np.append(0.0, recency[possible]), "T": float(T)}
    )
    return RFM.from_frame(frame, time_unit=time_unit), pd.MultiIndex.from_frame(frame.drop(columns="T"))
