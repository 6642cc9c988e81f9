import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num, num2date
from numpy.testing import assert_allclose

from clvmodels.plots import history_alive


@pytest.fixture
def table():
    days = pd.date_range("1997-01-01", periods=120, name="date")
    mean = np.linspace(1, 0.3, 120)
    bought = np.isin(np.arange(120), [0, 40])
    return pd.DataFrame({"mean": mean, "lower": mean * 0.9, "upper": mean, "purchase": bought}, index=days)


def drawn_lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_the_path_is_a_line_over_the_days(ax, table):
    path = drawn_lines(history_alive(table, ax=ax))["mean"]
    assert_allclose(date2num(path.get_xdata()), date2num(table.index))
    assert_allclose(path.get_ydata(), table["mean"])


def test_purchases_are_marked_on_the_path(ax, table):
    marks = drawn_lines(history_alive(table, ax=ax))["purchase"]
    assert_allclose(date2num(marks.get_xdata()), date2num(table.index[[0, 40]]))
    assert_allclose(marks.get_ydata(), table["mean"].iloc[[0, 40]])
    assert (marks.get_marker(), marks.get_linestyle()) != ("None", "-")


def test_without_a_purchase_the_legend_names_none(ax, table):
    drawn = history_alive(table.assign(purchase=False), ax=ax)
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["mean", "interval"]


def test_the_axis_shows_dates(ax, table):
    drawn = history_alive(table, ax=ax)
    drawn.figure.draw_without_rendering()
    assert "Feb" in [tick.get_text() for tick in drawn.get_xticklabels()]
    assert [num2date(end).date() for end in drawn.get_xlim()] == [table.index[0].date(), table.index[-1].date()]


def test_probabilities_are_shown_from_0_to_100_percent(ax, table):
    drawn = history_alive(table, ax=ax, xlabel="day", ylabel="alive")
    assert drawn.get_ylim() == (0, 1)
    assert drawn.yaxis.get_major_formatter()(0.5) == "50%"
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("day", "alive")
