"""The closed forms of the shifted-beta-geometric against mpmath, published numbers, plain sums and limits."""

import mpmath as mp
import numpy as np
import pytest
from scipy.special import hyp2f1

from clvmodels.errors import InvalidArgument
from clvmodels.formulas import shifted_beta_geo as sbg
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams

HIGH_END = ShiftedBetaGeoParams(alpha=0.668, beta=3.806)
SIZES = [1e-8, 1e-3, 0.668, 1.0, 3.806, 9.9, 12.0, 500.0, 1e6, 1e9]
TIMES = np.array([0, 1, 2, 7, 50, 10_000])
GRID = [ShiftedBetaGeoParams(alpha, beta) for alpha in SIZES for beta in SIZES]


def summed(params, n, d, horizon):
    """The sum of the discounted survival, term by term."""
    k = np.arange(1, horizon + 1)
    renewed = np.cumprod(sbg.renewal_rate(params, n + k))
    return np.sum(renewed * (1 + d) ** -(k - 1.0))


def test_survival_agrees_with_mpmath_for_small_and_large_parameters_and_times():
    for params in GRID:
        alpha, beta = params
        with mp.workdps(60):
            exact = [mp.log(mp.beta(alpha, mp.mpf(beta) + int(t)) / mp.beta(alpha, beta)) for t in TIMES]
        # Where log S is so small that S is 1, and where it is so large that S is 0, its own last digits do not count.
        assert sbg.log_survival(params, TIMES) == pytest.approx(np.array(exact, float), rel=2e-12, abs=2e-14)


def test_survival_starts_at_one_and_falls():
    times = np.arange(200)
    for params in GRID:
        values = sbg.survival(params, times)
        assert values[0] == 1
        assert np.all(np.diff(values) <= 0)


def test_the_projection_of_years_8_to_12_is_the_published_one():
    projected = sbg.survival(HIGH_END, np.arange(8, 13))
    assert projected == pytest.approx([0.460, 0.436, 0.414, 0.395, 0.378], abs=1e-3)


def test_churn_probabilities_and_the_last_survivors_add_up_to_one():
    times = np.arange(1, 31)
    for params in GRID:
        total = np.sum(sbg.churn_probability(params, times)) + sbg.survival(params, 30)
        assert float(total) == pytest.approx(1, rel=1e-12)


def test_churn_probability_agrees_with_mpmath():
    for t in (1, 2, 13, 400):
        exact = mp.beta(HIGH_END.alpha + 1, HIGH_END.beta + t - 1) / mp.beta(*HIGH_END)
        assert float(sbg.churn_probability(HIGH_END, t)) == pytest.approx(float(exact), rel=1e-12)


def test_the_renewal_rate_is_the_ratio_of_survivals():
    t = np.arange(1, 40)
    ratio = sbg.survival(HIGH_END, t) / sbg.survival(HIGH_END, t - 1)
    assert sbg.renewal_rate(HIGH_END, t) == pytest.approx(ratio, rel=1e-12)


def test_a_customer_who_has_renewed_is_a_new_one_with_another_beta():
    known = sbg.survival(sbg.renewed(HIGH_END, 4), np.arange(6))
    assert known == pytest.approx(sbg.survival(HIGH_END, np.arange(4, 10)) / sbg.survival(HIGH_END, 4), rel=1e-12)


def test_without_heterogeneity_it_is_the_geometric():
    alike = ShiftedBetaGeoParams(alpha=2e12, beta=8e12)
    t = np.arange(60)
    assert sbg.survival(alike, t) == pytest.approx(0.8**t, rel=1e-9)
    assert sbg.renewal_rate(alike, t + 1) == pytest.approx(0.8, rel=1e-9)
    assert float(sbg.expected_residual_lifetime(alike, 3, d=0.1)) == pytest.approx(0.8 / (1 - 0.8 / 1.1), rel=1e-9)


def test_the_log_likelihood_at_one_and_one_is_the_published_one():
    """Minus 2.115 for each customer of the high-end cohort, in years 0 to 7."""
    survivors = np.array([1000, 869, 743, 653, 593, 551, 517, 491])
    lost = -np.diff(survivors)
    one = ShiftedBetaGeoParams(1.0, 1.0)
    values = sbg.log_likelihood(one, np.arange(8), [True] * 7 + [False])
    assert np.sum([*lost, 491] * values) / 1000 == pytest.approx(-2.115, abs=1e-3)


def test_the_likelihood_by_period_is_that_by_customer():
    survivors = np.array([1000, 631, 468, 382, 326])
    for params in (HIGH_END, ShiftedBetaGeoParams(30.0, 0.2)):
        by_customer = sbg.log_likelihood(params, np.arange(5), [True] * 4 + [False])
        by_period = sbg.period_terms(params, np.arange(1, 5), survivors[:-1], survivors[1:])
        assert np.sum(by_period) == pytest.approx(np.sum([*-np.diff(survivors), 326] * by_customer), rel=1e-12)


def test_a_tiny_beta_is_not_lost_beside_the_period():
    tiny = ShiftedBetaGeoParams(1e-9, 1e-18)
    assert float(sbg.renewal_rate(tiny, 1)) == pytest.approx(1e-9, rel=1e-8)
    assert float(sbg.period_terms(tiny, 1, 2, 1)) == pytest.approx(np.log(1e-18) - np.log(1e-9), rel=1e-8)


def test_the_residual_lifetime_after_seven_renewals_is_the_known_one():
    assert float(sbg.expected_residual_lifetime(HIGH_END, 7, d=0.1)) == pytest.approx(7.530, abs=5e-4)


@pytest.mark.parametrize("alpha", [0.02, 0.25, 0.668, 1.3, 7.7])
def test_the_residual_lifetime_agrees_with_mpmaths_2f1(alpha):
    for beta in (1e-3, 0.3, 1.182, 60.5):
        for d in (1e-6, 0.01, 0.1, 1.0, 10.0):
            n = 2 if beta > 1 else 0
            with mp.workdps(30):
                function = mp.hyp2f1(1, mp.mpf(beta) + n + 1, mp.mpf(alpha) + beta + n + 1, 1 / (1 + mp.mpf(d)))
                exact = float((mp.mpf(beta) + n) / (mp.mpf(alpha) + beta + n) * function)
            value = float(sbg.expected_residual_lifetime(ShiftedBetaGeoParams(alpha, beta), n, d=d))
            assert value == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("alpha", [1e-3, 0.3, 1.0, 1000.0, 1e6])
@pytest.mark.parametrize("beta", [1e-3, 1.0, 1000.0, 1e6])
def test_the_residual_lifetime_is_right_where_scipys_2f1_is_not_a_number(alpha, beta):
    params = ShiftedBetaGeoParams(alpha, beta)
    for d in (1e-3, 0.1):
        value = float(sbg.expected_residual_lifetime(params, 0, d=d))
        assert value == pytest.approx(summed(params, 0, d, int(45 / d)), rel=1e-10)


def test_scipys_2f1_still_has_no_value_for_large_parameters():
    assert np.isnan(hyp2f1(1, 1e6 + 1, 1e6 + 0.3 + 1, 1 / (1 + 1e-4)))


@pytest.mark.parametrize("alpha", [1e-3, 0.3, 1.0, 2.5, 1000.0])
@pytest.mark.parametrize("beta", [1e-6, 0.3, 1.182, 1000.0])
def test_the_residual_lifetime_within_a_horizon_is_the_sum(alpha, beta):
    params = ShiftedBetaGeoParams(alpha, beta)
    for n in (0, 5):
        for d in (0.0, 1e-9, 0.05, 2.0):
            for horizon in (1, 2, 12, 1000):
                value = float(sbg.expected_residual_lifetime(params, n, d=d, horizon=horizon))
                assert value == pytest.approx(summed(params, n, d, horizon), rel=1e-10)


def test_one_renewal_ahead_the_residual_lifetime_is_the_renewal_rate():
    value = sbg.expected_residual_lifetime(HIGH_END, np.arange(9), d=0.1, horizon=1)
    assert value == pytest.approx(sbg.renewal_rate(HIGH_END, np.arange(1, 10)), rel=1e-10)


def test_no_renewal_ahead_is_no_payment():
    assert float(sbg.expected_residual_lifetime(HIGH_END, 3, d=0.1, horizon=0)) == 0


def test_undiscounted_and_unlimited_the_residual_lifetime_is_beta_over_alpha_less_one():
    finite = ShiftedBetaGeoParams(alpha=3.5, beta=2.0)
    assert float(sbg.expected_residual_lifetime(finite, 4)) == pytest.approx(6 / 2.5)
    assert float(sbg.expected_residual_lifetime(finite, 4, horizon=100_000)) == pytest.approx(6 / 2.5, rel=1e-8)
    assert float(sbg.expected_residual_lifetime(finite, 4, d=1e-10)) == pytest.approx(6 / 2.5, rel=1e-8)


def test_an_infinite_mean_is_refused_with_the_remedy():
    draws = ShiftedBetaGeoParams(alpha=np.array([0.7, 1.0, 1.5]), beta=np.ones(3))
    with pytest.raises(InvalidArgument, match=r"infinite for alpha <= 1, which 2 of 3 draws .* give a horizon="):
        sbg.expected_residual_lifetime(draws, 0)


def test_arguments_broadcast():
    params = ShiftedBetaGeoParams(np.array([0.5, 2.0, 9.0]), np.array([3.0, 1.0, 0.2]))
    table = sbg.expected_residual_lifetime(params, np.arange(4)[:, None], d=0.1)
    assert table.shape == (4, 3)
    alone = sbg.expected_residual_lifetime(ShiftedBetaGeoParams(2.0, 1.0), 3, d=0.1)
    assert table[3, 1] == pytest.approx(float(alone), rel=1e-10)
    assert sbg.log_likelihood(params, np.arange(4)[:, None], np.array([[True]] * 4)).shape == (4, 3)


def test_every_formula_is_that_of_customers_who_each_have_their_own_probability():
    rng = np.random.default_rng(5)
    theta = rng.beta(*HIGH_END, 1_000_000)
    leaves = rng.geometric(theta)
    assert np.mean(leaves > 6) == pytest.approx(float(sbg.survival(HIGH_END, 6)), abs=2e-3)
    assert np.mean(leaves == 3) == pytest.approx(float(sbg.churn_probability(HIGH_END, 3)), abs=2e-3)
    still = leaves[leaves > 2] - 3
    payments = np.minimum(still, 10)
    discounted = (1 - 1.1**-payments) / (1 - 1 / 1.1)
    expected = float(sbg.expected_residual_lifetime(HIGH_END, 2, d=0.1, horizon=10))
    assert discounted.mean() == pytest.approx(expected, rel=2e-3)
