"""Tables for many customers, against the plain formulas for each."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.datasets import simulate_rfm
from clvmodels.formulas import beta_geo, gamma_gamma
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.discount import discount_force
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.models.expectations import distinct_rows

HORIZON = 52.0


@pytest.fixture(scope="module")
def rfm():
    return simulate_rfm(customers=400, random_seed=11)


@pytest.fixture(scope="module")
def value():
    rng = np.random.default_rng(5)
    r, alpha, a, b = np.exp(rng.normal(np.log([0.243, 4.414, 0.793, 2.426]), 0.1, (150, 4))).T
    p, q, v = np.exp(rng.normal(np.log([6.25, 3.74, 15.44]), 0.05, (150, 3))).T
    purchases = clv.BetaGeo.at(r=r, alpha=alpha, a=a, b=b, time_unit="week")
    return clv.LifetimeValue(purchases, clv.GammaGamma.at(p=p, q=q, v=v, time_unit="week"), annual_discount_rate=0.1)


def by_formula(posterior, rfm, formula, **choices):
    """Draws (draws, customers), each customer on its own."""
    params = BetaGeoParams(*(value[:, None] for value in posterior.parameter_draws()))
    x, t_x, T = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    columns = [formula(params, HORIZON, np.array([x[i]]), np.array([T[i]]), **choices) for i in range(len(rfm))]
    return beta_geo.probability_alive(params, x, t_x, T) * np.concatenate(columns, axis=1)


def table_of(draws):
    return np.stack([draws.mean(axis=0), *np.quantile(draws, [0.05, 0.95], axis=0)], axis=1)


@pytest.mark.parametrize(
    ("quantity", "formula"),
    [
        ("expected_purchases", beta_geo.purchases_if_alive),
        ("expected_lifetime", beta_geo.lifetime_if_alive),
        ("probability_of_purchase", beta_geo.probability_of_purchase_if_alive),
    ],
)
def test_tables_are_those_of_the_plain_formula(value, rfm, quantity, formula):
    found = getattr(value.purchases, quantity)(rfm, horizon=HORIZON)
    assert found.to_numpy() == pytest.approx(table_of(by_formula(value.purchases, rfm, formula)), rel=1e-9)


def test_the_probability_of_being_alive_is_that_of_the_plain_formula(value, rfm):
    exact = by_formula(value.purchases, rfm, lambda params, t, x, T: np.ones((150, 1)))
    assert value.purchases.probability_alive(rfm).to_numpy() == pytest.approx(table_of(exact), rel=1e-9)


def test_lifetime_values_are_those_of_the_plain_formulas(value, rfm):
    force = discount_force(0.1, units_per_year=rfm.units_per_year)
    formula = beta_geo.discounted_purchases_if_alive
    purchases = by_formula(value.purchases, rfm, formula, discount_force=force)
    spend = GammaGammaParams(*(draws[:, None] for draws in value.spend.parameter_draws()))
    frame = rfm.frame
    amount = gamma_gamma.expected_average_spend(spend, frame["frequency"], frame["monetary_value"])
    assert value.expected(rfm, horizon=HORIZON).to_numpy() == pytest.approx(table_of(purchases * amount), rel=1e-9)


def test_customers_who_did_the_same_get_the_same_rows_in_the_order_handed_in(value, rfm):
    twice = clv.RFM.from_frame(
        rfm.frame.iloc[[3, 7, 3, 0, 7]].set_axis(["e", "d", "c", "b", "a"]).rename_axis("customer_id"), time_unit="week"
    )
    table = value.expected(twice, horizon=HORIZON)
    assert table.index.tolist() == ["e", "d", "c", "b", "a"]
    assert np.array_equal(table.loc["e"], table.loc["c"])
    once = value.expected(rfm, horizon=HORIZON).iloc[[3, 7, 3, 0, 7]]
    assert table.to_numpy() == pytest.approx(once.to_numpy(), rel=1e-9)


def test_distinct_rows_say_which_row_each_was():
    x, y = np.array([2.0, 1.0, 2.0, 1.0]), np.array([5.0, 7.0, 5.0, 6.0])
    (first, second), which = distinct_rows(x, y)
    assert first.tolist() == [1, 1, 2]
    assert np.array_equal(first[which], x)
    assert np.array_equal(second[which], y)
