import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import retain_or_replace


@pytest.fixture
def table():
    columns = {
        "mean": [-20.0, 1.0, 12.0, -3.0],
        "lower": [-30.0, -8.0, 4.0, -4.0],
        "upper": [-9.0, 11.0, 20.0, -2.0],
        "verdict": ["replace", "unclear", "retain", "neither"],
    }
    return pd.DataFrame(columns, index=["ann", "bob", "cid", "dan"])


def names(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def marks(ax):
    return {line.get_label(): line for line in ax.lines[1:]}


def test_the_largest_gain_of_keeping_is_on_top(ax, table):
    drawn = retain_or_replace(table, ax=ax)
    assert names(drawn) == ["cid", "bob", "dan", "ann"]
    bottom, top = drawn.get_ylim()
    assert top < bottom


def test_the_rows_of_largest_gain_either_way_are_shown(ax, table):
    drawn = retain_or_replace(table, top=2, ax=ax)
    assert names(drawn) == ["cid", "ann"]
    assert drawn.get_ylabel() == "the 2 largest of 4"


def test_where_all_rows_are_shown_nothing_is_said_of_others(ax, table):
    assert retain_or_replace(table, ax=ax).get_ylabel() == ""


def test_each_verdict_has_a_marker_and_a_colour_of_its_own(ax, table):
    drawn = marks(retain_or_replace(table.assign(verdict=["replace", "unclear", "retain", "ask them"]), ax=ax))
    assert set(drawn) == {"replace", "unclear", "retain", "ask them"}
    assert len({mark.get_marker() for mark in drawn.values()}) == 4
    assert len({mark.get_color() for mark in drawn.values()}) == 4


def test_a_verdict_looks_the_same_whichever_others_occur(ax, table):
    alone = marks(retain_or_replace(table[:1], ax=ax))["replace"]
    among = marks(retain_or_replace(table, ax=ax.figure.add_subplot()))["replace"]
    assert (alone.get_marker(), alone.get_color()) == (among.get_marker(), among.get_color())


def test_the_legend_names_the_verdicts_that_are_shown(ax, table):
    texts = [text.get_text() for text in retain_or_replace(table, top=2, ax=ax).get_legend().get_texts()]
    assert texts == ["retain", "replace"]


def test_each_point_and_its_interval_stand_in_the_row_of_their_name(ax, table):
    drawn = retain_or_replace(table, ax=ax)
    assert_allclose(marks(drawn)["replace"].get_xydata(), [[-20, 3]])
    rows = {segment[0, 1]: segment[:, 0] for lines in drawn.collections for segment in lines.get_segments()}
    assert_allclose([rows[row] for row in range(4)], [[4, 20], [-8, 11], [-4, -2], [-30, -9]])


def test_two_rows_of_one_name_are_two_rows(ax, table):
    assert names(retain_or_replace(table.set_axis(["ann", "ann", "bob", "bob"]), ax=ax)) == ["bob", "ann", "bob", "ann"]
