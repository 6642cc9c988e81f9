from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from clvmodels.plots import tracking


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


@pytest.fixture
def from_calibration():
    """Two weeks before the calibration end and two after it; the baseline has nothing to say of the former."""
    return pd.DataFrame(
        {
            "end": [-1.0, 0.0, 1.0, 2.0],
            "actual": [10, 21, 30, 41],
            "model": [11.0, 20.0, 31.0, 40.0],
            "model_lower": [8.0, 16.0, 25.0, 33.0],
            "model_upper": [14.0, 25.0, 38.0, 48.0],
            "as_before": [np.nan, np.nan, 33.0, 45.0],
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


@pytest.mark.parametrize("cumulative", [True, False])
def test_a_result_is_asked_for_its_table(ax, table, cumulative):
    asked = []

    def made(**choices):
        asked.append(choices)
        return table

    split = SimpleNamespace(calibration=SimpleNamespace(time_unit="day"))
    drawn = tracking(SimpleNamespace(tracking=made, split=split), ax=ax, cumulative=cumulative)
    assert asked == [{"cumulative": cumulative}]
    assert_allclose(lines(drawn)["going on as before"][1:, 1], [15, 30, 37.5])
    assert drawn.get_xlabel() == "days since the calibration end"


def test_the_calibration_is_drawn_from_its_first_periods_start(ax, from_calibration):
    drawn = lines(tracking(from_calibration, ax=ax))
    assert_allclose(drawn["model"], [[-2, 0], [-1, 11], [0, 20], [1, 31], [2, 40]])
    assert_allclose(ax.get_xlim(), [-2, 2])


def test_what_a_baseline_lacks_is_not_drawn(ax, from_calibration):
    drawn = lines(tracking(from_calibration, ax=ax))["going on as before"]
    assert_allclose(drawn[np.isfinite(drawn[:, 1])], [[1, 33], [2, 45]])


@pytest.mark.parametrize(("rows", "drawn"), [(slice(None), True), (slice(2), False), (slice(2, None), False)])
def test_the_calibration_end_is_marked_where_both_sides_exist(ax, from_calibration, rows, drawn):
    marked = lines(tracking(from_calibration[rows], ax=ax))
    assert ("calibration end" in marked) == drawn


@pytest.mark.parametrize(
    ("rows", "cumulative", "ylabel"),
    [
        (slice(2, None), True, "purchases of all customers, cumulative"),
        (slice(2, None), False, "purchases of all customers per week"),
        (slice(None), True, "repeat purchases of all customers, cumulative"),
        (slice(None), False, "repeat purchases of all customers per week"),
    ],
)
def test_the_value_axis_says_what_is_counted(ax, from_calibration, rows, cumulative, ylabel):
    drawn = tracking(from_calibration[rows], ax=ax, time_unit="week", cumulative=cumulative)
    assert drawn.get_ylabel() == ylabel


def test_each_period_is_a_step_from_its_start_to_its_end(ax, table):
    tracking(table, ax=ax, cumulative=False)
    (actual,) = [line for line in ax.lines if line.get_label() == "actual"]
    assert actual.get_drawstyle() == "steps-pre"
    assert_allclose(actual.get_xydata(), [[0, 10], [1, 10], [2, 21], [2.5, 24]])


def test_the_band_of_a_step_is_as_wide_as_its_period(ax, table):
    (band,) = tracking(table, ax=ax, cumulative=False).patches
    upper, edges, lower = band.get_data()
    assert_allclose(edges, [0, 1, 2, 2.5])
    assert_allclose([lower, upper], [[8, 16, 19], [14, 25, 31]])


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
