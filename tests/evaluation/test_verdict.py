"""The words are true of made-up figures where the model wins, loses, ties, and where figures are missing."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.evaluation.verdict import verdict

MODEL, SIMPLE = "bg_nbd_gamma_gamma", "multiplicative_customer"
WIN, LOSE, TIE, NONE = "better", "worse", "no clear difference", "not defined"
FIGURES = {
    "rmse": 1.6,
    "poisson_deviance": 1.5,
    "mae_median": 0.785,
    "bias": 0.121,
    "concordance_index": 0.76,
    "normalized_gini": 0.62,
}
OTHERS = {name: 2 * figure if name in ("rmse", "poisson_deviance", "bias") else 0.5 for name, figure in FIGURES.items()}
DIMENSIONS = {
    "error": ["rmse", "poisson_deviance", "mae_median"],
    "level": ["bias"],
    "ranking": ["concordance_index", "normalized_gini"],
}
SPOKEN = {"RMSE": "rmse", "deviance": "poisson_deviance", "MAE": "mae_median", "concordance": "concordance_index"} | {
    "Gini": "normalized_gini"
}
NOUNS = {"purchases": "purchases", "value": "spend"}


def table(model=FIGURES, **targets):
    """The long metrics of the model."""
    given = targets or {"purchases": model}
    rows = [(MODEL, target, metric, figure) for target, known in given.items() for metric, figure in known.items()]
    return pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value"])


def comparison(model=FIGURES, baseline=OTHERS, **targets):
    """What `comparison.compare` returns, of its outcomes by target and measure."""
    parts = {
        target: pd.DataFrame({"outcome": outcomes}).assign(model=pd.Series(model), baseline=pd.Series(baseline))
        for target, outcomes in targets.items()
    }
    return pd.concat(parts, names=["target", "measure"])


def all_(outcome, **others):
    return dict.fromkeys(FIGURES, outcome) | others


def words(outcomes, *, rivals=None, metrics=None, customers=2357, **choices):
    """The verdict on purchases beside the simple formula, and beside others."""
    compared = {SIMPLE: comparison(purchases=outcomes)}
    compared |= {name: comparison(purchases=found) for name, found in (rivals or {}).items()}
    return verdict(table() if metrics is None else metrics, compared, model=MODEL, customers=customers, **choices)


def test_the_simple_formula_is_answered_first_with_what_and_how_much():
    assert words(all_(WIN)) == (
        "In short: BG/NBD x Gamma-Gamma is better than the simple formula per customer at error, level and ranking of "
        "purchases (RMSE 50 % lower)."
    )


def test_the_simple_formula_that_wins_is_said_to():
    assert words(all_(LOSE)) == (
        "In short: BG/NBD x Gamma-Gamma is worse than the simple formula per customer at error, level and ranking of "
        "purchases (RMSE 50 % lower), and clearly better at nothing."
    )


def test_no_clear_difference_is_said():
    assert words(all_(TIE)).endswith("there is no clear difference between BG/NBD x Gamma-Gamma and the simple formula"
                                     " per customer.")  # fmt: skip


def test_a_win_and_a_loss_stand_in_one_sentence():
    assert "at error of purchases (RMSE 50 % lower), but worse at Gini of purchases (0.62 instead of 0.50)." in words(
        all_(TIE, rmse=WIN, poisson_deviance=WIN, mae_median=WIN, normalized_gini=LOSE)
    )


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({"bias": WIN}, "at level of purchases (12 % off instead of 24 %)."),
        ({"concordance_index": WIN, "normalized_gini": WIN}, "at ranking of purchases (concordance 0.76 instead of"),
        ({"poisson_deviance": WIN}, "at deviance of purchases (50 % lower)."),
    ],
)
def test_how_much_is_one_figure(outcomes, said):
    assert said in words(all_(TIE, **outcomes))


def test_an_infinite_deviance_is_no_figure():
    compared = {
        SIMPLE: comparison(baseline=OTHERS | {"poisson_deviance": np.inf}, purchases=all_(TIE, poisson_deviance=WIN))
    }
    said = verdict(table(), compared, customers=10)
    assert said.endswith("at deviance of purchases.")


def test_without_a_simple_formula_the_first_baseline_is_answered():
    said = verdict(table(), {"hiatus": comparison(purchases=all_(WIN))}, customers=10)
    assert said.startswith("In short: BG/NBD x Gamma-Gamma is better than the hiatus rule at error")


def test_who_beats_it_is_named_with_where():
    said = words(
        all_(WIN), rivals={"boosting": all_(TIE, rmse=LOSE), "hybrid": all_(TIE, rmse=LOSE), "hiatus": all_(WIN)}
    )
    assert said.endswith(
        "It is beaten at RMSE of purchases by gradient boosting and the model corrected by gradient boosting."
    )


def test_many_places_are_counted():
    places = ["rmse", "bias", "normalized_gini", "concordance_index"]
    said = words(all_(WIN), rivals={f"rival_{name}": all_(TIE, **{name: LOSE}) for name in places})
    assert said.endswith("at Gini of purchases by rival normalized gini; elsewhere by 1 more.")


def test_that_nobody_beats_it_is_said():
    said = words(all_(WIN), rivals={"hiatus": all_(TIE)})
    assert said.endswith("None of the others compared is clearly better at anything.")


def test_the_same_model_by_another_package_is_no_rival():
    said = words(all_(WIN), rivals={"lifetimes_bg_nbd": all_(TIE), "hiatus": all_(TIE)})
    assert "lifetimes" not in said
    said = words(all_(WIN), rivals={"lifetimes_bg_nbd": all_(TIE, bias=LOSE), "hiatus": all_(TIE)})
    assert said.endswith(
        "None of the others compared is clearly better at anything. lifetimes BG/NBD, the same model by another"
        " package, differs at level of purchases."
    )


def test_another_model_by_another_package_is_a_rival():
    assert "by lifetimes Pareto/NBD" in words(all_(WIN), rivals={"lifetimes_pareto_nbd": all_(LOSE)})


def test_a_baseline_without_forecast_is_not_spoken_of():
    assert words(all_(NONE)) == ""


def test_a_model_without_forecast_of_spend_is_said_to_have_none():
    metrics = table(purchases=FIGURES, value=dict.fromkeys(FIGURES, np.nan))
    said = words(all_(WIN), metrics=metrics, notes=["No one came back."]).splitlines()
    assert said[-2].endswith("lower). It has no forecast of spend.")
    assert said[-1] == "No one came back."


def test_an_undefined_figure_is_neither_compared_nor_printed():
    said = words(all_(WIN, mae_median=NONE, normalized_gini=NONE))
    assert "at error, level and ranking of purchases" in said
    assert "nan" not in said


@pytest.mark.parametrize(
    ("random", "customers", "said"),
    [
        (0.909, 2357, "as promised"),
        (0.889, 2357, "as promised within sampling error"),
        (0.889, 23_570, "less than promised"),
        (0.88, 2357, "less than promised"),
        (0.92, 2357, "more than promised"),
        (0.8, 20, "as promised within sampling error"),
        (0.895, 1_000_000, "as promised"),
    ],
)
def test_coverage_misses_its_promise_only_beyond_sampling_error_and_the_margin(random, customers, said):
    metrics = table(FIGURES | {"randomised_coverage_90": random})
    found = words(all_(WIN), metrics=metrics, customers=customers)
    assert f"Customers' 90 % intervals held {said}: {100 * random:.1f} % for purchases." in found


def test_coverages_that_differ_are_told_apart():
    metrics = table(purchases={"randomised_coverage_97.5": 0.975}, value={"randomised_coverage_97.5": 0.9})
    said = verdict(metrics, {}, customers=2357, interval=0.975)
    assert said == (
        "Customers' 97.5 % intervals held as promised for purchases (97.5 %) and less than promised for spend (90.0 %)."
    )


def test_heading_remarks_and_notes_have_lines_of_their_own():
    metrics = table(purchases=FIGURES, value=FIGURES)
    lines = words(
        all_(WIN), metrics=metrics, heading="Ten customers.", remarks={"value": "All is well."}, notes=["One.", "Two."]
    ).splitlines()
    assert [*lines[:2], *lines[3:]] == ["Ten customers.", "Spend: All is well.", "One.", "Two."]


def test_a_verdict_has_six_sentences_at_most():
    metrics = table(**dict.fromkeys(NOUNS, FIGURES | {"randomised_coverage_90": 0.88}))
    names = ["boosting", "hybrid", "hiatus", "nothing", "as_before", "multiplicative_population"]
    compared = {
        name: comparison(purchases=all_(LOSE, rmse=WIN), value=all_(LOSE, bias=WIN)) for name in [SIMPLE, *names]
    }
    remarks = dict.fromkeys(NOUNS, "10 expected and 12 seen.")
    said = verdict(metrics, compared, customers=9999, heading="Ten customers.", remarks=remarks)
    assert len(re.findall(r"\.(?=\s|$)", said)) == 6


def named(spoken, defined):
    """The measures behind ``level, MAE and ranking``, of those that are defined."""
    said = re.split(", | and ", spoken)
    return {measure for name in said for measure in DIMENSIONS.get(name, [SPOKEN.get(name)]) if measure in defined}


def places(text, defined):
    """The measures and targets behind ``at error of purchases and at Gini of spend``."""
    found = re.findall(r"\bat ([\w, ]+?) of (purchases|spend)", text)
    targets = {noun: target for target, noun in NOUNS.items()}
    return {(measure, targets[noun]) for spoken, noun in found for measure in named(spoken, defined[targets[noun]])}


OUTCOMES = st.fixed_dictionaries({name: st.sampled_from([WIN, LOSE, TIE, NONE]) for name in FIGURES})
BASELINE = st.fixed_dictionaries(dict.fromkeys(NOUNS, OUTCOMES))


@given(simple=BASELINE, rival=BASELINE)
def test_the_conclusion_is_true_of_any_outcomes(simple, rival):
    tables = {SIMPLE: comparison(**simple), "boosting": comparison(**rival)}
    said = verdict(table(purchases=FIGURES, value=FIGURES), tables, customers=100)
    compared = [
        found for found in (simple, rival) if {*found["purchases"].values(), *found["value"].values()} != {NONE}
    ]
    assert said.startswith("In short: ") == bool(compared)
    if not compared:
        return
    answered, *rest = compared
    first, _, second = said.partition(". It is beaten ")
    won, _, lost = first.rpartition(" but worse ") if " but worse " in first else (first, "", "")
    if "is worse than" in first:
        won, lost = "", first
    for outcome, text, found in [(WIN, won, answered), (LOSE, lost, answered), *((LOSE, second, one) for one in rest)]:
        defined = {target: {name for name in by if by[name] != NONE} for target, by in found.items()}
        met = {(name, target) for target, by in found.items() for name in by if by[name] == outcome}
        assert places(text, defined) == met
