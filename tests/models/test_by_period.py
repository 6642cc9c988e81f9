"""Customers period by period: sums against the other answers, closed forms, and a simulation of every life."""

import numpy as np
import pytest
from scipy import integrate, special, stats

import clvmodels as clv
from clvmodels import intervals
from clvmodels.models import by_period
from clvmodels.models.by_period import predictive_alive, predictive_by_period, predictive_new_by_period

R, ALPHA, A, B = 0.8, 6.0, 0.9, 2.5
P, Q, V = 6.0, 9.0, 40.0
EDGES = np.array([0.0, 8.0, 20.0, 52.0])
WINDOWS = np.array([[0.0, 8.0], [8.0, 20.0], [30.0, 31.0]])
REVENUE, PURCHASES, CUSTOMERS = range(3)
FORCE = np.log(1.1) * 7 / 365.25


@pytest.fixture(scope="module")
def rfm():
    whole = clv.datasets.load_cdnow_summary()
    return whole.select(whole.frame.index[:500])


@pytest.fixture(scope="module")
def fitted(rfm):
    purchases = clv.BetaGeo().fit(rfm, draws=200, random_seed=1)
    return purchases, clv.GammaGamma().fit(rfm, draws=200, random_seed=1)


@pytest.fixture(scope="module")
def point():
    purchases = clv.BetaGeo.at(r=R, alpha=ALPHA, a=A, b=B, time_unit="week", random_seed=1)
    return purchases, clv.GammaGamma.at(p=P, q=Q, v=V, time_unit="week", random_seed=1)


@pytest.fixture(scope="module")
def drawn(point, rfm):
    return predictive_by_period(*point, rfm, edges=EDGES)


def won(*numbers, draws=1000):
    return np.tile(numbers, (draws, 1))


@pytest.fixture(scope="module")
def drawn_new(point):
    return predictive_new_by_period(*point, won(30, 20, 10), windows=WINDOWS, edges=EDGES)


def over_dropout(f, x):
    """Mean of f(p) over p ~ Beta(a, b + x), customer by customer; f takes p and the customer's place."""
    found = np.empty(len(x))
    for value in np.unique(x):
        nodes, weights = special.roots_sh_jacobi(100, A + B + value - 1, A)
        same = np.flatnonzero(x == value)
        found[same] = f(nodes, same[:, None]) @ weights / weights.sum()
    return found


def dates(rfm):
    x, t_x, T = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    odds = np.where(x > 0, A / (B + np.maximum(x, 1) - 1) * ((ALPHA + T) / (ALPHA + t_x)) ** (R + x), 0.0)
    return x, ALPHA + T, 1 / (1 + odds)


def active(rfm, begin, end):
    """P(buys between two times) of every customer."""
    x, since, alive = dates(rfm)

    def given(p, i):
        stays = since[i] + p * begin
        return (since[i] / stays) ** (R + x[i]) - (since[i] / (stays + end - begin)) ** (R + x[i])

    return alive * over_dropout(given, x)


def survival(rfm, time):
    x, since, alive = dates(rfm)
    return alive * over_dropout(lambda p, i: (since[i] / (since[i] + p * time)) ** (R + x[i]), x)


def of_new(f):
    """Mean of f(p) over a new customer's p."""
    nodes, weights = special.roots_sh_jacobi(150, A + B - 1, A)
    return f(nodes) @ weights / weights.sum()


def new_purchases(begin, end, start):
    """Expected between two times of a customer won at a start, the first purchase included."""

    def repeated(time):
        return of_new(lambda p: (1 - (ALPHA / (ALPHA + p * max(time - start, 0))) ** R) / p)

    return repeated(end) - repeated(begin) + (begin < start <= end)


def new_active(begin, end, start):
    if begin < start <= end:
        return 1.0
    if start > end:
        return 0.0

    def given(p):
        stays = ALPHA + p * (begin - start)
        return (ALPHA / stays) ** R - (ALPHA / (stays + end - begin)) ** R

    return of_new(given)


def over_window(f, ends, window):
    cuts = [edge for edge in EDGES if window[0] < edge < window[1]]
    return integrate.quad(lambda start: f(*ends, start), *window, points=cuts or None)[0] / (window[1] - window[0])


def mean_error(values):
    return values.std(axis=0) / np.sqrt(len(values))


def periods():
    return list(zip(EDGES, EDGES[1:], strict=False))


def test_purchases_add_up_to_the_predicted_ones(fitted, rfm):
    found = predictive_by_period(*fitted, rfm, edges=EDGES, random_seed=3)[..., PURCHASES]
    predicted = fitted[0].draws("predictive_purchases", rfm, horizon=52, random_seed=3)
    assert np.array_equal(found.sum(axis=1), predicted.sum("customer_id").to_numpy().ravel())


@pytest.mark.parametrize(("rate", "force"), [(0.0, 0.0), (0.1, FORCE)], ids=["plain", "discounted"])
def test_revenue_adds_up_to_the_predicted_value(fitted, rfm, rate, force):
    found = predictive_by_period(*fitted, rfm, edges=EDGES, random_seed=3, discount_force=force)[..., REVENUE]
    value = clv.LifetimeValue(*fitted, annual_discount_rate=rate)
    predicted = value.draws(rfm, horizon=52, kind="predictive", random_seed=3).sum("customer_id").to_numpy().ravel()
    np.testing.assert_allclose(found.sum(axis=1), predicted, rtol=1e-9)


def test_as_many_are_active_in_every_period_as_the_closed_form_says(drawn, rfm):
    exact = [active(rfm, *ends).sum() for ends in periods()]
    counted = drawn[..., CUSTOMERS]
    assert np.all(np.abs(counted.mean(axis=0) - exact) < 4 * mean_error(counted))


def test_the_number_of_active_customers_spreads_as_that_of_coins(drawn, rfm):
    for period, ends in enumerate(periods()):
        chance = active(rfm, *ends)
        exact = np.sum(chance * (1 - chance))
        assert drawn[:, period, CUSTOMERS].var() == pytest.approx(exact, rel=4 * np.sqrt(2 / len(drawn)))


def test_active_customers_and_purchases_are_distributed_as_in_a_simulation(drawn, rfm):
    rng, (x, since, alive), draws = np.random.default_rng(2), dates(rfm), 1000
    rows = np.tile(np.arange(len(x)), draws)
    active_now = rng.random(len(rows)) < alive[rows]
    rate, dropout = rng.gamma(R + x[rows]) / since[rows], rng.beta(A, B + x[rows])
    counts, time = np.zeros((len(rows), 3)), np.zeros(len(rows))
    while active_now.any():
        time = time + rng.exponential(size=len(rows)) / rate
        active_now &= time <= EDGES[-1]
        at = np.flatnonzero(active_now)
        counts[at, np.searchsorted(EDGES, time[at]) - 1] += 1
        active_now &= rng.random(len(rows)) >= dropout
    for what, by_hand in ((PURCHASES, counts), (CUSTOMERS, counts > 0)):
        sums = by_hand.reshape(draws, len(x), 3).sum(axis=1)
        for period in range(3):
            assert stats.ks_2samp(drawn[:, period, what], sums[:, period]).pvalue > 0.01


def test_fewer_are_active_over_the_whole_than_in_all_periods_and_not_fewer_than_in_any(point, rfm, drawn):
    ever = predictive_by_period(*point, rfm, edges=EDGES[[0, -1]])[:, 0, CUSTOMERS]
    each = drawn[..., CUSTOMERS]
    assert (ever <= each.sum(axis=1)).all()
    assert (ever >= each.max(axis=1)).all()
    assert ever.mean() < each.sum(axis=1).mean()


def test_as_many_are_alive_as_the_closed_form_says(point, rfm):
    times = np.array([0.0, 8.0, 52.0, 400.0])
    found = predictive_alive(point[0], rfm, times=times)
    exact = [survival(rfm, time).sum() for time in times]
    assert np.all(np.abs(found.mean(axis=0) - exact) < 4 * mean_error(found))


def test_nobody_comes_back_to_life(fitted, rfm):
    found = predictive_alive(fitted[0], rfm, times=np.array([0.0, 8.0, 52.0, 400.0]))
    assert (np.diff(found, axis=1) <= 0).all()


def test_every_period_has_the_new_customers_purchases_of_the_closed_form(drawn_new):
    for period, ends in enumerate(periods()):
        means = [over_window(new_purchases, ends, window) for window in WINDOWS]
        found = drawn_new[:, period, PURCHASES]
        assert found.mean() == pytest.approx(np.dot([30, 20, 10], means), abs=4 * mean_error(found))


def test_as_many_new_customers_are_active_as_the_closed_form_says(drawn_new):
    for period, ends in enumerate(periods()):
        means = [over_window(new_active, ends, window) for window in WINDOWS]
        found = drawn_new[:, period, CUSTOMERS]
        assert found.mean() == pytest.approx(np.dot([30, 20, 10], means), abs=max(4 * mean_error(found), 1e-9))


def test_new_customers_are_distributed_as_in_a_simulation(drawn_new):
    rng, draws = np.random.default_rng(4), 1000
    window = np.tile(np.repeat([0, 1, 2], [30, 20, 10]), draws)
    time = rng.uniform(*WINDOWS[window].T)
    rate, dropout, purse = rng.gamma(R, 1 / ALPHA, len(time)), rng.beta(A, B, len(time)), rng.gamma(Q, 1 / V, len(time))
    counts, spent, alive = np.zeros((len(time), 3)), np.zeros((len(time), 3)), np.ones(len(time), bool)
    first = True
    while alive.any():
        at = np.flatnonzero(alive)
        period = np.searchsorted(EDGES, time[at]) - 1
        counts[at, period] += 1
        spent[at, period] += rng.gamma(P, size=len(at)) / purse[at]
        alive &= first | (rng.random(len(time)) >= dropout)
        first = False
        with np.errstate(divide="ignore", over="ignore"):
            time = time + rng.exponential(size=len(time)) / rate
        alive &= time <= EDGES[-1]
    for what, by_hand in ((REVENUE, spent), (PURCHASES, counts), (CUSTOMERS, counts > 0)):
        sums = by_hand.reshape(draws, -1, 3).sum(axis=1)
        for period in range(1, 3):
            assert stats.ks_2samp(drawn_new[:, period, what], sums[:, period]).pvalue > 0.01


def test_nothing_comes_before_customers_are_won(point):
    found = predictive_new_by_period(*point, won(50), windows=np.array([[8.0, 20.0]]), edges=EDGES)
    assert not found[:, 0].any()
    assert (found[:, 1, CUSTOMERS] == 50).all()


def test_every_draw_wins_its_own_number(point):
    numbers = np.random.default_rng(1).poisson(5, (1000, 1))
    found = predictive_new_by_period(*point, numbers, windows=WINDOWS[:1], edges=EDGES)
    assert np.array_equal(found[:, 0, CUSTOMERS], numbers[:, 0])


def test_a_first_purchase_is_discounted_from_when_it_is_made(point):
    now, later = (
        predictive_new_by_period(
            *point, won(5), windows=np.full((1, 2), at), edges=at + np.array([-1, 0, 9]), discount_force=0.1
        )
        for at in (0.0, 10.0)
    )
    assert (now[:, 0, PURCHASES] == 5).all()
    np.testing.assert_allclose(later[..., :2], np.exp(-1) * now[..., :2])


@pytest.mark.parametrize("threads", ["1", "3"])
def test_neither_threads_nor_the_size_of_a_part_change_an_outcome(fitted, rfm, monkeypatch, threads):
    def all_three():
        new = predictive_new_by_period(*fitted, won(3, 2, 1, draws=200), windows=WINDOWS, edges=EDGES)
        alive = predictive_alive(fitted[0], rfm, times=EDGES)
        return predictive_by_period(*fitted, rfm, edges=EDGES), new, alive

    before = all_three()
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    monkeypatch.setattr(intervals, "BLOCK_ELEMENTS", 3000)
    monkeypatch.setattr(by_period, "DRAWS_AT_ONCE", 7)
    known, new, alive = all_three()
    # Sums of money are taken in another order.
    np.testing.assert_allclose(known, before[0], rtol=1e-12)
    assert np.array_equal(new, before[1])
    assert np.array_equal(alive, before[2])


def test_the_same_seed_gives_the_same_and_another_one_something_else(point):
    def found(seed):
        return predictive_new_by_period(*point, won(5), windows=WINDOWS[:1], edges=EDGES, random_seed=seed)

    assert np.array_equal(found(3), found(3))
    assert not np.array_equal(found(3), found(4))


def test_without_spend_the_same_purchases_are_counted(point, rfm, drawn, drawn_new):
    known = predictive_by_period(point[0], None, rfm, edges=EDGES)
    new = predictive_new_by_period(point[0], None, won(30, 20, 10), windows=WINDOWS, edges=EDGES)
    assert np.array_equal(known[..., 1:], drawn[..., 1:])
    assert np.array_equal(new[..., 1:], drawn_new[..., 1:])


def test_without_spend_every_purchase_is_worth_one(point, rfm):
    known = predictive_by_period(point[0], None, rfm, edges=EDGES)
    np.testing.assert_allclose(known[..., REVENUE], known[..., PURCHASES])


def test_posteriors_with_different_numbers_of_draws_are_refused(fitted, point, rfm):
    with pytest.raises(clv.InvalidArgument, match="purchases have 200 draws, spend has 1; fit both"):
        predictive_by_period(fitted[0], point[1], rfm, edges=EDGES)
    with pytest.raises(clv.InvalidArgument, match="purchases have 1 draws, spend has 200; fit both"):
        predictive_new_by_period(point[0], fitted[1], won(1), windows=WINDOWS[:1], edges=EDGES)
