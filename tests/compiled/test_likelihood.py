"""The compiled sums over rows, against the likelihood written out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

import clvmodels as clv
from clvmodels.compiled.likelihood import DropoutSum, SpendSum
from clvmodels.datasets import simulate_rfm
from clvmodels.formulas import beta_geo, gamma_gamma
from clvmodels.inference.density import flatten
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma_graph import gamma_gamma_graph

POSITIVE = st.floats(0.05, 20)


@pytest.fixture(scope="module")
def rfm():
    """A thousand customers in continuous time: no two alike."""
    return simulate_rfm(customers=3000, random_seed=3)


def rows_of(rfm):
    table = rfm.compressed().query("frequency > 0")
    return [table[name].to_numpy(float) for name in ("frequency", "recency", "T", "count")]


@given(r=POSITIVE, alpha=POSITIVE, a=POSITIVE, b=POSITIVE, seed=st.integers(0, 10))
def test_the_sum_is_that_of_the_dropout_terms(r, alpha, a, b, seed):
    rng = np.random.default_rng(seed)
    x, t_x, count = rng.integers(1, 30, 200), rng.uniform(0.1, 30, 200), rng.integers(1, 4, 200).astype(float)
    T = t_x + rng.uniform(0, 30, 200)
    params = beta_geo.BetaGeoParams(r, alpha, a, b)
    exact = np.sum(count * np.logaddexp(0, beta_geo.log_odds_of_dropout(params, x, t_x, T)))
    assert DropoutSum.of(x, t_x, T, count).values(np.array([[r, alpha, a, b]])) == pytest.approx([exact], rel=1e-10)


def test_odds_beyond_the_largest_number_are_added_up_all_the_same():
    """500 purchases in the first of a thousand weeks: the odds of having dropped out are e^3000."""
    one = [np.array([value]) for value in (500.0, 1.0, 1000.0, 1.0)]
    params = beta_geo.BetaGeoParams(0.2, 1.0, 0.8, 2.4)
    exact = beta_geo.log_odds_of_dropout(params, *[value[0] for value in one[:3]])
    assert exact > 3000
    assert DropoutSum.of(*one).values(np.array([params])) == pytest.approx([exact], rel=1e-12)
    assert np.all(np.isfinite(DropoutSum.of(*one).gradient(np.array(params))))


def test_the_gradients_are_those_of_the_sums(rfm):
    point = np.array([0.3, 5.0, 0.8, 2.4])
    dropout = DropoutSum.of(*rows_of(rfm))
    numeric = approx_fprime(point, lambda at: dropout.values(at[None, :])[0], 1e-6)
    assert dropout.gradient(point) == pytest.approx(numeric, rel=1e-4)
    counts = rfm.spend_counts(include_first=True)
    number, mean, count = (counts[name].to_numpy(float) for name in ("number", "mean", "count"))
    spend, at = SpendSum(number, number * mean, count), np.array([6.0, 3.7, 15.0])
    numeric = approx_fprime(at, lambda at: spend.values(at[None, :])[0], 1e-6)
    assert spend.gradient(at) == pytest.approx(numeric, rel=1e-4)


def densities(graphs, points):
    return [flatten(graph).log_density(points) for graph in graphs]


def test_compiled_sums_give_the_same_log_density_of_purchases(rfm):
    counts = rfm.compressed()
    assert len(counts) > 500
    priors = clv.BetaGeo().priors.for_data(counts)
    points = np.random.default_rng(0).normal(0, 1, (20, 4))
    written, compiled = densities([BetaGeo.graph(counts, priors, loops=loops) for loops in (False, True)], points)
    assert compiled == pytest.approx(written, rel=1e-10)


def test_compiled_sums_give_the_same_log_density_of_spend(rfm):
    counts = rfm.spend_counts(include_first=True)
    priors = clv.GammaGamma().priors.for_data(30.0)
    points = np.random.default_rng(0).normal(0, 1, (20, 3))
    written, compiled = densities([gamma_gamma_graph(counts, priors, loops=loops) for loops in (False, True)], points)
    assert compiled == pytest.approx(written, rel=1e-10)


def test_the_gradient_of_the_graph_is_the_same_with_compiled_sums(rfm):
    counts = rfm.compressed()
    priors = clv.BetaGeo().priors.for_data(counts)
    point = np.array([-1.2, 1.5, 0.3, 1.1])
    written, compiled = (
        flatten(BetaGeo.graph(counts, priors, loops=loops)).value_and_gradient(point) for loops in (False, True)
    )
    assert compiled[0] == pytest.approx(written[0], rel=1e-10)
    assert compiled[1] == pytest.approx(written[1], rel=1e-8)


def test_counts_give_the_log_density_of_all_customers_one_by_one():
    """Customers in whole weeks, many alike, against a table in which none is counted twice."""
    frame = simulate_rfm(customers=2000, random_seed=5).frame[["frequency", "recency", "T"]]
    frame = frame.assign(T=np.ceil(frame["T"]), recency=np.ceil(frame["recency"])).query("recency <= T")
    rfm = clv.RFM.from_frame(frame, time_unit="week")
    counts, one_by_one = rfm.compressed(), frame.assign(count=1.0)
    assert len(counts) < len(frame) / 2
    priors = clv.BetaGeo().priors.for_data(counts)
    points = np.random.default_rng(0).normal(0, 1, (20, 4))
    compressed, whole = densities([BetaGeo.graph(table, priors) for table in (counts, one_by_one)], points)
    assert compressed == pytest.approx(whole, rel=1e-10)


def test_counts_of_spend_give_the_log_density_of_all_customers_one_by_one():
    spent = pd.DataFrame({"number": [1.0, 1.0, 2.0, 1.0], "mean": [9.99, 9.99, 5.0, 3.0], "count": 1.0})
    counts = spent.groupby(["number", "mean"], as_index=False).sum()
    assert len(counts) == 3
    priors = clv.GammaGamma().priors.for_data(6.0)
    points = np.random.default_rng(0).normal(0, 1, (20, 3))
    compressed, whole = densities([gamma_gamma_graph(table, priors) for table in (counts, spent)], points)
    assert compressed == pytest.approx(whole, rel=1e-10)


def test_the_spend_sum_is_the_one_in_the_formula(rfm):
    counts = rfm.spend_counts(include_first=True)
    number, mean, count = (counts[name].to_numpy(float) for name in ("number", "mean", "count"))
    params = gamma_gamma.GammaGammaParams(6.25, 3.74, 15.44)
    constant = np.sum(count * (params.p * number - 1) * np.log(mean))
    exact = constant - np.sum(count * gamma_gamma.value_terms(params, number, mean))
    assert SpendSum(number, number * mean, count).values(np.array([params])) == pytest.approx([exact], rel=1e-10)
