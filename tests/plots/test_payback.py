import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from numpy.testing import assert_allclose

from clvmodels.plots import payback
from clvmodels.plots.style import colour


@pytest.fixture
def table():
    index = pd.MultiIndex.from_product([["search", "tv"], [0, 1, 2]], names=["channel", "time"])
    mean = np.array([0, 6, 9, 0, 4, 7.0])
    return pd.DataFrame({"mean": mean, "lower": mean * 0.8, "upper": mean * 1.2, "cost": 3 * [5.0] + 3 * [8.0]}, index)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def dashed(ax):
    """The lines of costs, as heights by colour; the one in the legend has no points."""
    lines = [line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
    return {line.get_color(): list(line.get_ydata()) for line in lines}


def test_each_channel_is_a_line_over_time(ax, table):
    drawn = {line.get_label(): line.get_xydata() for line in payback(table, ax=ax).lines}
    assert_allclose(drawn["search"], [[0, 0], [1, 6], [2, 9]])
    assert_allclose(drawn["tv"], [[0, 0], [1, 4], [2, 7]])


def test_each_cost_is_dashed_in_its_channels_colour(ax, table):
    assert dashed(payback(table, ax=ax)) == {colour(0): [5, 5], colour(1): [8, 8]}
    assert legend(ax) == ["search", "tv", "cost", "interval"]


def test_each_cost_ends_in_its_channels_marker(ax, table):
    lines = payback(table, ax=ax).lines
    markers = {line.get_marker() for line in lines if line.get_color() == colour(1)}
    assert markers == {"s"}


@pytest.mark.parametrize("rows", [slice(3), slice(None)], ids=["one channel", "the same cost"])
def test_a_cost_that_is_the_same_everywhere_is_one_line(ax, table, rows):
    drawn = payback(table.assign(cost=5.0)[rows], ax=ax)
    ((shade, heights),) = dashed(drawn).items()
    assert not same_color(shade, colour(0))
    assert heights == [5, 5]
    assert legend(drawn).count("cost") == 1


def test_an_unknown_cost_is_not_drawn(ax, table):
    table.loc["tv", "cost"] = np.nan
    assert dashed(payback(table, ax=ax)) == {colour(0): [5, 5]}


def test_without_any_cost_the_legend_does_not_name_it(ax, table):
    assert legend(payback(table.assign(cost=np.nan), ax=ax)) == ["search", "tv", "interval"]


def test_the_value_axis_begins_at_zero_unless_a_margin_is_negative(ax, table):
    assert payback(table, ax=ax).get_ylim()[0] == 0
    assert payback(table.assign(mean=-table["mean"]), ax=ax.figure.add_subplot()).get_ylim()[0] < -9


def test_bands_of_many_channels_are_fainter(ax, table):
    few = payback(table, ax=ax).collections[0].get_alpha()
    many = pd.concat([table.rename(index={"search": f"search {at}", "tv": f"tv {at}"}) for at in range(3)])
    assert payback(many, ax=ax.figure.add_subplot()).collections[0].get_alpha() < few
