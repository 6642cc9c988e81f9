"""Parameters from 1e-12 to 1e17 against mpmath, where logs of ratios near 1 and huge gamma functions cancel."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.formulas import beta_geo, gamma_gamma
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams, expected_residual_lifetime, log_survival

FEW = settings(max_examples=25, deadline=None, derandomize=True)
anything = st.floats(-12, 17).map(lambda power: 10.0**power)
large = st.floats(3, 17).map(lambda power: 10.0**power)


@st.composite
def history(draw):
    """x, t_x, T."""
    T = 10.0 ** draw(st.floats(-6, 9))
    x = draw(st.sampled_from([0.0, 1.0, 2.0, 30.0, 5000.0]))
    return x, T * draw(st.floats(1e-9, 1.0)) if x else 0.0, T


def exact_terms(params, x, t_x, T):
    """Log density of the history with the customer alive, and with the customer gone after t_x, at 60 digits."""
    r, alpha, a, b, x, t_x, T = (mp.mpf(value) for value in (*params, x, t_x, T))
    rising = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha)
    rising += mp.loggamma(b + x) - mp.loggamma(b) + mp.loggamma(a + b) - mp.loggamma(a + b + x)
    left = mp.log(a / (b + x - 1)) - (r + x) * mp.log(alpha + t_x) if x else -mp.inf
    return rising - (r + x) * mp.log(alpha + T), rising + left


@FEW
@given(st.tuples(anything, anything, anything, anything), history())
def test_likelihood_and_probability_alive_keep_their_digits(values, seen):
    with mp.workdps(60):
        alive, left = exact_terms(values, *seen)
        total = mp.log(mp.exp(alive) + mp.exp(left))
        exact, share = float(total), float(mp.exp(alive - total))
    params = BetaGeoParams(*values)
    assert float(beta_geo.log_likelihood(params, *seen)) == pytest.approx(exact, rel=1e-11, abs=1e-11)
    assert float(beta_geo.probability_alive(params, *seen)) == pytest.approx(share, rel=1e-11, abs=1e-290)


def test_a_thousandth_is_alive_where_everyone_buys_once_in_a_unit():
    """With r = alpha = 1e17 the rate is 1: a gap of log(999 / a x b) leaves one in a thousand."""
    params = BetaGeoParams(r=1e17, alpha=1e17, a=1.0, b=1.0)
    gap = np.log(999 * 2)
    assert float(beta_geo.probability_alive(params, 2, 1.0, 1.0 + gap)) == pytest.approx(0.001, rel=1e-12)


def mean_over_dropout(kernel, a, b):
    """E[kernel(p)] for p ~ Beta(a, b), both large: the trapezoidal rule in log odds, over forty standard deviations."""
    a, b = mp.mpf(a), mp.mpf(b)
    step, log_beta = mp.sqrt(1 / a + 1 / b) / 6, mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    odds = [mp.exp(mp.log(a / b) + step * i) for i in range(-120, 121)]
    weigh = [mp.exp(a * mp.log(z / (1 + z)) - b * mp.log(1 + z) - log_beta) for z in odds]
    return float(step * mp.fsum(w * kernel(z / (1 + z)) for w, z in zip(weigh, odds, strict=True)))


@FEW
@given(large, large, st.floats(-3, 17), st.floats(-3, 3))
def test_expectations_keep_their_digits_where_dropout_is_nearly_the_same_for_all(a, b, log_s, log_sc):
    s, t = 10.0**log_s, 10.0 ** (log_sc - log_s)
    with mp.workdps(40):
        purchases = mean_over_dropout(lambda p: -mp.expm1(-mp.mpf(s) * mp.log1p(p * t)) / p, a, b)
        survives = mean_over_dropout(lambda p: mp.exp(-mp.mpf(s) * mp.log1p(p * t)), a, b)
    params = BetaGeoParams(s, 1.0, a, b)
    assert float(beta_geo.purchases_if_alive(params, t, 0, 0)) == pytest.approx(purchases, rel=1e-10)
    assert float(beta_geo.survival_if_alive(params, t, 0, 0)) == pytest.approx(survives, rel=1e-10, abs=1e-200)
    assert 0 <= float(beta_geo.lifetime_if_alive(params, t, 0, 0)) <= t


@FEW
@given(anything, anything, st.sampled_from([1.0, 12.0, 5000.0]))
def test_retention_keeps_its_digits(alpha, beta, t):
    with mp.workdps(60):
        a, b = mp.mpf(alpha), mp.mpf(beta)
        exact = float(mp.loggamma(b + t) - mp.loggamma(b) + mp.loggamma(a + b) - mp.loggamma(a + b + t))
    assert float(log_survival(ShiftedBetaGeoParams(alpha, beta), t)) == pytest.approx(exact, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize(("alpha", "beta"), [(1e6, 1e6), (1e17, 2.0), (3.0, 1e17), (1e17, 1e17), (1e300, 1e300)])
def test_payments_of_customers_who_are_all_alike_are_a_geometric_series(alpha, beta):
    renews, d = beta / alpha / (1 + beta / alpha), 0.1
    expected = renews / (1 - renews / (1 + d))
    found = float(expected_residual_lifetime(ShiftedBetaGeoParams(alpha, beta), 0, d=d))
    assert found == pytest.approx(expected, rel=3e-5 if beta != 2 else 1e-6)


@FEW
@given(anything, anything, st.floats(-2, 2), st.sampled_from([1.0, 7.0, 400.0]))
def test_the_density_of_spend_keeps_its_digits(p, q, log_ratio, n):
    """Mean values within a factor of a hundred of the likeliest."""
    m = 10.0**log_ratio
    with mp.workdps(60):
        shape, rest, v, value = mp.mpf(p) * n, mp.mpf(q), mp.mpf(q) / mp.mpf(p), mp.mpf(m)
        exact = mp.loggamma(shape + rest) - mp.loggamma(shape) - mp.loggamma(rest)
        exact += rest * mp.log(v) + (shape - 1) * mp.log(value) + shape * mp.log(n)
        exact = float(exact - (shape + rest) * mp.log(v + n * value))
    params = GammaGammaParams(p, q, q / p)
    # The ratio of n m q to p n v is known to the last digit only, and that moves a sharp density.
    slack = 1e-15 * min(p * n, q) * abs(np.log(10.0) * log_ratio)
    assert float(gamma_gamma.log_likelihood(params, n, m)) == pytest.approx(exact, rel=1e-10, abs=1e-11 + slack)


@pytest.mark.parametrize("s", [1e4, 1e9, 1e17])
def test_discounted_purchases_of_a_steady_buyer_are_an_annuity(s):
    """Nobody drops out and the rate is the same for all: rate x (1 - exp(-force t)) / force."""
    params = BetaGeoParams(r=s, alpha=1.0, a=1e-9, b=1e9)
    t, force = 1e6 / s, 1e-3 * s / 1e6
    found = float(beta_geo.discounted_purchases_if_alive(params, t, 0, 0, discount_force=force))
    dropout = 1e-18
    assert dropout * 1e6 < 1e-9
    assert found == pytest.approx(-s * np.expm1(-force * t) / force, rel=1e-6)
