import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import differences


@pytest.fixture
def table():
    columns = {
        "advantage": [0.2, -0.1, 0.01],
        "lower": [0.1, -0.2, -0.1],
        "upper": [0.3, -0.05, 0.12],
        "scale": 1.0,
        "outcome": ["better", "worse", "no clear difference"],
    }
    return pd.DataFrame(columns, index=["crps", "mae", "gini"])


def marks(ax):
    return {line.get_label(): line for line in ax.lines}


def test_each_outcome_has_a_marker_and_a_colour_of_its_own(ax, table):
    drawn = marks(differences(table, ax=ax))
    outcomes = [drawn[outcome] for outcome in table["outcome"]]
    assert len({mark.get_marker() for mark in outcomes}) == 3
    assert len({mark.get_color() for mark in outcomes}) == 3


def test_each_metric_stands_in_the_row_of_its_name(ax, table):
    drawn = differences(table, ax=ax)
    assert [tick.get_text() for tick in drawn.get_yticklabels()] == ["crps", "mae", "gini"]
    assert_allclose(marks(drawn)["worse"].get_xydata(), [[-0.1, 1]])


def test_each_interval_spans_lower_to_upper(ax, table):
    intervals = differences(table, ax=ax).collections
    drawn = {segment[0, 1]: segment[:, 0] for lines in intervals for segment in lines.get_segments()}
    assert_allclose([drawn[0], drawn[1], drawn[2]], [[0.1, 0.3], [-0.2, -0.05], [-0.1, 0.12]])


def test_the_first_metric_is_on_top(ax, table):
    bottom, top = differences(table, ax=ax).get_ylim()
    assert top < bottom


def test_a_column_of_labels_names_the_metrics(ax, table):
    ticks = differences(table.assign(label=["CRPS", "error", "$ranking$"]), ax=ax).get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["CRPS", "error", "$ranking$"]
    assert not any(tick.get_parse_math() for tick in ticks)


def test_an_outcome_that_did_not_occur_is_not_in_the_legend(ax, table):
    texts = [text.get_text() for text in differences(table[:2], ax=ax).get_legend().get_texts()]
    assert texts == ["better", "worse"]


def test_each_row_is_drawn_in_units_of_its_scale(ax, table):
    drawn = marks(differences(table.assign(scale=[2.0, 1.0, 1.0]), ax=ax))
    assert_allclose(drawn["better"].get_xydata(), [[0.1, 0]])


def test_a_row_that_is_not_defined_is_left_out(ax, table):
    table.loc["mae", "outcome"] = "not defined"
    assert [tick.get_text() for tick in differences(table, ax=ax).get_yticklabels()] == ["crps", "gini"]
