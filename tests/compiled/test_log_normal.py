"""Drawn amounts of log-normal spend against its formulas and a simulation in NumPy."""

import numpy as np
import pytest

from clvmodels.compiled import log_normal as compiled
from clvmodels.compiled.events import new_streams
from clvmodels.formulas import log_normal
from clvmodels.formulas.log_normal import LogNormalParams

PARAMS = LogNormalParams(median=20.0, sigma=0.4, omega=0.5, c=1.5, d=3.0, factor=1.2)
DRAWS = 40_000
EACH = 3
RATES = np.array([-1.0, 0.2, 1.4])


def drawn(N=0.0, f=0.0, y=0.0, z=0.0):
    """Amounts (draws, 3) of the purchases of one customer."""
    out, offsets = np.empty(DRAWS * EACH), np.arange(DRAWS + 1) * EACH
    columns, params = (np.array([each]) for each in (N, f, y, z)), (np.full(DRAWS, each) for each in PARAMS)
    compiled.known_amounts(np.uint64(1), np.array([7], dtype=np.uint64), offsets, RATES, *columns, *params, out)
    return out.reshape(DRAWS, EACH)


def simulated(N, f, y, z):
    rng = np.random.default_rng(2)
    mean, variance = log_normal.theta_given_purchases(PARAMS, N - f, y, z)
    theta = mean + np.sqrt(variance) * rng.normal(size=(DRAWS, 1))
    free = rng.beta(PARAMS.c + f, PARAMS.d + N - f, size=(DRAWS, 1))
    amounts = np.exp(theta + PARAMS.sigma * rng.normal(size=(DRAWS, EACH)))
    return np.where(rng.random((DRAWS, EACH)) < free, 0.0, amounts)


@pytest.mark.parametrize("history", [(1.0, 0.0, 3.4, 0.5), (6.0, 4.0, 2.5, -1.0), (3.0, 3.0, 0.0, 0.0)])
def test_amounts_are_those_of_a_simulation(history):
    ours, theirs = drawn(*history), simulated(*history)
    assert (ours == 0).mean() == pytest.approx((theirs == 0).mean(), abs=0.01)
    for level in (0.75, 0.85, 0.95):
        assert np.quantile(ours, level) == pytest.approx(np.quantile(theirs, level), rel=0.03)
    # Purchases of one customer have the own median and share of free ones in common.
    assert np.mean(ours[:, 0] * ours[:, 1]) == pytest.approx(np.mean(theirs[:, 0] * theirs[:, 1]), rel=0.06)


def test_a_customer_of_whom_nothing_is_known_has_one_of_the_rates():
    expected = np.mean([log_normal.expected_average_spend(PARAMS, 0, 0, 0, z) for z in RATES])
    assert drawn().mean() == pytest.approx(expected, rel=0.02)


def test_customers_to_be_won_are_drawn_alike_in_any_number():
    params = [np.full(2, each) for each in PARAMS]
    offsets, cells = np.arange(2001) * EACH, np.array([0, 1000, 2000])
    out, first = np.empty(2000 * EACH), np.empty(1000 * EACH)
    streams = new_streams(np.uint64(1), 0, 2, np.uint64(5), np.uint64(1))
    states = compiled.new_amounts(streams.copy(), cells, offsets, RATES, *params, out)
    one = [each[:1] for each in params]
    compiled.new_amounts(streams[:1].copy(), cells[:2], offsets[:1001], RATES, *one, first)
    assert np.array_equal(first, out[: 1000 * EACH])
    assert states.shape == (2000, 4)
    expected = np.mean([log_normal.expected_average_spend(PARAMS, 0, 0, 0, z) for z in RATES])
    assert out.mean() == pytest.approx(expected, rel=0.06)
