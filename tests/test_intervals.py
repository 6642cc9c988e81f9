"""From draws to tables."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.intervals import interval_table, with_progress


def test_blocks_of_customers_give_the_table_of_the_whole():
    draws = np.random.default_rng(0).normal(size=(500, 7))
    index = pd.Index(list("abcdefg"))
    whole = interval_table(index, [draws], interval=0.9, kind="credible")
    parts = interval_table(index, [draws[:, :3], draws[:, 3:]], interval=0.9, kind="credible")
    assert whole.equals(parts)


def test_a_credible_interval_is_equal_tailed():
    table = interval_table(pd.Index([1]), [np.arange(101.0)[:, None]], interval=0.9, kind="credible")
    assert table.iloc[0].tolist() == pytest.approx([50, 5, 95])


def test_a_predictive_interval_holds_at_least_its_probability():
    draws = np.random.default_rng(1).poisson(1.5, size=(1000, 50)).astype(float)
    table = interval_table(pd.RangeIndex(50), [draws], interval=0.9, kind="predictive")
    inside = (draws >= table["lower"].to_numpy()) & (draws <= table["upper"].to_numpy())
    assert np.all(inside.mean(axis=0) >= 0.9)


def test_infinite_outcomes_are_allowed_in_a_predictive_interval():
    draws = np.array([1.0, 2.0, np.inf, np.inf])[:, None]
    assert interval_table(pd.Index([1]), [draws], interval=0.5, kind="predictive")["upper"].item() == np.inf


def test_no_customers_give_an_empty_table():
    assert interval_table(pd.Index([]), [], interval=0.9, kind="credible").shape == (0, 3)


def test_an_interval_of_ninety_is_refused():
    with pytest.raises(InvalidArgument, match=r"interval is 90; .*interval=0.9"):
        interval_table(pd.Index([1]), [np.ones((2, 1))], interval=90, kind="credible")


def test_no_bar_is_shown_where_the_output_is_no_terminal(capsys):
    assert list(with_progress(range(3), "customers", 3)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
