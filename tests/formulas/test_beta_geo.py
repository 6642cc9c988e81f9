"""BG/NBD closed forms: published numbers, mpmath as an independent oracle, limits and invariants."""

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams

MLE = BetaGeoParams(0.2425945, 4.4136019, 0.7929199, 2.4258881)
ROUNDED = BetaGeoParams(0.243, 4.414, 0.793, 2.426)
GRID_PARAMS = [
    ROUNDED,
    BetaGeoParams(0.7, 10.0, 1.0, 2.0),
    BetaGeoParams(0.2, 3.0, 0.3, 0.4),
    BetaGeoParams(1.0, 5.0, 0.05, 0.1),
    BetaGeoParams(0.5, 5.0, 1e-6, 1e-5),
    BetaGeoParams(0.5, 5.0, 1e-6, 3.0),
    BetaGeoParams(8.0, 5.0, 20.0, 1e-4),
    BetaGeoParams(2.0, 30.0, 5.0, 40.0),
    BetaGeoParams(0.5, 1.0, 300.0, 900.0),
    BetaGeoParams(3.0, 8.0, 0.5, 0.01),
]
GRID_X = np.array([0.0, 1.0, 30.0, 1000.0, 10_000.0])
HORIZONS = np.array([0.01, 1.0, 52.0, 10_000.0])
JUST_OFF = mp.mpf("1e-20")


def exact_survival(params, t, x, T):
    r, alpha, a, b = map(mp.mpf, params)
    c, s, B = mp.mpf(t) / (alpha + T), r + mp.mpf(x), b + mp.mpf(x)
    return (1 + c) ** -a * mp.hyp2f1(a, a + B - s, a + B, c / (1 + c))


def exact_share_over_p(params, s, c, x):
    """E[(1 - (1 + p c)^-s) / p] as the difference of two moments; a = 1 is approached, not met."""
    a, B = mp.mpf(params.a), mp.mpf(params.b) + mp.mpf(x)
    a = a + JUST_OFF if a == 1 else a
    kernel = (1 + c) ** (1 - a) * mp.hyp2f1(a - 1, a + B - 1 - s, a + B - 1, c / (1 + c))
    return (a + B - 1) / (a - 1) * (1 - kernel)


def exact_purchases(params, t, x, T):
    c = mp.mpf(t) / (mp.mpf(params.alpha) + T)
    return exact_share_over_p(params, mp.mpf(params.r) + mp.mpf(x), c, x)


def exact_lifetime(params, t, x, T):
    scale, s = mp.mpf(params.alpha) + T, mp.mpf(params.r) + mp.mpf(x)
    s = s + JUST_OFF if s == 1 else s
    return scale * exact_share_over_p(params, s - 1, mp.mpf(t) / scale, x) / (s - 1)


ORACLES = [
    (beta_geo.survival_if_alive, exact_survival),
    (beta_geo.purchases_if_alive, exact_purchases),
    (beta_geo.lifetime_if_alive, exact_lifetime),
]


@pytest.mark.parametrize("params", GRID_PARAMS, ids=str)
@pytest.mark.parametrize(("formula", "oracle"), ORACLES, ids=lambda f: f.__name__)
def test_formula_agrees_with_mpmath_over_the_whole_grid(params, formula, oracle):
    for T in (0.0, 39.0):
        with mp.workdps(60):
            exact = np.array([[float(oracle(params, t, x, T)) for x in GRID_X] for t in HORIZONS])
        assert formula(params, HORIZONS[:, None], GRID_X, T) == pytest.approx(exact, rel=1e-8, abs=0)


def test_expected_purchases_agree_with_quadrature_of_the_model_itself():
    """The double integral over rate and dropout probability, with no closed form in it."""
    r, alpha, a, b, x, T, t = 0.7, 10.0, 1.0, 2.0, 3, 39.0, 52.0

    def over_rate(p):
        def expected(rate):
            log_density = (r + x) * mp.log(alpha + T) + (r + x - 1) * mp.log(rate) - rate * (alpha + T)
            return mp.exp(log_density) / mp.gamma(r + x) * -mp.expm1(-rate * p * t) / p

        return mp.quad(expected, [0, 0.05, 0.2, 1, 3])

    exact = mp.quad(lambda p: over_rate(p) * p ** (a - 1) * (1 - p) ** (b + x - 1) / mp.beta(a, b + x), [0, 0.3, 1])
    assert float(beta_geo.purchases_if_alive(BetaGeoParams(r, alpha, a, b), t, x, T)) == pytest.approx(
        float(exact), rel=1e-8
    )


@pytest.mark.parametrize("formula", [f for f, _ in ORACLES], ids=lambda f: f.__name__)
def test_formula_is_finite_and_monotone_in_the_horizon(formula):
    horizons = np.geomspace(0.01, 10_000, 40)
    sign = -1 if formula is beta_geo.survival_if_alive else 1
    for params in GRID_PARAMS:
        values = formula(params, horizons[:, None], GRID_X, 39.0)
        assert np.all(np.isfinite(values))
        # Where a value has reached its limit, its last bit may go either way.
        assert np.all(sign * np.diff(values, axis=0) >= -1e-14 * values[1:])


def test_single_log_likelihoods_are_the_reference_ones():
    assert float(beta_geo.log_likelihood(MLE, 2, 30.43, 38.86)) == pytest.approx(-9.459693268, rel=1e-6)
    assert float(beta_geo.log_likelihood(MLE, 1, 1.71, 38.86)) == pytest.approx(-4.470447930, rel=1e-6)


def test_point_checks_at_the_rounded_optimum_are_exact():
    assert float(beta_geo.expected_purchases(ROUNDED, 52, 26, 30.857, 31)) == pytest.approx(25.7564069365, rel=1e-8)
    assert float(beta_geo.probability_alive(ROUNDED, 26, 30.857, 31)) == pytest.approx(0.9688483550, rel=1e-8)
    assert float(beta_geo.expected_purchases(ROUNDED, 39, 2, 30.43, 38.86)) == pytest.approx(1.2260281748, rel=1e-8)
    assert float(beta_geo.probability_alive(ROUNDED, 2, 30.43, 38.86)) == pytest.approx(0.7265785701, rel=1e-8)
    assert float(beta_geo.expected_purchases(ROUNDED, 52, 0, 0, 0)) == pytest.approx(1.4460505954, rel=1e-8)
    rising = beta_geo.expected_purchases(ROUNDED, 52, np.array([10, 15, 20, 25]), 20, 39)
    # Printed to ten decimals.
    assert rising == pytest.approx([0.3473997627, 0.0428271760, 0.0041584331, 0.0003583325], abs=5e-11)


def test_expected_purchases_reproduce_btyd_at_the_maximum_likelihood_estimates():
    assert float(beta_geo.expected_purchases(MLE, 52, 0, 0, 0)) == pytest.approx(1.444004, rel=2e-4)
    assert float(beta_geo.expected_purchases(MLE, 52, 26, 30.857, 31)) == pytest.approx(25.75659, rel=2e-4)
    assert float(beta_geo.probability_alive(MLE, 26, 30.857, 31)) == pytest.approx(0.9688523, rel=2e-4)
    rising = beta_geo.expected_purchases(MLE, 52, np.array([10, 15, 20, 25]), 20, 39)
    assert rising == pytest.approx([0.3474606, 0.04283391, 0.004158973, 0.0003583685], rel=2e-4)


def test_customer_without_repeat_purchase_is_alive():
    assert beta_geo.probability_alive(MLE, 0, 0, [1, 39, 1000]) == pytest.approx(1.0, abs=0)


def test_probability_alive_stays_a_number_for_a_very_frequent_customer():
    alive = beta_geo.probability_alive(MLE, [1100, 10_000], 365.0, [365.0, 700.0])
    assert np.all((alive >= 0) & (alive <= 1))


def test_purchases_start_at_the_rate_of_a_living_customer():
    rate = (MLE.r + 3) / (MLE.alpha + 39)
    assert float(beta_geo.purchases_if_alive(MLE, 1e-6, 3, 39)) / 1e-6 == pytest.approx(rate, rel=1e-6)


def test_lifetime_is_the_integral_of_survival():
    nodes, weights = np.polynomial.legendre.leggauss(60)
    times = 52 * (1 + nodes) / 2
    integral = 26 * np.sum(weights * beta_geo.survival(ROUNDED, times, 2, 30.43, 38.86))
    assert float(beta_geo.expected_lifetime(ROUNDED, 52, 2, 30.43, 38.86)) == pytest.approx(integral, rel=1e-10)


def test_lifetime_has_no_gap_where_the_shape_is_one():
    near = BetaGeoParams(1.0 + 1e-9, 5.0, 0.8, 2.0)
    at = BetaGeoParams(1.0, 5.0, 0.8, 2.0)
    assert float(beta_geo.lifetime_if_alive(at, 52, 0, 0)) == pytest.approx(
        float(beta_geo.lifetime_if_alive(near, 52, 0, 0))
    )


@pytest.mark.parametrize("force", [1e-4, 0.002, 0.05, 1.0])
@pytest.mark.parametrize(("x", "T"), [(0, 0.0), (3, 39.0), (1000, 39.0)])
def test_discounted_purchases_equal_integration_by_parts(force, x, T):
    """int rate(t) e^-dt dt = e^-dh N(h) + d int e^-dt N(t) dt, with N from another formula."""
    horizon = 520.0
    nodes, weights = np.polynomial.legendre.leggauss(400)
    log_end = np.log1p(horizon)
    y = log_end * (1 + nodes) / 2
    times = np.expm1(y)
    counted = beta_geo.purchases_if_alive(ROUNDED, times, x, T)
    integral = log_end / 2 * np.sum(weights * np.exp(y - force * times) * counted)
    end = np.exp(-force * horizon) * float(beta_geo.purchases_if_alive(ROUNDED, horizon, x, T))
    discounted = beta_geo.discounted_purchases_if_alive(ROUNDED, horizon, x, T, discount_force=force)
    assert float(discounted) == pytest.approx(end + force * integral, rel=1e-9)


def test_discounting_at_rate_zero_changes_nothing():
    plain = beta_geo.purchases_if_alive(ROUNDED, 52, 2, 39)
    assert beta_geo.discounted_purchases_if_alive(ROUNDED, 52, 2, 39, discount_force=0) == pytest.approx(plain, abs=0)
    nearly = beta_geo.discounted_purchases_if_alive(ROUNDED, 52, 2, 39, discount_force=1e-12)
    assert float(nearly) == pytest.approx(float(plain), rel=1e-9)


def test_draws_in_columns_give_what_each_draw_gives_alone():
    rng = np.random.default_rng(3)
    draws = BetaGeoParams(*(np.exp(0.2 * rng.standard_normal((6, 1))) * value for value in ROUNDED))
    x, T = np.repeat([0.0, 1.0, 7.0], 60), np.tile(np.linspace(0.0, 104.0, 60), 3)
    for formula, _ in ORACLES:
        together = formula(draws, 39, x, T)
        alone = [formula(BetaGeoParams(*(value[i, 0] for value in draws)), 39, x, T) for i in range(6)]
        assert together == pytest.approx(np.array(alone), rel=1e-9)


def test_units_of_time_do_not_matter():
    days = BetaGeoParams(MLE.r, 7 * MLE.alpha, MLE.a, MLE.b)
    in_weeks = beta_geo.expected_purchases(MLE, 39, 2, 30.43, 38.86)
    assert float(beta_geo.expected_purchases(days, 273, 2, 213.01, 272.02)) == pytest.approx(float(in_weeks), rel=1e-12)


def test_probability_of_purchase_is_the_chance_of_a_first_poisson_arrival():
    rng = np.random.default_rng(5)
    rate = rng.gamma(MLE.r + 2, size=400_000) / (MLE.alpha + 38.86)
    alive = rng.random(400_000) < float(beta_geo.probability_alive(MLE, 2, 30.43, 38.86))
    share = np.mean(alive & (rng.exponential(size=400_000) / rate < 39))
    assert float(beta_geo.probability_of_purchase(MLE, 39, 2, 30.43, 38.86)) == pytest.approx(share, abs=0.003)


@pytest.mark.parametrize(("a", "b", "x"), [(0.8, 2.4, 2.0), (50.0, 150.0, 300.0), (200.0, 200.0, 300.0)])
@pytest.mark.parametrize("force", [1e-9, 0.002, 0.05])
def test_discounted_purchases_are_the_integral_of_the_falling_rate(a, b, x, force):
    """By parts: the discounted integral of the rate is that of force x exp(-force u) x purchases until u."""
    params = BetaGeoParams(1.0, 5.0, a, b)

    def until(u):
        return float(beta_geo.purchases_if_alive(params, u, x, 300.0))

    points = [0.1, 1, 10, 100, 1000]
    inner = quad(lambda u: force * np.exp(-force * u) * until(u), 0, 3650, points=points, limit=500, epsrel=1e-10)[0]
    exact = np.exp(-force * 3650) * until(3650.0) + inner
    found = float(beta_geo.discounted_purchases_if_alive(params, 3650.0, x, 300.0, discount_force=force))
    assert found == pytest.approx(exact, rel=1e-8)


def test_a_horizon_without_end_costs_nothing_where_it_is_worth_nothing():
    params = BetaGeoParams(0.243, 4.4, 0.79, 2.4)
    far, near = (
        beta_geo.discounted_purchases_if_alive(params, t, 2.0, 30.0, discount_force=0.002) for t in (1e15, 1e5)
    )
    assert float(far) == pytest.approx(float(near), rel=1e-9)
