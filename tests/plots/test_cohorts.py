import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import cohorts


@pytest.fixture
def table():
    columns = {
        "cost": [10.0, 9.0],
        "realised": [8.0, 2.0],
        "mean": [12.0, 11.0],
        "lower": [11.0, 6.0],
        "upper": [14.0, 19.0],
    }
    return pd.DataFrame(columns, index=["1997-01", "1997-02"])


def segments(ax, label):
    (lines,) = [lines for lines in ax.collections if lines.get_label() == label]
    return np.array(lines.get_segments())


def test_what_is_to_come_stands_on_what_is_realised(ax, table):
    realised, to_come = cohorts(table, ax=ax).containers
    assert_allclose([bar.get_height() for bar in realised], [8, 2])
    assert_allclose([(bar.get_y(), bar.get_height()) for bar in to_come], [(8, 4), (2, 9)])
    assert to_come[0].get_alpha() < 1


def test_the_cost_lies_across_its_bar(ax, table):
    drawn = cohorts(table, ax=ax)
    marks = segments(drawn, "cost")
    assert_allclose(marks[:, :, 1], [[10, 10], [9, 9]])
    bar = drawn.containers[0][0]
    assert marks[0, 0, 0] < bar.get_x() < bar.get_x() + bar.get_width() < marks[0, 1, 0]


def test_the_interval_is_upright_over_its_cohort(ax, table):
    (lines,) = [lines for lines in cohorts(table, ax=ax).collections if lines.get_label() != "cost"]
    assert_allclose(lines.get_segments(), [[[0, 11], [0, 14]], [[1, 6], [1, 19]]])


def test_the_legend_names_what_is_there(ax, table):
    texts = [
        text.get_text() for text in cohorts(table.assign(cost=np.nan, lower=np.nan), ax=ax).get_legend().get_texts()
    ]
    assert texts == ["realised", "to come"]


def test_few_cohorts_stand_level_and_many_are_turned(ax, table):
    assert {tick.get_rotation() for tick in cohorts(table, ax=ax).get_xticklabels()} == {0}
    turned = {tick.get_rotation() for tick in cohorts(pd.concat([table] * 5), ax=ax).get_xticklabels()}
    steep = {tick.get_rotation() for tick in cohorts(pd.concat([table] * 12), ax=ax).get_xticklabels()}
    assert (turned, steep) == ({40}, {70})


def test_one_cohort_is_no_wall(ax, table):
    left, right = cohorts(table[:1], ax=ax).get_xlim()
    assert right - left == 4


def test_the_value_axis_is_named(ax, table):
    assert cohorts(table, ax=ax, ylabel="value in $").get_ylabel() == "value in $"
