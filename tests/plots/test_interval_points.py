import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from clvmodels import plots


def drawn(**columns):
    table = pd.DataFrame({"mean": [3.0, -1.0], "lower": [1.0, -2.0], "upper": [5.0, 0.5]}, index=["1997-10", "1997-11"])
    return plots.interval_points(table.assign(**columns), ax=Figure().add_subplot(), xlabel="month", ylabel="gain")


def test_rows_stand_side_by_side_in_their_order():
    ax = drawn()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1997-10", "1997-11"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("month", "gain")


def test_each_mean_is_a_point():
    points = [line for line in drawn().lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    assert np.asarray(points[0].get_ydata()).tolist() == [3.0, -1.0]


def test_rows_without_an_interval_are_drawn_too():
    assert drawn(lower=np.nan, upper=np.nan).lines


@pytest.mark.parametrize("name", ["$x_1$", "__init__"])
def test_names_are_not_formulas(name):
    table = pd.DataFrame({"mean": [3.0], "lower": [1.0], "upper": [5.0]}, index=[name])
    ax = plots.interval_points(table, ax=Figure().add_subplot())
    assert ax.get_xticklabels()[0].get_text() == name
