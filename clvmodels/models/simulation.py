"""What the compiled loops of outcomes are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.intervals import Array


@dataclass(frozen=True)
class Simulation:
    """Customers and draws of the parameters, and the seed.

    The probabilities that every draw begins with are worked out here, for a block at a time, as numpy is faster at
    them than a loop that takes one after the other.

    Attributes
    ----------
    seed : uint64
    keys : array (n,) of uint64
        One for each customer, made of the id.
    x, t_x, T : arrays (n,)
    params : BetaGeoParams
        Each of shape (draws,).
    """

    seed: np.uint64
    keys: NDArray[np.uint64]
    x: Array
    t_x: Array
    T: Array
    params: BetaGeoParams

    def of(self, rows: slice) -> tuple[Any, ...]:
        """The first arguments of every loop: seed, customers, x, T, alive, r, alpha, a, b."""
        x, t_x, T = self.x[rows], self.t_x[rows], self.T[rows]
        alive = beta_geo.probability_alive(self.params, x[:, None], t_x[:, None], T[:, None])
        return self.seed, self.keys[rows], x, T, alive, *self.params

    def none(self, rows: slice, horizon: float) -> Array:
        """P(no purchase within the horizon | alive at T): (rows, draws)."""
        x, T = self.x[rows, None], self.T[rows, None]
        return np.exp(-(self.params.r + x) * np.log1p(horizon / (self.params.alpha + T)))
