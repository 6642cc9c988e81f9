"""Customers in groups by how often they bought: 0, 1, ..., 6, and 7 or more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

MOST_REPEATS = 7


def frequency_labels(first: int) -> pd.Index:
    """Names of the groups.

    >>> frequency_labels(5).tolist()
    ['5', '6', '7+']
    """
    return pd.Index([*map(str, range(first, MOST_REPEATS)), f"{MOST_REPEATS}+"], name="frequency")


def frequency_groups(frequency: ArrayLike, first: int) -> NDArray[np.integer]:
    """Which of `frequency_labels` each frequency (n,) belongs to.

    >>> frequency_groups([1, 9], first=1).tolist()
    [0, 6]
    """
    capped: Any = np.minimum(np.asarray(frequency), MOST_REPEATS)
    return capped.astype(int) - first
