"""From draws to tables."""

import numpy as np
import pandas as pd
import pytest

from clvmodels import intervals
from clvmodels.errors import InvalidArgument
from clvmodels.intervals import DrawBlocks, interval_table, with_progress


def test_blocks_of_customers_give_the_table_of_the_whole():
    draws = np.random.default_rng(0).normal(size=(1000, 700))
    table = interval_table(pd.RangeIndex(700), DrawBlocks.of(draws), interval=0.9, kind="credible")
    assert table["mean"].to_numpy() == pytest.approx(draws.mean(axis=0))
    lower, upper = np.quantile(draws, [0.05, 0.95], axis=0)
    assert table["lower"].to_numpy() == pytest.approx(lower, rel=1e-12)
    assert table["upper"].to_numpy() == pytest.approx(upper, rel=1e-12)


@pytest.mark.parametrize("count", [100, 101, 999, 1000, 1234])
@pytest.mark.parametrize("interval", [0.5, 0.8, 0.9, 0.95])
def test_predictive_ends_are_the_outcomes_that_numpys_inverted_distribution_gives(count, interval):
    draws = np.random.default_rng(count).poisson(20, size=(count, 5)).astype(float)
    table = interval_table(pd.RangeIndex(5), DrawBlocks.of(draws), interval=interval, kind="predictive")
    tails = np.round([(1 - interval) / 2, (1 + interval) / 2], 12)
    lower, upper = np.quantile(draws, tails, axis=0, method="inverted_cdf")
    assert np.array_equal(table[["lower", "upper"]].to_numpy().T, [lower, upper])


def test_sums_are_of_the_rows_of_each_group():
    draws = np.random.default_rng(2).normal(size=(1000, 700))
    codes = np.random.default_rng(3).integers(0, 3, 700)
    sums = DrawBlocks.of(draws).sums(codes, 3)
    assert sums == pytest.approx(np.stack([draws[:, codes == group].sum(axis=1) for group in range(3)], axis=1))


def test_a_credible_interval_is_equal_tailed():
    table = interval_table(pd.Index([1]), DrawBlocks.of(np.arange(101.0)[:, None]), interval=0.9, kind="credible")
    assert table.iloc[0].tolist() == pytest.approx([50, 5, 95])


def test_a_predictive_interval_holds_at_least_its_probability():
    draws = np.random.default_rng(1).poisson(1.5, size=(1000, 50)).astype(float)
    table = interval_table(pd.RangeIndex(50), DrawBlocks.of(draws), interval=0.9, kind="predictive")
    inside = (draws >= table["lower"].to_numpy()) & (draws <= table["upper"].to_numpy())
    assert np.all(inside.mean(axis=0) >= 0.9)


def test_infinite_outcomes_are_allowed_in_a_predictive_interval():
    draws = np.array([1.0, 2.0, np.inf, np.inf])[:, None]
    assert (
        interval_table(pd.Index([1]), DrawBlocks.of(draws), interval=0.5, kind="predictive")["upper"].item() == np.inf
    )


def test_no_customers_give_an_empty_table():
    assert interval_table(pd.Index([]), DrawBlocks.of(np.empty((5, 0))), interval=0.9, kind="credible").shape == (0, 3)


def test_an_interval_of_ninety_is_refused():
    with pytest.raises(InvalidArgument, match=r"interval is 90; .*interval=0.9"):
        interval_table(pd.Index([1]), DrawBlocks.of(np.ones((2, 1))), interval=90, kind="credible")


def test_no_bar_is_shown_where_the_output_is_no_terminal(capsys):
    assert list(with_progress(range(3), "customers", 3)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_two_streams_side_by_side_leave_no_trace_on_later_bars():
    draws = DrawBlocks.of(np.ones((10, 5)))
    for _ in zip(draws.map(len), draws.map(len), strict=True):
        pass
    assert not intervals._under_a_bar.get()
