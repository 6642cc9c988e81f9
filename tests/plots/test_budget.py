import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import budget


@pytest.fixture
def table():
    index = pd.MultiIndex.from_product([["base", "new", "total"], ["1997-10", "1997-09"]], names=["source", "period"])
    mean = np.array([9.0, 7, 1, 2, 10, 9])
    edges = {"lower": mean - 1, "upper": mean + 2, "wide_lower": mean - 3, "wide_upper": mean + 4}
    return pd.DataFrame({"mean": mean, **edges}, index=index)


def legend(ax):
    return {text.get_text() for text in ax.get_legend().get_texts()}


def uprights(ax):
    """The intervals on the bars, by how thick they are."""
    return {lines.get_linewidth()[0]: [segment[:, 1] for segment in lines.get_segments()] for lines in ax.collections}


def test_new_customers_stand_on_the_base(ax, table):
    base, new = budget(table, ax=ax).containers
    assert_allclose([(bar.get_y(), bar.get_height()) for bar in base], [(0, 9), (0, 7)])
    assert_allclose([(bar.get_y(), bar.get_height()) for bar in new], [(9, 1), (7, 2)])
    assert base[0].get_facecolor() != new[0].get_facecolor()


def test_periods_keep_the_tables_order(ax, table):
    assert [tick.get_text() for tick in budget(table, ax=ax).get_xticklabels()] == ["1997-10", "1997-09"]


def test_the_intervals_are_those_of_the_total_and_the_wide_one_is_thinner(ax, table):
    wide, own = sorted(uprights(budget(table, ax=ax)).items())
    assert_allclose(own[1], [[9, 12], [8, 11]])
    assert_allclose(wide[1], [[7, 14], [6, 13]])


def test_without_a_total_the_intervals_are_those_of_the_base(ax, table):
    drawn = budget(table.loc[["base"], ["mean", "lower", "upper"]], ax=ax)
    assert_allclose(list(uprights(drawn).values()), [[[8, 11], [6, 9]]])
    assert legend(drawn) == {"base", "interval"}


def test_new_customers_alone_have_their_own_intervals(ax, table):
    wide, own = sorted(uprights(budget(table.loc[["new"]], ax=ax)).items())
    assert_allclose(own[1], [[0, 3], [1, 4]])


def test_a_source_that_is_missing_in_a_period_adds_nothing(ax, table):
    _, new = budget(table.drop(index=("new", "1997-10")), ax=ax).containers
    assert_allclose([bar.get_height() for bar in new], [0, 2])


def test_a_target_is_a_line_and_is_named(ax, table):
    drawn = budget(table, target=1250.0, ax=ax)
    assert legend(drawn) == {"base", "new", "interval", "widened interval", "target 1,250"}
    (line,) = [line for line in drawn.lines if line.get_label() == "target 1,250"]
    assert_allclose(line.get_ydata(), [1250, 1250])
