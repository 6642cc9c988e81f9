"""The words are true of made-up figures where the model wins, loses, ties, and where figures are missing."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.evaluation.verdict import verdict

MODEL = "bg_nbd_gamma_gamma"
WIN, LOSE, TIE, NONE = "better", "worse", "no clear difference", "not defined"
FIGURES = {"bias": -0.121, "rmse": 1.608, "mae_median": 0.785, "concordance_index": 0.76, "normalized_gini": 0.62}
NOTHING = dict.fromkeys(FIGURES, np.nan)
DIMENSIONS = {"level": ["bias"], "error": ["rmse", "mae_median"], "ranking": ["concordance_index", "normalized_gini"]}
SPOKEN = {"bias": "bias", "RMSE": "rmse", "MAE": "mae_median", "concordance": "concordance_index"} | {
    "Gini": "normalized_gini"
}


def table(**targets):
    """The long metrics table of figures by target and forecaster."""
    rows = [
        (forecaster, target, metric, figure)
        for target, forecasters in targets.items()
        for forecaster, figures in forecasters.items()
        for metric, figure in figures.items()
    ]
    return pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value"])


def comparison(**targets):
    """What `comparison.compare` returns, of its outcomes by target and measure."""
    parts = {target: pd.DataFrame({"outcome": outcomes}) for target, outcomes in targets.items()}
    return pd.concat(parts, names=["target", "measure"])


def words(outcomes, *, model=FIGURES, baseline=FIGURES, **choices):
    """The verdict on purchases beside one baseline."""
    metrics = table(purchases={MODEL: model, "as_before": baseline})
    return verdict(metrics, {"as_before": comparison(purchases=outcomes)}, **choices)


def all_(outcome, **others):
    return dict.fromkeys(FIGURES, outcome) | others


def test_a_model_that_wins_is_said_to_be_better_at_everything():
    text = words(all_(WIN))
    assert "it is better at level, error and ranking." in text
    assert text.endswith(
        "In short: BG/NBD x Gamma-Gamma beats every other forecaster at level, error and ranking of purchases, "
        "and none beats it clearly at anything."
    )
    assert "worse" not in text


def test_a_model_that_loses_is_said_to_be_worse_at_everything():
    text = words(all_(LOSE))
    assert "it is worse at level, error and ranking." in text
    assert text.endswith("every other forecaster beats BG/NBD x Gamma-Gamma at everything measured here.")
    assert "better" not in text


def test_a_model_that_ties_is_said_to_show_no_clear_difference():
    text = words(all_(TIE))
    assert "it is not clearly different at level, error and ranking." in text
    assert text.endswith("no clear difference between BG/NBD x Gamma-Gamma and the others at anything measured here.")
    assert "better" not in text
    assert "worse" not in text


def test_a_baseline_that_wins_at_ranking_alone_is_named_there():
    text = words(all_(WIN, concordance_index=LOSE, normalized_gini=LOSE))
    assert "it is better at level and error, worse at ranking." in text
    assert text.endswith(
        "beats every other forecaster at level and error of purchases, but is beaten by at least one of them at"
        " ranking of purchases."
    )


def test_a_model_that_wins_nothing_and_loses_something_is_said_to_beat_all_at_nothing():
    text = words(all_(TIE, bias=LOSE))
    assert text.endswith("beats all others at nothing, and is beaten by at least one of them at level of purchases.")


def test_measures_that_disagree_are_named_one_by_one():
    text = words(all_(WIN, mae_median=LOSE, concordance_index=TIE))
    assert "it is better at level, RMSE and Gini, not clearly different at concordance, worse at MAE." in text
    assert text.endswith("beaten by at least one of them at MAE of purchases.")


def test_the_figures_of_both_sides_are_given():
    other = {"bias": 0.557, "rmse": 2212.4, "mae_median": 0.0, "concordance_index": 0.5, "normalized_gini": 0.0}
    text = words(all_(WIN), baseline=other)
    assert "BG/NBD x Gamma-Gamma: bias -12.1 %, RMSE 1.61, MAE 0.785, concordance 0.760, Gini 0.620." in text
    assert "going on as before (bias +55.7 %, RMSE 2,212, MAE 0, concordance 0.500, Gini 0.000)" in text


def test_an_undefined_figure_is_neither_compared_nor_printed():
    text = words(all_(WIN, normalized_gini=NONE), baseline=FIGURES | {"normalized_gini": np.nan})
    assert "nan" not in text
    assert "concordance 0.760) it is" in text
    assert "better at level, error and ranking" in text


def test_a_baseline_without_forecast_is_said_to_have_none():
    text = words(all_(NONE), baseline=NOTHING)
    assert "- There is no forecast by going on as before." in text
    assert "In short" not in text


def test_a_model_without_forecast_of_value_wins_nothing_there():
    metrics = table(
        purchases={MODEL: FIGURES, "as_before": FIGURES},
        value={MODEL: NOTHING, "as_before": FIGURES},
    )
    compared = {"as_before": comparison(purchases=all_(WIN), value=all_(NONE))}
    text = verdict(metrics, compared, notes=["No one came back."])
    assert "Spend. There is no forecast by BG/NBD x Gamma-Gamma." in text
    assert text.count("Against going on as before") == 1
    assert "ranking of purchases, and none beats it clearly at anything. It has no forecast of spend." in text
    assert text.endswith("\nNo one came back.")


def test_a_model_without_any_forecast_has_no_conclusion_but_that():
    text = words(all_(NONE), model=NOTHING)
    assert text.endswith("It has no forecast of purchases.")
    assert "In short" not in text


def test_losses_of_both_targets_stand_in_the_conclusion():
    figures = {MODEL: FIGURES, "as_before": FIGURES}
    compared = comparison(purchases=all_(WIN, bias=LOSE), value=all_(WIN, normalized_gini=LOSE))
    text = verdict(table(purchases=figures, value=figures), {"as_before": compared})
    assert text.endswith("beaten by at least one of them at level of purchases, and at Gini of spend.")


def test_a_baseline_of_one_target_is_not_spoken_of_at_the_other():
    metrics = table(purchases={MODEL: FIGURES}, value={MODEL: FIGURES, "bg_nbd_gamma_gamma_all_spend": FIGURES})
    compared = {"bg_nbd_gamma_gamma_all_spend": comparison(purchases=all_(NONE), value=all_(WIN))}
    lines = verdict(metrics, compared).splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["Purchases.", "Spend.", "-", "In"]


def test_each_baseline_is_judged_for_itself():
    names = ["multiplicative_customer", "multiplicative_population"]
    compared = {name: comparison(purchases=all_(outcome)) for name, outcome in zip(names, (LOSE, WIN), strict=True)}
    text = verdict(table(purchases=dict.fromkeys([MODEL, *names], FIGURES)), compared)
    assert (
        text.index("per customer") < text.index("it is worse") < text.index("whole base") < text.index("it is better")
    )
    assert "beats all others at nothing, and is beaten by at least one of them at level, error and ranking" in text


@pytest.mark.parametrize(
    ("random", "said"),
    [
        (0.909, "90.9 %: as promised."),
        (0.889, "88.9 %: fewer than promised."),
        (0.911, "91.1 %: more than promised."),
    ],
)
def test_coverage_with_random_edges_is_held_against_the_promise(random, said):
    text = words(all_(WIN), model=FIGURES | {"coverage_90": 0.951, "randomised_coverage_90": random})
    assert "95.1 % of the customers came out inside their 90 % intervals; with edges taken in at random" in text
    assert said in text


def test_over_several_origins_the_size_of_the_bias_and_the_compared_figures_are_said():
    compared = comparison(purchases=all_(LOSE))
    compared["baseline"] = [{"bias": 0.2, "rmse": 1.1}.get(name, 0.5) for _, name in compared.index]
    text = verdict(table(purchases={MODEL: FIGURES, "as_before": FIGURES}), {"as_before": compared}, sizes=True)
    assert "BG/NBD x Gamma-Gamma: bias 12.1 % either way" in text
    assert "Against going on as before (bias 20.0 % either way, RMSE 1.10" in text


def test_coverage_of_another_interval_is_found():
    figures = FIGURES | {"coverage_97.5": 0.98, "randomised_coverage_97.5": 0.96}
    text = verdict(table(purchases={MODEL: figures}), {}, interval=0.975)
    assert "98.0 % of the customers came out inside their 97.5 % intervals" in text
    assert "96.0 %: fewer than promised." in text


def test_a_remark_stands_with_its_target():
    metrics = table(purchases={MODEL: FIGURES}, value={MODEL: FIGURES})
    purchases, value = verdict(metrics, {}, remarks={"value": "All is well."}).splitlines()
    assert value.endswith("Gini 0.620. All is well.")
    assert "All is well" not in purchases


def test_the_heading_comes_first_and_each_note_has_a_line():
    lines = words(all_(WIN), heading="Ten customers.", notes=["One.", "Two."]).splitlines()
    assert [lines[0], *lines[-2:]] == ["Ten customers.", "One.", "Two."]


def test_an_unknown_forecaster_goes_by_its_own_name():
    text = verdict(table(purchases={"mine": FIGURES, "her_own": FIGURES}), {"her_own": comparison(purchases=all_(WIN))})
    assert "mine: bias" in text
    assert "Against her own (" in text


def test_a_bias_of_nothing_has_no_sign():
    assert "bias 0.0 %," in words(all_(TIE), model=FIGURES | {"bias": -1e-9})


def named(spoken, defined):
    """The measures behind ``level, MAE and ranking``, of those that are defined."""
    said = re.split(", | and ", spoken)
    return {measure for name in said for measure in DIMENSIONS.get(name, [SPOKEN.get(name)]) if measure in defined}


def places(text, defined):
    """The measures and targets behind ``at error of purchases, and at Gini of spend``."""
    found = re.findall(r"\bat ([\w, ]+?) of (purchases|spend)", text)
    targets = {"purchases": "purchases", "spend": "value"}
    return {(measure, targets[noun]) for spoken, noun in found for measure in named(spoken, defined[targets[noun]])}


def outcomes_by(compared, target):
    """For each measure that is defined, its outcomes against the baselines."""
    found = {}
    for outcomes in compared.values():
        for measure, outcome in outcomes[target].items():
            if outcome != NONE:
                found.setdefault(measure, []).append(outcome)
    return found


OUTCOMES = st.fixed_dictionaries({name: st.sampled_from([WIN, LOSE, TIE, NONE]) for name in FIGURES})
BASELINE = st.fixed_dictionaries({"purchases": OUTCOMES, "value": OUTCOMES})


@given(first=BASELINE, second=BASELINE)
def test_the_conclusion_is_true_of_any_outcomes(first, second):
    compared, figures = {"as_before": first, "hiatus": second}, dict.fromkeys([MODEL, "as_before", "hiatus"], FIGURES)
    tables = {name: comparison(**outcomes) for name, outcomes in compared.items()}
    said = verdict(table(purchases=figures, value=figures), tables).splitlines()[-1]
    defined = {target: outcomes_by(compared, target) for target in first}
    met = {(measure, target): found for target, by in defined.items() for measure, found in by.items()}
    won = {place for place, found in met.items() if set(found) == {WIN}}
    lost = {place for place, found in met.items() if LOSE in found}
    every = {outcome for found in met.values() for outcome in found}
    lacking = [found for found in met.values() if len(found) < len(compared)]
    assert not ("every other forecaster" in said and lacking and "that has the figure" not in said)
    assert said.startswith("In short: ") == bool(every)
    if every == {LOSE}:
        assert re.search(r"every other forecaster(| that has the figure) beats .* at everything measured here\.$", said)
    elif every == {TIE}:
        assert "no clear difference between" in said
    elif every:
        beats, beaten = re.split("and none beats it clearly at anything|is beaten by at least one of them", said)
        assert (places(beats, defined), places(beaten, defined)) == (won, lost)
        assert ("beats all others at nothing" in said, "none beats it" in said) == (not won, not lost)


@given(outcomes=OUTCOMES)
def test_the_sentence_on_a_baseline_is_true_of_any_outcomes(outcomes):
    lines = words(outcomes).splitlines()
    defined = {measure for measure, outcome in outcomes.items() if outcome != NONE}
    assert any(line.startswith("- Against") for line in lines) == bool(defined)
    said = lines[1].split(") it is ")[-1].rstrip(".") if defined else ""
    for outcome, spoken in {WIN: "better at", TIE: "not clearly different at", LOSE: "worse at"}.items():
        after = said.split(f"{spoken} ")[1] if f"{spoken} " in said else ""
        listed = re.split(", (?=not clearly|worse)", after)[0]
        assert named(listed, defined) == {name for name in defined if outcomes[name] == outcome}
