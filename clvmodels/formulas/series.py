"""Expectations of customers who are alive at T, for many T at once: a polynomial for each x and draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from clvmodels.formulas.dropout import Array, between, coefficients, enough_terms, node_count, on_scale

Formula = Callable[..., Array]
"""A function of (params, t, x, T) in a file of `clvmodels.formulas` that ends in `_if_alive`."""


@dataclass(frozen=True)
class Series:
    r"""A formula at one t and x as a function of T, for every draw of the parameters.

    In :math:`y = \log(1 + t / (\alpha + T))` it is smooth, with no singularity nearer than pi to the real axis.

    Attributes
    ----------
    alpha : array (draws,)
    t : float
    low, high : array (draws,)
        The interval of y.
    terms : array (nodes, draws)
        Chebyshev coefficients, of the formula or of its logarithm.
    log : bool
    """

    alpha: Array
    t: float
    low: Array
    high: Array
    terms: Array
    log: bool

    def at(self, T: Array) -> Array:
        """The formula at T (n,): (n, draws)."""
        y = np.log1p(self.t / (self.alpha + T[:, None]))
        place = (2 * y - self.low - self.high) / (self.high - self.low)
        values = np.asarray(chebyshev.chebval(place, self.terms[:, None, :], tensor=False), float)
        return np.exp(values) if self.log else values


@dataclass(frozen=True)
class Closed:
    """The same for a formula that needs no quadrature."""

    formula: Formula
    params: Any
    t: float
    x: float

    def at(self, T: Array) -> Array:
        """The formula at T (n,): (n, draws)."""
        return self.formula(self.params, self.t, self.x, T[:, None])


@dataclass(frozen=True)
class Table:
    """The same for a few T, without interpolation: values (n, draws) at times (n,), which rise."""

    times: Array
    values: Array

    def at(self, T: Array) -> Array:
        """The formula at T (n,), each one of the times: (n, draws)."""
        return self.values[np.searchsorted(self.times, T)]


def series(formula: Formula, params: Any, t: float, x: float, times: Array, *, log: bool = False) -> Series | Table:
    """A formula at one t and x for all the T in `times` (n,), which rise; params are (draws, 1).

    `log` for a formula above zero whose small values have to be right as well.

    >>> from clvmodels.formulas.beta_geo import BetaGeoParams, purchases_if_alive
    >>> cdnow = BetaGeoParams(*np.array([0.243, 4.414, 0.793, 2.426])[:, None, None])
    >>> many = series(purchases_if_alive, cdnow, 39.0, 2.0, np.linspace(10, 38.86, 100))
    >>> many.at(np.array([38.86])).round(6).item() == purchases_if_alive(cdnow, 39, 2, 38.86).round(6).item()
    True
    """
    alpha = params.alpha
    low, high = (np.log1p(t / (alpha + T)) for T in (times[-1], times[0]))
    nodes = node_count(float(np.max(high - low)) / 2)
    while t > 0 and nodes < len(times):
        at_nodes = np.clip(t / np.expm1(between(low, high, nodes)) - alpha, times[0], times[-1])
        values = formula(params, t, x, at_nodes)
        terms = coefficients(on_scale(values, log=log))
        if enough_terms(terms, values, log=log):
            return Series(alpha[:, 0], t, low[:, 0], high[:, 0], np.ascontiguousarray(terms.T), log)
        nodes *= 2
    if t == 0:  # nothing depends on T
        return Table(times, np.repeat(formula(params, t, x, times[:1]).T, len(times), axis=0))
    return Table(times, np.ascontiguousarray(formula(params, t, x, times[None, :]).T))
