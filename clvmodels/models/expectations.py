"""Expectations for many customers and all draws, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.compiled.threads import in_order
from clvmodels.formulas.series import Closed, Formula, Series, Table, series
from clvmodels.intervals import Array
from clvmodels.rfm.times import ranks


class Expected(Protocol):
    """What is expected of customers, as every model gives it; each takes a slice of rows and returns (rows, draws)."""

    def shared(self, rows: slice) -> Any:
        """What all expectations of these customers under these draws have in common, or None."""
        ...

    def block(self, rows: slice, shared: Any = None) -> Array:
        """What is expected of them; `shared` spares working that out again."""
        ...

    def alive(self, rows: slice) -> Array:
        """P(alive at T)."""
        ...

    def if_alive(self, rows: slice) -> Array:
        """What is expected of them if they are alive at T."""
        ...


@dataclass(frozen=True)
class Expectation:
    """P(alive) times what is expected of a customer who is alive, for given customers.

    The second depends on frequency and T only: a series in T for every distinct frequency.

    Attributes
    ----------
    alive_at : callable
        (parameters, rows) -> P(alive at T): (rows, draws).
    params : NamedTuple
        Each of shape (draws,).
    x, t_x, T : arrays (n,)
    series : dict
        frequency -> Series, Table or Closed.
    most : float
        What is expected of a customer who is alive is never more.
    """

    alive_at: Callable[..., Array]
    params: Any
    x: Array
    t_x: Array
    T: Array
    series: dict[float, Series | Table | Closed]
    most: float

    @classmethod
    def of(
        cls,
        formula: Formula,
        params: Any,
        t: float,
        rows: tuple[Array, ...],
        *,
        alive: Callable[..., Array],
        closed: bool = False,
        log: bool = False,
        most: float = math.inf,
    ) -> Expectation:
        """Make the series of a model's formula; rows are x, t_x and T.

        What is `closed` is worked out as it is. `log` for a formula above zero whose small values have to be right.
        """
        x, t_x, T = rows
        if closed:
            each: dict[float, Any] = {float(one): Closed(formula, params, t, float(one)) for one in np.unique(x)}
            return cls(alive, params, x, t_x, T, each, most)
        columns = type(params)(*(value[:, None] for value in params))
        pairs: Any = pd.DataFrame({"x": x, "T": T}).drop_duplicates().sort_values(["x", "T"])
        times = [(float(frequency), group.to_numpy()) for frequency, group in pairs.groupby("x")["T"]]
        found = in_order(lambda each: (each[0], series(formula, columns, t, *each, log=log)), times)
        return cls(alive, params, x, t_x, T, dict(found), most)

    def shared(self, rows: slice) -> Array:
        """P(alive at T): (rows, draws)."""
        return self.alive(rows)

    def block(self, rows: slice, shared: Array | None = None) -> Array:
        """(rows, draws)."""
        return (self.alive(rows) if shared is None else shared) * self.if_alive(rows)

    def alive(self, rows: slice) -> Array:
        """P(alive at T): (rows, draws)."""
        return self.alive_at(self.params, (self.x[rows], self.t_x[rows], self.T[rows]))

    def if_alive(self, rows: slice) -> Array:
        """What is expected of them if they are alive at T: (rows, draws)."""
        x, T = self.x[rows], self.T[rows]
        values = np.empty((len(x), len(self.params[0])))
        for frequency in np.unique(x):
            chosen = np.flatnonzero(x == frequency)
            times, which = np.unique(T[chosen], return_inverse=True)
            values[chosen] = self.series[float(frequency)].at(times)[which]
        return values if math.isinf(self.most) else np.minimum(values, self.most, out=values)


def distinct_rows(*columns: NDArray[Any]) -> tuple[list[NDArray[Any]], NDArray[np.integer]]:
    """The distinct rows of some columns (n,), in order, as columns (m,); and which of them each row is (n,).

    A column may hold arrays, which are equal if their numbers are.
    """
    table = pd.DataFrame({i: ranks(each) if each.dtype == object else each for i, each in enumerate(columns)})
    which = table.groupby(list(table.columns), sort=True).ngroup().to_numpy()
    first = np.unique(which, return_index=True)[1]
    return [each[first] for each in columns], which
