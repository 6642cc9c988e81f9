"""The plots of what a model believes draw tables that are short, have no intervals, or hold what is no number."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from clvmodels import plots


def estimates(index, **columns):
    mean = np.linspace(0.9, 0.1, len(index))
    return pd.DataFrame({"mean": mean, "lower": mean - 0.1, "upper": mean + 0.1 * mean, **columns}, index=index)


def cells():
    return pd.MultiIndex.from_tuples([(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)], names=["frequency", "recency"])


TABLES = {
    "heterogeneity": lambda: estimates([0.1, 0.2, 0.3, 0.4]),
    "frequency_recency_matrix": lambda: estimates(cells()),
    "probability_alive_matrix": lambda: estimates(cells()),
    "history_alive": lambda: estimates(pd.date_range("1997-01-01", periods=4), purchase=[True, False, True, False]),
    "prior_posterior": lambda: pd.DataFrame({"prior": [3.0, 2.0, 1.0], "posterior": [1.0, 5.0, 1.0]}, index=[1, 2, 3]),
}


def numbers(table):
    return [name for name in table.columns if name != "purchase"]


def edges(table):
    return [name for name in table.columns if name in ("lower", "upper", "prior")]


def first(value):
    def change(table):
        return table.assign(**{name: np.append(value, table[name].to_numpy()[1:]) for name in numbers(table)})

    return change


CHANGES = {
    "as it is": lambda table: table,
    "one row": lambda table: table[:1],
    "last row": lambda table: table[-1:],
    "no intervals": lambda table: table.assign(**dict.fromkeys(edges(table), np.nan)),
    "intervals without end": lambda table: table.assign(**dict.fromkeys(edges(table), np.inf)),
    "first infinite": first(np.inf),
    "first missing": first(np.nan),
    "all zero": lambda table: table.assign(**dict.fromkeys(numbers(table), 0.0)),
    "all infinite": lambda table: table.assign(**dict.fromkeys(numbers(table), np.inf)),
    "all missing": lambda table: table.assign(**dict.fromkeys(numbers(table), np.nan)),
    "large": lambda table: table.assign(**{name: table[name] * 1e9 for name in numbers(table)}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("plot", TABLES)
def test_it_is_drawn_without_a_warning_and_the_table_is_unchanged(plot, change):
    table = CHANGES[change](TABLES[plot]())
    before = table.copy()
    ax = Figure().add_subplot()
    assert getattr(plots, plot)(table, ax=ax) is ax
    ax.figure.draw_without_rendering()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("plot", TABLES)
def test_a_single_row_can_be_seen(plot):
    ax = getattr(plots, plot)(TABLES[plot]()[:1], ax=Figure().add_subplot())
    marked = [line.get_marker() for line in ax.lines if len(line.get_xdata())]
    assert marked[:1] not in (["None"], ["none"])
    assert marked or ax.collections[0].get_array().count() == 1


@pytest.mark.parametrize("plot", TABLES)
def test_on_a_dark_page_nothing_is_drawn_in_the_ink_of_a_light_one(plot):
    light, dark = (plots.theme(dark=dark)["text.color"] for dark in (False, True))
    svg = plots.to_svg(lambda ax: getattr(plots, plot)(TABLES[plot](), ax=ax), dark=True)
    assert light not in svg
    assert dark in svg


@pytest.mark.parametrize("plot", TABLES)
def test_the_same_table_makes_the_same_bytes(plot):
    one, other = (plots.to_svg(lambda ax: getattr(plots, plot)(TABLES[plot](), ax=ax)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("plot", ["heterogeneity", "history_alive"])
def test_the_legend_names_the_interval_only_where_there_is_one(plot):
    def legend(table):
        drawn = getattr(plots, plot)(table, ax=Figure().add_subplot())
        return [text.get_text() for text in drawn.get_legend().get_texts()]

    assert "interval" in legend(TABLES[plot]())
    assert "interval" not in legend(CHANGES["no intervals"](TABLES[plot]()))
