"""A checked log knows its extent, and is read once for all its checks."""

import datetime as dt

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.transactions import DAYS_PER_UNIT, Reading, check_transactions, days_per_unit
from clvmodels.transactions.sources import Source

LOG = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "b"],
        "date": ["1997-01-03", "1997-01-05", "1997-01-01", "1997-01-09"],
        "value": [1.0, 2.0, -4.0, -5.0],
    }
)


def test_the_extent_of_a_log_is_known():
    checked = check_transactions(LOG, Reading(refunds="net"))
    assert (checked.rows, checked.log_end) == (4, dt.date(1997, 1, 9))
    assert (checked.first_purchase, checked.last_purchase) == (dt.date(1997, 1, 3), dt.date(1997, 1, 5))


def test_refunds_after_the_window_do_no_harm():
    log = LOG[LOG["date"] > "1997-01-01"]
    assert check_transactions(log, last_day=dt.date(1997, 1, 8)).rows == 3


def test_all_checks_are_one_query(monkeypatch):
    asked = []
    collect = Source.collect
    monkeypatch.setattr(Source, "collect", lambda self, expression: asked.append(1) or collect(self, expression))
    check_transactions(LOG, Reading(refunds="drop"))
    assert len(asked) == 1


def test_the_first_thing_that_is_wrong_is_reported_in_the_order_of_the_columns():
    log = pd.DataFrame({"customer_id": [None, "a"], "date": ["soon", "1997-01-01"], "value": [None, -1.0]})
    with pytest.raises(InvalidTransactions, match="have no 'customer_id'"):
        check_transactions(log)


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7), ("month", 30.4375), ("year", 365.25)])
def test_units_of_time_have_their_length_in_days(unit, days):
    assert days_per_unit(unit) == days


def test_twelve_months_are_a_year():
    assert 12 * DAYS_PER_UNIT["month"] == DAYS_PER_UNIT["year"]


@pytest.mark.parametrize("unit", ["weeks", "W", "", None, 7, ["week"]])
def test_an_unknown_time_unit_is_refused_with_those_that_are_known(unit):
    with pytest.raises(InvalidArgument, match="time_unit is .*; choose one of day, week, month, year"):
        days_per_unit(unit)
