r"""Log-normal spend, with purchases that cost nothing.

A customer's purchases are free with probability pi ~ Beta(c, d). The logarithm of the value of one that is paid for is
N(theta, sigma^2), and theta ~ N(log median + z log factor, omega^2) over the customers; z is a customer's standardised
logarithm of the purchase rate, or 0. Of N purchases f are free; the logarithms of the values of the n = N - f others
have the mean y and the sum of squared deviations s. Every function broadcasts its arguments.

Source: the conjugate normal and Beta-binomial models, Gelman and others (2013), Bayesian Data Analysis, 3rd edition,
sections 2.4, 2.5 and 5.4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma

from clvmodels.formulas.beta_geo import NUMPY
from clvmodels.formulas.dropout import Array


class LogNormalParams(NamedTuple):
    """median (in money) of the customers' medians; sigma, omega: within and between customers; c, d: Beta; factor."""

    median: Any
    sigma: Any
    omega: Any
    c: Any
    d: Any
    factor: Any


class PaidSums(NamedTuple):
    """What the likelihood of the paid purchases needs of customers with equal n, each (k,): see `paid_sums`.

    Sums over these customers: their number; products of y, less `centre`, and z; squares s.
    """

    n: Array
    customers: Array
    y: Array
    yy: Array
    z: Array
    zz: Array
    zy: Array
    s: Array
    centre: float


def paid_sums(n: Array, mean: Array, squares: Array, z: Array, count: Array, *, centre: float) -> PaidSums:
    """Sums over customers (rows,), each there `count` times; those with n = 0 say nothing.

    >>> paid_sums(*np.array([[2, 2, 1], [1, 3, 5], [0.5, 0, 0], [0, 0, 0], [1, 1, 4]]), centre=1.0).yy.tolist()
    [64.0, 4.0]
    """
    paid = n > 0
    n, mean, squares, z, count = (np.asarray(each, float)[paid] for each in (n, mean, squares, z, count))
    numbers, which = np.unique(n, return_inverse=True)
    off = mean - centre
    summands = (np.ones(len(n)), off, off**2, z, z**2, z * off, squares)
    sums: Any = (np.bincount(which, weights=count * each) for each in summands)
    return PaidSums(numbers, *sums, centre=centre)


def paid_log_likelihood(params: LogNormalParams, sums: PaidSums, *, xp: Any = NUMPY) -> Any:
    r"""Log density of the logarithms of all paid values, but for the constant; parameters scalar, or (points, 1).

    With a customer's :math:`\mu = \log median + z \log factor` and with :math:`v_n = \sigma^2 + n \omega^2`, theta
    integrated out, it is

    .. math:: -(n - 1) \log \sigma - \tfrac12 \log v_n - \frac{s}{2 \sigma^2} - \frac{n (y - \mu)^2}{2 v_n},

    a polynomial in y, z and s whose coefficients depend on n: of all customers with equal n the sums of products will
    do. The cost does not depend on the number of customers.
    """
    within, n = params.sigma**2, sums.n
    variance = within + n * params.omega**2
    residual = _residual(xp.log(params.median) - sums.centre, xp.log(params.factor), sums)
    logs = sums.customers * ((n - 1) * xp.log(within) + xp.log(variance))
    return -(logs + sums.s / within + n * residual / variance).sum(axis=-1) / 2


def _residual(offset: Any, effect: Any, sums: PaidSums) -> Any:
    """The sum of (y - mu)^2 over the customers with equal n."""
    cross = offset * effect * sums.z - offset * sums.y - effect * sums.zy
    return sums.yy + 2 * cross + offset**2 * sums.customers + effect**2 * sums.zz


def paid_gradient(params: LogNormalParams, sums: PaidSums) -> Array:
    """The derivatives of `paid_log_likelihood` by log median, sigma, omega and log factor."""
    offset, effect, n = np.log(params.median) - sums.centre, np.log(params.factor), sums.n
    within = params.sigma**2
    variance = within + n * params.omega**2
    weight, residual = n / variance, _residual(offset, effect, sums)
    by_offset = weight @ (sums.y - effect * sums.z - offset * sums.customers)
    by_effect = weight @ (sums.zy - offset * sums.z - effect * sums.zz)
    by_variance = (weight * residual - sums.customers) / variance / 2
    by_within = np.sum(by_variance + (sums.s / within - sums.customers * (n - 1)) / within / 2)
    return np.array([by_offset, 2 * params.sigma * by_within, 2 * params.omega * (n @ by_variance), by_effect])


def free_log_likelihood(params: LogNormalParams, N: Any, f: Any, *, xp: Any = NUMPY) -> Any:
    r"""Log probability that these f of N purchases were free.

    .. math:: \log B(c + f, d + N - f) - \log B(c, d)
    """
    c, d = params.c, params.d
    free = xp.gammaln(c + f) - xp.gammaln(c) + xp.gammaln(d + N - f) - xp.gammaln(d)
    return free + xp.gammaln(c + d) - xp.gammaln(c + d + N)


def free_gradient(params: LogNormalParams, N: Array, f: Array) -> Array:
    """The derivatives (2, n) of `free_log_likelihood` by c and d."""
    c, d = params.c, params.d
    both = digamma(c + d) - digamma(c + d + N)
    return np.stack([digamma(c + f) - digamma(c), digamma(d + N - f) - digamma(d)]) + both


def log_likelihood(
    params: LogNormalParams,
    N: ArrayLike,
    f: ArrayLike,
    y: ArrayLike,
    s: ArrayLike,
    z: ArrayLike = 0.0,
) -> Array:
    r"""Log density of the values of N > 0 purchases (in money), f of them free.

    .. math:: \frac{B(c + f, d + n)}{B(c, d)} \frac{e^{-n y}}{(2\pi)^{n/2} \sigma^{n-1} \sqrt{v_n}}
        \exp\left(-\frac{s}{2\sigma^2} - \frac{n (y - \mu)^2}{2 v_n}\right), \quad v_n = \sigma^2 + n \omega^2

    >>> params = LogNormalParams(median=20.0, sigma=0.6, omega=0.5, c=1.0, d=9.0, factor=1.0)
    >>> round(float(log_likelihood(params, 3, 1, 3.2, 0.02)), 4)
    -10.4135
    """
    N, f, y, s = (np.asarray(each, float) for each in (N, f, y, s))
    within, n = params.sigma**2, N - f
    variance = within + n * params.omega**2
    off = y - np.log(params.median) - np.asarray(z) * np.log(params.factor)
    # Without a paid purchase both logarithms cancel.
    logs = n * np.log(2 * np.pi) + (n - 1) * np.log(within) + np.log(variance)
    return free_log_likelihood(params, N, f) - n * y - (logs + s / within + n * off**2 / variance) / 2


def theta_given_purchases(
    params: LogNormalParams,
    n: ArrayLike,
    y: ArrayLike,
    z: ArrayLike = 0.0,
) -> tuple[Array, Array]:
    r"""Mean and variance of a customer's theta given n paid purchases.

    .. math:: \mu + w (y - \mu), \quad w \sigma^2 / n, \qquad w = \frac{n \omega^2}{\sigma^2 + n \omega^2}
    """
    within, between, n = params.sigma**2, params.omega**2, np.asarray(n, float)
    prior = np.log(params.median) + np.asarray(z) * np.log(params.factor)
    variance = within + n * between
    return prior + n * between / variance * (np.asarray(y) - prior), within * between / variance


def expected_average_spend(
    params: LogNormalParams,
    N: ArrayLike,
    f: ArrayLike,
    y: ArrayLike,
    z: ArrayLike = 0.0,
) -> Array:
    r"""E[(1 - pi) e^{theta + sigma^2 / 2}], the mean value of a customer's purchases, the free ones included.

    N = 0 gives that of the population at z.

    >>> params = LogNormalParams(median=20.0, sigma=0.6, omega=0.5, c=1.0, d=9.0, factor=1.0)
    >>> [round(float(expected_average_spend(params, N, f, 3.2)), 2) for N, f in ((0, 0), (3, 0), (3, 3))]
    [24.42, 26.42, 18.78]
    """
    N, f = np.asarray(N, float), np.asarray(f, float)
    mean, variance = theta_given_purchases(params, N - f, y, z)
    paid = (params.d + N - f) / (params.c + params.d + N)
    return paid * np.exp(mean + (variance + params.sigma**2) / 2)
