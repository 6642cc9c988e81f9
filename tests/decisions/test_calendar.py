"""Months, quarters and years after the observation end; expected days and labels are read off a calendar."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions.calendar import Calendar


def calendar(end, period="month", periods=3, unit="day"):
    seen = pd.DataFrame({"frequency": [0], "recency": [0], "T": [5]})
    rfm = clv.RFM.from_frame(seen, time_unit=unit, observation_end=end)
    return Calendar.of(rfm, period=period, periods=periods)


@pytest.mark.parametrize(
    ("end", "period", "days", "labels"),
    [
        ("1997-09-30", "month", [31, 30, 31], ("1997-10", "1997-11", "1997-12")),
        ("1997-12-31", "month", [31, 28, 31], ("1998-01", "1998-02", "1998-03")),
        ("2024-01-31", "month", [29, 31, 30], ("2024-02", "2024-03", "2024-04")),
        ("2023-02-28", "month", [31, 30, 31], ("2023-03", "2023-04", "2023-05")),
        ("2024-02-29", "month", [31, 30, 31], ("2024-03", "2024-04", "2024-05")),
        ("1997-09-15", "month", [30, 31, 30], ("until 1997-10-15", "until 1997-11-15", "until 1997-12-15")),
        ("2024-02-28", "month", [29, 31, 30], ("until 2024-03-28", "until 2024-04-28", "until 2024-05-28")),
        ("1997-09-30", "quarter", [92, 90, 91], ("1997Q4", "1998Q1", "1998Q2")),
        ("1997-08-31", "quarter", [91, 90, 92], ("until 1997-11-30", "until 1998-02-28", "until 1998-05-31")),
        ("2022-12-31", "year", [365, 366, 365], ("2023", "2024", "2025")),
        ("2023-02-28", "year", [366, 365, 365], ("until 2024-02-29", "until 2025-02-28", "until 2026-02-28")),
        ("1997-09-30", "year", [365, 365, 366], ("until 1998-09-30", "until 1999-09-30", "until 2000-09-30")),
    ],
)
def test_periods_have_the_days_and_names_of_the_calendar(end, period, days, labels):
    found = calendar(end, period)
    assert np.diff(found.edges).tolist() == days
    assert found.labels == labels


@pytest.mark.parametrize("unit", ["week", "month", "year"])
def test_edges_are_in_the_time_unit_of_the_customers(unit):
    per_unit = {"week": 7, "month": 365.25 / 12, "year": 365.25}[unit]
    found = calendar("1997-09-30", unit=unit)
    assert found.edges.tolist() == pytest.approx(np.array([0, 31, 61, 92]) / per_unit)
    assert found.labels == calendar("1997-09-30").labels


@pytest.mark.parametrize(("period", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_without_a_date_periods_are_equally_long_and_numbered(period, months):
    found = calendar(None, period)
    assert np.diff(found.edges).tolist() == pytest.approx([months * 365.25 / 12] * 3)
    assert found.labels == (f"{period} 1", f"{period} 2", f"{period} 3")


@pytest.mark.parametrize("end", ["2023-01-29", "2023-01-30", "2023-08-30", "2024-01-31", "1997-09-30"])
def test_every_period_ends_where_the_next_begins_over_many_years(end):
    found = calendar(end, periods=60)
    assert found.edges[0] == 0
    assert np.diff(found.edges).min() >= 28
    assert np.diff(found.edges).max() <= 33
    assert found.edges[-1] in (1826, 1827)


def test_a_day_that_a_month_lacks_is_its_last_day():
    assert calendar("2023-01-30").edges.tolist() == [0, 29, 59, 90]


def test_a_period_that_is_not_a_whole_month_is_named_by_its_last_day():
    assert calendar("2023-01-30", periods=1).labels == ("until 2023-02-28",)


@pytest.mark.parametrize("period", ["week", "Month", None, 3])
def test_an_unknown_period_is_refused(period):
    with pytest.raises(clv.InvalidArgument, match="choose one of month, quarter, year"):
        calendar("1997-09-30", period)


@pytest.mark.parametrize("periods", [0, -1, 1.5, True, "three"])
def test_a_number_of_periods_that_is_none_is_refused(periods):
    with pytest.raises(clv.InvalidArgument, match="periods is .*; give a whole number, 1 or more"):
        calendar("1997-09-30", periods=periods)
