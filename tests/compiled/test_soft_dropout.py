"""Soft dropout's loops for many histories against its formulas for one, and its events against what is expected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.compiled import soft_dropout as compiled
from clvmodels.compiled import soft_dropout_events as drawn
from clvmodels.compiled import soft_dropout_means as means
from clvmodels.compiled import soft_dropout_sum
from clvmodels.compiled.events import NEW, PURCHASES, WAITING, new_streams
from clvmodels.compiled.soft_dropout import Histories
from clvmodels.compiled.soft_dropout_sum import HistorySum
from clvmodels.formulas import soft_dropout as formulas
from clvmodels.formulas.soft_dropout import SoftDropoutParams
from tests.soft_dropout_simulation import lives

MIXED = np.array([0.8, 5.0, 1.1, 1.4, 0.15, 0.4, 0.3, 0.2, 0.1])
POINTS = np.array(
    [
        MIXED,
        [0.6, 4, 1.1, 1.4, 0.1, 1, 0, 0, 0],
        [2.6, 14, 0.3, 2.4, 0.4, 0.1, 0.1, 0.5, 0.3],
        [0.3, 9, 2, 0.5, 0, 0, 0, 0, 1],
    ]
)
HORIZON = 12.0


def histories(times, T):
    cells = [np.append(0.0, one) for one in times]
    start = np.concatenate([[0], np.cumsum([len(one) for one in cells])])
    log_gaps = np.array([np.log(np.diff(one)).sum() for one in cells])
    return Histories(np.array([len(one) for one in times]), np.array(T, float), log_gaps, start, np.concatenate(cells))


def some(seed=1, size=12, longest=60.0):
    rng = np.random.default_rng(seed)
    T = rng.uniform(0, longest, size)
    return [np.sort(rng.uniform(0, age, rng.integers(0, 9))) for age in T], T


@settings(max_examples=10, deadline=None)
@given(
    st.tuples(*[st.floats(-1.5, 1.5).map(lambda e: 10**e)] * 4),
    st.floats(0, 0.95),
    st.tuples(*[st.floats(0.01, 1)] * 4),
    st.integers(0, 100),
)
def test_loops_agree_with_the_formulas(sizes, delta, shares, seed):
    times, T = some(seed, size=4)
    point = np.array([*sizes, delta, *np.array(shares) / sum(shares)])
    params, known = SoftDropoutParams(*point), histories(times, T)
    likelihood, alive = compiled.log_likelihood(known, point[None])
    until = np.full((len(T), 1), HORIZON)
    purchases = means.expected(known, point[None], until, np.ones(1), means.PURCHASES)[1:].sum(axis=0)
    survival = means.expected(known, point[None], until, np.ones(1), means.SURVIVAL)[1:].sum(axis=0)
    for i, (own, age) in enumerate(zip(times, T, strict=True)):
        assert likelihood[i, 0] == pytest.approx(formulas.log_likelihood(params, own, age), rel=1e-10, abs=1e-10)
        assert alive[i, 0] == pytest.approx(formulas.probability_alive(params, own, age), rel=1e-9, abs=1e-13)
        assert purchases[i, 0] == pytest.approx(formulas.expected_purchases(params, HORIZON, own, age), rel=1e-8)
        assert survival[i, 0] == pytest.approx(formulas.survival(params, HORIZON, own, age), rel=1e-8, abs=1e-13)


def test_many_points_give_what_each_gives_alone():
    known, points = histories(*some()), np.repeat(POINTS, 50, axis=0)
    many, alone = compiled.log_likelihood(known, points)[0], compiled.log_likelihood(known, POINTS)[0]
    assert many == pytest.approx(np.repeat(alone, 50, axis=1), rel=1e-14)
    counts = np.arange(1.0, 13.0)
    assert HistorySum.of(known, counts).values(points) == pytest.approx(np.repeat(counts @ alone, 50), rel=1e-12)
    assert HistorySum.of(known, counts).values(POINTS[:1]) == pytest.approx(counts @ alone[:, 0], rel=1e-12)


@pytest.mark.parametrize("point", POINTS[:3])
def test_gradient_is_the_slope(point):
    sums = HistorySum.of(histories(*some()), np.arange(1.0, 13.0))
    used = np.flatnonzero(point > 0)
    steps = np.eye(9)[used] * np.maximum(point, 1e-3)[used, None] * 1e-5
    slopes = [(sums.values((point + step)[None]) - sums.values((point - step)[None]))[0] for step in steps]
    assert sums.gradient(point)[used] == pytest.approx(np.array(slopes) / (2 * steps.sum(axis=1)), rel=1e-6)


def test_gradient_is_the_same_on_many_threads(monkeypatch):
    known = histories(*some())
    sums = HistorySum.of(known, np.arange(1.0, 13.0))
    alone = sums.gradient(MIXED)
    monkeypatch.setattr(soft_dropout_sum, "SHARE", 3)
    assert HistorySum.of(known, np.arange(1.0, 13.0)).gradient(MIXED) == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("x", [1000, 4000])
@pytest.mark.parametrize("unit", [1.0, 1e5 / 60])
@pytest.mark.parametrize("silence", [0.0, 0.5])
def test_thousands_of_purchases_and_long_times_stay_finite(x, unit, silence):
    times = np.linspace(0, 60 * (1 - max(silence, 0.5 / x)), x + 1)[1:] * unit
    known, points = histories([times], [60 * unit]), POINTS.copy()
    points[:, 1] *= unit
    until = np.full((1, 2), 30 * unit) * [0.1, 1.0]
    found = [
        *compiled.log_likelihood(known, points),
        *means.expected(known, points, until, np.array([0.5, 0.5]), means.PURCHASES),
        means.expected(known, points, until, np.array([0.5, 0.5]), means.SURVIVAL),
        HistorySum.of(known, np.ones(1)).gradient(points[0]),
    ]
    assert all(np.isfinite(each).all() for each in found)
    # Who has bought so often and just now goes on at that rate, but for leaving.
    if not silence:
        total = means.expected(known, points[:1], until[:, 1:], np.ones(1), means.PURCHASES)[1:].sum()
        assert 0.8 * x / 2 < total < 1.01 * x / 2


def test_a_longer_silence_is_the_probability_of_no_purchase():
    times, T = some()
    now, _ = compiled.log_likelihood(histories(times, T), POINTS[:1])
    later, _ = compiled.log_likelihood(histories(times, T + HORIZON), POINTS[:1])
    params = SoftDropoutParams(*POINTS[0])
    expected = [formulas.probability_of_purchase(params, HORIZON, *one) for one in zip(times, T, strict=True)]
    assert 1 - np.exp(later - now)[:, 0] == pytest.approx(expected, rel=1e-10)


def states(times, T, points, purpose, seed=3):
    return drawn.draw_states(np.uint64(seed), np.arange(len(T), dtype=np.uint64), purpose, histories(times, T), points)


@pytest.mark.parametrize("point", POINTS)
def test_drawn_purchases_have_the_expected_mean(point):
    times, T = some(size=6)
    points, known = np.repeat(point[None], 40_000, axis=0), histories(times, T)
    offsets, found = drawn.known_events(
        *states(times, T, points, PURCHASES), False, np.inf, np.full(6, HORIZON), known.x, points
    )
    counts = np.diff(offsets).reshape(6, -1)
    until = np.full((6, 1), HORIZON)
    expected = means.expected(known, point[None], until, np.ones(1), means.PURCHASES)[1:].sum(axis=0)[:, 0]
    assert np.all(np.abs(counts.mean(axis=1) - expected) <= 4.5 * counts.std(axis=1) / 200 + 1e-12)
    assert found.max() <= HORIZON


@pytest.mark.parametrize("point", POINTS)
def test_drawn_waits_have_the_chances_that_are_worked_out(point):
    times, T = some(size=6)
    points, known = np.repeat(point[None], 40_000, axis=0), histories(times, T)
    drawn_states = states(times, T, points, WAITING)
    waits = drawn.known_waits(*drawn_states, False, known.x, points)
    left = drawn.known_waits(*states(times, T, points, WAITING), True, known.x, points)
    params = SoftDropoutParams(*point)
    for i, (own, age) in enumerate(zip(times, T, strict=True)):
        bought = formulas.probability_of_purchase(params, HORIZON, own, age)
        assert (waits[i] <= HORIZON).mean() == pytest.approx(bought, abs=4.5 * 0.5 / 200)
        assert (left[i] > 0).mean() == pytest.approx(formulas.probability_alive(params, own, age), abs=4.5 * 0.5 / 200)
        assert (left[i] > HORIZON).mean() == pytest.approx(
            formulas.survival(params, HORIZON, own, age), abs=4.5 * 0.5 / 200
        )


@pytest.mark.parametrize("point", POINTS)
def test_new_customers_live_as_simulated_ones(point):
    won, points = np.array([100_000]), point[None]
    starts, offsets, _, _ = drawn.new_events(
        new_streams(np.uint64(1), 0, 1, NEW, 0), won, 0.0, 0.0, 30.0, np.inf, points
    )
    left, _ = drawn.new_leaving(new_streams(np.uint64(2), 0, 1, NEW, 0), won, 0.0, 0.0, points)
    times, slowed = lives(point, 100_000, np.full(100_000, 30.0), np.random.default_rng(1))
    ours, theirs = np.diff(offsets), np.array([1 + len(one) for one in times])
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4.5 * np.hypot(ours.std(), theirs.std()) / np.sqrt(1e5))
    for age in (0.0, 5.0, 30.0):
        assert (left > age).mean() == pytest.approx((slowed > age).mean(), abs=4.5 * 0.7 / np.sqrt(1e5))
    assert np.all(starts == 0)
