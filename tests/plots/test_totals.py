import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import totals


@pytest.fixture
def table():
    columns = {
        "predicted": [9.0, 10.0],
        "lower": [8.0, 9.0],
        "upper": [10.0, 11.0],
        "wide_lower": [np.nan, 5.0],
        "wide_upper": [np.nan, 14.0],
        "actual": [12.0, 8.0],
    }
    return pd.DataFrame(columns, index=pd.to_datetime(["1997-10-01", "1998-01-01"]))


def intervals(ax):
    """The ends of each interval that was drawn, by its name in the legend."""
    segments = {lines.get_label(): lines.get_segments() for lines in ax.collections}
    return {name: [segment[:, 1] for segment in drawn if len(segment)] for name, drawn in segments.items()}


def test_each_origin_has_a_point_and_a_cross(ax, table):
    drawn = {line.get_label(): line for line in totals(table, ax=ax).lines}
    assert_allclose(drawn["predicted"].get_xydata(), [[0, 9], [1, 10]])
    assert_allclose(drawn["actual"].get_xydata(), [[0, 12], [1, 8]])
    assert drawn["actual"].get_marker() == "x"


def test_the_widened_interval_is_thinner_than_the_models_own(ax, table):
    drawn = intervals(totals(table, ax=ax))
    assert_allclose(drawn["interval"], [[8, 10], [9, 11]])
    assert_allclose(drawn["widened interval"], [[5, 14]])
    widths = {lines.get_label(): lines.get_linewidth()[0] for lines in ax.collections}
    assert widths["widened interval"] < widths["interval"]


def test_where_nothing_was_widened_the_legend_does_not_say_so(ax, table):
    assert list(intervals(totals(table[:1], ax=ax))) == ["interval"]


def test_few_dates_stand_level_and_many_are_turned(ax, table):
    assert {tick.get_rotation() for tick in totals(table, ax=ax).get_xticklabels()} == {0}
    many = pd.concat([table] * 4)
    assert {tick.get_rotation() for tick in totals(many, ax=ax).get_xticklabels()} == {40}


def test_the_value_axis_begins_at_zero_and_is_named(ax, table):
    drawn = totals(table, ax=ax, ylabel="purchases in 39 weeks")
    assert drawn.get_ylim()[0] == 0
    assert drawn.get_ylabel() == "purchases in 39 weeks"
