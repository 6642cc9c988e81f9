"""The words are true of made-up figures where the model wins, loses, ties, and where figures are missing."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation.verdict import compare, verdict

MODEL = "bg_nbd_gamma_gamma"
MIDDLING = {"bias": -0.121, "rmse": 1.608, "mae": 0.785, "normalized_gini": 0.62, "spearman": 0.449}
BAD = {"bias": 0.557, "rmse": 2.212, "mae": 1.024, "normalized_gini": 0.50, "spearman": 0.40}
GOOD = {"bias": 0.01, "rmse": 1.2, "mae": 0.5, "normalized_gini": 0.80, "spearman": 0.60}
NOTHING = dict.fromkeys(MIDDLING, np.nan)


def table(*, purchases, value=None):
    """The long metrics table of figures by forecaster."""
    targets = {"purchases": purchases, "value": value or {}}
    rows = [
        (forecaster, target, metric, figure)
        for target, forecasters in targets.items()
        for forecaster, figures in forecasters.items()
        for metric, figure in figures.items()
    ]
    return pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value"])


def words(model, baseline):
    return verdict(table(purchases={MODEL: model, "as_before": baseline}))


def test_a_model_that_wins_is_said_to_be_better_at_everything():
    text = words(MIDDLING, BAD)
    assert "it is better at level, error and ranking." in text
    assert "no baseline beats BG/NBD x Gamma-Gamma at anything measured here" in text
    assert "worse" not in text


def test_a_model_that_loses_is_said_to_be_worse_at_everything():
    text = words(MIDDLING, GOOD)
    assert "it is worse at level, error and ranking." in text
    assert "every baseline beats BG/NBD x Gamma-Gamma at everything measured here" in text
    assert "better" not in text


def test_a_model_that_ties_is_said_to_be_about_equal():
    text = words(MIDDLING, MIDDLING)
    assert "it is about equal at level, error and ranking." in text
    assert "are about equal at everything measured here" in text
    assert "better" not in text
    assert "worse" not in text


def test_a_baseline_that_wins_at_ranking_alone_is_named_there():
    text = words(MIDDLING, BAD | {"normalized_gini": 0.67, "spearman": 0.49})
    assert "it is better at level and error, worse at ranking." in text
    assert text.endswith(
        "BG/NBD x Gamma-Gamma beats every baseline at level and error of purchases,"
        " but is beaten by at least one baseline at ranking of purchases."
    )


def test_measures_that_disagree_are_named_one_by_one():
    text = words(MIDDLING, BAD | {"mae": 0.6, "spearman": 0.449})
    assert "it is better at level, RMSE and Gini, about equal at Spearman, worse at MAE." in text
    assert text.endswith("beaten by at least one baseline at MAE of purchases.")


def test_the_figures_of_both_sides_are_given():
    text = words(MIDDLING, BAD)
    assert "BG/NBD x Gamma-Gamma: bias -12.1 %, RMSE 1.61, MAE 0.785, Gini 0.620, Spearman 0.449." in text
    assert "going on as before (bias +55.7 %, RMSE 2.21, MAE 1.02, Gini 0.500, Spearman 0.400)" in text


def test_bias_is_compared_by_its_size_and_not_by_its_sign():
    assert compare({"bias": -0.2}, {"bias": 0.1}) == {"bias": "worse"}
    assert compare({"bias": 0.1}, {"bias": -0.2}) == {"bias": "better"}
    assert compare({"bias": 0.1}, {"bias": -0.1}) == {"bias": "about equal"}


@pytest.mark.parametrize(
    ("metric", "model", "baseline", "outcome"),
    [
        ("rmse", 100.0, 101.9, "about equal"),
        ("rmse", 100.0, 102.2, "better"),
        ("mae", 102.2, 100.0, "worse"),
        ("bias", 0.119, 0.10, "about equal"),
        ("bias", 0.121, 0.10, "worse"),
        ("normalized_gini", 0.659, 0.64, "about equal"),
        ("normalized_gini", 0.661, 0.64, "better"),
        ("spearman", 0.62, 0.641, "worse"),
    ],
)
def test_about_equal_is_two_percent_or_two_hundredths(metric, model, baseline, outcome):
    assert compare({metric: model}, {metric: baseline}) == {metric: outcome}


def test_an_undefined_figure_is_neither_compared_nor_printed():
    text = words(MIDDLING, BAD | {"spearman": np.nan})
    assert compare(MIDDLING, NOTHING) == {}
    assert "nan" not in text
    assert "Gini 0.500)" in text


def test_a_baseline_without_forecast_is_said_to_have_none():
    text = words(MIDDLING, NOTHING)
    assert "There is no forecast by going on as before." in text
    assert "In short" not in text


def test_a_model_without_forecast_of_value_wins_nothing_there():
    purchases = {MODEL: MIDDLING, "as_before": BAD}
    text = verdict(table(purchases=purchases, value={MODEL: NOTHING, "as_before": BAD}), notes=["No one came back."])
    assert "Value. There is no forecast by BG/NBD x Gamma-Gamma." in text
    assert text.count("Against going on as before") == 1
    assert "at anything measured here. It has no forecast of value." in text
    assert text.endswith("\nNo one came back.")


def test_losses_of_both_targets_stand_in_the_conclusion():
    purchases, value = BAD | {"bias": 0.0}, BAD | {"normalized_gini": 0.9, "spearman": 0.9}
    text = verdict(
        table(
            purchases={MODEL: MIDDLING, "as_before": purchases},
            value={MODEL: MIDDLING, "as_before": value},
        )
    )
    assert text.endswith("beaten by at least one baseline at level of purchases, and at ranking of value.")


def test_each_baseline_is_judged_for_itself():
    baselines = {"multiplicative_customer": GOOD, "multiplicative_population": BAD}
    text = verdict(table(purchases={MODEL: MIDDLING, **baselines}))
    better, worse = text.index("it is better"), text.index("it is worse")
    assert text.index("the simple formula per customer") < worse < text.index("the whole base") < better


@pytest.mark.parametrize(
    ("covered", "said"),
    [
        (0.951, "95.1 % of the customers came out inside their 90 % intervals, at least as many as promised."),
        (0.9, "90.0 % of the customers came out inside their 90 % intervals, at least as many as promised."),
        (0.802, "80.2 % of the customers came out inside their 90 % intervals, fewer than promised."),
    ],
)
def test_coverage_is_held_against_the_promise(covered, said):
    assert said in words(MIDDLING | {"coverage_90": covered}, BAD)


def test_coverage_of_another_interval_is_found():
    text = verdict(table(purchases={MODEL: MIDDLING | {"coverage_97.5": 0.96}}), interval=0.975)
    assert "96.0 % of the customers came out inside their 97.5 % intervals, fewer than promised." in text


@pytest.mark.parametrize(
    ("actual", "place"), [(1882.0, "above"), (1700.0, "inside"), (1560.0, "inside"), (1500.0, "below")]
)
def test_the_total_is_placed_against_its_interval(actual, place):
    index = pd.MultiIndex.from_tuples([("purchases", MODEL)], names=["target", "forecaster"])
    totals = pd.DataFrame({"predicted": 1655.2, "lower": 1560.0, "upper": 1749.6, "actual": actual}, index=index)
    text = verdict(table(purchases={MODEL: MIDDLING}), totals=totals)
    assert f"In all 1,655 expected (90 % interval 1,560 to 1,750), {actual:,.0f} in fact: {place} the interval." in text


def test_a_total_without_interval_is_given_without_one():
    index = pd.MultiIndex.from_tuples([("value", MODEL)], names=["target", "forecaster"])
    totals = pd.DataFrame({"predicted": 12.34, "lower": np.nan, "upper": np.nan, "actual": 1_234_567.0}, index=index)
    metrics = table(purchases={}, value={MODEL: MIDDLING})
    assert "In all 12.3 expected, 1,234,567 in fact." in verdict(metrics, totals=totals)


def test_the_heading_comes_first_and_each_note_has_a_line():
    text = verdict(table(purchases={MODEL: MIDDLING}), heading="Ten customers.", notes=["One.", "Two."])
    lines = text.splitlines()
    assert [lines[0], *lines[-2:]] == ["Ten customers.", "One.", "Two."]


def test_an_unknown_forecaster_goes_by_its_own_name():
    text = verdict(table(purchases={"mine": MIDDLING, "hers": BAD}))
    assert "mine: bias" in text
    assert "Against hers (" in text


def test_a_bias_of_nothing_has_no_sign():
    assert "bias 0.0 %," in words(MIDDLING | {"bias": -1e-9}, BAD)
