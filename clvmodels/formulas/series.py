"""What BG/NBD expects of a customer who is alive at T, for many T at once: a polynomial for each x and draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.dropout import Array, between, coefficients, node_count

Formula = Callable[..., Array]
"""A function of (params, t, x, T) in `clvmodels.formulas.beta_geo` that ends in `_if_alive`."""


@dataclass(frozen=True)
class Series:
    r"""A formula at one t and x as a function of T, for every draw of the parameters.

    In :math:`y = \log(1 + t / (\alpha + T))` it is smooth, with no singularity nearer than pi to the real axis.

    Attributes
    ----------
    scale : array (draws,)
        alpha.
    t : float
    low, high : array (draws,)
        The interval of y.
    terms : array (nodes, draws)
        Chebyshev coefficients.
    """

    scale: Array
    t: float
    low: Array
    high: Array
    terms: Array

    @classmethod
    def of(
        cls, formula: Formula, params: BetaGeoParams, t: float, x: float, shortest: float, longest: float, **choices
    ) -> Series:
        """From the formula itself at Chebyshev points of y, for T from `shortest` to `longest`; params are (draws, 1).

        >>> from clvmodels.formulas.beta_geo import purchases_if_alive
        >>> cdnow = BetaGeoParams(*np.array([0.243, 4.414, 0.793, 2.426])[:, None, None])
        >>> series = Series.of(purchases_if_alive, cdnow, 39.0, 2.0, 10.0, 38.86)
        >>> series.at(np.array([38.86])).round(6).item() == purchases_if_alive(cdnow, 39, 2, 38.86).round(6).item()
        True
        """
        alpha = params.alpha
        low, high = (np.log1p(t / (alpha + T)) for T in (longest, shortest))
        nodes = node_count(float(np.max(high - low)) / 2) if shortest < longest and t > 0 else 1
        y = between(low, high, nodes)
        # With one node T is any: nothing depends on it at t = 0.
        times = t / np.expm1(y) - alpha if nodes > 1 else np.full(alpha.shape, shortest)
        values = formula(params, t, x, np.clip(times, shortest, longest), **choices)
        return cls(alpha[:, 0], t, low[:, 0], high[:, 0], np.ascontiguousarray(coefficients(values).T))

    def at(self, T: Array) -> Array:
        """The formula at T (n,): (n, draws)."""
        if len(self.terms) == 1:
            return np.repeat(self.terms, len(T), axis=0)
        y = np.log1p(self.t / (self.scale + T[:, None]))
        place = (2 * y - self.low - self.high) / (self.high - self.low)
        return np.asarray(chebyshev.chebval(place, self.terms[:, None, :], tensor=False), float)
