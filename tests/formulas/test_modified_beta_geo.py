"""MBG/NBD closed forms: published numbers, the model's own integrals, simulation, limits."""

import mpmath as mp
import numpy as np
import pytensor.tensor as pt
import pytest
from scipy.optimize import minimize
from scipy.stats import spearmanr

from clvmodels.compiled.likelihood import DropoutSum
from clvmodels.datasets import load_cdnow
from clvmodels.formulas import beta_geo, modified_beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.rfm import split_holdout

MLE = BetaGeoParams(0.5248, 6.1831, 0.8914, 1.6140)
IF_ALIVE = ["survival", "purchases", "lifetime", "probability_of_purchase", "purchase_rate"]


@pytest.fixture(scope="module")
def split():
    return split_holdout(load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30")


def columns(frame):
    return (frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))


def test_the_log_likelihood_of_cdnow_is_the_published_one(split):
    total = modified_beta_geo.log_likelihood(MLE, *columns(split.calibration.frame)).sum()
    assert total == pytest.approx(-9582.135720, abs=1e-5)


def test_the_maximum_on_cdnow_is_the_published_one(split):
    counts = split.calibration.compressed()

    def loss(logs):
        params = BetaGeoParams(*np.exp(logs))
        return -np.sum(counts["count"] * modified_beta_geo.log_likelihood(params, *columns(counts)))

    found = minimize(loss, np.log([1.0, 10.0, 1.0, 1.0]), method="BFGS")
    assert -found.fun == pytest.approx(-9582.13572, abs=1e-4)
    assert np.exp(found.x) == pytest.approx(MLE, rel=2e-3)


def test_the_holdout_of_cdnow_is_the_published_one(split):
    frame = split.calibration.frame
    predicted = modified_beta_geo.expected_purchases(MLE, 39, *columns(frame))
    actual = split.holdout["purchases"].reindex(frame.index).to_numpy(float)
    error = predicted - actual
    assert error.sum() / actual.sum() == pytest.approx(-0.162, abs=5e-4)
    assert np.mean(np.abs(error)) == pytest.approx(0.765, abs=5e-4)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(1.607, abs=5e-4)
    assert np.corrcoef(predicted, actual)[0, 1] == pytest.approx(0.627, abs=5e-4)
    assert spearmanr(predicted, actual).statistic == pytest.approx(0.450, abs=5e-4)


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 20.0), (2, 30.0, 39.0), (9, 12.0, 39.0)])
def test_likelihood_and_probability_alive_are_the_integrals_over_rate_and_dropout_probability(x, t_x, T):
    """No closed form of the two together: x + 1 coins in a row, or x and then the last one, by quadrature."""
    r, alpha, a, b = map(mp.mpf, MLE)

    def over_rate(until):
        scale = alpha**r / mp.gamma(r)
        return scale * mp.quad(
            lambda rate: rate ** (r + x - 1) * mp.exp(-rate * (alpha + until)), [0, 0.05, 0.2, 1, 5, 40]
        )

    def over_dropout(leaves, stays):
        scale = 1 / mp.beta(a, b)
        return scale * mp.quad(lambda p: p ** (a - 1 + leaves) * (1 - p) ** (b - 1 + stays), [0, 0.001, 0.5, 0.999, 1])

    alive, gone = over_dropout(0, x + 1) * over_rate(T), over_dropout(1, x) * over_rate(t_x)
    found = modified_beta_geo.log_likelihood(MLE, x, t_x, T)
    assert float(found) == pytest.approx(float(mp.log(alive + gone)), rel=1e-6)
    share = modified_beta_geo.probability_alive(MLE, x, t_x, T)
    assert float(share) == pytest.approx(float(alive / (alive + gone)), rel=1e-6)


@pytest.mark.parametrize("x", [0.0, 1.0, 40.0, 1e5])
@pytest.mark.parametrize("params", [MLE, BetaGeoParams(1e-3, 1e-3, 1e-3, 1e-3), BetaGeoParams(5.0, 3.0, 200.0, 1e-3)])
def test_probability_alive_agrees_with_mpmath(params, x):
    t_x, T = np.array([0.0, 30.0, 30.0]) * (x > 0), np.array([0.5, 30.0, 60.0])
    with mp.workdps(50):
        r, alpha, a, b = map(mp.mpf, params)
        pairs = [(alpha + mp.mpf(last), alpha + mp.mpf(end)) for last, end in zip(t_x, T, strict=True)]
        odds = [a / (b + x) * (end / last) ** (r + x) for last, end in pairs]
        exact = [float(1 / (1 + each)) for each in odds]
    assert modified_beta_geo.probability_alive(params, x, t_x, T) == pytest.approx(exact, rel=1e-10, abs=0)


def simulated(params, t_x_and_x, T, horizon, customers):
    """Customers drawn from the first purchase on, and of those with this history: alive at T, purchases afterwards."""
    rng = np.random.default_rng(1)
    rate = rng.gamma(params.r, 1 / params.alpha, customers)
    dropout = rng.beta(params.a, params.b, customers)
    stays = rng.random(customers) >= dropout
    time, last = np.zeros(customers), np.zeros(customers)
    before, after, alive = np.zeros(customers), np.zeros(customers), np.zeros(customers, bool)
    on = np.flatnonzero(stays)
    while len(on):
        time[on] += rng.exponential(1 / rate[on])
        alive[on[time[on] > T]] = True
        on = on[time[on] <= T + horizon]
        seen, later = on[time[on] <= T], on[time[on] > T]
        before[seen] += 1
        last[seen] = time[seen]
        after[later] += 1
        on = on[rng.random(len(on)) >= dropout[on]]
    chosen = t_x_and_x(before, last)
    return alive[chosen], after[chosen]


def test_simulated_histories_go_on_as_predicted():
    T, horizon = 20.0, 30.0
    for x in (0, 2):
        alive, after = simulated(
            MLE, lambda n, last, x=x: (n == x) & (abs(last - 12 * (x > 0)) < 0.5), T, horizon, 10**6
        )
        t_x = 12.0 * (x > 0)
        error = np.sqrt(0.25 / len(alive))
        assert len(alive) > 2000
        assert alive.mean() == pytest.approx(float(modified_beta_geo.probability_alive(MLE, x, t_x, T)), abs=4 * error)
        expected = float(modified_beta_geo.expected_purchases(MLE, horizon, x, t_x, T))
        assert after.mean() == pytest.approx(expected, abs=4 * after.std() / np.sqrt(len(after)))
        some = float(modified_beta_geo.probability_of_purchase(MLE, horizon, x, t_x, T))
        assert np.mean(after > 0) == pytest.approx(some, abs=4 * error)


def test_a_new_customer_stays_with_the_mean_probability():
    assert float(modified_beta_geo.probability_alive(MLE, 0, 0, 0)) == pytest.approx(MLE.b / (MLE.a + MLE.b))


def test_who_has_not_come_back_is_believed_to_have_left_the_longer_it_is():
    alive = modified_beta_geo.probability_alive(MLE, 0, 0, np.array([0.0, 10.0, 100.0, 1e9]))
    assert np.all(np.diff(alive) < 0)


def test_without_dropout_it_is_bg_nbd():
    nobody = MLE._replace(a=1e-9)
    for x, t_x in ((0, 0), (3, 20)):
        found = modified_beta_geo.log_likelihood(nobody, x, t_x, 39.0)
        assert float(found) == pytest.approx(float(beta_geo.log_likelihood(nobody, x, t_x, 39.0)), rel=1e-6)


@pytest.mark.parametrize("quantity", IF_ALIVE)
def test_a_living_customer_behaves_as_in_bg_nbd_with_b_plus_one(quantity):
    ours, theirs = (getattr(module, f"{quantity}_if_alive") for module in (modified_beta_geo, beta_geo))
    assert np.array_equal(ours(MLE, 52.0, 3.0, 39.0), theirs(MLE._replace(b=MLE.b + 1), 52.0, 3.0, 39.0))


@pytest.mark.parametrize("t", [0.0, 5.0, 300.0])
def test_the_purchase_rate_is_the_slope_of_the_expected_purchases(t):
    step = 1e-3
    two = modified_beta_geo.purchases_if_alive(MLE, np.array([t, t + step]), 3.0, 39.0)
    rate = modified_beta_geo.purchase_rate_if_alive(MLE, t + step / 2, 3.0, 39.0)
    assert float(rate) == pytest.approx(float(np.diff(two)[0]) / step, rel=1e-6)


def test_the_graph_has_the_same_terms():
    x, t_x, T = np.array([0.0, 0.0, 3.0]), np.array([0.0, 0.0, 20.0]), np.array([0.0, 39.0, 39.0])
    graph = modified_beta_geo.frequency_terms(MLE, x, xp=pt) + modified_beta_geo.timing_terms(MLE, x, t_x, T, xp=pt)
    assert graph.eval() == pytest.approx(modified_beta_geo.log_likelihood(MLE, x, t_x, T), rel=1e-12)


def test_the_compiled_sum_of_bg_nbd_is_that_of_mbg_nbd_with_the_first_purchase_counted():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 20, 300).astype(float)
    t_x = rng.uniform(0.1, 30, 300) * (x > 0)
    T, count = t_x + rng.uniform(0, 30, 300), rng.integers(1, 4, 300).astype(float)
    params, counted = modified_beta_geo.dropouts(MLE, x)
    found = DropoutSum.of(counted, t_x, T, count).values(np.array([params]))
    exact = -np.sum(count * np.log(modified_beta_geo.probability_alive(MLE, x, t_x, T)))
    assert found == pytest.approx([exact], rel=1e-11)
