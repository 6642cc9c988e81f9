"""Drift against quadrature of its intensity, the NBD, and simulation event by event."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import gammaln

from clvmodels.formulas.drift import (
    DriftParams,
    expected_purchases,
    exposure,
    log_likelihood,
    no_purchase_exponent,
    recent_purchases,
)

POINT = DriftParams(0.5, 4.0, 0.05, 0.3)
TIMES = np.array([2.0, 5.0, 20.0])
parameters = st.builds(DriftParams, st.floats(0.05, 5), st.floats(0.5, 100), st.floats(1e-6, 2), st.floats(0.01, 3))


def intensity(params, times, t):
    r, alpha, kappa, c = map(mp.mpf, params)
    recent = c * mp.e ** (-kappa * t) + sum(mp.e ** (-kappa * (t - mp.mpf(s))) for s in times if s < t)
    return (r + recent) / (alpha + (1 - mp.e ** (-kappa * t)) / kappa)


def test_the_log_likelihood_of_one_customer_is_that_of_the_design():
    found = log_likelihood(POINT, TIMES[None], np.array([30.0])).item()
    assert found == pytest.approx(-10.713739381233, abs=1e-11)


@settings(max_examples=15, deadline=None)
@given(parameters, st.lists(st.floats(0.1, 60), max_size=5, unique=True), st.floats(0.1, 40))
def test_the_log_likelihood_is_that_of_the_intensity(params, gaps, rest):
    times = np.cumsum(gaps)
    T = float(np.append(times, 0.0)[-1 if not len(times) else len(times) - 1] + rest)
    edges = [0.0, *times, T]
    events = mp.fsum(mp.log(intensity(params, times, mp.mpf(float(t)))) for t in times)
    passed = mp.quad(lambda t: intensity(params, times, t), edges)
    found = log_likelihood(params, times[None] if len(times) else np.full((1, 1), np.inf), np.array([T])).item()
    assert found == pytest.approx(float(events - passed), rel=1e-8, abs=1e-8)


def test_without_forgetting_it_is_the_nbd():
    r, alpha, T = 0.7, 9.0, 40.0
    found = log_likelihood(DriftParams(r, alpha, 1e-9, 1e-12), TIMES[None], np.array([T])).item()
    expected = gammaln(r + 3) - gammaln(r) + r * np.log(alpha) - (r + 3) * np.log(alpha + T)
    assert found == pytest.approx(expected, abs=1e-6)


def test_without_forgetting_purchases_are_those_of_the_nbd():
    nbd = DriftParams(0.7, 9.0, 1e-10, 1e-12)
    fixed, each = expected_purchases(nbd, 26.0, 40.0)
    assert fixed + 3 * each == pytest.approx(26 * 3.7 / 49, rel=1e-8)
    exponent, slope = no_purchase_exponent(nbd, 26.0, 40.0)
    assert np.exp(-(exponent + 3 * slope)) == pytest.approx((1 + 26 / 49) ** -3.7, rel=1e-8)


@settings(max_examples=25, deadline=None)
@given(parameters, st.floats(0, 100), st.floats(0.01, 500), st.floats(0, 5), st.sampled_from([0.0, 0.002, 0.05]))
def test_expected_purchases_solve_their_differential_equation(params, T, t, n, force):
    r, alpha, kappa, _ = params

    def slope(u, state):
        mean = (r + state[0]) / (alpha + exposure(kappa, T + u))
        return [mean - kappa * state[0], np.exp(-force * u) * mean]

    solved = solve_ivp(slope, (0, t), [n, 0.0], rtol=1e-9, atol=1e-11, method="LSODA").y[1, -1]
    fixed, each = expected_purchases(params, t, T, discount_force=force)
    assert fixed + n * each == pytest.approx(solved, rel=1e-6)


def test_the_probability_of_no_purchase_is_that_of_the_intensity():
    n, T, t = float(recent_purchases(POINT, TIMES, 30.0)), 30.0, 26.0
    passed = mp.quad(lambda u: intensity(POINT, TIMES, u), [T, T + t / 2, T + t])
    fixed, each = no_purchase_exponent(POINT, t, T)
    assert fixed + n * each == pytest.approx(float(passed), rel=1e-12)


def test_a_horizon_may_be_of_any_length():
    for t in (1e-9, 1e6):
        fixed, each = expected_purchases(POINT, t, 30.0)
        assert np.isfinite([fixed, each]).all()
    assert float(expected_purchases(POINT, 1e6, 30.0)[0]) == pytest.approx(1e6 * 0.5 / 4, rel=1e-3)


def test_a_new_customer_buys_at_the_mean_rate_and_what_the_first_purchase_adds():
    r, alpha, _, c = POINT
    fixed, each = expected_purchases(POINT, 1e-6, 0.0)
    assert (fixed + c * each) / 1e-6 == pytest.approx((r + c) / alpha, rel=1e-4)
