import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import survival


@pytest.fixture
def table():
    index = pd.MultiIndex.from_product([["once", "often"], [0, 1, 2]], names=["group", "time"])
    mean = np.array([1, 0.6, 0.4, 1, 0.9, 0.85])
    actual = [1, 0.58, np.nan, 1, np.nan, np.nan]
    return pd.DataFrame({"mean": mean, "lower": mean * 0.9, "upper": mean, "actual": actual}, index=index)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_each_group_is_a_line_with_a_look_of_its_own(ax, table):
    drawn = {line.get_label(): line for line in survival(table, ax=ax).lines}
    assert_allclose(drawn["often"].get_xydata(), [[0, 1], [1, 0.9], [2, 0.85]])
    assert drawn["once"].get_color() != drawn["often"].get_color()
    assert drawn["once"].get_linestyle() != drawn["often"].get_linestyle()


def test_observed_shares_are_marks_in_their_groups_colour(ax, table):
    lines = [line for line in survival(table, ax=ax).lines if len(line.get_xdata())]
    groups, marks = lines[::2], lines[1::2]
    assert [line.get_color() for line in groups] == [line.get_color() for line in marks]
    assert [line.get_linestyle() for line in marks] == ["None", "None"]
    assert_allclose(marks[0].get_ydata(), [1, 0.58, np.nan])


@pytest.mark.parametrize("change", [{"actual": np.nan}, None], ids=["missing", "no column"])
def test_where_nothing_was_observed_the_legend_does_not_say_so(ax, table, change):
    assert legend(survival(table, ax=ax)) == ["once", "often", "actual", "interval"]
    unobserved = table.assign(**change) if change else table.drop(columns="actual")
    assert legend(survival(unobserved, ax=ax.figure.add_subplot())) == ["once", "often", "interval"]


def test_shares_are_shown_from_0_to_100_percent(ax, table):
    drawn = survival(table, ax=ax)
    assert drawn.get_ylim() == (0, 1)
    assert drawn.yaxis.get_major_formatter()(0.5) == "50%"


def test_a_band_spans_lower_to_upper(ax, table):
    (path,) = survival(table, ax=ax).collections[0].get_paths()
    assert {(1.0, 0.54), (1.0, 0.6)} <= {tuple(point) for point in np.round(path.vertices, 9)}


def test_rows_out_of_order_make_the_same_lines(ax, table):
    drawn = survival(table.iloc[[2, 0, 1, 5, 4, 3]], ax=ax).lines[0]
    assert_allclose(drawn.get_xydata(), [[0, 1], [1, 0.6], [2, 0.4]])


def test_the_axes_are_named(ax, table):
    drawn = survival(table, ax=ax, xlabel="weeks", ylabel="alive")
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("weeks", "alive")
