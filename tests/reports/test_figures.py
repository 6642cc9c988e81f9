from clvmodels.reports import figures
from clvmodels.reports.customers import ranked_customers


def test_the_tracking_figure_says_where_each_line_ends(result):
    table = result.tracking()
    alt = figures.tracking_figure(table, time_unit="week").alt
    assert alt.startswith(f"Cumulative purchases after 25.9 weeks: actual {table['actual'].iloc[-1]:,.4g}, BG/NBD x")
    assert "going on as before" in alt
    assert "lower" not in alt


def test_the_reliability_figure_says_each_groups_means(result):
    table = result.reliability()
    alt = figures.reliability_figure(table).alt
    assert f"0 repeat purchases: actual {table.loc['0', 'actual']:,.4g}, BG/NBD x Gamma-Gamma " in alt


def test_the_value_figure_counts_who_came_out_inside(result, scores):
    ranked = ranked_customers(result, scores)
    ranked["actual"] = ranked["mean"]
    alt = figures.value_figure(ranked, xlabel="lifetime value").alt
    assert alt.startswith("The 15 customers of whom most is expected")
    assert alt.endswith("15 of them came out inside their interval.")


def test_light_and_dark_differ_in_ink_alone(result):
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
    alt = figures.differences_figure(table, baseline="as_before").alt
    assert alt.startswith("The model against going on as before: ")
    assert f"bias {table.loc['bias', 'outcome']}" in alt
    assert "not defined" not in alt


def test_the_frequency_figure_counts_groups_inside(criticism):
    table = criticism.frequencies.assign(lower=0.0, upper=1e6)
    assert "8 of 8 groups" in figures.frequency_figure(table).alt


def test_the_origins_figure_counts_both_intervals(rolling):
    table = rolling.totals().xs(("value", "bg_nbd_gamma_gamma"), level=("target", "forecaster"))
    made_up = table.assign(actual=100.0, lower=200.0, upper=300.0, wide_lower=50.0, wide_upper=400.0)
    assert "0 inside the model's interval, 2 inside the widened" in figures.origins_figure(made_up, noun="spend").alt
