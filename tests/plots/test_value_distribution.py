import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from clvmodels.plots import value_distribution

EDGES = [-np.inf, 0, 0.5, 1, 2000, 50_000, 2e6, 5e9, np.inf]
NAMES = ["below 0", "0–0.5", "0.5–1", "1–2k", "2k–50k", "50k–2m", "2m–5bn", "5bn +"]


@pytest.fixture
def table():
    mean = np.arange(8.0, 0.0, -1.0)
    index = pd.MultiIndex.from_arrays([EDGES[:-1], EDGES[1:]], names=["at_least", "below"])
    return pd.DataFrame({"mean": mean, "lower": mean - 0.5, "upper": mean + 1}, index=index)


def test_each_class_is_a_bar_with_its_interval(ax, table):
    drawn = value_distribution(table, ax=ax)
    assert_allclose([bar.get_height() for bar in drawn.patches], table["mean"])
    segments = np.array(drawn.collections[0].get_segments())
    assert_allclose(segments[:, :, 1], table[["lower", "upper"]])
    assert drawn.get_ylim()[0] == 0


def test_classes_are_named_by_their_edges_in_few_letters(ax, table):
    assert [tick.get_text() for tick in value_distribution(table, ax=ax).get_xticklabels()] == NAMES


def test_on_a_narrow_figure_the_names_are_turned(table):
    narrow, wide = (Figure(figsize=(width, 3)).add_subplot() for width in (3.4, 12))
    turned = [value_distribution(table, ax=ax).get_xticklabels()[0].get_rotation() for ax in (narrow, wide)]
    assert turned[0] >= 40
    assert turned[1] == 0


def test_the_axis_names_the_value(ax, table):
    assert value_distribution(table, ax=ax, xlabel="margin in a year (USD)").get_xlabel() == "margin in a year (USD)"


def test_without_intervals_there_are_bars_alone(ax, table):
    drawn = value_distribution(table.assign(lower=np.nan, upper=np.nan), ax=ax)
    assert len(drawn.patches) == 8
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["mean"]


def test_classes_that_nobody_is_in_are_drawn_without_a_warning(ax, table):
    value_distribution(table * 0, ax=ax).figure.draw_without_rendering()
    assert np.isfinite(ax.get_ylim()).all()
