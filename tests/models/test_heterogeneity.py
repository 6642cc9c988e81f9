"""How the customers differ, against customers that were simulated and densities written out by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln

import clvmodels as clv
from clvmodels.errors import InvalidArgument

SIZE = 200_000


@pytest.fixture
def smooth():
    return clv.BetaGeo.at(r=2.0, alpha=5.0, a=2.0, b=3.0, time_unit="week")


def values(table):
    return table.index.get_level_values("at").to_numpy()


def simulated(quantity):
    rng = np.random.default_rng(3)
    return {
        "purchase_rate": lambda: rng.gamma(2.0, size=SIZE) / 5.0,
        "dropout_probability": lambda: rng.beta(2.0, 3.0, size=SIZE),
        "mean_spend": lambda: 6.0 * 15.0 / rng.gamma(4.0, size=SIZE),
    }[quantity]()


@pytest.mark.parametrize("quantity", ["purchase_rate", "dropout_probability", "mean_spend"])
def test_the_density_is_that_of_simulated_customers(smooth, quantity):
    spend = clv.GammaGamma.at(p=6.0, q=4.0, v=15.0, time_unit="week")
    density = (spend if quantity == "mean_spend" else smooth).heterogeneity().loc[[quantity], "mean"]
    at, step = values(density), np.diff(values(density)).mean()
    edges = at[0] - step / 2 + step * np.arange(0, 201, 20)
    drawn = np.histogram(simulated(quantity), edges)[0] / SIZE
    assert_allclose(density.to_numpy().reshape(10, 20).sum(axis=1) * step, drawn, atol=4 * np.sqrt(0.25 / SIZE))
    assert density.sum() * step == pytest.approx(0.985, abs=2e-4)


def test_the_interval_is_that_of_the_densities_of_all_draws():
    rng = np.random.default_rng(1)
    r, alpha = rng.uniform(0.2, 0.3, 50), rng.uniform(4, 5, 50)
    table = clv.BetaGeo.at(r=r, alpha=alpha, a=alpha, b=alpha, time_unit="week").heterogeneity(interval=0.5)
    at = values(table.loc[["purchase_rate"]])[7]
    densities = np.exp(r * np.log(alpha) + (r - 1) * np.log(at) - alpha * at - gammaln(r))
    expected = [densities.mean(), *np.quantile(densities, [0.25, 0.75])]
    assert_allclose(table.loc[("purchase_rate", at)], expected, rtol=1e-9)


@pytest.mark.parametrize(("shape", "ends"), [(0.01, 0.01), (0.24, 0.3), (1.0, 1.0), (50.0, 1e6)])
def test_every_density_is_finite_even_where_it_is_infinite_at_the_ends(shape, ends):
    table = clv.BetaGeo.at(r=shape, alpha=4.0, a=ends, b=ends, time_unit="week").heterogeneity()
    assert len(table) == 400
    assert np.isfinite(table["mean"]).all()
    assert (table["mean"] > 0).all()
    assert (values(table) > 0).all()
    assert (values(table.loc[["dropout_probability"]]) < 1).all()


def test_a_point_has_no_interval(smooth):
    assert smooth.heterogeneity()[["lower", "upper"]].isna().all(axis=None)


def test_in_days_rates_are_a_seventh_and_densities_seven_times_as_high(smooth):
    daily = clv.BetaGeo.at(r=2.0, alpha=35.0, a=2.0, b=3.0, time_unit="day").heterogeneity()
    weekly = smooth.heterogeneity().loc[["purchase_rate"]]
    assert_allclose(values(daily.loc[["purchase_rate"]]) * 7, values(weekly))
    assert_allclose(daily.loc["purchase_rate", "mean"], weekly["mean"] * 7)


def test_each_fit_says_how_its_customers_differ(purchases, spend):
    tables = purchases.heterogeneity(), spend.heterogeneity()
    assert [list(table.index.unique("quantity")) for table in tables] == [
        ["purchase_rate", "dropout_probability"],
        ["mean_spend"],
    ]
    for table in tables:
        assert (table["lower"] <= table["mean"]).all()
        assert (table["mean"] <= table["upper"]).all()


def test_an_interval_is_a_probability(smooth):
    with pytest.raises(InvalidArgument, match="interval is 90"):
        smooth.heterogeneity(interval=90)
