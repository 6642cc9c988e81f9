import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import prior_sensitivity


@pytest.fixture
def table():
    index = pd.MultiIndex.from_product([["total", "alive"], [0.5, 1.0, 2.0]], names=["target", "power"])
    mean = pd.Series([9.0, 10.0, 11.0, 0.4, 0.5, 0.6], index=index)
    return pd.DataFrame({"mean": mean, "lower": mean - 0.2, "upper": mean + 0.3})


def test_each_power_is_a_point_on_its_interval(ax, table):
    drawn = prior_sensitivity(table.loc["total"], ax=ax)
    assert_allclose(drawn.lines[0].get_xydata(), [[0, 9], [1, 10], [2, 11]])
    segments = [segment[:, 1] for segment in drawn.collections[0].get_segments()]
    assert_allclose(segments, [[8.8, 9.3], [9.8, 10.3], [10.8, 11.3]])


def test_powers_are_named_in_short_and_the_value_axis_as_asked(ax, table):
    drawn = prior_sensitivity(table.loc["alive"], ax=ax, ylabel="share of customers alive")
    assert [tick.get_text() for tick in drawn.get_xticklabels()] == ["0.5", "1", "2"]
    assert drawn.get_ylabel() == "share of customers alive"
