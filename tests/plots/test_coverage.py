import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import coverage


@pytest.fixture
def table():
    one = {"level": [0.5, 0.9], "covered": [0.8, 0.95], "attainable": [0.79, 0.96], "randomised": [0.51, 0.88]}
    other = {"level": [0.5, 0.9], "covered": [0.8, 0.95], "attainable": [0.75, 0.93], "randomised": [0.51, 0.88]}
    tables = [pd.DataFrame(one).assign(forecaster="model"), pd.DataFrame(other).assign(forecaster="nothing")]
    return pd.concat(tables, ignore_index=True)


def with_colour_of(ax, name):
    """What is drawn in the colour that the legend gives a forecaster, as (fill, linestyle) and y."""
    (named,) = [line for line in ax.lines if line.get_label() == name]
    same = [line for line in ax.lines if line.get_color() == named.get_color()]
    return {(line.get_marker(), line.get_fillstyle()): line for line in same}


def test_each_forecaster_has_filled_marks_open_marks_and_a_thin_line(ax, table):
    drawn = with_colour_of(coverage(table, ax=ax), "model")
    assert_allclose(drawn["o", "full"].get_ydata(), [0.8, 0.95])
    assert_allclose(drawn["o", "none"].get_ydata(), [0.51, 0.88])
    assert_allclose(drawn["None", "full"].get_xydata(), [[0.5, 0.79], [0.9, 0.96]])


def test_equal_shares_do_not_hide_each_other(ax, table):
    coverage(table, ax=ax)
    model, nothing = with_colour_of(ax, "model")["o", "full"], with_colour_of(ax, "nothing")["s", "full"]
    assert (model.get_xdata() < nothing.get_xdata()).all()


def test_one_forecaster_stands_on_its_levels(ax, table):
    drawn = with_colour_of(coverage(table[:2], ax=ax), "model")
    assert_allclose(drawn["o", "full"].get_xdata(), [0.5, 0.9])


def test_the_legend_explains_the_marks(ax, table):
    texts = [text.get_text() for text in coverage(table, ax=ax).get_legend().get_texts()]
    assert texts[-3:] == ["covered", "covered, randomised", "attainable with counts"]


def test_the_diagonal_spans_the_levels(ax, table):
    assert_allclose(coverage(table, ax=ax).lines[0].get_xydata(), [[0.5, 0.5], [0.9, 0.9]])


def test_without_intervals_there_is_the_frame_alone(ax):
    columns = ["forecaster", "level", "covered", "attainable", "randomised"]
    assert coverage(pd.DataFrame(columns=columns), ax=ax).get_xlabel() == "probability of the interval"
