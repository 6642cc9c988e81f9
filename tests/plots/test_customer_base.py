import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import customer_base


@pytest.fixture
def table():
    index = pd.MultiIndex.from_product([["alive", "active"], [0, 26, 52]], names=["quantity", "time"])
    mean = pd.Series([9000.0, 8000, 7500, 3000, 2800, 2500], index=index)
    return pd.DataFrame({"mean": mean, "lower": mean - 100, "upper": mean + 200})


def test_each_quantity_is_a_line(ax, table):
    drawn = {line.get_label(): line.get_xydata() for line in customer_base(table, ax=ax).lines}
    assert_allclose(drawn["alive"], [[0, 9000], [26, 8000], [52, 7500]])
    assert_allclose(drawn["active"], [[0, 3000], [26, 2800], [52, 2500]])


def test_numbers_begin_at_zero_and_separate_thousands(ax, table):
    drawn = customer_base(table, ax=ax)
    assert drawn.get_ylim()[0] == 0
    assert drawn.yaxis.get_major_formatter()(9000) == "9,000"


def test_time_fills_the_axes(ax, table):
    assert customer_base(table, ax=ax).get_xlim() == (0, 52)


def test_a_single_time_is_a_point_on_its_interval(ax, table):
    drawn = customer_base(table[:1], ax=ax)
    assert [line.get_marker() for line in drawn.lines] == ["o"]
    upright = [
        segment for lines in drawn.collections if hasattr(lines, "get_segments") for segment in lines.get_segments()
    ]
    assert_allclose(upright, [[[0, 8900], [0, 9200]]])
