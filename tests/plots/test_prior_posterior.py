import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import prior_posterior


@pytest.fixture
def table():
    return pd.DataFrame({"prior": [1.0, 0.8, 0.6], "posterior": [0.1, 3.0, 0.2]}, index=[0.1, 0.2, 0.3])


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_both_densities_are_lines(ax, table):
    drawn = lines(prior_posterior(table, ax=ax))
    assert_allclose(drawn["prior"].get_xydata(), [[0.1, 1], [0.2, 0.8], [0.3, 0.6]])
    assert_allclose(drawn["posterior"].get_xydata(), [[0.1, 0.1], [0.2, 3], [0.3, 0.2]])


def test_they_are_told_apart_without_colour(ax, table):
    drawn = prior_posterior(table, ax=ax)
    assert lines(drawn)["prior"].get_linestyle() != lines(drawn)["posterior"].get_linestyle()
    (filled,) = drawn.collections
    assert {(0.2, 0.0), (0.2, 3.0)} <= {tuple(point) for point in np.round(filled.get_paths()[0].vertices, 9)}


@pytest.mark.parametrize("prior", [np.nan, np.inf])
def test_a_prior_without_a_density_is_not_drawn_and_not_named(ax, table, prior):
    drawn = prior_posterior(table.assign(prior=prior), ax=ax)
    assert list(lines(drawn)) == ["posterior"]
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["posterior"]


def test_where_the_prior_is_infinite_the_axis_ends_at_what_is_finite(ax, table):
    prior = [np.inf, 5.0, 1.0]
    assert 5 <= prior_posterior(table.assign(prior=prior), ax=ax).get_ylim()[1] < 6


def test_the_axes_are_named(ax, table):
    drawn = prior_posterior(table, ax=ax, xlabel="alpha, weeks")
    assert (drawn.get_xlabel(), drawn.get_ylabel(), drawn.get_ylim()[0]) == ("alpha, weeks", "density", 0)
