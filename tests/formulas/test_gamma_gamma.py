"""Gamma-Gamma closed forms against published numbers and simulation."""

import numpy as np
import pytest
from scipy import integrate, stats

from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams

CDNOW = GammaGammaParams(p=6.2488025, q=3.7445885, v=15.4477481)


def test_expected_average_spend_reproduces_the_first_ten_cdnow_customers():
    n = np.array([2, 1, 0, 0, 0, 7, 1, 0, 2, 0])
    m = np.array([22.345, 11.77, 0, 0, 0, 73.74, 11.77, 0, 25.55, 0])
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert gamma_gamma.expected_average_spend(CDNOW, n, m) == pytest.approx(published, abs=0.006)


def test_log_likelihood_is_the_mixture_of_gamma_densities_over_the_customers_rates():
    n, m = 3, 20.0

    def joint(rate):
        return stats.gamma.pdf(m, CDNOW.p * n, scale=1 / (n * rate)) * stats.gamma.pdf(rate, CDNOW.q, scale=1 / CDNOW.v)

    mixture = integrate.quad(joint, 0, 5, epsabs=0, epsrel=1e-10, limit=200)[0]
    assert float(gamma_gamma.log_likelihood(CDNOW, n, m)) == pytest.approx(np.log(mixture), rel=1e-9)


def test_expected_average_spend_is_the_mean_over_customers_who_look_the_same():
    rng = np.random.default_rng(2)
    rate = rng.gamma(CDNOW.q, size=4_000_000) / CDNOW.v
    mean = rng.gamma(CDNOW.p * 2, size=rate.size) / (2 * rate)
    alike = np.abs(mean - 22.35) < 0.2
    assert np.mean(CDNOW.p / rate[alike]) == pytest.approx(
        float(gamma_gamma.expected_average_spend(CDNOW, 2, 22.35)), rel=0.01
    )
