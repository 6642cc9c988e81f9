import numpy as np
import pandas as pd
import pytest

from clvmodels.reports import figures
from clvmodels.reports.terms import Terms
from clvmodels.wording import amount


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """What the figures say is tested here; all of them are drawn for the report."""
    if "drawn" not in request.node.name:
        monkeypatch.setattr(figures, "to_svgs", lambda draw, *, size: ("", ""))


def test_the_tracking_figure_says_where_each_line_ends(result):
    table = result.tracking()
    alt = figures.tracking_figure(table, time_unit="week").alt
    assert alt.startswith(f"Cumulative purchases after 25.9 weeks: actual {amount(table['actual'].iloc[-1])}, BG/NBD x")
    assert "going on as before" in alt
    assert "lower" not in alt


def test_the_reliability_figure_says_each_groups_means(result):
    table = result.reliability()
    alt = figures.reliability_figure(table, target="purchases", terms=Terms()).alt
    assert f"0 repeat purchases: actual {amount(table.loc['0', 'actual'])}, BG/NBD x Gamma-Gamma " in alt


def test_the_forecast_figure_counts_who_came_out_inside():
    table = pd.DataFrame({"mean": [9.0, 2.0], "lower": [5.0, 1.0], "upper": [12.0, 3.0], "actual": [6.0, 4.0]})
    alt = figures.forecast_figure(table, xlabel="spend").alt
    assert alt.startswith("The 2 customers of whom most was expected, from 9.00 to 2.00")
    assert alt.endswith("1 of them came out inside their interval.")


def test_the_base_figure_says_first_and_last_of_each_line(ahead):
    table = ahead.churn.by_period
    alt = figures.base_figure(table, time_unit="week", interval=0.9).alt
    first, last = table.loc["alive", "mean"].iloc[[0, -1]]
    assert f"alive {amount(first)} after 6.46 weeks, {amount(last)} after 25.9" in alt


def test_the_survival_figure_says_who_is_left(ahead):
    table = ahead.churn.survival
    alt = figures.survival_figure(table, time_unit="week", interval=0.9).alt
    assert alt.startswith("Share still alive after 25.9 weeks of those alive now: ")
    assert alt.count(" %") == table.index.get_level_values(0).nunique()


def test_the_concentration_figure_says_what_the_best_have():
    table = pd.DataFrame({"mean": [0.0, 0.5, 1.0]}, index=pd.Index([0.0, 0.2, 1.0]))
    assert (
        "the best 10 % have 25 %, the best 20 % have 50 %, the best 50 % have 69 %"
        in figures.concentration_figure(table).alt
    )


def test_the_distribution_figure_names_the_largest_class():
    table = pd.DataFrame({"mean": [3.0, 7.0]}, index=pd.MultiIndex.from_tuples([(0.0, 1.0), (1.0, 2.0)]))
    assert figures.distribution_figure(table, xlabel="value").alt.endswith("most of them, 7.00, between 1.00 and 2.00.")


def test_the_figure_of_groups_says_each_of_them():
    table = pd.DataFrame({"mean": [1234.5, np.pi]}, index=["<b>", "shop"])
    assert figures.groups_figure(table, what="segment", label="value ($)").alt == "value ($): <b> 1,234, shop 3.14."


def test_the_k_hat_figure_counts_customers_above_the_limit():
    table = pd.DataFrame({"k_hat": [0.1, 0.8, 0.9], "customers": [1000.0, 2.0, 3.0]})
    assert figures.k_hat_figure(table, limit=0.7).alt == "Pareto k-hat of every customer; 5 of 1,005 are above 0.7."


def test_the_sensitivity_figure_says_each_total(criticism):
    alt = figures.sensitivity_figure(criticism.sensitivity, target="value").alt
    assert alt.startswith("Expected total spend by power of the priors: ")
    assert all(f" at {power}" in alt for power in ("0.5", "1", "2"))


def test_the_drawn_light_and_dark_differ_in_ink_alone(result):
    figure = figures.tracking_figure(result.tracking(), time_unit="week")
    assert figure.light != figure.dark
    assert figure.light.count("<path") == figure.dark.count("<path")


def test_the_lift_figure_says_what_the_best_tenth_brought(result):
    table = result.lift()
    alt = figures.lift_figure(table, noun="purchases").alt
    assert f"actual {100 * table['cumulative'].iloc[0]:.0f} %" in alt


def test_the_coverage_figure_says_what_each_interval_held(result):
    row = result.coverage().iloc[0]
    alt = figures.coverage_figure(result.coverage(), noun="purchases").alt
    assert f"50 % intervals held {100 * row['covered']:.1f} %" in alt


def test_the_pit_figure_counts_bars_outside_the_band(result):
    table = result.pit().assign(band_lower=0.0, band_upper=1.0)
    assert "20 bars, 0 of them outside the band" in figures.pit_figure(table, noun="purchases", interval=0.9).alt


def test_the_differences_figure_says_each_outcome(result):
    table = result.compare("as_before").loc["purchases"]
    alt = figures.differences_figure(table, baseline="as_before", noun="purchases").alt
    assert alt.startswith("Purchases: the model against going on as before: ")
    assert f"bias {table.loc['bias', 'outcome']}" in alt
    assert "not defined" not in alt


def test_the_frequency_figure_counts_groups_inside(criticism):
    table = criticism.frequencies.assign(lower=0.0, upper=1e6)
    assert "8 of 8 groups" in figures.frequency_figure(table).alt


def test_the_origins_figure_counts_both_intervals(rolling):
    table = rolling.totals().xs(("value", "bg_nbd_gamma_gamma"), level=("target", "forecaster"))
    made_up = table.assign(actual=100.0, lower=200.0, upper=300.0, wide_lower=50.0, wide_upper=400.0)
    assert "0 inside the model's interval, 2 inside the widened" in figures.origins_figure(made_up, noun="spend").alt
