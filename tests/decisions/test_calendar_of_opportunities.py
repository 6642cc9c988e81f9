"""Periods of a budget where purchases are told to an opportunity."""

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions.calendar import Calendar


def rfm(unit, end="2006-12-31"):
    table = pd.DataFrame({"frequency": [1], "recency": [2], "opportunities": [6]})
    return clv.RFM.from_frame(table, time_unit=unit, observation_end=end)


@pytest.mark.parametrize(
    ("unit", "period", "edges"), [("year", "year", [0, 1, 2, 3]), ("quarter", "year", [0, 4, 8, 12])]
)
@pytest.mark.parametrize("end", ["2006-12-31", None])
def test_a_years_opportunity_lies_in_its_year_whether_that_is_a_leap_year_or_not(unit, period, edges, end):
    assert Calendar.of(rfm(unit, end), period=period, periods=3).edges.tolist() == edges


def test_a_period_shorter_than_an_opportunity_is_refused():
    with pytest.raises(clv.InvalidArgument, match="a purchase is told to a year, the opportunity; choose one of year"):
        Calendar.of(rfm("year"), period="month", periods=3)
