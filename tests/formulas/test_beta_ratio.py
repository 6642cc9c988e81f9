"""Ratios of beta functions and their sums, against mpmath."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.formulas.beta_ratio import log_beta_ratio, sum_of_beta_ratios

SHAPES = st.floats(-3, 6).map(lambda power: 10**power)
SUMS = [
    (1.0, 1.0, 1.0, 1.0),
    (1e-3, 1e-3, 1e-3, 1.0),
    (0.3, 50.0, 0.01, 2.0),
    (1e6, 1.0, 1.0, 1.0),
    (1e3, 1e6, 1e-3, 1e-3),
    (50.0, 1e3, 0.2, 3.0),
    (1e-3, 1.0, 1e-3, 1e6),
    (0.0, 1.0, 0.66, 8.78),
]


def exact_log_ratio(a, b, n):
    with mp.workdps(80):
        a, b, n = map(mp.mpf, (a, b, n))
        return float(mp.loggamma(b + n) + mp.loggamma(a + b) - mp.loggamma(b) - mp.loggamma(a + b + n))


def exact_sum(a, b, c, d, m, force):
    with mp.workdps(40):
        a, b, c, d = map(mp.mpf, (a, b, c, d))
        term, total, decay = mp.mpf(1), mp.mpf(0), mp.exp(-force)
        for j in range(m):
            total += term
            term *= decay * (b + j) / (a + b + j) * (d + j) / (c + d + j)
        return float(total)


@settings(max_examples=60, deadline=None)
@given(a=SHAPES, b=SHAPES, n=st.one_of(st.integers(1, 400), st.sampled_from([10**5, 10**9])))
def test_a_ratio_has_all_its_digits_however_large_the_parameters(a, b, n):
    assert float(log_beta_ratio(a, b, float(n))) == pytest.approx(exact_log_ratio(a, b, n), rel=1e-13, abs=0)


@pytest.mark.parametrize("a", [-0.999, -0.5, -1e-13, 1e-13, 1e-300])
@pytest.mark.parametrize("b", [1.0, 7.5, 1e6])
def test_a_ratio_keeps_its_digits_on_both_sides_of_zero(a, b):
    n = np.array([1.0, 40.0, 1e9])
    exact = [exact_log_ratio(a, b, each) for each in n]
    if abs(a) < 1e-100:  # mpmath's differences keep no digit of it
        exact = [-a * float(mp.digamma(b + each) - mp.digamma(b)) for each in n]
    assert log_beta_ratio(a, b, n) == pytest.approx(exact, rel=1e-11, abs=0)


def test_no_trials_leave_the_ratio_at_one():
    assert np.all(log_beta_ratio(np.array([0.5, 1e6, -0.5]), 2.0, 0.0) == 0)


@pytest.mark.parametrize("ratios", SUMS, ids=str)
@pytest.mark.parametrize("force", [0.0, 1e-3, 0.05])
def test_a_sum_is_exact_where_it_is_added_up_and_where_it_is_a_rule(ratios, force):
    m = np.array([0, 1, 2, 255, 256, 257, 270, 1024, 1030, 5000])
    exact = [exact_sum(*ratios, int(each), force) for each in m]
    assert sum_of_beta_ratios(*ratios, m, force=force) == pytest.approx(exact, rel=1e-12, abs=0)


@pytest.mark.parametrize("m", [10.0**3, 10.0**6, 10.0**9])
def test_a_million_terms_and_more_have_the_closed_form(m):
    """The sum of 1 / (j + 1)^2 over j < m is pi^2 / 6 less the trigamma function at m + 1; that of 1 / (j + 1)."""
    with mp.workdps(30):
        squares, harmonic = float(mp.zeta(2) - mp.psi(1, m + 1)), float(mp.harmonic(m))
    assert float(sum_of_beta_ratios(1.0, 1.0, 1.0, 1.0, m)) == pytest.approx(squares, rel=1e-13)
    assert float(sum_of_beta_ratios(0.0, 1.0, 1.0, 1.0, m)) == pytest.approx(harmonic, rel=1e-12)


def test_rows_with_their_own_numbers_of_terms_are_what_they_are_alone():
    a, m = np.array([[0.5], [3.0]]), np.array([0.0, 3.0, 256.0, 300.0, 5000.0, 1e7])
    together = sum_of_beta_ratios(a, 2.0, 0.7, 4.0, m)
    alone = [[float(sum_of_beta_ratios(each, 2.0, 0.7, 4.0, terms)) for terms in m] for each in a[:, 0]]
    assert together == pytest.approx(np.array(alone), rel=1e-14)
