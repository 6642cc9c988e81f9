import pytest

from clvmodels.reports.parts import Check, Estimate, checks_table
from clvmodels.reports.terms import Terms


def estimate(mean, lower, upper, unit=""):
    return Estimate(name="it", mean=mean, lower=lower, upper=upper, kind="credible", unit=unit)


@pytest.mark.parametrize(
    ("given", "terms", "shown"),
    [
        # Widths of 4,391, 0.05 (5 per cent), 0.6 and 0: two digits of each.
        (estimate(21834.2, 19712.1, 24102.9, "money"), Terms(currency="$"), ("$21,800", "$19,700 to $24,100")),
        (
            estimate(21834.2, 19712.1, 24102.9, "money"),
            Terms(currency="EUR"),
            ("21,800 EUR", "19,700 EUR to 24,100 EUR"),
        ),
        (estimate(0.1234, 0.1, 0.15, "share"), Terms(), ("12.3 %", "10.0 to 15.0 %")),
        (estimate(4.567, 4.2, 4.8, "weeks"), Terms(), ("4.57 weeks", "4.20 to 4.80 weeks")),
        (estimate(12.0, 12.0, 12.0), Terms(), ("12", "12 to 12")),
        (estimate(-50.4, -120.0, 20.0, "money"), Terms(currency="$"), ("-$50", "-$120 to $20")),
    ],
)
def test_a_figure_has_the_digits_that_its_interval_supports(given, terms, shown):
    assert given.shown(terms) == shown


def test_failed_checks_come_first_and_keep_what_to_do():
    rest = {"figure": 0.5, "limit": 1.0, "found": "it is half", "why": "it matters", "remedy": "do this"}
    checks = [Check(name=name, verdict=name, **rest) for name in ("not applicable", "passed", "failed")]
    table = checks_table(tuple(checks))
    assert [row[0] for row in table.rows] == ["failed", "passed", "not applicable"]
    assert table.shown()[0] == ["failed", "failed", "0.500", "1.00", "it is half", "it matters", "do this"]


def test_a_point_has_no_interval():
    assert estimate(0.0123, float("nan"), float("nan"), "share").shown(Terms()) == ("1.23 %", "")
    assert estimate(12.3, float("nan"), float("nan")).shown(Terms()) == ("12", "")
