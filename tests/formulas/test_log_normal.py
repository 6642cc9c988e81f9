"""Log-normal spend against quadrature over the customer's own parameters."""

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import approx_fprime

from clvmodels.formulas import log_normal
from clvmodels.formulas.log_normal import LogNormalParams

PARAMS = LogNormalParams(median=20.0, sigma=0.6, omega=0.5, c=0.7, d=5.0, factor=1.2)
HISTORIES = [
    # amounts of one customer's purchases, and z
    ([12.0], 0.0),
    ([0.0], 0.0),
    ([31.5, 0.0, 22.0], -1.3),
    ([8.0, 9.5, 11.0, 0.0, 10.2], 0.8),
    ([0.0, 0.0], 2.0),
]


def statistics(amounts):
    logs = np.log([each for each in amounts if each > 0])
    mean = logs.mean() if len(logs) else 0.0
    return len(amounts), len(amounts) - len(logs), mean, float(np.sum((logs - mean) ** 2))


def by_quadrature(amounts, z, weight):
    """The integral of likelihood x prior x weight(theta, pi) over theta and pi."""
    median, sigma, omega, c, d, factor = map(mp.mpf, PARAMS)
    paid = [mp.mpf(each) for each in amounts if each > 0]
    free = len(amounts) - len(paid)
    mu = mp.log(median) + z * mp.log(factor)

    def of_theta(theta):
        densities = (mp.npdf(mp.log(each), theta, sigma) / each for each in paid)
        return mp.npdf(theta, mu, omega) * mp.fprod(densities)

    def of_pi(pi):
        return pi ** (c - 1 + free) * (1 - pi) ** (d - 1 + len(paid)) / mp.beta(c, d)

    theta = mp.quad(lambda at: of_theta(at) * weight(at, 0), [mu - 6, mu - 2, mu, mu + 2, mu + 6])
    return theta * mp.quad(lambda at: of_pi(at) * weight(None, at), [0, 0.1, 0.5, 1])


@pytest.mark.parametrize(("amounts", "z"), HISTORIES)
def test_the_likelihood_is_the_integral_over_the_customers_own_parameters(amounts, z):
    expected = mp.log(by_quadrature(amounts, z, lambda theta, pi: 1))
    N, f, y, s = statistics(amounts)
    assert float(log_normal.log_likelihood(PARAMS, N, f, y, s, z)) == pytest.approx(float(expected), rel=1e-8)


@pytest.mark.parametrize(("amounts", "z"), [*HISTORIES, ([], 0.5)])
def test_the_expected_spend_is_the_posterior_mean(amounts, z):
    def value(theta, pi):
        return 1 - pi if theta is None else mp.exp(theta + mp.mpf(PARAMS.sigma) ** 2 / 2)

    expected = by_quadrature(amounts, z, value) / by_quadrature(amounts, z, lambda theta, pi: 1)
    N, f, y, _ = statistics(amounts)
    assert float(log_normal.expected_average_spend(PARAMS, N, f, y, z)) == pytest.approx(float(expected), rel=1e-8)


def simulated(customers=400, seed=3):
    rng = np.random.default_rng(seed)
    N = rng.poisson(2.0, customers) + 1
    f = rng.binomial(N, 0.3)
    squares = np.where(N - f > 1, rng.gamma(1.0, 0.3, customers), 0.0)
    return N, f, np.where(f < N, rng.normal(3.0, 0.5, customers), 0.0), squares, rng.normal(size=customers)


def test_the_sums_hold_all_that_the_likelihood_needs():
    N, f, y, s, z = simulated()
    count = np.arange(len(N)) % 3 + 1.0
    sums = log_normal.paid_sums(N - f, y, s, z, count, centre=2.5)
    paid = float(log_normal.paid_log_likelihood(PARAMS, sums))
    constant = count @ ((N - f) * (y + np.log(2 * np.pi) / 2))
    free = count @ log_normal.free_log_likelihood(PARAMS, N, f)
    one_by_one = count @ log_normal.log_likelihood(PARAMS, N, f, y, s, z)
    assert paid + free - constant == pytest.approx(one_by_one, rel=1e-11)


def test_the_gradient_of_the_paid_part_is_that_of_finite_differences():
    N, f, y, s, z = simulated()
    sums = log_normal.paid_sums(N - f, y, s, z, np.ones(len(N)), centre=2.5)

    def value(at):
        median, sigma, omega, factor = np.exp(at[0]), at[1], at[2], np.exp(at[3])
        return log_normal.paid_log_likelihood(
            PARAMS._replace(median=median, sigma=sigma, omega=omega, factor=factor), sums
        )

    at = np.array([np.log(PARAMS.median), PARAMS.sigma, PARAMS.omega, np.log(PARAMS.factor)])
    assert log_normal.paid_gradient(PARAMS, sums) == pytest.approx(approx_fprime(at, value, 1e-7), rel=1e-4)


def test_the_gradient_of_the_free_part_is_that_of_finite_differences():
    def value(at):
        return log_normal.free_log_likelihood(PARAMS._replace(c=at[0], d=at[1]), 7.0, 2.0)

    gradient = log_normal.free_gradient(PARAMS, np.array([7.0]), np.array([2.0]))[:, 0]
    assert gradient == pytest.approx(approx_fprime(np.array([PARAMS.c, PARAMS.d]), value, 1e-7), rel=1e-5)
