"""A purchase is a customer's day; time runs in whole days, in the unit that is asked for."""

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.rfm import rfm_summary

UNITS = {"day": 1, "week": 7, "month": 365.25 / 12, "year": 365.25}


def a_log(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "date", "value"])


SHOP = a_log(
    ("a", "1997-01-01 09:00", 10.0),
    ("a", "1997-01-15 09:00", 4.0),
    ("a", "1997-01-15 18:00", 6.0),
    ("a", "1997-01-29 12:00", 20.0),
    ("b", "1997-01-08 00:00", 7.0),
    ("c", "1997-02-05 23:59", 0.0),
)


def test_the_quantities_of_each_customer():
    frame = rfm_summary(SHOP, observation_end="1997-02-05").frame
    assert frame["frequency"].tolist() == [2, 0, 0]
    assert frame["recency"].tolist() == [4.0, 0.0, 0.0]
    assert frame["T"].tolist() == [5.0, 4.0, 0.0]
    assert frame["monetary_value"].tolist() == [15.0, 0.0, 0.0]
    assert frame["first_value"].tolist() == [10.0, 7.0, 0.0]
    assert frame["total_value"].tolist() == [40.0, 7.0, 0.0]
    assert frame["last_date"].dt.strftime("%d %b").tolist() == ["29 Jan", "08 Jan", "05 Feb"]


def test_the_columns_and_their_types():
    types = rfm_summary(SHOP).frame.dtypes.astype(str).to_dict()
    assert types == {
        "frequency": "int64",
        "recency": "float64",
        "T": "float64",
        "monetary_value": "float64",
        "first_value": "float64",
        "total_value": "float64",
        "first_date": "datetime64[us]",
        "last_date": "datetime64[us]",
        "active_before": "bool",
        "active_lately": "bool",
    }


def test_rows_of_one_day_are_one_purchase():
    merged = a_log(("a", "1997-01-01", 3.0), ("a", "1997-01-08", 9.0))
    split = a_log(
        ("a", "1997-01-01", 1.0), ("a", "1997-01-01", 2.0), ("a", "1997-01-08", 4.0), ("a", "1997-01-08 20:00", 5.0)
    )
    pd.testing.assert_frame_equal(rfm_summary(split).frame, rfm_summary(merged).frame)


def test_the_afternoon_of_the_observation_end_counts():
    log = a_log(("a", "1997-09-23 10:00", 1.0), ("a", "1997-09-30 23:59:59", 2.0))
    frame = rfm_summary(log, observation_end="1997-09-30").frame
    assert frame.loc["a", ["frequency", "T"]].tolist() == [1, 1]


def test_the_morning_after_the_observation_end_does_not_count():
    log = a_log(("a", "1997-09-23 10:00", 1.0), ("a", "1997-10-01 00:00", 2.0))
    frame = rfm_summary(log, observation_end="1997-09-30").frame
    assert frame.loc["a", ["frequency", "total_value"]].tolist() == [0, 1]


@pytest.mark.parametrize("weekday", range(7))
def test_the_cut_off_is_a_day_in_weeks_too_and_not_the_week_around_it(weekday):
    end = pd.Timestamp("1997-09-22") + pd.Timedelta(days=weekday)
    log = a_log(("a", "1997-09-01", 1.0), ("a", str(end + pd.Timedelta(days=1)), 2.0))
    frame = rfm_summary(log, observation_end=end, time_unit="week").frame
    assert frame["frequency"].tolist() == [0]
    assert frame["T"].tolist() == [(21 + weekday) / 7]


def test_the_observation_end_is_the_last_day_of_the_log_by_default():
    rfm = rfm_summary(SHOP)
    assert rfm.observation_end == pd.Timestamp("1997-02-05")
    assert rfm.frame["T"].min() == 0


def test_the_observation_end_may_be_after_the_log():
    assert rfm_summary(SHOP, observation_end="1998-02-05", time_unit="day").frame.loc["c", "T"] == 365


@pytest.mark.parametrize("unit", UNITS)
def test_the_same_log_in_another_unit_differs_by_the_length_of_the_unit_only(unit):
    days, units = rfm_summary(SHOP, time_unit="day").frame, rfm_summary(SHOP, time_unit=unit).frame
    times = ["recency", "T"]
    pd.testing.assert_frame_equal(units[times], days[times] / UNITS[unit], check_exact=True)
    pd.testing.assert_frame_equal(units.drop(columns=times), days.drop(columns=times))


def test_customers_first_seen_after_the_end_are_left_out():
    assert rfm_summary(SHOP, observation_end="1997-01-31").frame.index.tolist() == ["a", "b"]


def test_the_log_says_what_was_done_to_the_rows():
    log = rfm_summary(SHOP, observation_end="1997-01-31").log
    assert dict(zip(log["what"], log["count"], strict=True)) == {
        "rows": 6,
        "rows without a readable date": 0,
        "rows after the observation end": 1,
        "further rows on a customer's day": 1,
        "refund rows": 0,
        "days that come to zero or less after refunds": 0,
        "customers with refunds only": 0,
        "zero-value days": 0,
    }


def test_a_zero_value_day_is_a_purchase_and_is_counted():
    rfm = rfm_summary(a_log(("a", "1997-01-01", 5.0), ("a", "1997-01-08", 0.0)))
    assert rfm.frame.loc["a", ["frequency", "monetary_value"]].tolist() == [1, 0]
    assert rfm.log.set_index("what").loc["zero-value days", ["count", "treatment"]].tolist() == [1, "kept as purchases"]


def test_a_log_without_amounts_has_no_columns_of_amounts():
    rfm = rfm_summary(SHOP.drop(columns="value"), value=None)
    assert not rfm.has_value
    assert {"monetary_value", "first_value", "total_value"}.isdisjoint(rfm.frame.columns)
    assert rfm.frame["frequency"].tolist() == [2, 0, 0]
    assert rfm.log["what"].tolist()[-1] == "further rows on a customer's day"


def test_the_order_of_the_rows_does_not_matter_to_the_last_digit():
    cents = pd.DataFrame({"customer_id": 1, "date": "1997-01-01", "value": [0.1, 0.2, 0.3, 1e6, 1e-3] * 50})
    cents.loc[::7, "date"] = "1997-02-01"
    there, back = rfm_summary(cents), rfm_summary(cents.sample(frac=1, random_state=1))
    assert there.frame.equals(back.frame)
    assert there.fingerprint == back.fingerprint


def test_nothing_bought_until_the_observation_end_is_refused():
    with pytest.raises(
        InvalidArgument, match="nothing was bought until 1996-12-31: the first purchase is on 1997-01-01"
    ):
        rfm_summary(SHOP, observation_end="1996-12-31")


def test_an_observation_end_that_is_no_date_is_refused():
    with pytest.raises(InvalidArgument, match="observation_end is '31/12/1997'"):
        rfm_summary(SHOP, observation_end="31/12/1997")


def test_an_unknown_time_unit_is_refused():
    with pytest.raises(InvalidArgument, match="time_unit is 'fortnight'; choose one of day, week, month, year"):
        rfm_summary(SHOP, time_unit="fortnight")
