from dataclasses import replace

import pytest

from clvmodels.reports.build import build_report, headline
from clvmodels.reports.parts import Check, Estimate


def titles(report):
    return [section.title for section in report.sections]


def made_up(mean, lower, upper, *, name="widened", unit="money"):
    return Estimate(name=name, mean=mean, lower=lower, upper=upper, kind="predictive", unit=unit)


def test_the_headline_has_the_total_its_interval_and_the_terms(ahead):
    assert headline(ahead, made_up(1655.4, 1540.0, 1780.0)) == (
        "The 40 customers known on 31 March 2021 are expected to bring 1,660 EUR of margin (50 % of spend) within "
        "25.86 weeks (90 % interval 1,540 EUR to 1,780 EUR, widened by the model's past errors)."
    )


def test_a_headline_without_past_errors_says_nothing_of_them_and_without_margin_nothing_of_spend(ahead):
    whole = replace(ahead, terms=replace(ahead.terms, margin=1.0, currency=""))
    assert headline(whole, made_up(1655.4, 1540.0, 1780.0, name="predictive")).endswith(
        "are expected to bring 1,660 within 25.86 weeks (90 % interval 1,540 to 1,780)."
    )


def test_without_amounts_the_headline_counts_purchases(without_amounts):
    assert "are expected to make" in without_amounts.headline
    assert " purchases within 25.86 weeks" in without_amounts.headline


@pytest.mark.parametrize(("actual", "said"), [(150.0, 0), (250.0, 1)])
def test_totals_outside_their_intervals_are_named_at_the_top(with_total, ahead, actual, said):
    summary = build_report(with_total(wide_lower=100.0, wide_upper=200.0, actual=actual), ahead).summary
    sentence = "On held-out data the total purchases and spend came out outside the 90 % interval with past errors."
    assert summary.count(sentence) == said


def test_the_sections_come_in_the_order_of_a_readers_questions(report):
    assert titles(report) == [
        "What was asked",
        "The customers today",
        "What they are worth",
        "Customers slipping away",
        "Does it predict?",
        "Does it predict from 2 origins?",
        "Can the fit be trusted?",
        "Appendix",
    ]


def test_without_amounts_and_further_origins_their_sections_are_left_out(without_amounts):
    assert titles(without_amounts) == [
        "What was asked",
        "The customers today",
        "Purchases to come",
        "Does it predict?",
        "Can the fit be trusted?",
        "Appendix",
    ]
    assert without_amounts.title == "Purchases to come"


def test_every_figure_has_words_for_those_who_cannot_see_it(report):
    figures = [figure for section in report.sections for part in section.parts for figure in part.figures]
    assert len(figures) > 20
    assert all(len(figure.alt) > 40 and figure.caption for figure in figures)


def test_no_section_part_or_table_is_empty(report, without_amounts):
    for section in (*report.sections, *without_amounts.sections):
        for part in section.parts:
            assert part.estimates or part.paragraphs or part.figures or part.tables, (section.title, part.title)
            assert all(table.rows for table in part.tables)


def test_the_summary_says_how_the_checks_came_out(report):
    assert report.summary[-1].endswith(" held.") or " of 12 checks held; not: " in report.summary[-1]
    assert report.summary[1].startswith("On held-out data: ")


@pytest.mark.parametrize(
    ("verdict", "said"), [("passed", "All 5 checks held."), ("failed", "4 of 5 checks held; not: a gate.")]
)
def test_the_gates_of_a_job_stand_in_for_the_reports_own_checks(monkeypatch, result, ahead, criticism, verdict, said):
    calm = replace(ahead)
    tables = {
        "leave_one_out": criticism.leave_one_out.assign(share_above=0.0),
        "sensitivity": criticism.sensitivity.assign(change=0.0),
    }
    monkeypatch.setitem(calm.__dict__, "criticism", replace(criticism, **tables))
    monkeypatch.setattr("clvmodels.reports.figures.to_svgs", lambda draw, *, size: ("<svg/>", "<svg/>"))
    gate = Check(name="a gate", verdict=verdict, figure=1.0, limit=2.0, found="f", why="w", remedy="r")
    found = build_report(result, calm, gates=[gate])
    assert found.summary[-1] == said
    (checks,) = [
        table
        for section in found.sections
        for part in section.parts
        for table in part.tables
        if table.caption == "Checks"
    ]
    assert "a gate" in [row[0] for row in checks.rows]
    assert not [row for row in checks.rows if row[0].startswith("coverage")]
