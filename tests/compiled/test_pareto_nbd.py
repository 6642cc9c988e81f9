"""Pareto/NBD's compiled sums against its formulas, and its events against a simulation that draws every rate."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytensor.compile.mode import Mode
from scipy.optimize import approx_fprime

from clvmodels.compiled import pareto_nbd
from clvmodels.compiled.events import NEW, PURCHASES, WAITING, new_streams
from clvmodels.compiled.pareto_nbd import TimingSum
from clvmodels.formulas import pareto_nbd as formulas
from clvmodels.formulas.pareto_nbd import ParetoNBDParams

PARAMS = ParetoNBDParams(r=0.8, alpha=6.0, s=0.9, beta=15.0)
DRAWS = 100_000
SIZE = st.floats(-3, 5).map(lambda exponent: 10**exponent)
CORNERS = [
    PARAMS,
    (0.55, 10.6, 0.61, 11.7),
    (2.0, 5.0, 3.0, 5.0),
    (0.3, 200.0, 0.5, 2.0),
    (0.5, 1e-3, 2.0, 1e4),
    (0.5, 1e4, 2.0, 1e-3),
    (0.5, 10.0, 1e5, 1e6),
    (1e5, 1e6, 0.5, 10.0),
]


def rows(seed, size=300, longest=100.0):
    rng = np.random.default_rng(seed)
    x, T = rng.negative_binomial(0.5, 0.05, size).astype(float), np.ceil(rng.uniform(0, longest, size) * 7) / 7
    t_x = np.where(x > 0, np.minimum(np.ceil(T * rng.uniform(0, 1, size) * 7) / 7, T), 0.0)
    return x, t_x, T, rng.integers(1, 4, size).astype(float)


@settings(max_examples=50)
@given(points=st.lists(st.tuples(SIZE, SIZE, SIZE, SIZE), min_size=1, max_size=3), seed=st.integers(0, 5))
def test_the_sum_and_the_probability_alive_are_those_of_the_formulas(points, seed):
    x, t_x, T, count = rows(seed)
    points = np.array(points)
    params = ParetoNBDParams(*points.T[:, :, None])
    exact = np.sum(count * formulas.timing_terms(params, x, t_x, T), axis=1)
    assert TimingSum.of(x, t_x, T, count).values(points) == pytest.approx(exact, rel=1e-10)
    alive = formulas.probability_alive(params, x, t_x, T).T
    assert pareto_nbd.probability_alive(x, t_x, T, points) == pytest.approx(alive, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("at", CORNERS)
def test_the_gradient_is_that_of_a_pytensor_graph(at):
    x, t_x, T, count = rows(1)
    point = pt.vector("point", shape=(4,))
    terms = formulas.timing_terms(ParetoNBDParams(*(point[i] for i in range(4))), x, t_x, T, xp=pt)
    graph = pytensor.function(
        [point], pytensor.grad(pt.sum(count * terms), point), mode=Mode("py", optimizer=None)
    )  # fmt: skip
    scale = np.array(at)
    gradient = TimingSum.of(x, t_x, T, count).gradient(scale) * scale
    assert gradient == pytest.approx(graph(scale) * scale, rel=1e-8, abs=1e-8 * np.max(np.abs(gradient)))


@pytest.mark.parametrize("at", CORNERS)
def test_the_gradient_is_that_of_the_sum(at):
    total, log_at = TimingSum.of(*rows(2)), np.log(np.array(at))

    def value(moved):
        return total.values(np.exp(moved)[None, :])[0]

    gradient = total.gradient(np.exp(log_at)) * np.exp(log_at)
    forward, backward = (approx_fprime(log_at, value, step) for step in (1e-5, -1e-5))
    assert gradient == pytest.approx((forward + backward) / 2, rel=1e-5, abs=1e-6 * abs(value(log_at)))


def test_odds_beyond_the_largest_number_are_added_up_all_the_same():
    """500 purchases in the first of a thousand weeks."""
    one = [np.array([value]) for value in (500.0, 1.0, 1000.0, 1.0)]
    for at in ((0.2, 1.0, 0.8, 2.4), (0.2, 1e-3, 0.8, 1e5)):
        assert formulas.log_odds_of_dropout(ParetoNBDParams(*at), 500.0, 1.0, 1000.0) > 750
        exact = formulas.timing_terms(ParetoNBDParams(*at), *(value[0] for value in one[:3]))
        assert TimingSum.of(*one).values(np.array([at])) == pytest.approx([exact], rel=1e-12)
        assert np.all(np.isfinite(TimingSum.of(*one).gradient(np.array(at))))
        assert pareto_nbd.probability_alive(*one[:3], np.array([at])).item() == pytest.approx(0, abs=1e-300)


def test_the_order_of_the_rows_does_not_matter():
    x, t_x, T, count = rows(3)
    order, points = np.random.default_rng(0).permutation(len(x)), np.array([PARAMS, (0.5, 10.0, 0.6, 12.0)])
    mixed = [value[order] for value in (x, t_x, T, count)]
    assert TimingSum.of(*mixed).values(points) == pytest.approx(
        TimingSum.of(x, t_x, T, count).values(points), rel=1e-13
    )
    alive = pareto_nbd.probability_alive(x, t_x, T, points)
    assert np.array_equal(pareto_nbd.probability_alive(*mixed[:3], points), alive[order])


def test_a_sum_over_no_rows_is_zero():
    empty = TimingSum.of(*(np.empty(0) for _ in range(4)))
    assert empty.values(np.array([PARAMS])) == pytest.approx([0.0])
    assert empty.gradient(np.array(PARAMS)) == pytest.approx(np.zeros(4))


def customer(x, t_x, T, horizon, *, first=False, draws=DRAWS):
    """Counts, and the times of all purchases, of one customer under as many draws of the same parameters."""
    known = [np.array([value], float) for value in (x, t_x, T)]
    alive = np.full((1, draws), float(formulas.probability_alive(PARAMS, x, t_x, T)))
    params = [np.full(draws, value) for value in PARAMS]
    key, until = np.array([123], dtype=np.uint64), np.array([horizon], float)
    offsets, times = pareto_nbd.known_events(
        np.uint64(7), key, PURCHASES, first, np.inf, until, alive, known[0], known[2], *params
    )
    return np.diff(offsets), times


def by_hand(x, t_x, T, horizon, rng):
    """Alive or not, a rate, a lifetime, then purchase after purchase: counts, and the time of the first."""
    alive = rng.random(DRAWS) < formulas.probability_alive(PARAMS, x, t_x, T)
    rate = rng.gamma(PARAMS.r + x, 1 / (PARAMS.alpha + T), DRAWS)
    lifetime = rng.exponential(1 / rng.gamma(PARAMS.s, 1 / (PARAMS.beta + T), DRAWS))
    count, time = np.zeros(DRAWS), np.zeros(DRAWS)
    while alive.any():
        time[alive] += rng.exponential(1 / rate[alive])
        alive &= time <= np.minimum(horizon, lifetime)
        count += alive
    return count


@pytest.mark.parametrize(
    ("x", "t_x", "T", "horizon"), [(0, 0, 20, 39), (2, 30, 39, 39), (9, 38, 39, 100), (0, 0, 0, 52)]
)
def test_counts_are_distributed_as_in_a_simulation_of_every_rate_and_lifetime(x, t_x, T, horizon):
    counts, _ = customer(x, t_x, T, horizon)
    reference = by_hand(x, t_x, T, horizon, np.random.default_rng(0))
    for n in range(8):
        assert np.mean(counts <= n) == pytest.approx(np.mean(reference <= n), abs=5 * np.sqrt(0.5 / DRAWS))


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 20), (5, 30, 39), (40, 38.5, 39)])
def test_events_have_the_formulas_means(x, t_x, T):
    counts, times = customer(x, t_x, T, 52.0)
    error = counts.std() / np.sqrt(DRAWS)
    assert counts.mean() == pytest.approx(float(formulas.expected_purchases(PARAMS, 52, x, t_x, T)), abs=4 * error)
    early = float(formulas.expected_purchases(PARAMS, 20, x, t_x, T))
    assert np.sum(times <= 20) / DRAWS == pytest.approx(early, abs=4 * error)
    some = float(formulas.probability_of_purchase(PARAMS, 52, x, t_x, T))
    assert np.mean(counts > 0) == pytest.approx(some, abs=4 * np.sqrt(0.25 / DRAWS))
    worth = formulas.probability_alive(PARAMS, x, t_x, T) * formulas.discounted_purchases_if_alive(
        PARAMS, 52, x, T, discount_force=0.02
    )
    assert np.sum(np.exp(-0.02 * times)) / DRAWS == pytest.approx(float(worth), abs=4 * error)


def test_a_first_purchase_is_added_at_time_zero():
    counts, times = customer(2, 30, 39, 20.0, draws=1000)
    more, later = customer(2, 30, 39, 20.0, first=True, draws=1000)
    assert np.array_equal(more, counts + 1)
    assert np.array_equal(later[later > 0], times)
    assert np.sum(later == 0) == 1000


def waits(*, until_dropout):
    alive = np.full((1, DRAWS), float(formulas.probability_alive(PARAMS, 3, 30, 39)))
    params = [np.full(DRAWS, value) for value in PARAMS]
    key, (x, T) = np.array([123], dtype=np.uint64), (np.array([value]) for value in (3.0, 39.0))
    return pareto_nbd.known_waits(np.uint64(7), key, WAITING, until_dropout, alive, x, T, *params)[0]


@pytest.mark.parametrize("time", [0.0, 5.0, 40.0, 300.0])
def test_lifetimes_survive_as_the_formula_says(time):
    exact = float(formulas.survival(PARAMS, time, 3, 30, 39))
    assert np.mean(waits(until_dropout=True) > time) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


@pytest.mark.parametrize("horizon", [5.0, 20.0, 1e9])
def test_the_next_purchase_is_within_a_horizon_as_often_as_there_is_one(horizon):
    exact = float(formulas.probability_of_purchase(PARAMS, horizon, 3, 30, 39))
    assert np.mean(waits(until_dropout=False) <= horizon) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


def new_customers(won, last):
    streams = new_streams(np.uint64(3), 0, len(won), NEW, False)
    params = [np.full(len(won), value) for value in PARAMS]
    return pareto_nbd.new_events(streams, won, 10.0, 20.0, last, np.inf, *params)


def test_new_customers_buy_as_the_formula_says_from_when_they_come():
    won = np.full(400, 200)
    starts, offsets, times, states = new_customers(won, 60.0)
    assert starts.shape == (won.sum(),)
    assert states.shape == (won.sum(), 4)
    assert np.all((starts >= 10) & (starts <= 20))
    assert np.all(times[offsets[:-1]] == 0)
    assert np.all(starts[np.repeat(np.arange(won.sum()), np.diff(offsets))] + times <= 60)
    repeat = np.diff(offsets) - 1
    expected = formulas.expected_purchases(PARAMS, 60 - starts, 0, 0, 0)
    assert repeat.mean() == pytest.approx(expected.mean(), abs=4 * repeat.std() / np.sqrt(won.sum()))


def test_new_customers_who_come_after_the_end_leave_nothing():
    starts, offsets, times, _ = new_customers(np.full(10, 10), 15.0)
    assert np.array_equal(np.diff(offsets) > 0, starts <= 15)
    assert times.max() <= 5


def test_new_customers_drop_out_as_the_formula_says():
    won = np.full(400, 200)
    streams = new_streams(np.uint64(3), 0, len(won), NEW, True)
    left, states = pareto_nbd.new_leaving(
        streams, won, 10.0, 10.0, np.full(len(won), PARAMS.s), np.full(len(won), PARAMS.beta)
    )
    assert states.shape == (won.sum(), 4)
    exact = float(formulas.survival(PARAMS, 20, 0, 0, 0))
    assert np.mean(left > 30) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / won.sum()))


def test_a_customer_with_thousands_of_purchases_is_drawn_without_overflow():
    counts, _ = customer(5000, 365, 365, 30.0, draws=500)
    exact = float(formulas.expected_purchases(PARAMS, 30, 5000, 365, 365))
    assert counts.mean() == pytest.approx(exact, rel=0.05)
