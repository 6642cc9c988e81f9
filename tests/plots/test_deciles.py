import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import lift, reliability_by_decile


@pytest.fixture
def means():
    """Three tenths of two forecasters, the first one's out of order."""
    columns = {
        "forecaster": ["model"] * 3 + ["hiatus"] * 3,
        "decile": [2, 1, 3, 1, 2, 3],
        "customers": 10,
        "predicted": [0.5, 0.1, 2.0, 0.0, 1.0, 3.0],
        "actual": [0.4, 0.2, 2.5, 0.1, 0.6, 2.4],
    }
    return pd.DataFrame(columns)


@pytest.fixture
def gains():
    """Two tenths of a model, and the best that a ranking could have done."""
    columns = {
        "forecaster": ["actual", "actual", "model", "model"],
        "decile": [1, 2, 1, 2],
        "share": [0.7, 0.2, 0.5, 0.2],
        "cumulative": [0.7, 0.9, 0.5, 0.7],
        "lift": [7.0, 2.0, 5.0, 2.0],
    }
    return pd.DataFrame(columns)


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_each_forecasters_tenths_are_joined_in_order(ax, means):
    drawn = lines(reliability_by_decile(means, ax=ax))
    assert_allclose(drawn["model"], [[0.1, 0.2], [0.5, 0.4], [2.0, 2.5]])
    assert_allclose(drawn["hiatus rule"], [[0, 0.1], [1, 0.6], [3, 2.4]])


def test_the_diagonal_reaches_the_highest_mean(ax, means):
    assert_allclose(lines(reliability_by_decile(means, ax=ax))["predicted = actual"], [[0, 0], [3, 3]])


def test_the_axes_say_what_is_predicted(ax, means):
    drawn = reliability_by_decile(means, ax=ax, unit="value (GBP)")
    assert drawn.get_ylabel() == "mean value (GBP) in the holdout"


def test_gains_begin_with_no_customers(ax, gains):
    assert_allclose(lines(lift(gains, ax=ax))["model"], [[0, 0], [0.1, 0.5], [0.2, 0.7]])


def test_what_happened_gives_the_best_possible_curve(ax, gains):
    drawn = lines(lift(gains, ax=ax))
    assert list(drawn) == ["at random", "best possible", "model"]
    assert_allclose(drawn["best possible"], [[0, 0], [0.1, 0.7], [0.2, 0.9]])


def test_without_what_happened_there_is_no_best_possible_curve(ax, gains):
    assert list(lines(lift(gains[gains["forecaster"] != "actual"], ax=ax))) == ["at random", "model"]


def test_at_random_is_the_diagonal(ax, gains):
    assert_allclose(lines(lift(gains, ax=ax))["at random"], [[0, 0], [1, 1]])
