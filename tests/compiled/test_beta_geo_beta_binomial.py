"""BG/BB by compiled loops: purchases against a simulation and closed forms, the likelihood's sum against its terms."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from clvmodels.compiled import beta_geo_beta_binomial as compiled
from clvmodels.compiled.events import PURCHASES, WAITING, new_streams
from clvmodels.formulas import beta_geo_beta_binomial as bgbb
from clvmodels.formulas.beta_geo_beta_binomial import BetaGeoBetaBinomialParams

PARAMS = BetaGeoBetaBinomialParams(1.2, 0.75, 0.66, 2.8)
DRAWS = 100_000
SEED = np.uint64(7)


def customers(x, t_x, T, *, params=PARAMS, draws=DRAWS, keys=None):
    """Seed, keys and what the loops take of customers."""
    x, t_x, T = (np.atleast_1d(np.asarray(each, float)) for each in (x, t_x, T))
    own = BetaGeoBetaBinomialParams(*(np.full(draws, value) for value in params))
    alive = np.ascontiguousarray(bgbb.probability_alive(own, *(each[:, None] for each in (x, t_x, T))))
    keys = np.arange(len(x), dtype=np.uint64) if keys is None else np.array(keys, dtype=np.uint64)
    return keys, alive, x, T, own


def events(x, t_x, T, horizon, *, first=False, **choices):
    keys, alive, x, T, own = customers(x, t_x, T, **choices)
    horizon = np.broadcast_to(np.asarray(horizon, float), x.shape).copy()
    return compiled.known_events(SEED, keys, PURCHASES, first, horizon, alive, x, T, *own)


def waits(x, t_x, T, *, until_dropout):
    keys, alive, x, T, own = customers(x, t_x, T)
    return compiled.known_waits(SEED, keys, WAITING, until_dropout, alive, x, T, *own)[0]


def by_hand(x, t_x, T, horizon, rng):
    """Alive or not, both probabilities, then opportunity after opportunity: who buys at which, (draws, horizon)."""
    alive = rng.random(DRAWS) < float(bgbb.probability_alive(PARAMS, x, t_x, T))
    p = rng.beta(PARAMS.alpha + x, PARAMS.beta + T - x, DRAWS)
    theta = rng.beta(PARAMS.gamma, PARAMS.delta + T, DRAWS)
    bought = np.zeros((DRAWS, horizon), bool)
    for k in range(horizon):
        alive &= rng.random(DRAWS) >= theta
        bought[:, k] = alive & (rng.random(DRAWS) < p)
    return bought


@pytest.mark.parametrize(("x", "t_x", "T", "horizon"), [(0, 0, 6, 5), (2, 4, 6, 5), (6, 6, 6, 12), (0, 0, 0, 8)])
def test_purchases_are_distributed_as_in_a_simulation_of_every_probability(x, t_x, T, horizon):
    offsets, times = events(x, t_x, T, horizon)
    reference = by_hand(x, t_x, T, horizon, np.random.default_rng(0))
    error = 5 * np.sqrt(0.5 / DRAWS)
    counts, expected = np.diff(offsets), reference.sum(axis=1)
    for n in range(horizon + 1):
        assert np.mean(counts <= n) == pytest.approx(np.mean(expected <= n), abs=error)
    for k in range(1, horizon + 1):
        assert np.sum(times == k) / DRAWS == pytest.approx(reference[:, k - 1].mean(), abs=error)
    # Two purchases in a row: the times within a customer hang together as well.
    follow = np.diff(times)[np.diff(np.repeat(np.arange(DRAWS), counts)) == 0]
    assert np.sum(follow == 1) / DRAWS == pytest.approx(
        np.mean((reference[:, 1:] & reference[:, :-1]).sum(axis=1)), abs=0.04
    )


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 6), (3, 5, 6), (40, 90, 100)])
def test_purchases_have_the_closed_forms_mean_and_probability_of_none(x, t_x, T):
    counts = np.diff(events(x, t_x, T, 30.0)[0])
    error = counts.std() / np.sqrt(DRAWS)
    assert counts.mean() == pytest.approx(float(bgbb.expected_purchases(PARAMS, 30, x, t_x, T)), abs=4 * error)
    some = float(bgbb.probability_of_purchase(PARAMS, 30, x, t_x, T))
    assert np.mean(counts > 0) == pytest.approx(some, abs=4 * np.sqrt(0.25 / DRAWS))


def test_purchases_are_at_whole_opportunities_that_fit_into_the_horizon():
    offsets, times = events([3, 3], [6, 6], [6, 6], [5.7, 0.9], draws=2000)
    assert set(times) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert np.all(np.diff(offsets)[2000:] == 0)


def test_a_first_purchase_is_put_before_the_others():
    offsets, times = events(6, 6, 6, 5.0, first=True, draws=500)
    alone = events(6, 6, 6, 5.0, draws=500)
    assert np.all(times[offsets[:-1]] == 0)
    assert np.array_equal(np.diff(offsets) - 1, np.diff(alone[0]))


def test_a_customer_is_drawn_alike_whoever_else_is_asked_about():
    both = events([3, 0], [6, 0], [6, 6], 5.0, draws=500, keys=[1, 2])
    alone = events(0, 0, 6, 5.0, draws=500, keys=[2])
    assert np.array_equal(np.diff(both[0])[500:], np.diff(alone[0]))


@pytest.mark.parametrize("time", [0, 1, 4, 30])
def test_customers_leave_as_survival_says(time):
    out = waits(3, 5, 6, until_dropout=True)
    exact = float(bgbb.survival(PARAMS, time, 3, 5, 6))
    assert np.mean(out > time) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


def test_the_mean_time_until_leaving_within_a_horizon_is_the_expected_lifetime():
    out = np.minimum(waits(3, 5, 6, until_dropout=True), 20)
    exact = float(bgbb.expected_lifetime(PARAMS, 20, 3, 5, 6))
    assert out.mean() == pytest.approx(exact, abs=4 * out.std() / np.sqrt(DRAWS))


@pytest.mark.parametrize("horizon", [1, 5, 100])
def test_the_next_purchase_is_within_a_horizon_as_often_as_there_is_one(horizon):
    out = waits(3, 5, 6, until_dropout=False)
    exact = float(bgbb.probability_of_purchase(PARAMS, horizon, 3, 5, 6))
    assert np.mean(out <= horizon) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


def test_customers_to_be_won_live_as_new_ones_from_their_own_start():
    own = BetaGeoBetaBinomialParams(*(np.full(4, value) for value in PARAMS))
    won = np.full(4, 20_000)
    starts, offsets, times, states = compiled.new_events(
        new_streams(SEED, 0, 4, PURCHASES, 0), won, 2.0, 4.0, 10.0, *own
    )
    assert np.all((starts > 2) & (starts < 4))
    assert states.shape == (80_000, 4)
    assert np.all(times[offsets[:-1]] == 0)
    # Seven opportunities fit before time 10 for those who come before 3, six for the others.
    for fit, chosen in ((7, starts < 3), (6, starts > 3)):
        counts = (np.diff(offsets) - 1)[chosen]
        expected = float(bgbb.expected_purchases(PARAMS, fit, 0, 0, 0))
        assert counts.mean() == pytest.approx(expected, abs=4 * counts.std() / np.sqrt(len(counts)))


def test_customers_to_be_won_leave_as_new_ones_do():
    won = np.full(2, 40_000)
    gamma, delta = (np.full(2, value) for value in PARAMS[2:])
    left, _ = compiled.new_leaving(new_streams(SEED, 0, 2, PURCHASES, 1), won, 0.0, 1e-9, gamma, delta)
    for time in (1, 5):
        exact = float(bgbb.survival(PARAMS, time, 0, 0, 0))
        assert np.mean(left > time + 0.5) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 80_000))


def test_extreme_probabilities_are_drawn_without_end_or_overflow():
    for params in ((1e-3, 1e6, 1e-3, 1e6), (1e6, 1e-3, 1e6, 1e-3), (1e-3, 1e-3, 1e-3, 1e-3), (1e6, 1e-3, 1e-3, 1e6)):
        extreme = BetaGeoBetaBinomialParams(*params)
        offsets, _ = events(0, 0, 0, 100.0, params=extreme, draws=1000)
        expected = float(bgbb.expected_purchases(extreme, 100, 0, 0, 0))
        counts = np.diff(offsets)
        assert counts.mean() == pytest.approx(expected, abs=5 * max(counts.std(), 0.01) / np.sqrt(1000))


def all_rows(n):
    rows = [(0, 0, n)] + [(x, t_x, n) for t_x in range(1, n + 1) for x in range(1, t_x + 1)]
    return np.array(rows, float).T


@pytest.fixture(scope="module")
def rows():
    """All histories of 5, 12 and 40 opportunities, in no order, with counts."""
    rng = np.random.default_rng(1)
    x, t_x, T = np.concatenate([all_rows(n) for n in (5, 12, 40)], axis=1)
    order = rng.permutation(len(x))
    return x[order], t_x[order], T[order], rng.integers(1, 5, len(x)).astype(float)


@pytest.mark.parametrize(
    "point", [PARAMS, (30.0, 1e-3, 500.0, 1e-3), (1e-3, 100.0, 1e-3, 100.0), (1e3, 1e-3, 1e6, 1e-3)]
)
def test_the_sum_is_that_of_the_dropout_terms(rows, point):
    x, t_x, T, count = rows
    exact = np.sum(count * bgbb.dropout_terms(BetaGeoBetaBinomialParams(*point), x, t_x, T))
    found = compiled.OpportunitySum.of(*rows).values(np.array([point, PARAMS]))
    assert found[0] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("point", [PARAMS, (30.0, 0.1, 500.0, 0.1)])
def test_the_gradient_is_that_of_the_sum(rows, point):
    point, whole = np.array(point), compiled.OpportunitySum.of(*rows)
    numeric = approx_fprime(point, lambda at: whole.values(at[None, :])[0], 1e-6 * point)
    assert whole.gradient(point) == pytest.approx(numeric, rel=1e-4)


def test_customers_who_are_alive_for_certain_add_nothing():
    nobody = compiled.OpportunitySum.of(*(np.array([value]) for value in (3.0, 6.0, 6.0, 10.0)))
    assert nobody.values(np.array([PARAMS])).tolist() == [0.0]
    assert nobody.gradient(np.array(PARAMS)).tolist() == [0.0] * 4


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_the_probability_alive_of_many_customers_is_that_of_each(order):
    rng = np.random.default_rng(3)
    x = np.sort(rng.integers(0, 40, 300)).astype(float)
    t_x = np.where(x > 0, x + rng.integers(0, 200, 300), 0.0)
    T = t_x + rng.integers(0, 3, 300) * rng.integers(0, 300, 300)
    if order == "shuffled":
        x, t_x, T = rng.permutation(np.stack([x, t_x, T]), axis=1)
    own = BetaGeoBetaBinomialParams(*(value * rng.lognormal(0, 1, 20) for value in PARAMS))
    found = compiled.probability_alive(x, t_x, T, *own)
    one = bgbb.probability_alive(own, x[:, None], t_x[:, None], T[:, None])
    np.testing.assert_allclose(found, one, rtol=1e-11)


def test_one_who_bought_always_and_then_never_again_has_left():
    own = (np.array([value]) for value in PARAMS)
    assert compiled.probability_alive(np.array([900.0]), np.array([900.0]), np.array([1800.0]), *own) == 0.0
