r"""Gamma-Gamma spend: Fader, Hardie (2013), note 025, http://www.brucehardie.com/notes/025/.

The value of a purchase is Gamma(p, rate nu), nu ~ Gamma(q, rate v) over customers: the mean spend is p v / (q - 1).
Given n purchases of mean value m, nu ~ Gamma(q + p n, rate v + n m). Every function broadcasts its arguments.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from clvmodels.formulas.dropout import Array
from clvmodels.formulas.gamma_ratio import NUMPY, fall, log_beta_at_peak, log_rising


class GammaGammaParams(NamedTuple):
    """p: shape of a purchase's value; q, v: Gamma shape and rate (in money) of a customer's own rate."""

    p: Any
    q: Any
    v: Any


def frequency_terms(params: GammaGammaParams, n: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on n alone. `xp` is NumPy's or PyTensor's functions."""
    p, q, v = params
    return log_rising(q, p * n, xp=xp) - xp.gammaln(p * n) + p * n * (xp.log(n) - xp.log(v))


def value_terms(params: GammaGammaParams, n: Any, m: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on the mean value m."""
    p, q, v = params
    return (p * n - 1) * xp.log(m) - (p * n + q) * xp.log1p(n * m / v)


def log_likelihood(params: GammaGammaParams, n: ArrayLike, m: ArrayLike) -> Array:
    r"""Log density of the mean value m of n > 0 purchases. Source: note 025, equation 1a.

    .. math:: \frac{\Gamma(pn + q)}{\Gamma(pn)\Gamma(q)} \frac{v^q m^{pn - 1} n^{pn}}{(v + n m)^{pn + q}}

    >>> round(float(log_likelihood(GammaGammaParams(p=6.25, q=3.74, v=15.44), 2, 22.35)), 4)
    -3.5513
    """
    _, q, v = (np.asarray(value, float) for value in params)
    n, m = np.asarray(n, float), np.asarray(m, float)
    shape = params.p * n
    # n m / v is the odds of a Beta(p n, q) variate, whose density is taken from its peak down: for large parameters
    # the two parts of the graph, which know n and m apart, cancel.
    from_peak = fall(shape, q, np.log(n * m / v * (q / shape)))
    return -log_beta_at_peak(shape, q) - from_peak - np.log(m)


def expected_average_spend(params: GammaGammaParams, n: ArrayLike, m: ArrayLike) -> Array:
    r"""E[p / nu | n, m], the mean value of a customer's purchases; n = 0 gives the population mean. Needs q + p n > 1.

    .. math:: \frac{p (v + n m)}{p n + q - 1}

    >>> round(float(expected_average_spend(GammaGammaParams(p=6.2488, q=3.7446, v=15.4477), 2, 22.35)), 2)
    24.66
    """
    p, q, v = params
    n, m = np.asarray(n, float), np.asarray(m, float)
    return p * (v + n * m) / (p * n + q - 1)
