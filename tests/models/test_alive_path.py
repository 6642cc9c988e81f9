"""One customer's path, against the summary of the same log at several cut-offs."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import clvmodels as clv
from clvmodels.errors import InvalidArgument, InvalidTransactions

DATES = ["1997-03-30", "1997-01-01", "1997-01-20", "1997-03-30", "1997-01-21"]


@pytest.fixture(scope="module")
def path(purchases):
    return purchases.probability_alive_path(DATES, until="1997-06-30")


@pytest.mark.parametrize("day", ["1997-01-01", "1997-01-19", "1997-01-20", "1997-01-21", "1997-03-30", "1997-06-30"])
def test_each_day_is_the_answer_to_the_log_until_then(purchases, path, day):
    log = pd.DataFrame({"customer_id": "ann", "date": DATES})
    known = clv.rfm_summary(log, observation_end=day, value=None)
    expected = purchases.probability_alive(known).loc["ann"]
    assert_allclose(path.loc[day, ["mean", "lower", "upper"]].astype(float), expected, rtol=1e-12)


def test_there_is_a_row_for_every_day_and_each_purchase_day_is_marked_once(path):
    assert path.index.equals(pd.date_range("1997-01-01", "1997-06-30", name="date", unit="us"))
    assert path.index.name == "date"
    assert path["purchase"].dtype == bool
    assert list(path.index[path["purchase"]].strftime("%Y-%m-%d")) == sorted(set(DATES))


def test_a_customer_who_bought_once_is_alive_in_this_model(purchases):
    path = purchases.probability_alive_path(DATES[:1], until="1998-03-30")
    assert (path[["mean", "lower", "upper"]] == 1).all(axis=None)


def test_a_path_may_end_on_its_first_day(purchases):
    assert len(purchases.probability_alive_path(["1997-01-01"], until="1997-01-01")) == 1


def test_the_time_unit_makes_no_difference():
    weekly = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    daily = clv.BetaGeo.at(r=0.243, alpha=4.414 * 7, a=0.793, b=2.426, time_unit="day")
    one, other = (each.probability_alive_path(DATES, until="1997-06-30")["mean"] for each in (weekly, daily))
    assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(DATES, index=[4, 4, 1, 0, 2]),
        pd.to_datetime(DATES) + pd.Timedelta(hours=23),
        np.array(DATES, dtype="datetime64[D]"),
        [dt.date.fromisoformat(date) for date in DATES],
        set(DATES),
        (f"{date} 23:59:59" for date in DATES),
    ],
    ids=["Series", "timestamps", "array", "dates", "set", "times of day"],
)
def test_dates_may_be_of_any_kind(purchases, path, dates):
    pd.testing.assert_frame_equal(purchases.probability_alive_path(dates, until=dt.date(1997, 6, 30)), path)


@pytest.mark.parametrize(
    ("dates", "choices"),
    [(["31/12/1996"], {"date_format": "%d/%m/%Y"}), (["1996-12-31T00:30+01:00"], {"time_zone": "Europe/Berlin"})],
)
def test_dates_are_read_as_in_a_log(purchases, dates, choices):
    path = purchases.probability_alive_path(dates, until="1997-01-01", **choices)
    assert path.index[0] == pd.Timestamp("1996-12-31")


def test_a_purchase_after_the_end_is_refused(purchases):
    message = "1 of 4 purchase days are after until=1997-03-29, the last is 1997-03-30; choose a later end"
    with pytest.raises(InvalidArgument, match=message):
        purchases.probability_alive_path(DATES, until="1997-03-29")


@pytest.mark.parametrize(
    ("dates", "error", "message"),
    [
        ("1997-01-01", InvalidArgument, "dates is a str; give one customer's dates"),
        (19970101, InvalidArgument, "dates is a int"),
        (pd.DataFrame({"date": DATES}), InvalidArgument, "dates is a DataFrame"),
        ([], InvalidTransactions, "no rows"),
        (["01/02/1997"], InvalidTransactions, "not an ISO date"),
        ([None, "1997-01-01"], InvalidTransactions, "1 of 2 rows have no 'date'"),
    ],
)
def test_what_is_no_column_of_dates_is_refused(purchases, dates, error, message):
    with pytest.raises(error, match=message):
        purchases.probability_alive_path(dates, until="1997-06-30")
