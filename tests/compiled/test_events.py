"""Purchases by period: the loops against closed forms, and against the loops that count over one horizon."""

import numpy as np
import pytest
from scipy import integrate, special

import clvmodels as clv
from clvmodels.compiled import events
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.models.outcomes import Outcomes

R, ALPHA, A, B = 0.8, 6.0, 0.9, 2.5
SPEND = 6.25, 3.74, 15.44
DRAWS = 20_000
EDGES = np.array([0.0, 5.0, 6.0, 20.0, 52.0])
REVENUE, PURCHASES, CUSTOMERS = range(3)


BUYING = clv.BetaGeo.at(r=R, alpha=ALPHA, a=A, b=B, time_unit="week")
SPENDING = clv.GammaGamma.at(p=SPEND[0], q=SPEND[1], v=SPEND[2], time_unit="week")


def one_customer(x, t_x, T, draws=DRAWS):
    drawn = {name: np.full(draws, value) for name, value in {"r": R, "alpha": ALPHA, "a": A, "b": B}.items()}
    posterior = clv.BetaGeo.at(**drawn, time_unit="week")
    rows, params = tuple(np.array([each], float) for each in (x, t_x, T)), posterior.at_draws(predictive=True)
    return Outcomes(posterior, np.uint64(7), np.array([123], np.uint64), rows, params, np.inf)


def spends(draws=DRAWS):
    return GammaGammaParams(*(np.full(draws, value) for value in SPEND))


def purchases_and_amounts(x, t_x, T, horizon, n=0.0, m=0.0, draws=DRAWS):
    one = one_customer(x, t_x, T, draws)
    found = one.events(slice(0, 1), np.array([horizon]))
    known = np.array([n]), np.array([m])
    return found, SPENDING.known_amounts(spends(draws), known, found.offsets, seed=one.seed, keys=one.keys)


def by_period(x, t_x, T, edges=EDGES, force=0.0, n=0.0, m=0.0, draws=DRAWS):
    """(draws, periods, 5) of one customer."""
    found, amounts = purchases_and_amounts(x, t_x, T, edges[-1], n, m, draws)
    out, years = np.zeros((draws, len(edges) - 1, 5)), np.arange(len(edges) - 1)
    events.add_all_by_period(np.arange(draws), np.zeros(draws), *found, amounts, edges, years, force, out)
    return out


def new(won, begins, ends, edges=EDGES, force=0.0, first=0, seed=5):
    """(draws, periods, 5) of customers yet to be won."""
    won = np.asarray(won)
    number = len(won)
    params = BetaGeoParams(*(np.full(number, value) for value in (R, ALPHA, A, B)))
    out, years = np.zeros((number, len(edges) - 1, 5)), np.arange(len(edges) - 1)
    streams, purses = (events.new_streams(np.uint64(seed), first, number, events.NEW, second) for second in (0, 1))
    for window, ends_at in enumerate(zip(begins, ends, strict=True)):
        found = BUYING.new_events(params, streams, won[:, window], tuple(map(float, ends_at)), edges[-1], days=np.inf)
        cells = np.append(0, np.cumsum(won[:, window]))
        amounts, _ = SPENDING.new_amounts(spends(number), purses, cells, found.offsets)
        draw = np.repeat(np.arange(number), won[:, window])
        events.add_all_by_period(draw, found.starts, found.offsets, found.times, amounts, edges, years, force, out)
    return out


def over_dropout(f, x):
    """Mean of f(p) over p ~ Beta(a, b + x)."""
    nodes, weights = special.roots_sh_jacobi(150, A + B + x - 1, A)
    return f(nodes) @ weights / weights.sum()


def alive_at_the_end(x, t_x, T):
    return 1 / (1 + (A / (B + x - 1) * ((ALPHA + T) / (ALPHA + t_x)) ** (R + x) if x else 0))


def active(x, t_x, T, begin, end):
    """P(alive at the begin, and a purchase from then to the end): what is left of lambda ~ Gamma(r + x, alpha + T)."""
    since, s = ALPHA + T, R + x

    def given(p):
        return (since / (since + p * begin)) ** s - (since / (since + p * begin + end - begin)) ** s

    return alive_at_the_end(x, t_x, T) * over_dropout(given, x)


def rate_at(time, x, t_x, T):
    """Purchases per time unit, at a time since T: E[lambda exp(-lambda p t)]."""
    since, s = ALPHA + T, R + x
    return alive_at_the_end(x, t_x, T) * over_dropout(lambda p: s * since**s / (since + p * time) ** (s + 1), x)


HISTORIES = pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 20), (2, 30, 39), (15, 38, 39)])


@HISTORIES
def test_customers_buy_in_a_period_as_often_as_the_closed_form_says(x, t_x, T):
    counted = by_period(x, t_x, T)[..., CUSTOMERS]
    exact = [active(x, t_x, T, *ends) for ends in zip(EDGES, EDGES[1:], strict=False)]
    assert counted.mean(axis=0) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


@HISTORIES
def test_purchases_of_a_period_have_the_mean_of_the_integrated_rate(x, t_x, T):
    counted = by_period(x, t_x, T)[..., PURCHASES]
    for period, (begin, end) in enumerate(zip(EDGES, EDGES[1:], strict=False)):
        exact = integrate.quad(rate_at, begin, end, args=(x, t_x, T))[0]
        assert counted[:, period].mean() == pytest.approx(exact, abs=4 * counted[:, period].std() / np.sqrt(DRAWS))


def test_a_discounted_purchase_counts_less_the_later_it_is():
    weighed = by_period(2, 30, 39, force=0.05)[..., PURCHASES]
    for period, (begin, end) in enumerate(zip(EDGES, EDGES[1:], strict=False)):
        exact = integrate.quad(lambda t: np.exp(-0.05 * t) * rate_at(t, 2, 30, 39), begin, end)[0]
        assert weighed[:, period].mean() == pytest.approx(exact, abs=4 * weighed[:, period].std() / np.sqrt(DRAWS))


def test_a_discount_does_not_change_who_buys():
    assert np.array_equal(by_period(2, 30, 39)[..., CUSTOMERS], by_period(2, 30, 39, force=0.05)[..., CUSTOMERS])


def test_purchases_are_those_that_are_counted_over_the_whole():
    counts = one_customer(2, 30, 39).counts(EDGES[-1:]).array()[:, 0]
    assert np.array_equal(by_period(2, 30, 39)[..., PURCHASES].sum(axis=1), counts)


def test_purchases_of_each_period_are_those_of_the_loop_that_counts_alone():
    assert np.array_equal(
        by_period(2, 30, 39)[..., PURCHASES], one_customer(2, 30, 39).total_by_period(EDGES, np.zeros(1))
    )


@pytest.mark.parametrize("force", [0.0, 0.01])
def test_revenue_adds_up_to_the_values_of_the_same_purchases(force):
    values, (found, amounts) = np.empty(DRAWS), purchases_and_amounts(2, 30, 39, EDGES[-1], 2.0, 20.0)
    events.values(*found, amounts, 1.0, 0.0, force, values)
    revenue = by_period(2, 30, 39, force=force, n=2.0, m=20.0)[..., REVENUE].sum(axis=1)
    np.testing.assert_allclose(revenue, values, rtol=1e-12)


def test_who_buys_in_two_periods_is_counted_once_in_each_and_once_over_the_whole():
    edges = np.array([0.0, 26.0, 52.0])
    parts, whole = by_period(15, 38, 39, edges), by_period(15, 38, 39, edges[[0, 2]])
    assert set(np.unique(parts[..., CUSTOMERS])) == {0.0, 1.0}
    both = (parts[..., PURCHASES] > 0).all(axis=1)
    assert both.sum() > 1000
    assert (parts[both, :, CUSTOMERS] == 1).all()
    assert (whole[both, 0, CUSTOMERS] == 1).all()


def test_a_customer_is_active_exactly_where_there_are_purchases():
    found = by_period(15, 38, 39)
    assert np.array_equal(found[..., CUSTOMERS] > 0, found[..., PURCHASES] > 0)
    assert np.array_equal(found[..., CUSTOMERS] > 0, found[..., REVENUE] > 0)


def test_finer_periods_cut_the_same_purchases():
    fine, coarse = by_period(15, 38, 39), by_period(15, 38, 39, EDGES[[0, 2, 4]])
    assert np.array_equal(fine[:, [0, 2], PURCHASES] + fine[:, [1, 3], PURCHASES], coarse[..., PURCHASES])


def test_nobody_is_new_before_the_window():
    found = new(np.full((500, 1), 20), [6.0], [20.0])
    assert not found[:, :2].any()
    assert (found[:, 2, CUSTOMERS] == 20).all()


def test_new_customers_who_are_won_at_once_buy_at_once():
    found = new(np.full((500, 1), 20), [0.0], [0.0], edges=np.array([-1.0, 0.0, 52.0]))
    assert (found[:, 0, 1:] == 20).all()


def test_where_nobody_is_won_nothing_is_bought():
    assert not new(np.zeros((50, 2), int), [0.0, 6.0], [5.0, 20.0]).any()


def test_first_purchases_come_at_any_time_of_the_window_with_the_same_probability():
    # Weighted by exp(-t), over a window of length 5; in an instant nobody comes back.
    edges = np.array([0.0, 5.0])
    found = new(np.full((DRAWS, 1), 1), [0.0], [5.0], edges, force=1.0)[:, 0]
    plain = new(np.full((DRAWS, 1), 1), [0.0], [5.0], edges)[:, 0]
    alone = plain[:, PURCHASES] == 1
    # Who buys once more within what is left has not come late: weigh those by the probability of staying alone.
    density = integrate.quad(lambda t: (ALPHA / (ALPHA + 5 - t)) ** R, 0, 5)[0]
    exact = integrate.quad(lambda t: np.exp(-t) * (ALPHA / (ALPHA + 5 - t)) ** R, 0, 5)[0] / density
    weights = found[alone, PURCHASES]
    assert weights.mean() == pytest.approx(exact, abs=4 * weights.std() / np.sqrt(alone.sum()))


def test_a_part_of_the_draws_is_drawn_as_with_all():
    won = np.full((30, 2), 4)
    whole = new(won, [0.0, 6.0], [5.0, 20.0])
    parts = [new(won[some], [0.0, 6.0], [5.0, 20.0], first=some.start) for some in (slice(0, 11), slice(11, 30))]
    assert np.array_equal(np.concatenate(parts), whole)


def test_another_seed_draws_other_new_customers():
    won = np.full((30, 1), 4)
    assert not np.array_equal(new(won, [0.0], [5.0]), new(won, [0.0], [5.0], seed=6))


def test_purchases_after_the_last_edge_are_left_out():
    found = new(np.full((500, 1), 100), [0.0], [20.0], edges=np.array([0.0, 10.0]))[:, 0, CUSTOMERS]
    assert found.mean() == pytest.approx(50, abs=4 * 5 / np.sqrt(500))
