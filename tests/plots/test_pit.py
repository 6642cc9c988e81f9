import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import pit


@pytest.fixture
def table():
    columns = {"lower": [0.0, 0.25, 0.5], "upper": [0.25, 0.5, 1.0], "share": [0.3, 0.2, 0.5]}
    return pd.DataFrame(columns).assign(
        expected=[0.25, 0.25, 0.5], band_lower=[0.2, 0.2, 0.4], band_upper=[0.3, 0.3, 0.6]
    )


def test_each_bar_stands_in_its_bin(ax, table):
    (bars,) = pit(table, ax=ax).containers
    assert_allclose([bar.get_height() for bar in bars], [0.3, 0.2, 0.5])
    assert_allclose([bar.get_x() for bar in bars], [0, 0.25, 0.5])
    assert all(bar.get_x() + bar.get_width() <= upper for bar, upper in zip(bars, table["upper"], strict=True))


def test_the_band_and_the_expected_line_are_steps_over_the_bins(ax, table):
    band, expected = pit(table, ax=ax).patches[-2:]
    assert_allclose(band.get_data().edges, [0, 0.25, 0.5, 1])
    assert_allclose(band.get_data().baseline, [0.2, 0.2, 0.4])
    assert_allclose(band.get_data().values, [0.3, 0.3, 0.6])
    assert_allclose(expected.get_data().values, [0.25, 0.25, 0.5])


def test_shares_are_counted_from_zero(ax, table):
    assert pit(table, ax=ax).get_ylim()[0] == 0
