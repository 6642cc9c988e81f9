import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import drivers


@pytest.fixture
def table():
    columns = {
        "answer_low": [9.0, 14.0],
        "answer_high": [11.0, 5.0],
        "answer": 10.0,
        "low": [0.25, 1000.4],
        "high": [0.3456, np.nan],
    }
    return pd.DataFrame(columns, index=["margin", "discount rate"])


def written(ax):
    return {note.get_text(): note.xy for note in ax.texts if note.get_text()}


def test_the_widest_swing_is_on_top(ax, table):
    drawn = drivers(table, ax=ax)
    assert [tick.get_text() for tick in drawn.get_yticklabels()] == ["discount rate", "margin"]
    bottom, top = drawn.get_ylim()
    assert top < bottom


def test_bars_go_from_the_answer_to_where_each_end_moves_it(ax, table):
    low, high = drivers(table, ax=ax).containers
    assert_allclose([(bar.get_x(), bar.get_width()) for bar in low], [(10, 4), (10, -1)])
    assert_allclose([(bar.get_x(), bar.get_width()) for bar in high], [(10, -5), (10, 1)])
    assert low[0].get_facecolor() != high[0].get_facecolor()


def test_the_answer_as_it_stands_is_a_line(ax, table):
    (line,) = drivers(table, ax=ax).lines
    assert_allclose(line.get_xdata(), [10, 10])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["as it stands", "input low", "input high"]


def test_known_ends_of_the_input_are_written_at_the_bars_ends(ax, table):
    assert written(drivers(table, ax=ax)) == {"0.25": (9, 1), "0.346": (11, 1), "1,000": (14, 0)}


def test_where_both_ends_move_the_answer_the_same_way_both_are_seen(ax, table):
    low, high = drivers(table.assign(answer_low=12.0, answer_high=13.0), ax=ax).containers
    assert_allclose([low[0].get_height(), high[0].get_height()], 0.35)
    assert low[0].get_y() + low[0].get_height() == pytest.approx(high[0].get_y())


def test_such_a_row_swings_from_the_answer_to_its_farther_end(ax, table):
    table.loc["margin"] = [18.0, 20.0, 10.0, 1.0, 2.0]
    assert drivers(table, ax=ax).get_yticklabels()[0].get_text() == "margin"


def test_an_end_that_moves_nothing_is_written_on_the_free_side(ax, table):
    drivers(table[:1].assign(answer_low=10.0, answer_high=7.0), ax=ax)
    sides = {note.get_text(): note.get_horizontalalignment() for note in ax.texts}
    assert sides == {"0.25": "left", "0.346": "right"}


def test_an_answer_without_end_is_said_instead_of_drawn(ax, table):
    drawn = drivers(table.assign(answer_high=[np.inf, 5.0]), ax=ax)
    assert drawn.get_yticklabels()[0].get_text() == "margin"
    assert "0.346 \N{RIGHTWARDS ARROW} \N{INFINITY}" in written(drawn)


def test_the_numbers_lie_inside_the_axes(ax, table):
    drawn = drivers(table, ax=ax)
    drawn.figure.draw_without_rendering()
    inside = drawn.get_window_extent()
    assert all(
        inside.x0 <= note.get_window_extent().x0 and note.get_window_extent().x1 <= inside.x1 for note in ax.texts
    )
