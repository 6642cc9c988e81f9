import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import frequency_check, spend_by_frequency


@pytest.fixture
def counts():
    columns = {"customers": [1411, 439, 30], "expected": [1400.0, 450.0, 33.0]}
    table = pd.DataFrame(columns, index=["0", "1", "2+"])
    return table.assign(lower=table["expected"] - 20, upper=table["expected"] + 20)


@pytest.fixture
def spend():
    columns = {"customers": [30, 10], "mean": [20.0, 24.0], "lower": [18.0, 19.0], "upper": [22.0, 29.0]}
    return pd.DataFrame(columns, index=["1", "2+"])


def intervals(ax):
    return [segment[:, 1] for segment in ax.collections[0].get_segments()]


def test_bars_are_what_was_counted_and_points_what_is_expected(ax, counts):
    drawn = frequency_check(counts, ax=ax)
    assert_allclose([bar.get_height() for bar in drawn.patches], [1411, 439, 30])
    assert_allclose(drawn.lines[0].get_xydata(), [[0, 1400], [1, 450], [2, 33]])
    assert_allclose(intervals(drawn), [[1380, 1420], [430, 470], [13, 53]])


def test_heights_are_square_roots_from_zero(ax, counts):
    drawn = frequency_check(counts, ax=ax)
    assert_allclose(drawn.yaxis.get_transform().transform([0, 100, 400]), [0, 10, 20])
    assert drawn.get_ylim()[0] == 0
    assert drawn.get_yticks().tolist() == [0, 50, 100, 200, 500, 1000]


@pytest.mark.parametrize("highest", [1, 7, 250, 10**7])
def test_there_are_ticks_at_every_size(ax, counts, highest):
    scaled = counts * highest / 1420
    ticks = frequency_check(scaled, ax=ax).get_yticks()
    assert 2 <= len(ticks) <= 8
    assert ticks.max() <= highest


def test_groups_are_named_by_their_repeat_purchases(ax, counts):
    assert [tick.get_text() for tick in frequency_check(counts, ax=ax).get_xticklabels()] == ["0", "1", "2+"]


def test_each_groups_mean_has_its_interval(ax, spend):
    drawn = spend_by_frequency(spend, ax=ax)
    assert_allclose(drawn.lines[-1].get_xydata(), [[0, 20], [1, 24]])
    assert_allclose(intervals(drawn), [[18, 22], [19, 29]])


def test_the_line_is_the_mean_of_all_customers_not_of_groups(ax, spend):
    """(30 * 20 + 10 * 24) / 40 = 21."""
    assert_allclose(spend_by_frequency(spend, ax=ax).lines[0].get_ydata(), 21)


def test_a_group_without_customers_leaves_the_line_where_it_is(ax, spend):
    empty = pd.DataFrame({"customers": [0], "mean": np.nan, "lower": np.nan, "upper": np.nan}, index=["3+"])
    assert_allclose(spend_by_frequency(pd.concat([spend, empty]), ax=ax).lines[0].get_ydata(), 21)


def test_every_group_is_named_with_its_number_of_customers(ax, spend):
    assert [tick.get_text() for tick in spend_by_frequency(spend, ax=ax).get_xticklabels()] == ["1\n30", "2+\n10"]
