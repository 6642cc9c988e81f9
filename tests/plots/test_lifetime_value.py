import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import lifetime_value


@pytest.fixture
def table():
    columns = {"mean": [5.0, 9.0, 7.0], "lower": [1.0, 2.0, 0.0], "upper": [8.0, 20.0, 30.0], "actual": [4.0, 0.0, 7.5]}
    return pd.DataFrame(columns, index=["ann", "bob", "cid"])


def marks(ax):
    return {line.get_label(): line.get_xdata() for line in ax.lines}


def test_the_best_customers_come_first(ax, table):
    drawn = lifetime_value(table, top=2, ax=ax)
    assert [tick.get_text() for tick in drawn.get_yticklabels()] == ["bob", "cid"]
    assert_allclose(marks(drawn)["expected"], [9, 7])


def test_each_interval_spans_lower_to_upper(ax, table):
    (bars,) = lifetime_value(table, ax=ax).collections
    assert_allclose([segment[:, 0] for segment in bars.get_segments()], [[2, 20], [0, 30], [1, 8]])


def test_further_columns_are_marks_of_their_own(ax, table):
    drawn = marks(lifetime_value(table.assign(multiplicative_customer=[6.0, 6.5, 6.8]), ax=ax))
    assert_allclose(drawn["actual"], [0, 7.5, 4])
    assert_allclose(drawn["simple formula per customer"], [6.5, 6.8, 6.0])


def test_the_first_rank_is_on_top(ax, table):
    bottom, top = lifetime_value(table, ax=ax).get_ylim()
    assert top < bottom


def test_a_dollar_sign_in_an_id_is_no_formula(ax, table):
    ticks = lifetime_value(table.set_axis(["$x$", "b", "c"]), ax=ax).get_yticklabels()
    assert not any(tick.get_parse_math() for tick in ticks)


def test_the_table_is_unchanged(ax, table):
    before = table.copy()
    lifetime_value(table, ax=ax)
    pd.testing.assert_frame_equal(table, before)
