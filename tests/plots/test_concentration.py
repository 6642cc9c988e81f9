import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import concentration


@pytest.fixture
def table():
    mean = np.array([0.0, 0.6, 0.9, 1.0])
    columns = {"mean": mean, "lower": [0.0, 0.5, 0.85, 1.0], "upper": [0.0, 0.7, 0.95, 1.0]}
    return pd.DataFrame(columns, index=pd.Index([0.0, 0.25, 0.5, 1.0], name="customers"))


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_the_curve_is_drawn_above_the_diagonal_that_it_is_held_against(ax, table):
    drawn = lines(concentration(table, ax=ax))
    assert_allclose(drawn["all worth the same"], [[0, 0], [1, 1]])
    assert_allclose(drawn["customers as ranked"], [[0, 0], [0.25, 0.6], [0.5, 0.9], [1, 1]])


def test_the_band_goes_from_lower_to_upper(ax, table):
    corners = concentration(table, ax=ax).collections[0].get_paths()[0].vertices
    assert {(0.25, 0.5), (0.25, 0.7), (0.5, 0.85), (0.5, 0.95)} <= {tuple(corner) for corner in corners}


def test_both_axes_are_percentages(ax, table):
    drawn = concentration(table, ax=ax)
    assert drawn.get_xlim() == drawn.get_ylim() == (0, 1)
    assert drawn.xaxis.get_major_formatter()(0.25) == drawn.yaxis.get_major_formatter()(0.25) == "25%"


def test_a_curve_that_passes_the_whole_is_not_cut_off(ax, table):
    assert concentration(table.assign(mean=table["mean"] * 1.3), ax=ax).get_ylim()[1] > 1.3


def test_a_point_has_no_band_and_no_name_for_it(ax, table):
    drawn = concentration(table.assign(lower=np.nan, upper=np.nan), ax=ax)
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["all worth the same", "customers as ranked"]
