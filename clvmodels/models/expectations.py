"""Expectations of BG/NBD for many customers and all draws, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.compiled.threads import in_order
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.series import Closed, Series, Table, series
from clvmodels.intervals import Array


@dataclass(frozen=True)
class Expectation:
    """P(alive) times what is expected of a customer who is alive, for given customers.

    The second depends on frequency and T only: a series in T for every distinct frequency.

    Attributes
    ----------
    params : BetaGeoParams
        Each of shape (draws,).
    x, t_x, T : arrays (n,)
    series : dict
        frequency -> Series, Table or Closed.
    most : float
        What is expected of a customer who is alive is never more.
    """

    params: BetaGeoParams
    x: Array
    t_x: Array
    T: Array
    series: dict[float, Series | Table | Closed]
    most: float

    @classmethod
    def of(
        cls,
        formula: Callable[..., Array],
        params: BetaGeoParams,
        t: float,
        rows: tuple[Array, Array, Array],
        *,
        most: float = math.inf,
        **choices: Any,
    ) -> Expectation:
        """Make the series from the formula; rows are x, t_x and T."""
        x, _, T = rows
        columns = BetaGeoParams(*(value[:, None] for value in params))
        pairs: Any = pd.DataFrame({"x": x, "T": T}).drop_duplicates().sort_values(["x", "T"])
        times = [(float(frequency), group.to_numpy()) for frequency, group in pairs.groupby("x")["T"]]
        made = in_order(lambda each: (each[0], series(formula, columns, t, *each, **choices)), times)
        return cls(params, *rows, dict(made), most)

    def block(self, rows: slice) -> Array:
        """(rows, draws)."""
        return self.alive(rows) * self.if_alive(rows)

    def alive(self, rows: slice) -> Array:
        """P(alive at T): (rows, draws)."""
        x, t_x, T = (each[rows, None] for each in (self.x, self.t_x, self.T))
        return beta_geo.probability_alive(self.params, x, t_x, T)

    def if_alive(self, rows: slice) -> Array:
        """What is expected of them if they are alive at T: (rows, draws)."""
        x, T = self.x[rows], self.T[rows]
        values = np.empty((len(x), len(self.params.r)))
        for frequency in np.unique(x):
            chosen = np.flatnonzero(x == frequency)
            times, which = np.unique(T[chosen], return_inverse=True)
            values[chosen] = self.series[float(frequency)].at(times)[which]
        return values if math.isinf(self.most) else np.minimum(values, self.most, out=values)


def distinct_rows(*columns: Array) -> tuple[list[Array], NDArray[np.integer]]:
    """The distinct rows of some columns (n,), in order, as columns (m,); and which of them each row is (n,)."""
    table = pd.DataFrame(dict(enumerate(columns)))
    groups = table.groupby(list(table.columns), sort=True)
    which = groups.ngroup().to_numpy()
    return [groups.size().index.get_level_values(name).to_numpy(float) for name in table.columns], which
