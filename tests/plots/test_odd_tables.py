"""Each plot of a decision draws tables that are short, have no intervals, are all zero, or have unusual names."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from clvmodels import plots

NAMES = ["_other", "$a$ and $b_1", "Клиент Ω with a name that does not fit anywhere", ""]


def estimates(index, **columns):
    """A table with means 10, 20, ... and intervals of 8 around them."""
    mean = 10.0 * np.arange(1, len(index) + 1)
    return pd.DataFrame({"mean": mean, "lower": mean - 4, "upper": mean + 4, **columns}, index=index)


def by_time(names):
    return pd.MultiIndex.from_product([names, [0, 1, 2]])


def tornado(names):
    columns = {"answer_low": 5.0, "answer_high": 12.0, "answer": 10.0, "low": 0.1, "high": np.nan}
    return pd.DataFrame(columns, index=names)


TABLES = {
    "payback": lambda names: estimates(by_time(names), cost=np.arange(3 * len(names)) // 3 + 8.0),
    "cohorts": lambda names: estimates(names, cost=8.0, realised=6.0),
    "survival": lambda names: estimates(by_time(names), actual=np.nan) / 1000,
    "customer_base": lambda names: estimates(by_time(names)),
    "net_gain": lambda names: estimates(np.linspace(0, 1, len(names))),
    "retain_or_replace": lambda names: estimates(names, verdict=[*names[:-1], "retain"]),
    "budget": lambda names: estimates(
        pd.MultiIndex.from_product([["base", "new", "total"], names]), wide_lower=1.0, wide_upper=90.0
    ),
    "drivers": tornado,
}
EDGES = ["lower", "upper", "wide_lower", "wide_upper", "answer_low", "answer_high"]


def ends(table):
    return table.columns.intersection(EDGES)


def without_end(table):
    return table.assign(**{name: -np.inf if "low" in name else np.inf for name in ends(table)})


def times(factor):
    return lambda table: table * factor if "verdict" not in table else table.assign(mean=table["mean"] * factor)


CHANGES = {
    "as it is": lambda table: table,
    "no intervals": lambda table: table.assign(**dict.fromkeys(ends(table), np.nan)),
    "intervals without end": without_end,
    "one interval missing": lambda table: table.assign(**{ends(table)[0]: [np.nan] + [1.0] * (len(table) - 1)}),
    "all zero": times(0),
    "negative": times(-1),
    "large": times(1e9),
}


@pytest.mark.parametrize("names", [NAMES, NAMES[:1]], ids=["four", "one"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("plot", TABLES)
def test_it_is_drawn_without_a_warning_and_the_table_is_unchanged(plot, change, names):
    table = CHANGES[change](TABLES[plot](names))
    before = table.copy()
    ax = Figure().add_subplot()
    assert getattr(plots, plot)(table, ax=ax) is ax
    ax.figure.draw_without_rendering()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("plot", TABLES)
def test_a_single_row_is_drawn(plot):
    ax = Figure().add_subplot()
    getattr(plots, plot)(TABLES[plot](NAMES[:1])[-1:].rename(index={"total": "base"}), ax=ax)
    ax.figure.draw_without_rendering()
    assert ax.has_data()


@pytest.mark.parametrize("plot", ["payback", "survival", "customer_base"])
def test_every_group_stands_in_the_legend_in_one_short_line_as_it_is_written(plot, ax):
    texts = getattr(plots, plot)(TABLES[plot](NAMES), ax=ax).get_legend().get_texts()
    assert [text.get_text().strip() for text in texts[:4]] == [
        "_other",
        "$a$ and $b_1",
        "Клиент Ω with a …ot fit anywhere",
        "",
    ]
    assert not any(text.get_parse_math() for text in texts)


@pytest.mark.parametrize("plot", TABLES)
def test_on_a_dark_page_nothing_is_drawn_in_the_ink_of_a_light_one(plot):
    light, dark = (plots.theme(dark=dark)["text.color"] for dark in (False, True))
    svg = plots.to_svg(lambda ax: getattr(plots, plot)(TABLES[plot](NAMES[1:3]), ax=ax), dark=True)
    assert light not in svg
    assert dark in svg


@pytest.mark.parametrize("plot", ["cohorts", "retain_or_replace", "budget", "drivers"])
def test_a_dollar_sign_in_a_name_is_no_formula(plot, ax):
    drawn = getattr(plots, plot)(TABLES[plot](NAMES), ax=ax)
    named = [tick for tick in [*drawn.get_xticklabels(), *drawn.get_yticklabels()] if "$" in tick.get_text()]
    assert [tick.get_parse_math() for tick in named] == [False]


@pytest.mark.parametrize("plot", TABLES)
def test_names_that_the_font_lacks_are_left_to_the_readers_font(plot):
    names = ["東京", "서울"]
    svg = plots.to_svg(lambda ax: getattr(plots, plot)(TABLES[plot](names), ax=ax))
    assert ("東京" in svg) == (plot != "net_gain")


@pytest.mark.parametrize("plot", ["payback", "survival", "customer_base", "net_gain"])
def test_the_legend_names_the_interval_only_where_there_is_one(plot, ax):
    def legend(table):
        return [
            text.get_text() for text in getattr(plots, plot)(table, ax=Figure().add_subplot()).get_legend().get_texts()
        ]

    table = TABLES[plot](NAMES)
    assert "interval" in legend(table)
    assert "interval" not in legend(CHANGES["no intervals"](table))
