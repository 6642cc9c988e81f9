"""Whatever is handed to a plot is drawn, or refused with what it is and the call that makes the right table."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import clvmodels as clv
from clvmodels.plots.tables import TABLES

DRAWN_BY_ALL = {"theme", "to_svg"}


@pytest.fixture(scope="module")
def rfm():
    return clv.datasets.simulate_rfm(customers=50, random_seed=1)


@pytest.fixture(scope="module")
def things(rfm):
    purchases = clv.BetaGeo.at(r=[0.2, 0.3], alpha=[4.0, 5.0], a=[0.7, 0.8], b=[2.0, 3.0], time_unit="week")
    spend = clv.GammaGamma.at(p=[6.0, 7.0], q=[3.0, 4.0], v=[15.0, 16.0], time_unit="week")
    days = pd.date_range("1997-01-01", periods=12)
    log = pd.DataFrame({"customer_id": ["a", "b"] * 6, "date": days})
    baseline = clv.named_forecasters(["as_before"])
    cut = {"value": None, "forecasters": baseline, "time_unit": "day"}
    return {
        "RFM": rfm,
        "BetaGeoPosterior": purchases,
        "LifetimeValue": clv.LifetimeValue(purchases, spend),
        "RollingResult": clv.rolling_backtest(log, origins=2, horizon=2, **cut),
        "ndarray": np.zeros((3, 3)),
        "NoneType": None,
        "tuple": (rfm.frame, rfm.frame),
        "dict": {"mean": [1.0]},
        "str": "table.csv",
        "Series": rfm.frame["T"],
        "DataFrame": rfm.frame,
    }


def draw(plot, thing):
    return getattr(clv.plots, plot)(thing, ax=Figure().add_subplot())


def test_every_plot_says_what_makes_its_table():
    assert set(TABLES) == set(clv.plots.__all__) - DRAWN_BY_ALL


@pytest.mark.parametrize("plot", TABLES)
def test_what_is_no_table_of_the_plot_is_refused_with_the_right_call(plot, things):
    for name, thing in things.items():
        with pytest.raises(clv.InvalidArgument, match=re.escape(f"made by {TABLES[plot].call}")) as refused:
            draw(plot, thing)
        assert (f"this is a {name}" if name != "DataFrame" else "this table has no") in str(refused.value)
        assert len(str(refused.value)) < 400


@pytest.mark.parametrize("plot", ["heterogeneity", "concentration", "net_gain", "prior_sensitivity"])
def test_a_table_with_the_same_columns_by_customer_is_refused(plot, things, rfm):
    table = things["BetaGeoPosterior"].expected_purchases(rfm, horizon=5)
    with pytest.raises(clv.InvalidArgument, match="this table is indexed by customer_id"):
        draw(plot, table)


@pytest.mark.parametrize("plot", ["survival", "customer_base", "value_distribution", "frequency_recency_matrix"])
def test_a_table_with_a_level_too_few_is_refused(plot, things, rfm):
    table = things["BetaGeoPosterior"].expected_purchases(rfm, horizon=5)
    with pytest.raises(clv.InvalidArgument, match="this table is indexed by customer_id alone"):
        draw(plot, table)


def test_a_table_of_two_quantities_names_them_and_says_how_to_take_one(things):
    table = things["BetaGeoPosterior"].heterogeneity()
    with pytest.raises(clv.InvalidArgument, match=re.escape("draw one of them, table.loc['purchase_rate']")) as refused:
        draw("heterogeneity", table)
    assert "of 2: 'purchase_rate', 'dropout_probability'" in str(refused.value)


def test_a_table_of_one_quantity_is_drawn_as_it_is():
    table = clv.GammaGamma.at(p=[6.0, 7.0], q=[3.0, 4.0], v=[15.0, 16.0], time_unit="week").heterogeneity()
    whole, part = draw("heterogeneity", table), draw("heterogeneity", table.loc["mean_spend"])
    assert whole.lines[0].get_xydata().tolist() == part.lines[0].get_xydata().tolist()


@pytest.mark.parametrize("plot", ["net_gain", "prior_sensitivity", "concentration"])
def test_a_table_indexed_by_names_is_refused_where_the_index_is_an_axis(plot):
    table = pd.DataFrame({"mean": [1.0], "lower": [0.5], "upper": [2.0]}, index=["total"])
    with pytest.raises(clv.InvalidArgument, match=re.escape(f"made by {TABLES[plot].call}")):
        draw(plot, table)


def test_densities_are_no_distribution_of_value(things):
    with pytest.raises(clv.InvalidArgument, match="indexed by quantity, at"):
        draw("value_distribution", things["BetaGeoPosterior"].heterogeneity())
