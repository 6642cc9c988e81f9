from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from clvmodels.plots import tracking


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "end": [1.0, 2.0, 2.5],
            "actual": [10, 21, 24],
            "model": [11.0, 20.0, 25.0],
            "model_lower": [8.0, 16.0, 19.0],
            "model_upper": [14.0, 25.0, 31.0],
            "as_before": [15.0, 30.0, 37.5],
        }
    )


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_each_forecaster_and_the_actual_count_is_a_line_from_the_origin(ax, table):
    drawn = lines(tracking(table, ax=ax))
    assert set(drawn) == {"model", "going on as before", "actual"}
    assert_allclose(drawn["model"], [[0, 0], [1, 11], [2, 20], [2.5, 25]])
    assert_allclose(drawn["actual"], [[0, 0], [1, 10], [2, 21], [2.5, 24]])


def test_the_band_spans_lower_to_upper(ax, table):
    (band,) = tracking(table, ax=ax).collections
    (path,) = band.get_paths()
    corners = {tuple(point) for point in np.round(path.vertices, 9)}
    assert {(1.0, 8.0), (1.0, 14.0), (2.5, 19.0), (2.5, 31.0)} <= corners


def test_without_edges_there_is_no_band(ax, table):
    assert len(tracking(table.drop(columns=["model_lower", "model_upper"]), ax=ax).collections) == 0


def test_a_result_is_asked_for_its_table(ax, table):
    split = SimpleNamespace(calibration=SimpleNamespace(time_unit="day"))
    drawn = tracking(SimpleNamespace(tracking=lambda: table, split=split), ax=ax)
    assert_allclose(lines(drawn)["going on as before"][:, 1], [0, 15, 30, 37.5])
    assert drawn.get_xlabel() == "days since the calibration end"


def test_the_axes_name_the_time_unit(ax, table):
    assert tracking(table, ax=ax, time_unit="month").get_xlabel() == "months since the calibration end"


def test_the_table_is_unchanged(ax, table):
    before = table.copy()
    tracking(table, ax=ax)
    pd.testing.assert_frame_equal(table, before)


def test_without_axes_pyplots_current_ones_are_used(table):
    _, current = plt.subplots()
    drawn = tracking(table)
    plt.close(current.figure)
    assert drawn is current
