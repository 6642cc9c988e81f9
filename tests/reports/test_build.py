import numpy as np
import pytest

from clvmodels.reports.build import build_report, headline


def test_the_headline_has_the_total_its_interval_and_the_truth(result):
    assert headline(result) == (
        "The 6 customers known on 30 September 1997 were expected to spend 1,655 within the 39 weeks that followed "
        "(90 % interval 1,540 to 1,780); they spent 1,882, above that interval."
    )


@pytest.mark.parametrize(("actual", "place"), [(1500.0, "below"), (1700.0, "inside"), (1900.0, "above")])
def test_the_headline_says_where_the_truth_lies(result, actual, place):
    totals = result.totals().assign(actual=actual)
    result.totals = lambda: totals
    assert headline(result).endswith(f"{place} that interval.")


def test_without_a_forecast_of_spend_the_headline_counts_purchases(result):
    totals = result.totals()
    totals.loc["value", "predicted"] = np.nan
    result.totals = lambda: totals
    assert "were expected to make 1,655 purchases" in headline(result)


def test_the_sections_come_in_the_order_of_a_readers_questions(report):
    assert [section.title for section in report.sections] == [
        "Verdict",
        "The data",
        "Lifetime value",
        "Does it predict?",
        "Can the fit be trusted?",
    ]


def test_margin_and_discount_are_said(result, scores):
    (value,) = [
        part for part in build_report(result, scores, margin=0.3, annual_discount_rate=0.1).sections if part.figures
    ][:1]
    assert value.paragraphs == (
        "Counted from the calibration end on, at a margin of 30 % of spend, discounted at 10 % a year (the last two "
        "columns are not).",
    )


def test_without_lifetime_values_purchases_are_reported(result, scores):
    money = [name for name in scores if "lifetime_value" in name]
    titles = [section.title for section in build_report(result, scores.drop(columns=money)).sections]
    assert "Purchases to come" in titles
    assert "Lifetime value" not in titles


def test_every_figure_has_words_for_those_who_cannot_see_it(report):
    figures = [figure for section in report.sections for figure in section.figures]
    assert len(figures) == 3
    assert all(len(figure.alt) > 40 for figure in figures)
