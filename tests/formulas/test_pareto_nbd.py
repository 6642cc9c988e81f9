import math

import mpmath as mp
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytensor.compile.mode import Mode
from scipy.integrate import quad
from scipy.optimize import approx_fprime

import clvmodels as clv
from clvmodels.datasets import load_cdnow
from clvmodels.formulas import pareto_nbd as formulas
from clvmodels.formulas.pareto_nbd import ParetoNBDParams

CDNOW = ParetoNBDParams(r=0.55315, alpha=10.57633, s=0.60625, beta=11.67150)
# Parameters and a customer (x, t_x, T), from the usual to the far corners.
GRID = [
    ((0.55, 10.6, 0.61, 11.7), (2, 30.43, 38.86)),
    ((0.55, 10.6, 0.61, 11.7), (0, 0, 38.86)),
    ((0.55, 10.6, 0.61, 11.7), (120, 350, 365)),
    ((0.55, 10.6, 0.61, 11.7), (5000, 1, 1000)),
    ((0.55, 10.6, 0.61, 11.7), (100_000, 364.9, 365)),
    ((1.0, 5.0, 1.0, 5.0), (0, 0, 30)),
    ((2.0, 0.01, 3.0, 1e4), (4, 3, 50)),
    ((2.0, 1e4, 3.0, 0.01), (4, 3, 50)),
    ((0.001, 0.001, 0.001, 1e6), (0, 0, 1e6)),
    ((0.3, 0.001, 40.0, 1e3), (0, 0, 1e6)),
    ((0.05, 0.1, 1e-3, 1e-3), (1, 1, 1e6)),
    ((0.5, 10.0, 1e6, 1e6), (3, 20, 39)),
    ((0.5, 10.0, 1e5, 1e3), (3, 20, 39)),
    ((1e6, 1e6, 0.5, 10.0), (3, 20, 39)),
    ((0.2, 1e-3, 1e3, 1e-3), (2, 1e-3, 1e4)),
    ((1000.0, 1e-3, 0.01, 1e6), (7, 1e4, 1e6)),
    ((0.55, 10.6, 0.61, 11.7), (3, 20, 20 + 1e-9)),
]
HORIZONS = [1e-6, 1.0, 52.0, 1e4, 1e9]


def integral(function, end, *scales):
    """The integral over (0, end) of what falls on some scales, in panels that grow from well below the smallest."""
    points, step = [mp.mpf(0)], mp.mpf(min(scales)) / 4
    while points[-1] + step < end:
        points.append(points[-1] + step)
        step *= 2
        if function(points[-1]) < 1e-40 * function(0) and points[-1] > 100 * max(scales):
            return mp.quad(function, points)
    return mp.quad(function, [*points, end])


def exact_odds(params, x, t_x, T):
    """P(dropped out in (t_x, T)) / P(alive at T), from the definition."""
    with mp.workdps(30):
        r, alpha, s, beta, x, t_x, T = map(mp.mpf, (*params, x, t_x, T))
        q, a, b = r + x, alpha + t_x, beta + t_x
        dead = integral(lambda u: (1 + u / a) ** -q * (1 + u / b) ** -(s + 1), T - t_x, a / (q + 1), b / (s + 1))
        return s / b * dead * (1 + (T - t_x) / a) ** q * (1 + (T - t_x) / b) ** s


def exact_log_likelihood(params, x, t_x, T):
    with mp.workdps(30):
        r, alpha, s, beta = map(mp.mpf, params)
        return (
            mp.loggamma(r + x) - mp.loggamma(r) + mp.log1p(exact_odds(params, x, t_x, T))
            - r * mp.log1p(T / alpha) - x * mp.log(alpha + T) - s * mp.log1p(T / beta)
        )  # fmt: skip


@pytest.fixture(scope="module")
def sample():
    """The CDNOW sample: x, t_x, T, in exact weeks."""
    rfm = clv.rfm_summary(load_cdnow(), time_unit="week", observation_end="1997-09-30")
    return [rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T")]


def test_log_likelihood_of_the_cdnow_sample_is_the_published_one(sample):
    params = ParetoNBDParams(0.55327, 10.57780, 0.60602, 11.66391)
    assert np.sum(formulas.log_likelihood(params, *sample)) == pytest.approx(-9594.9762, rel=5e-9)


def test_predictions_are_those_of_btyds_walkthrough():
    """Its optimum is not printed: the four parameters here are those that give the seven numbers that are."""
    params = ParetoNBDParams(0.5533784, 10.579531, 0.6058920, 11.657190)
    assert params == pytest.approx((0.55327, 10.57780, 0.60602, 11.66391), rel=6e-4)
    assert float(formulas.expected_purchases(params, 52, 0, 0, 0)) == pytest.approx(1.473434, rel=1e-6)
    assert float(formulas.expected_purchases(params, 52, 26, 30.857, 31)) == pytest.approx(25.45647, rel=1e-6)
    assert float(formulas.probability_alive(params, 26, 30.857, 31)) == pytest.approx(0.997874, rel=5e-6)
    four = formulas.expected_purchases(params, 52, np.array([10, 15, 20, 25]), 20, 39)
    assert four == pytest.approx([0.7062289, 0.1442396, 0.02250658, 0.00309267], rel=2e-6)


def test_expected_purchases_of_the_holdout_are_the_published_ones(sample):
    expected, group = formulas.expected_purchases(CDNOW, 39, *sample), np.minimum(sample[0], 7)
    means = [expected[group == frequency].mean() for frequency in range(8)]
    assert means == pytest.approx([0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403], abs=1e-3)
    assert expected.sum() / 1882 - 1 == pytest.approx(-0.115, abs=5e-4)


@pytest.mark.parametrize(("params", "customer"), GRID)
def test_odds_and_likelihood_are_exact(params, customer):
    params = ParetoNBDParams(*params)
    odds, exact = formulas.log_odds_of_dropout(params, *map(float, customer)), mp.log(exact_odds(params, *customer))
    # The odds themselves to 1e-10, and where their logarithm is large, that.
    assert float(odds) == pytest.approx(float(exact), rel=1e-12, abs=1e-10)
    alive = formulas.probability_alive(params, *customer)
    assert float(alive) == pytest.approx(float(1 / (1 + mp.exp(exact))), rel=max(1e-10, 1e-12 * abs(float(exact))))
    likelihood = float(formulas.log_likelihood(params, *customer))
    assert likelihood == pytest.approx(float(exact_log_likelihood(params, *customer)), rel=1e-10, abs=1e-8)


@pytest.mark.parametrize("t", HORIZONS)
@pytest.mark.parametrize(("params", "customer"), GRID[::2])
def test_what_a_customer_does_who_is_alive_is_exact(params, customer, t):
    params, (x, _, T) = ParetoNBDParams(*params), customer
    with mp.workdps(30):
        r, alpha, s, beta, end, force = map(mp.mpf, (*params, t, 0.002))
        q, a, b = r + x, alpha + T, beta + T
        lifetime = integral(lambda u: (1 + u / b) ** -s, end, b / s, b)
        worth = integral(lambda u: mp.exp(-force * u) * (1 + u / b) ** -s, end, b / (s + 1), 1 / force)
        some = integral(lambda u: (1 + u / a) ** -(q + 1) * (1 + u / b) ** -s, end, a / (q + 1), b / (s + 1))
    close = {"rel": 1e-10, "abs": 0}
    assert float(formulas.lifetime_if_alive(params, t, x, T)) == pytest.approx(float(lifetime), **close)
    assert float(formulas.purchases_if_alive(params, t, x, T)) == pytest.approx(float(q / a * lifetime), **close)
    discounted = formulas.discounted_purchases_if_alive(params, t, x, T, discount_force=0.002)
    assert float(discounted) == pytest.approx(float(q / a * worth), **close)
    probability = formulas.probability_of_purchase_if_alive(params, t, x, T)
    assert float(probability) == pytest.approx(float(q / a * some), **close)
    assert float(formulas.survival_if_alive(params, t, x, T)) == pytest.approx(float((1 + end / b) ** -s), **close)


@pytest.mark.parametrize("s", [0.3, 1.0, 1 + 1e-9, 2.5])
def test_the_rate_adds_up_to_the_purchases_and_survival_to_the_lifetime(s):
    params = CDNOW._replace(s=s)
    for whole, part in (
        (formulas.purchases_if_alive, formulas.purchase_rate_if_alive),
        (formulas.lifetime_if_alive, formulas.survival_if_alive),
    ):
        summed, _ = quad(lambda t, part=part: float(part(params, t, 3, 39)), 0, 52, epsabs=0, epsrel=1e-12)
        assert float(whole(params, 52, 3, 39)) == pytest.approx(summed, rel=1e-11)


def test_what_follows_a_time_without_purchase_adds_up_to_the_whole():
    """Purchases in 52 weeks: those of the first 20, and those of the rest for whoever is still alive."""
    t_x, T = 30.0, 39.0
    whole = formulas.expected_purchases(CDNOW, 52, 2, t_x, T)
    first = formulas.expected_purchases(CDNOW, 20, 2, t_x, T)
    alive, rate = formulas.probability_alive(CDNOW, 2, t_x, T), (CDNOW.r + 2) / (CDNOW.alpha + T)
    rest, _ = quad(lambda t: float(formulas.survival_if_alive(CDNOW, t, 2, T)), 20, 52, epsrel=1e-12)
    assert float(whole) == pytest.approx(float(first + alive * rate * rest), rel=1e-11)


def simulated(params, T, horizon, size, rng):
    """Customers from the first purchase on, purchase after purchase: x, t_x, alive at T, later purchases, lifetime."""
    rate = rng.gamma(params.r, 1 / params.alpha, size)
    lifetime = rng.exponential(1 / rng.gamma(params.s, 1 / params.beta, size))
    x, t_x, later, time = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    active = np.ones(size, bool)
    while active.any():
        time[active] += rng.exponential(1 / rate[active])
        active &= time <= np.minimum(lifetime, T + horizon)
        seen = active & (time <= T)
        x += seen
        t_x[seen] = time[seen]
        later += active & (time > T)
    return x, t_x, lifetime - T, later


def test_predictions_hold_for_customers_simulated_purchase_by_purchase():
    params, T, horizon = ParetoNBDParams(1.2, 6.0, 0.8, 20.0), 30.0, 25.0
    x, t_x, left, later = simulated(params, T, horizon, 400_000, np.random.default_rng(1))
    expected = {
        "probability_alive": (left > 0, ()),
        "survival": (left > horizon, (horizon,)),
        "expected_purchases": (later, (horizon,)),
        "expected_lifetime": (np.clip(left, 0, horizon), (horizon,)),
        "probability_of_purchase": (later > 0, (horizon,)),
    }
    for low, high in ((0, 0), (1, 1), (2, 4), (5, 200)):
        group = (x >= low) & (x <= high)
        for name, (actual, t) in expected.items():
            predicted = getattr(formulas, name)(params, *t, x[group], t_x[group], T)
            error = np.std(actual[group] - predicted) / np.sqrt(group.sum())
            assert np.mean(predicted) == pytest.approx(np.mean(actual[group]), abs=4.5 * error), (name, low)


@pytest.mark.parametrize(("params", "customer"), GRID)
def test_the_mean_rate_of_alive_and_left_together_is_that_of_the_likelihood(params, customer):
    """E[lambda | x, t_x, T] is the likelihood with one purchase more over the likelihood."""
    params, (x, t_x, T) = ParetoNBDParams(*params), map(float, customer)
    weights, tau = formulas.left_mixture(params, x, t_x, T)
    assert np.sum(weights) == pytest.approx(1)
    assert tau.shape == weights.shape == (16,)
    assert np.all((tau >= t_x) & (tau <= T))
    q, alive = params.r + x, float(formulas.probability_alive(params, x, t_x, T))
    mean = alive * q / (params.alpha + T) + (1 - alive) * np.sum(weights * q / (params.alpha + tau))
    more = exact_log_likelihood(params, x + 1, t_x, T) - exact_log_likelihood(params, x, t_x, T)
    wide = max((params.alpha + T) / (params.alpha + t_x), (params.beta + T) / (params.beta + t_x)) > 400
    assert mean == pytest.approx(float(mp.exp(more)), rel=0.1 if wide else 1e-6)


@pytest.mark.parametrize(("nodes", "error"), [(8, 2e-2), (12, 1e-4), (16, 1e-6)])
def test_fewer_nodes_stand_for_the_time_of_leaving_less_exactly(nodes, error):
    x, t_x, T = np.array([0, 1, 5, 30, 200]), np.array([0, 2, 20, 25, 30]), 200.0
    params = CDNOW._replace(alpha=3.0)
    means = [
        np.sum(weights * (params.r + x[:, None]) / (params.alpha + tau), axis=-1)
        for weights, tau in (formulas.left_mixture(params, x, t_x, T, nodes=n) for n in (nodes, 96))
    ]
    assert means[0] == pytest.approx(means[1], rel=error)


def test_a_customer_seen_buying_at_the_end_is_alive():
    assert float(formulas.probability_alive(CDNOW, 3, 39, 39)) == 1
    assert float(formulas.probability_alive(CDNOW, 0, 0, 0)) == 1
    weights, tau = formulas.left_mixture(CDNOW, 3, 39, 39)
    assert np.sum(weights) == pytest.approx(1)
    assert np.all(tau == 39)


def test_nothing_happens_in_no_time():
    for name in ("purchases", "lifetime", "probability_of_purchase"):
        assert float(getattr(formulas, f"{name}_if_alive")(CDNOW, 0, 3, 39)) == 0
    assert float(formulas.discounted_purchases_if_alive(CDNOW, 0, 3, 39, discount_force=0.1)) == 0
    assert float(formulas.survival_if_alive(CDNOW, 0, 3, 39)) == 1


def test_discounting_at_almost_no_force_is_almost_none():
    plain = formulas.purchases_if_alive(CDNOW, 52, 3, 39)
    assert float(formulas.discounted_purchases_if_alive(CDNOW, 52, 3, 39, discount_force=0)) == float(plain)
    almost = formulas.discounted_purchases_if_alive(CDNOW, 52, 3, 39, discount_force=1e-13)
    assert float(almost) == pytest.approx(float(plain), rel=1e-11)


def test_without_dropout_purchases_are_negative_binomial():
    params = ParetoNBDParams(0.8, 6.0, 1e-12, 10.0)
    x, T = np.arange(5.0), 30.0
    log_count = [math.lgamma(0.8 + n) - math.lgamma(0.8) + 0.8 * math.log(6 / 36) - n * math.log(36) for n in range(5)]
    assert formulas.log_likelihood(params, x, 10.0 * (x > 0), T) == pytest.approx(log_count, rel=1e-10)
    assert formulas.purchases_if_alive(params, 52, x, T) == pytest.approx((0.8 + x) / 36 * 52, rel=1e-10)
    some = formulas.probability_of_purchase_if_alive(params, 52, x, T)
    assert some == pytest.approx(1 - (36 / 88) ** (0.8 + x), rel=1e-10)


def test_along_the_ridge_everybody_drops_out_at_one_rate():
    """s and beta large at a fixed ratio: lifetimes are exponential."""
    params = ParetoNBDParams(0.8, 6.0, 5e10, 1e12)
    assert float(formulas.lifetime_if_alive(params, 52, 2, 30)) == pytest.approx(20 * -math.expm1(-2.6), rel=1e-8)
    rate, r, alpha = 0.05, 0.8, 6.0
    dead, _ = quad(lambda u: rate * math.exp(-rate * u) * (alpha + u) ** -(r + 2), 10, 30, epsrel=1e-12)
    total = (alpha + 30) ** -(r + 2) * math.exp(-rate * 30) + dead
    exact = math.lgamma(r + 2) - math.lgamma(r) + r * math.log(alpha) + math.log(total)
    assert float(formulas.log_likelihood(params, 2, 10, 30)) == pytest.approx(exact, rel=1e-8)


SIZE = st.floats(-3, 6).map(lambda exponent: 10**exponent)


@given(
    params=st.tuples(SIZE, SIZE, SIZE, SIZE),
    x=st.sampled_from([0, 1, 3, 100, 100_000]),
    T=st.floats(0, 1e6),
    share=st.floats(0, 1),
    t=st.sampled_from([0.0, *HORIZONS]),
)
def test_every_answer_is_a_number_within_its_bounds(params, x, T, share, t):
    params, t_x = ParetoNBDParams(*params), T * share if x else 0.0
    assert np.isfinite(formulas.log_likelihood(params, x, t_x, T))
    for value in (
        formulas.probability_alive(params, x, t_x, T),
        formulas.survival(params, t, x, t_x, T),
        formulas.probability_of_purchase(params, t, x, t_x, T),
    ):
        assert 0 <= value <= 1
    assert 0 <= formulas.expected_lifetime(params, t, x, t_x, T) <= t * (1 + 1e-12)
    worth = formulas.discounted_purchases_if_alive(params, t, x, T, discount_force=0.01)
    assert 0 <= worth <= formulas.purchases_if_alive(params, t, x, T) * (1 + 1e-10)
    weights, tau = formulas.left_mixture(params, x, t_x, T)
    assert np.sum(weights) == pytest.approx(1)
    assert np.all((tau >= t_x) & (tau <= T))


def test_a_customers_answer_does_not_depend_on_who_else_is_asked_about():
    rng = np.random.default_rng(0)
    x, T = rng.poisson(3, 10_000).astype(float), rng.uniform(0, 1e4, 10_000)
    t_x = T * rng.uniform(0, 1, 10_000) * (x > 0)
    some = slice(4000, 4200)
    together = formulas.probability_alive(CDNOW, x, t_x, T)[some]
    assert together == pytest.approx(formulas.probability_alive(CDNOW, x[some], t_x[some], T[some]), rel=1e-14)


def test_draws_and_customers_broadcast():
    draws = ParetoNBDParams(*(np.array([value, 1.1 * value])[:, None] for value in CDNOW))
    x, t_x, T = np.array([0.0, 2, 5]), np.array([0.0, 20, 38]), np.array([39.0, 39, 39])
    for name in ("survival", "expected_purchases", "expected_lifetime", "probability_of_purchase"):
        assert getattr(formulas, name)(draws, 52, x, t_x, T).shape == (2, 3)
    for name in ("survival", "purchases", "lifetime", "purchase_rate", "probability_of_purchase"):
        assert getattr(formulas, f"{name}_if_alive")(draws, 52, x, 39.0).shape == (2, 3)
    assert formulas.discounted_purchases_if_alive(draws, 52, x, T, discount_force=0.1).shape == (2, 3)
    weights, tau = formulas.left_mixture(draws, x, t_x, T, nodes=8)
    assert weights.shape == tau.shape == (2, 3, 8)
    single = formulas.expected_purchases(ParetoNBDParams(*(1.1 * value for value in CDNOW)), 52, 2, 20, 39)
    assert formulas.expected_purchases(draws, 52, x, t_x, T)[1, 1] == pytest.approx(float(single), rel=1e-14)


def test_a_graph_of_pytensor_has_the_same_value_and_its_gradient():
    x, t_x, T = np.array([0.0, 2, 5, 300, 1]), np.array([0.0, 20, 38, 39, 39]), np.full(5, 39.0)
    point = pt.vector("point", shape=(4,))
    params = ParetoNBDParams(*(point[i] for i in range(4)))
    terms = formulas.frequency_terms(params, x, xp=pt) + formulas.timing_terms(params, x, t_x, T, xp=pt)
    total = pt.sum(terms)
    function = pytensor.function([point], [total, pytensor.grad(total, point)], mode=Mode("py", optimizer=None))

    def plain(at):
        return np.sum(formulas.log_likelihood(ParetoNBDParams(*at), x, t_x, T))

    for at in (CDNOW, (2.0, 0.1, 3.0, 1e3), (0.7, 50.0, 0.5, 2.0), (1.0, 5.0, 1.0, 5.0)):
        value, gradient = function(np.array(at))
        assert float(value) == pytest.approx(plain(at), rel=1e-12)
        numeric = [approx_fprime(np.array(at), plain, step)[i] for i, step in enumerate(1e-6 * np.array(at))]
        assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-4)
