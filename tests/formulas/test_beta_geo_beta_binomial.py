"""BG/BB closed forms: the paper's figures, mpmath, simulation opportunity by opportunity, limits."""

import mpmath as mp
import numpy as np
import pytensor.tensor as pt
import pytest
from scipy.optimize import minimize
from scipy.special import comb

from clvmodels.datasets import load_donations
from clvmodels.formulas import beta_geo_beta_binomial as bgbb
from clvmodels.formulas import shifted_beta_geo
from clvmodels.formulas.beta_geo_beta_binomial import BetaGeoBetaBinomialParams

MLE = BetaGeoBetaBinomialParams(1.20352, 0.74972, 0.65672, 2.78344)
GRID = [
    MLE,
    BetaGeoBetaBinomialParams(1.2, 0.75, 1.0, 2.8),
    BetaGeoBetaBinomialParams(0.3, 0.4, 1.0 + 1e-9, 0.5),
    BetaGeoBetaBinomialParams(1e-3, 1e-3, 1e-3, 1e-3),
    BetaGeoBetaBinomialParams(1e6, 1e6, 1e-3, 5.0),
    BetaGeoBetaBinomialParams(2.0, 300.0, 1e6, 1e6),
    BetaGeoBetaBinomialParams(1e-3, 1e6, 3.0, 1e6),
    BetaGeoBetaBinomialParams(40.0, 2.0, 80.0, 900.0),
]
HISTORIES = [(0, 0, 0), (0, 0, 7), (1, 1, 7), (3, 5, 7), (7, 7, 7), (2, 30, 60), (20, 40, 300)]
IF_ALIVE = ["survival", "purchases", "lifetime", "probability_of_purchase", "purchase_rate", "opportunities"]


@pytest.fixture(scope="module")
def donations():
    return load_donations()


def columns(frame):
    return (frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))


def survives(params, n, k):
    """The mean of (1 - theta)^(n + k) over that of (1 - theta)^n."""
    gamma, delta = mp.mpf(params.gamma), mp.mpf(params.delta) + n
    return mp.rf(delta, k) / mp.rf(gamma + delta, k)


def exact_terms(params, x, t_x, n):
    """Probabilities of the sequence with the customer alive at n, and gone since each earlier opportunity."""
    alpha, beta, gamma, delta = map(mp.mpf, params)

    def seen(until):
        buys = mp.rf(alpha, x) * mp.rf(beta, until - x) / mp.rf(alpha + beta, until)
        return buys * mp.rf(delta, until) / mp.rf(gamma + delta, until)

    return seen(n), sum(seen(k) * gamma / (gamma + delta + k) for k in range(t_x, n))


def exact_if_alive(params, x, n, t, force=0.0):
    """Survival, purchases, lifetime, probability of purchase and rate: sums over opportunities."""
    alpha, beta, _, _ = map(mp.mpf, params)
    alive = [survives(params, n, k) for k in range(t + 1)]
    share = (alpha + x) / (alpha + beta + n)
    none = [mp.rf(beta + n - x, k) / mp.rf(alpha + beta + n, k) for k in range(t + 1)]
    first = sum((none[k - 1] - none[k]) * alive[k] for k in range(1, t + 1))
    weighted = sum(alive[k] * mp.exp(-force * k) for k in range(1, t + 1))
    return {
        "survival": alive[t],
        "purchases": share * weighted,
        "lifetime": sum(alive[:t]),
        "probability_of_purchase": first,
        "purchase_rate": share * alive[t],
        "opportunities": weighted,
    }


def test_the_log_likelihood_of_the_donations_is_the_published_one(donations):
    total = np.sum(donations["count"] * bgbb.log_likelihood(MLE, *columns(donations)))
    assert total == pytest.approx(-33225.5813, abs=5e-5)


def test_the_maximum_on_the_donations_is_the_published_one(donations):
    def loss(logs):
        params = BetaGeoBetaBinomialParams(*np.exp(logs))
        return -np.sum(donations["count"] * bgbb.log_likelihood(params, *columns(donations)))

    found = minimize(loss, np.zeros(4), method="BFGS")
    assert -found.fun == pytest.approx(-33225.5813, abs=5e-4)
    assert np.exp(found.x) == pytest.approx([1.203528, 0.7497260, 0.6567808, 2.783796], rel=1e-3)


def test_donors_are_alive_in_2002_as_in_table_6_of_the_paper():
    found = bgbb.probability_alive_at_next(MLE, [0, 2, 6], [0, 4, 6], 6)
    assert found.round(2).tolist() == [0.11, 0.59, 0.93]


def test_donations_of_2002_to_2006_are_those_of_the_paper():
    found = bgbb.expected_purchases(MLE, 5, [0, 6], [0, 6], 6)
    assert found.round(2).tolist() == [0.07, 3.75]


def test_donations_are_those_of_hardies_spreadsheet_of_note_010(donations):
    """Sheets Conditional Expectations (II), In-Sample Fit and Tracking Plot."""
    x, t_x, n = columns(donations)
    assert np.sum(donations["count"] * bgbb.expected_purchases(MLE, 5, x, t_x, n)) == pytest.approx(12_884.2, abs=0.1)
    donors = 11_104 * np.exp(bgbb.log_likelihood(MLE, [0, 6], [0, 6], 6))
    assert donors.round(1).tolist() == [3454.9, 1253.1]
    cumulative = bgbb.expected_purchases(MLE, np.arange(1, 12), 0, 0, 0)
    printed = [0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887]
    assert cumulative == pytest.approx(printed, abs=1.5e-4)


def test_expectations_are_those_that_btyd_prints():
    rounded = BetaGeoBetaBinomialParams(1.20, 0.75, 0.66, 2.78)
    printed = [0.4973166, 0.9207078, 1.2927317, 1.6266289, 1.9309062, 2.2113893, 2.4722624, 2.7166434, 2.9469256]
    assert bgbb.expected_purchases(rounded, np.arange(1, 10), 0, 0, 0) == pytest.approx(printed, abs=5e-8)
    mle = BetaGeoBetaBinomialParams(1.203528, 0.7497260, 0.6567808, 2.783796)
    # At its own optimum.
    found = bgbb.expected_purchases(mle, 10, [0, 4], [0, 5], 6)
    assert found == pytest.approx([0.1302169, 3.627858], rel=1e-5)


@pytest.mark.parametrize("params", GRID, ids=str)
@pytest.mark.parametrize(("x", "t_x", "n"), HISTORIES)
def test_likelihood_and_probability_alive_agree_with_mpmath(params, x, t_x, n):
    with mp.workdps(60):
        alive, gone = exact_terms(params, x, t_x, n)
        log_likelihood, share = float(mp.log(alive + gone)), float(alive / (alive + gone))
    # A log-likelihood near 0 is exact to the last digit of 1.
    assert float(bgbb.log_likelihood(params, x, t_x, n)) == pytest.approx(log_likelihood, rel=1e-11, abs=1e-14)
    assert float(bgbb.probability_alive(params, x, t_x, n)) == pytest.approx(share, rel=1e-10, abs=0)


@pytest.mark.parametrize("params", GRID, ids=str)
@pytest.mark.parametrize(("x", "n"), [(0, 0), (0, 7), (3, 7), (20, 300)])
@pytest.mark.parametrize("t", [0, 1, 5, 700])
def test_expectations_agree_with_mpmath(params, x, n, t):
    with mp.workdps(40):
        exact = {name: float(value) for name, value in exact_if_alive(params, x, n, t).items()}
        discounted = float(exact_if_alive(params, x, n, t, force=0.02)["purchases"])
    for name in IF_ALIVE:
        found = getattr(bgbb, f"{name}_if_alive")(params, t, x, n)
        assert float(found) == pytest.approx(exact[name], rel=1e-10, abs=0), name
    found = bgbb.discounted_purchases_if_alive(params, t, x, n, discount_force=0.02)
    assert float(found) == pytest.approx(discounted, rel=1e-10, abs=0)


def test_all_sequences_together_have_probability_one():
    n = 9
    x, t_x = np.array([(0, 0)] + [(x, t_x) for t_x in range(1, n + 1) for x in range(1, t_x + 1)]).T
    sequences = np.where(x > 0, comb(t_x - 1, x - 1), 1)
    for params in GRID:
        assert np.sum(sequences * np.exp(bgbb.log_likelihood(params, x, t_x, n))) == pytest.approx(1, rel=1e-9)


def simulated(params, n, horizon, customers):
    """Customers opportunity by opportunity: x, t_x, and alive and buying at each, (customers, n + horizon)."""
    rng = np.random.default_rng(3)
    p, theta = rng.beta(params.alpha, params.beta, customers), rng.beta(params.gamma, params.delta, customers)
    alive, bought = np.ones(customers, bool), []
    alive_at = []
    for _ in range(n + horizon):
        alive &= rng.random(customers) >= theta
        alive_at.append(alive.copy())
        bought.append(alive & (rng.random(customers) < p))
    bought = np.array(bought).T
    seen = bought[:, :n]
    return seen.sum(axis=1), (seen * np.arange(1, n + 1)).max(axis=1), np.array(alive_at).T, bought


def test_simulated_donors_go_on_as_predicted():
    n, horizon = 6, 5
    all_x, all_t_x, alive, bought = simulated(MLE, n, horizon, 10**6)
    for x, t_x in ((0, 0), (1, 3), (3, 5), (6, 6)):
        chosen = (all_x == x) & (all_t_x == t_x)
        now, then, later = alive[chosen, n - 1], alive[chosen, n:], bought[chosen, n:]
        error = 4.5 * np.sqrt(0.25 / len(now))
        assert now.mean() == pytest.approx(float(bgbb.probability_alive(MLE, x, t_x, n)), abs=error)
        assert then[:, 0].mean() == pytest.approx(float(bgbb.probability_alive_at_next(MLE, x, t_x, n)), abs=error)
        assert then[:, 4].mean() == pytest.approx(float(bgbb.survival(MLE, 5, x, t_x, n)), abs=error)
        # Alive from the observation end until the beginning of the opportunity at which they leave.
        lifetime = now + then[:, :-1].sum(axis=1)
        assert lifetime.mean() == pytest.approx(float(bgbb.expected_lifetime(MLE, 5, x, t_x, n)), abs=5 * error)
        some = float(bgbb.probability_of_purchase(MLE, 5, x, t_x, n))
        assert later.any(axis=1).mean() == pytest.approx(some, abs=error)
        weighted = later @ np.exp(-0.1 * np.arange(1, 6))
        exact = bgbb.discounted_purchases_if_alive(MLE, 5, x, n, discount_force=0.1)
        exact = float(exact * bgbb.probability_alive(MLE, x, t_x, n))
        assert weighted.mean() == pytest.approx(exact, abs=4.5 * weighted.std() / np.sqrt(len(now)))
        assert later.sum(axis=1).mean() == pytest.approx(
            float(bgbb.expected_purchases(MLE, 5, x, t_x, n)), abs=5 * error
        )


def test_who_bought_at_the_last_opportunity_is_alive():
    assert np.all(bgbb.probability_alive(MLE, [1, 6], 6, 6) == 1)
    assert float(bgbb.probability_alive(MLE, 0, 0, 0)) == 1


@pytest.mark.parametrize("name", IF_ALIVE)
def test_a_horizon_counts_the_whole_opportunities_that_fit_into_it(name):
    formula = getattr(bgbb, f"{name}_if_alive")
    assert np.array_equal(formula(MLE, [0.99, 5.5], 2, 6), formula(MLE, [0, 5], 2, 6))


@pytest.mark.parametrize("params", GRID, ids=str)
def test_two_horizons_one_after_the_other_are_the_longer_one(params):
    """Given alive at T + 5 nothing is learned of p, but theta has been survived five times more."""
    x, n = 2, 6
    survival = bgbb.survival_if_alive(params, 5, x, n)
    for name in ("opportunities", "lifetime"):
        formula = getattr(bgbb, f"{name}_if_alive")
        whole = formula(params, 5, x, n) + survival * formula(params, 95, x, n + 5)
        assert float(formula(params, 100, x, n)) == pytest.approx(float(whole), rel=1e-11)


def test_the_sum_has_no_gap_where_gamma_is_one():
    gamma = 1 + np.array([-1e-6, -1e-10, -1e-14, 0.0, 1e-14, 1e-10, 1e-6])
    t = np.array([[5.0], [1e6]])
    found = bgbb.opportunities_if_alive(MLE._replace(gamma=gamma), t, 0, 3)
    # At gamma = 1: d (psi(d + 1 + t) - psi(d + 1)).
    d = MLE.delta + 3
    exact = [[float(d * (mp.digamma(d + 1 + each) - mp.digamma(d + 1)))] for each in t[:, 0]]
    assert found == pytest.approx(np.broadcast_to(exact, found.shape), rel=2e-5)
    assert found[:, 2:5] == pytest.approx(np.broadcast_to(exact, (2, 3)), rel=1e-11)


def test_formulas_are_numbers_for_any_horizon_and_history():
    x, t_x, n = np.array([0, 1, 10**5, 10**5]), np.array([0, 1, 10**5, 10**6]), np.array([10**6, 10**6, 10**5, 10**6])
    for params in GRID:
        assert np.all(np.isfinite(bgbb.log_likelihood(params, x, t_x, n)))
        for t in (0, 1, 1e6, 1e9):
            for name in IF_ALIVE:
                values = getattr(bgbb, f"{name}_if_alive")(params, t, x, n)
                assert np.all(np.isfinite(values) & (values >= 0)), name
            some = bgbb.probability_of_purchase(params, t, x, t_x, n)
            assert np.all((some >= 0) & (some <= 1))


def test_a_long_silence_has_the_likelihood_of_its_sum():
    """A million opportunities without a purchase at p = theta = Beta(1, 1): sums of rational numbers."""
    params, n = BetaGeoBetaBinomialParams(1.0, 1.0, 1.0, 1.0), 10**6
    k = np.arange(n, dtype=float)
    exact = 1 / (n + 1.0) ** 2 + np.sum(1 / ((k + 1) ** 2 * (k + 2)))
    assert float(bgbb.log_likelihood(params, 0, 0, n)) == pytest.approx(np.log(exact), rel=1e-12)


def test_leaving_is_that_of_the_shifted_beta_geometric():
    theta = shifted_beta_geo.ShiftedBetaGeoParams(MLE.gamma, MLE.delta)
    ours = bgbb.survival_if_alive(MLE, np.arange(8), 0, 0)
    assert ours == pytest.approx(shifted_beta_geo.survival(theta, np.arange(8)), rel=1e-12)
    rest = shifted_beta_geo.expected_residual_lifetime(theta, 6, d=np.expm1(0.1))
    share = (MLE.alpha + 4) / (MLE.alpha + MLE.beta + 6)
    found = bgbb.discounted_purchases_if_alive(MLE, np.inf, 4, 6, discount_force=0.1)
    assert float(found) == pytest.approx(float(share * rest * np.exp(-0.1)), rel=1e-9)


def test_discounting_at_rate_zero_changes_nothing():
    plain = bgbb.purchases_if_alive(MLE, 50, 2, 6)
    assert np.array_equal(bgbb.discounted_purchases_if_alive(MLE, 50, 2, 6, discount_force=0), plain)
    nearly = bgbb.discounted_purchases_if_alive(MLE, 50, 2, 6, discount_force=1e-13)
    assert float(nearly) == pytest.approx(float(plain), rel=1e-11)


def test_draws_in_columns_give_what_each_draw_gives_alone(donations):
    draws = BetaGeoBetaBinomialParams(*np.exp(0.3 * np.random.default_rng(4).standard_normal((4, 5, 1))))
    together = bgbb.log_likelihood(draws, *columns(donations))
    alone = [
        bgbb.log_likelihood(BetaGeoBetaBinomialParams(*(v[i, 0] for v in draws)), *columns(donations)) for i in range(5)
    ]
    assert together == pytest.approx(np.array(alone), rel=1e-13)
    assert bgbb.purchases_if_alive(draws, 5, np.arange(7), 6.0).shape == (5, 7)
    assert bgbb.survival_if_alive(draws, 5, np.arange(7), 6.0).shape == (5, 7)


@pytest.mark.parametrize("params", [MLE, GRID[3], GRID[7]], ids=str)
def test_the_graph_has_the_same_terms(params, donations):
    x, t_x, n = columns(donations)
    x, t_x, n = np.append(x, [2.0, 0.0]), np.append(t_x, [30.0, 0.0]), np.append(n, [60.0, 0.0])
    variables = BetaGeoBetaBinomialParams(*(pt.constant(np.float64(value)) for value in params))
    graph = bgbb.alive_terms(variables, x, n, xp=pt) + bgbb.dropout_terms(variables, x, t_x, n, xp=pt)
    assert graph.eval() == pytest.approx(bgbb.log_likelihood(params, x, t_x, n), rel=1e-9)
