"""Formulas for many T at once, against the formulas themselves."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.series import Closed, Series, Table, series

FORMULAS = {
    "survival": (beta_geo.survival_if_alive, {"log": True}),
    "purchases": (beta_geo.purchases_if_alive, {}),
    "lifetime": (beta_geo.lifetime_if_alive, {}),
    "discounted": (partial(beta_geo.discounted_purchases_if_alive, discount_force=0.002), {}),
}
SHAPES = st.floats(0.05, 10)


def drawn(seed, spread=0.3):
    """Parameters of five draws around values of common size: (5, 1)."""
    rng = np.random.default_rng(seed)
    centre = np.exp(rng.normal(np.log([0.3, 8.0, 0.8, 2.4]), 1.0))
    return BetaGeoParams(*np.exp(rng.normal(np.log(centre), spread, (5, 4))).T[:, :, None])


# (r, alpha, a, b), x, t: dropout so concentrated, or so frequent a buyer, that the formulas turn sharply in T.
SHARP = [
    ((0.5, 3.0, 20.0, 20.0), 50.0, 365.0),
    ((0.5, 3.0, 40.0, 10.0), 50.0, 30.0),
    ((0.5, 3.0, 87.0, 0.11), 50.0, 30.0),
    ((1.0, 5.0, 20.0, 1.0), 300.0, 1e6),
    ((0.3, 5.0, 100.0, 1.0), 100.0, 1e6),
    ((1.0, 5.0, 200.0, 200.0), 300.0, 3650.0),
]


def exact(formula, params, t, x, times):
    """One T at a time, which leaves nothing to interpolate."""
    return np.stack([formula(params, t, x, np.full((5, 1), T))[:, 0] for T in times])


@pytest.mark.parametrize("name", FORMULAS)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 1000),
    x=st.sampled_from([0.0, 1.0, 7.0, 150.0, 2000.0]),
    t=st.sampled_from([0.1, 1.0, 39.0, 520.0, 5000.0]),
    longest=st.sampled_from([1.0, 39.0, 730.0]),
)
def test_many_times_are_interpolated_to_nine_digits(name, seed, x, t, longest):
    formula, choices = FORMULAS[name]
    params, times = drawn(seed), np.linspace(0, longest, 60)
    many = series(formula, params, t, x, times, **choices)
    assert isinstance(many, Series)
    some = times[[0, 1, 17, 58, 59]]
    assert many.at(some) == pytest.approx(exact(formula, params, t, x, some), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("centre", "x", "t"), SHARP)
def test_where_the_formulas_turn_sharply_they_are_followed(name, centre, x, t):
    formula, choices = FORMULAS[name]
    spread = 1 + 0.01 * np.arange(5.0)[:, None]
    params, times = BetaGeoParams(*(value * spread for value in centre)), np.arange(50.0, 450.0)
    some = times[[0, 1, 57, 200, 399]]
    found = series(formula, params, t, x, times, **choices).at(some)
    assert found == pytest.approx(exact(formula, params, t, x, some), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("name", FORMULAS)
def test_few_times_are_a_table_of_the_formula(name):
    formula, choices = FORMULAS[name]
    params, times = drawn(1), np.array([3.0, 20.0, 38.86])
    few = series(formula, params, 39.0, 2.0, times, **choices)
    assert isinstance(few, Table)
    asked = times[[2, 0, 0]]
    assert few.at(asked) == pytest.approx(exact(formula, params, 39.0, 2.0, asked), rel=1e-12)


def test_at_no_horizon_nothing_depends_on_the_time():
    times = np.linspace(0, 100, 300)
    assert np.all(series(beta_geo.survival_if_alive, drawn(1), 0.0, 2.0, times).at(times) == 1)
    assert np.all(series(beta_geo.purchases_if_alive, drawn(1), 0.0, 2.0, times).at(times) == 0)


def test_a_formula_without_quadrature_is_asked_itself():
    formula, params, times = beta_geo.probability_of_purchase_if_alive, drawn(1), np.array([3.0, 20.0, 38.86])
    found = Closed(formula, BetaGeoParams(*(value[:, 0] for value in params)), 39.0, 2.0).at(times)
    assert found == pytest.approx(exact(formula, params, 39.0, 2.0, times), rel=1e-12)
