from clvmodels.reports.customers import ranked_customers
from clvmodels.reports.figures import reliability_figure, tracking_figure, value_figure


def test_the_tracking_figure_says_where_each_line_ends(result):
    figure = tracking_figure(result.tracking(), time_unit="week")
    assert figure.alt == (
        "Cumulative purchases after 3 weeks: actual 1,440, BG/NBD x Gamma-Gamma 1,500, simple formula per customer "
        "1,500, going on as before 1,500."
    )


def test_the_reliability_figure_says_each_groups_means(result):
    alt = reliability_figure(result.reliability()).alt
    assert "1+ repeat purchases: actual 2, BG/NBD x Gamma-Gamma 1.8" in alt


def test_the_value_figure_counts_who_came_out_inside(result, scores):
    ranked = ranked_customers(result, scores)
    ranked["actual"] = ranked["mean"]
    alt = value_figure(ranked, xlabel="lifetime value").alt
    assert alt.startswith("The 6 customers of whom most is expected")
    assert alt.endswith("6 of them came out inside their interval.")


def test_light_and_dark_differ_in_ink_alone(result):
    figure = tracking_figure(result.tracking(), time_unit="week")
    assert figure.light != figure.dark
    assert figure.light.count("<path") == figure.dark.count("<path")
