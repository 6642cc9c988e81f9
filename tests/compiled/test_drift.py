"""The compiled sums and draws of drift against the plain formulas and a simulation in numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clvmodels.compiled import drift as compiled
from clvmodels.compiled import events
from clvmodels.formulas import drift
from clvmodels.formulas.drift import DriftParams

POINTS = np.array([[0.5, 4.0, 0.05, 0.3], [0.2, 12.0, 1e-4, 0.01], [2.0, 90.0, 0.6, 1.5], [0.09, 8.0, 2.5, 0.4]])
SEED = np.uint64(7)


def histories(rng, customers, *, days):
    """Purchase times of some customers, in a dictionary's order, with T and counts."""
    T = np.round(rng.uniform(20, 60, customers) * 7) / 7 if days else rng.uniform(20, 60, customers)
    number = rng.poisson(rng.gamma(0.6, 4.0, customers))
    each = []
    for end, many in zip(T, number, strict=True):
        drawn = rng.uniform(0.2, end, many)
        each.append(tuple(np.unique(np.ceil(drawn * 7) / 7 if days else drawn).clip(max=end)))
    order = sorted(range(customers), key=lambda i: each[i])
    each = [each[i] for i in order]
    starts = np.concatenate([[0], np.cumsum([len(times) for times in each])])
    return starts, np.array([time for times in each for time in times]), T[order], each


@pytest.fixture(scope="module", params=[True, False], ids=["days", "any time"])
def data(request):
    rng = np.random.default_rng(1)
    starts, bought, T, each = histories(rng, 800, days=request.param)
    return starts, bought, T, rng.integers(1, 4, len(T)).astype(float), each


def by_formula(data, point):
    _, _, T, count, each = data
    padded = np.full((len(T), max(map(len, each))), np.inf)
    for i, times in enumerate(each):
        padded[i, : len(times)] = times
    return count @ drift.log_likelihood(DriftParams(*point), padded, T)


def test_the_sum_is_that_of_the_formula(data):
    total = compiled.HistorySum.of(*data[:4]).values(POINTS)
    assert total == pytest.approx([by_formula(data, point) for point in POINTS], rel=1e-9)


def test_the_gradient_is_that_of_finite_differences(data):
    total = compiled.HistorySum.of(*data[:4])
    for point in POINTS:
        steps = np.eye(4) * 1e-5 * point
        ends = total.values(np.concatenate([point + steps, point - steps])).reshape(2, 4)
        numeric = (ends[0] - ends[1]) / (2e-5 * point)
        scale = np.abs(total.gradient(point) * point).max()
        assert total.gradient(point) * point == pytest.approx(numeric * point, rel=1e-5, abs=1e-6 * scale)


def test_customers_with_the_same_beginning_are_counted_once_for_it():
    starts, bought = np.array([0, 0, 1, 3, 5]), np.array([2.0, 2.0, 5.0, 2.0, 6.0])
    total = compiled.HistorySum.of(starts, bought, np.array([9.0, 9.0, 9.0, 9.0]), np.ones(4))
    assert len(total.gaps) == 3
    assert total.count.tolist() == [3.0, 1.0, 1.0]


def test_each_customers_log_likelihood_adds_up_to_the_sum(data):
    starts, bought, T, count, _ = data
    each = compiled.log_likelihood(starts, bought, T, *POINTS.T)
    assert count @ each == pytest.approx(compiled.HistorySum.of(*data[:4]).values(POINTS), rel=1e-9)


def test_recent_purchases_are_those_of_the_formula():
    starts, since, T = np.array([0, 0, 3]), 30 - np.array([2.0, 5.0, 20.0]), np.array([12.0, 30.0])
    kappa, c = POINTS[:, 2], POINTS[:, 3]
    found = compiled.recent_purchases(starts, since, T, kappa, c)
    params = DriftParams(None, None, kappa, c)
    assert found[0] == pytest.approx(drift.recent_purchases(params, np.empty(0), 12.0), rel=1e-14)
    assert found[1] == pytest.approx(drift.recent_purchases(params, np.array([2.0, 5.0, 20.0]), 30.0), rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.01, 5),
    st.floats(0.1, 300),
    st.floats(1e-8, 5),
    st.floats(0, 20),
    st.floats(0, 500),
    st.floats(1e-4, 30),
)
def test_a_wait_is_where_the_exponent_reaches_its_target(r, alpha, kappa, n, T, target):
    start, recent = alpha + drift.exposure(kappa, T), np.exp(-kappa * T)
    longest = target * (1 + alpha * kappa) / (r * kappa)
    wait = compiled._wait(target, longest, r, alpha, kappa, n, float(start), float(recent))
    fixed, each = drift.no_purchase_exponent(DriftParams(r, alpha, kappa, 1.0), wait, T)
    assert fixed + n * each == pytest.approx(target, rel=1e-7)


def simulated(rng, params, customers, T, horizon):
    """Purchases after T of customers with no repeat purchase until T, by thinning, event by event."""
    r, alpha, kappa, c = params
    counts = np.zeros(customers)
    for i in range(customers):
        n, t = c * np.exp(-kappa * T), T
        while True:
            bound = (r + n) / (alpha + drift.exposure(kappa, t))
            step = rng.exponential(1 / bound)
            n, t = n * np.exp(-kappa * step), t + step
            if t > T + horizon:
                break
            # Until the next purchase the intensity falls.
            if rng.random() * bound <= (r + n) / (alpha + drift.exposure(kappa, t)):
                counts[i] += 1
                n += 1
    return counts


def test_drawn_purchases_are_distributed_as_those_of_a_simulation_by_thinning():
    params, T, horizon, customers = DriftParams(0.5, 4.0, 0.05, 0.3), 10.0, 26.0, 4000
    plain = simulated(np.random.default_rng(3), params, customers, T, horizon)
    arrays = DriftParams(*(np.array([value]) for value in params))
    recent = np.full((customers, 1), params.c * np.exp(-params.kappa * T))
    offsets, times = compiled.known_events(
        SEED,
        np.arange(customers, dtype=np.uint64),
        events.PURCHASES,
        False,
        np.inf,
        np.full(customers, horizon),
        recent,
        np.full(customers, T),
        *arrays[:3],
    )
    drawn = np.diff(offsets)
    table = [np.bincount(np.minimum(counts.astype(int), 8), minlength=9) for counts in (plain, drawn)]
    assert stats.chi2_contingency(np.array(table)).pvalue > 0.01
    fixed, each = drift.expected_purchases(params, horizon, T)
    mean = float(fixed + recent[0, 0] * each)
    assert drawn.mean() == pytest.approx(mean, abs=4 * drawn.std() / np.sqrt(customers))
    assert plain.mean() == pytest.approx(mean, abs=4 * plain.std() / np.sqrt(customers))
    exponent, slope = drift.no_purchase_exponent(params, horizon, T)
    none = float(np.exp(-(exponent + recent[0, 0] * slope)))
    assert (drawn == 0).mean() == pytest.approx(none, abs=4 * np.sqrt(none * (1 - none) / customers))
    assert (plain == 0).mean() == pytest.approx(none, abs=4 * np.sqrt(none * (1 - none) / customers))
    for cell in np.flatnonzero(drawn)[:100]:
        own = times[offsets[cell] : offsets[cell + 1]]
        assert (np.diff(own) > 0).all()
        assert own[0] > 0
        assert own[-1] <= horizon


def test_a_day_has_one_purchase_at_most():
    customers, days = 200, 7.0
    busy = DriftParams(*(np.array([value]) for value in (80.0, 2.0, 0.01, 1.0)))
    offsets, times = compiled.known_events(
        SEED,
        np.arange(customers, dtype=np.uint64),
        events.PURCHASES,
        False,
        days,
        np.full(customers, 4.0),
        np.full((customers, 1), 50.0),
        np.full(customers, 3.0),
        *busy[:3],
    )
    for cell in range(customers):
        day = np.floor(times[offsets[cell] : offsets[cell + 1]] * days + 1e-9)
        assert len(np.unique(day)) == len(day) <= 28


def test_waits_are_distributed_as_the_exponent_says():
    customers = 5000
    params = DriftParams(*(np.array([value]) for value in POINTS[0]))
    recent = np.full((customers, 1), 1.2)
    waits = compiled.known_waits(
        SEED, np.arange(customers, dtype=np.uint64), events.WAITING, recent, np.full(customers, 30.0), *params[:3]
    )[:, 0]

    def distribution(w):
        fixed, each = drift.no_purchase_exponent(DriftParams(*POINTS[0]), w, 30.0)
        return -np.expm1(-(fixed + 1.2 * each))

    assert stats.kstest(waits, distribution).pvalue > 0.01
