import numpy as np
import pytest

from clvmodels.evaluation.scores import scores as scores_of
from clvmodels.reports.build import build_report, headline


def test_the_headline_has_the_total_its_interval_and_the_truth(with_total):
    made_up = with_total(predicted=1655.4, lower=1540.0, upper=1780.0, actual=1882.0)
    known = len(made_up.split.calibration)
    assert headline(made_up) == (
        f"The {known} customers known on 1 October 2020 were expected to spend 1,655 within the 25.86 weeks that "
        "followed (90 % interval 1,540 to 1,780); they spent 1,882, above that interval."
    )


@pytest.mark.parametrize(("actual", "place"), [(1500.0, "below"), (1700.0, "inside"), (1900.0, "above")])
def test_the_headline_says_where_the_truth_lies(with_total, actual, place):
    made_up = with_total(predicted=1655.4, lower=1540.0, upper=1780.0, actual=actual)
    assert headline(made_up).endswith(f"{place} that interval.")


def test_without_a_forecast_of_spend_the_headline_counts_purchases(purchases_alone):
    assert "were expected to make" in headline(purchases_alone)
    assert " purchases within the 25.86 weeks" in headline(purchases_alone)


def test_the_sections_come_in_the_order_of_a_readers_questions(report):
    assert [section.title for section in report.sections] == [
        "Verdict",
        "The data",
        "Lifetime value",
        "Does it predict?",
        "Does it predict from 2 origins?",
        "Can the fit be trusted?",
    ]


def test_without_further_origins_there_is_no_section_of_them(result, scores):
    assert len(build_report(result, scores).sections) == 5


def test_margin_and_discount_are_said(result, scores):
    (value,) = [
        part for part in build_report(result, scores, margin=0.3, annual_discount_rate=0.1).sections if part.figures
    ][:1]
    assert value.paragraphs == (
        "Counted from the calibration end on, at a margin of 30 % of spend, discounted at 10 % a year (the last two "
        "columns are not).",
    )


def test_without_lifetime_values_purchases_are_reported(purchases_alone):
    titles = [section.title for section in build_report(purchases_alone, scores_of(purchases_alone)).sections]
    assert "Purchases to come" in titles
    assert "Lifetime value" not in titles


def test_every_figure_has_words_for_those_who_cannot_see_it(report):
    figures = [figure for section in report.sections for figure in section.figures]
    # Customers; tracking twice, reliability; four checks of each target; totals of each target; frequencies.
    assert len(figures) == 1 + 3 + 2 * 4 + 2 + 1
    assert all(len(figure.alt) > 40 for figure in figures)


def test_the_trap_of_spearman_is_explained(report):
    (evaluation,) = [section for section in report.sections if section.title == "Does it predict?"]
    assert "it rewards ties" in dict(evaluation.terms)["Spearman"]
    assert "concordance and Gini" in dict(evaluation.terms)["Spearman"]


def test_the_gamma_gamma_assumption_is_judged_in_words(report, criticism):
    assert criticism.independence.sentence in report.sections[-1].paragraphs


def test_no_figure_in_words_is_missing(report):
    said = [figure.alt for section in report.sections for figure in section.figures]
    assert not [alt for alt in said if "nan" in alt.split()]
    assert np.all([len(table.rows) for section in report.sections for table in section.tables])
