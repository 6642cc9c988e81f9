"""How many customers will be won: a rate that is given, or estimated with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.errors import check_length, check_number
from clvmodels.intervals import Array

MOST_WON = 1e12


@dataclass(frozen=True, kw_only=True)
class AcquisitionRate:
    r"""Customers won per time unit.

    From `won` customers in a time of length `exposure`, the rate is Gamma(won + 1/2, rate exposure): the posterior
    under Jeffreys' prior for a Poisson process. Without `exposure` the rate is `won` itself, and certain.

    Attributes
    ----------
    won : float
    exposure : float, optional
        In time units.

    Examples
    --------
    >>> AcquisitionRate(won=12.5).draws(2, np.random.default_rng(1)).tolist()
    [12.5, 12.5]
    """

    won: float
    exposure: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_number(self.won, "the acquisition rate", "customers per time unit, zero or more", high=MOST_WON)
        if self.exposure is not None:
            check_length(self.exposure, "the exposure")

    def draws(self, size: int, rng: np.random.Generator) -> Array:
        """Draws of the rate, shape (size,)."""
        if self.exposure is None:
            return np.full(size, float(self.won))
        return rng.gamma(self.won + 0.5, 1 / self.exposure, size)
