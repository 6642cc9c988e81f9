import json

import numpy as np
import pytest

from clvmodels.reports.parts import Estimate, Part, Report, Section
from clvmodels.reports.plain import plain_report
from clvmodels.reports.tables import Column, Table
from clvmodels.reports.terms import Terms


def plain_of(part, **facts):
    sections = (Section(title="a section", parts=(part,)),)
    report = Report(title="t", headline="h", facts=facts, summary=("s",), sections=sections, terms=Terms(currency="$"))
    found = plain_report(report)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def test_what_is_missing_or_infinite_is_none_and_numbers_of_numpy_are_numbers():
    columns = (Column(title="it", kind="text"), Column(title="ends", kind="interval"))
    rows = ((np.int64(3), (np.float64(1.5), float("inf"))), (float("nan"), None), (np.bool_(True), (1, 2)))
    (table,) = plain_of(Part(tables=(Table(caption="c", columns=columns, rows=rows),)))["sections"][0]["parts"][0][
        "tables"
    ]
    assert table["rows"] == [[3, [1.5, None]], [None, None], [True, [1, 2]]]
    assert table["shown"] == [["3", "1.50 to infinite"], ["-", "-"], ["True", "1.0 to 2.0"]]
    assert table["columns"] == [{"title": "it", "kind": "text"}, {"title": "ends", "kind": "interval"}]


def test_an_estimate_is_unrounded_and_as_shown():
    estimate = Estimate(name="value", mean=234.56, lower=200.0, upper=270.0, kind="credible", unit="money", meaning="m")
    (found,) = plain_of(Part(estimates=(estimate,)))["sections"][0]["parts"][0]["estimates"]
    assert found == {
        "name": "value",
        "kind": "credible",
        "unit": "money",
        "meaning": "m",
        "mean": 234.56,
        "lower": 200.0,
        "upper": 270.0,
        "shown": "$235",
        "shown_interval": "$200 to $270",
    }


def test_facts_are_plain_too():
    assert plain_of(Part(), lower=np.float64("nan"), customers=np.int32(4))["facts"] == {"lower": None, "customers": 4}


def test_a_report_has_all_its_parts(plain, report):
    assert plain["schema"] == 1
    assert [section["title"] for section in plain["sections"]] == [section.title for section in report.sections]
    assert plain["facts"]["currency"] == "EUR"


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\ud800"])
def test_controls_do_not_leave_the_report(control):
    table = Table(caption="c", columns=(Column(title="it", kind="text"),), rows=((f"a{control}b",),))
    part = plain_of(Part(paragraphs=(f"p{control}",), tables=(table,)))["sections"][0]["parts"][0]
    assert part["paragraphs"] == ["p\N{REPLACEMENT CHARACTER}"]
    assert part["tables"][0]["rows"] == part["tables"][0]["shown"] == [["a\N{REPLACEMENT CHARACTER}b"]]
