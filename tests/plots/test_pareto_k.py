import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import pareto_k


@pytest.fixture
def table():
    columns = {
        "part": ["purchases", "purchases", "spend", "spend"],
        "k_hat": [0.1, 0.9, 0.3, 0.7],
        "customers": [1400, 2, 30, 4],
    }
    return pd.DataFrame(columns)


def points(ax):
    return {strip.get_label(): np.asarray(strip.get_offsets()) for strip in ax.collections}


def test_a_k_hat_above_the_limit_is_marked(ax, table):
    drawn = points(pareto_k(table, ax=ax))
    assert_allclose(drawn["up to 0.7"][:, 1], [0.1, 0.3, 0.7])
    assert_allclose(drawn["above 0.7"][:, 1], [0.9])
    assert_allclose(ax.lines[0].get_ydata(), 0.7)


def test_each_part_has_a_strip_of_its_own(ax, table):
    drawn = points(pareto_k(table, ax=ax))
    assert_allclose(np.round(drawn["up to 0.7"][:, 0]), [0, 1, 1])
    assert_allclose(np.round(drawn["above 0.7"][:, 0]), [0])


def test_each_part_says_how_many_customers_are_above(ax, table):
    texts = [tick.get_text() for tick in pareto_k(table, ax=ax).get_xticklabels()]
    assert texts == ["purchases\n2 of 1,402 customers above", "spend\n0 of 34 customers above"]


def test_ten_thousand_points_are_drawn_as_pixels(ax):
    many = pd.DataFrame({"part": "purchases", "k_hat": np.linspace(-0.2, 0.8, 10_000), "customers": 1})
    pareto_k(many, ax=ax)
    assert sum(map(len, points(ax).values())) == 10_000
    assert all(strip.get_rasterized() for strip in ax.collections)


def test_an_infinite_k_hat_is_counted(ax, table):
    table.loc[0, "k_hat"] = np.inf
    assert pareto_k(table, ax=ax).get_xticklabels()[0].get_text() == "purchases\n1,402 of 1,402 customers above"


def test_few_draws_have_a_lower_limit(ax, table):
    drawn = points(pareto_k(table, ax=ax, limit=0.5))
    assert_allclose(drawn["above 0.5"][:, 1], [0.9, 0.7])


def test_a_missing_k_hat_is_not_above(ax, table):
    table.loc[1, "k_hat"] = np.nan
    assert pareto_k(table, ax=ax).get_xticklabels()[0].get_text() == "purchases\n0 of 1,402 customers above"
