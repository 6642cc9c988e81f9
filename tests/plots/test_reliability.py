from types import SimpleNamespace

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import reliability


@pytest.fixture
def table():
    columns = {"customers": [1411, 439], "actual": [0.2, 1.5], "model": [0.3, 1.4], "as_before": [0.0, 2.0]}
    return pd.DataFrame(columns, index=["0", "1+"])


def test_the_actual_means_are_bars(ax, table):
    assert_allclose([bar.get_height() for bar in reliability(table, ax=ax).patches], [0.2, 1.5])


def test_each_forecaster_is_a_line_of_its_means(ax, table):
    drawn = {line.get_label(): line.get_ydata() for line in reliability(table, ax=ax).lines}
    assert set(drawn) == {"model", "going on as before"}
    assert_allclose(drawn["model"], [0.3, 1.4])
    assert_allclose(drawn["going on as before"], [0.0, 2.0])


def test_equal_predictions_do_not_hide_each_other(ax, table):
    first, second = reliability(table.assign(as_before=table["model"]), ax=ax).lines
    assert (first.get_xdata() != second.get_xdata()).all()


def test_every_group_is_named_with_its_number_of_customers(ax, table):
    assert [tick.get_text() for tick in reliability(table, ax=ax).get_xticklabels()] == ["0\n1,411", "1+\n439"]


def test_the_interval_of_an_actual_mean_stands_on_its_bar(ax, table):
    drawn = reliability(table.assign(actual_lower=[0.15, 1.2], actual_upper=[0.25, float("nan")]), ax=ax)
    (lines,) = drawn.collections
    assert_allclose(lines.get_segments(), [[[0, 0.15], [0, 0.25]]])
    names = [text.get_text() for text in drawn.get_legend().get_texts()]
    assert sorted(names) == ["actual", "going on as before", "interval of the actual mean", "model"]


def test_of_spend_the_axis_names_the_unit(ax, table):
    assert reliability(table, ax=ax, unit="value (USD)").get_ylabel() == "mean value (USD) in the holdout"


def test_a_result_is_asked_for_its_table(ax, table):
    assert len(reliability(SimpleNamespace(reliability=lambda: table), ax=ax).lines) == 2
