"""Refunds are no purchases, whichever way they are treated."""

import pandas as pd
import pytest

from clvmodels.errors import InvalidTransactions
from clvmodels.rfm import rfm_summary, split_holdout

LOG = pd.DataFrame(
    [
        ("a", "1997-01-01", 10.0),
        ("a", "1997-01-08", 30.0),
        ("a", "1997-01-08", -10.0),  # comes to 20
        ("a", "1997-01-15", 10.1),
        ("a", "1997-01-15", 20.2),
        ("a", "1997-01-15", -30.3),  # comes to zero, but for rounding
        ("a", "1997-01-22", -5.0),  # a refund of an earlier day
        ("b", "1997-01-05", -8.0),  # of a purchase before the log begins
        ("c", "1997-01-05", 0.0),
    ],
    columns=["customer_id", "date", "value"],
)


def counts(rfm):
    return dict(zip(rfm.log["what"], rfm.log["count"], strict=True))


def test_net_refunds_are_added_to_their_day_and_a_day_of_zero_or_less_is_no_purchase():
    rfm = rfm_summary(LOG, refunds="net")
    assert rfm.frame.loc["a", ["frequency", "recency", "total_value", "monetary_value"]].tolist() == [1, 1, 30, 20]
    assert rfm.frame.index.tolist() == ["a", "c"]


def test_dropped_refunds_leave_the_other_rows_as_they_are():
    rfm = rfm_summary(LOG, refunds="drop")
    assert rfm.frame.loc["a", ["frequency", "recency", "total_value"]].tolist() == [2, 2, 70.3]
    assert rfm.frame.index.tolist() == ["a", "c"]


def test_a_zero_value_day_without_a_refund_is_a_purchase_even_if_refunds_are_netted():
    assert rfm_summary(LOG, refunds="net").frame.loc["c", "frequency"] == 0


def test_a_first_day_that_comes_to_nothing_does_not_start_the_clock():
    log = pd.DataFrame({"customer_id": "a", "date": ["1997-01-01"] * 2 + ["1997-01-08"], "value": [5.0, -5.0, 6.0]})
    frame = rfm_summary(log, refunds="net").frame
    assert frame.loc["a", ["frequency", "T", "first_value", "total_value"]].tolist() == [0, 0, 6, 6]


def test_the_log_counts_netted_refunds():
    counted = counts(rfm_summary(LOG, refunds="net"))
    assert counted["refund rows"] == 4
    assert counted["days that come to zero or less after refunds"] == 3
    assert counted["customers with refunds only"] == 1
    assert counted["further rows on a customer's day"] == 3


def test_the_log_counts_dropped_refunds():
    counted = counts(rfm_summary(LOG, refunds="drop"))
    assert counted["refund rows"] == 4
    assert counted["days that come to zero or less after refunds"] == 0
    assert counted["customers with refunds only"] == 1
    assert counted["further rows on a customer's day"] == 1


def test_refunds_after_the_observation_end_are_not_refused():
    log = LOG[LOG["customer_id"].isin(["a", "c"]) & (LOG["date"] != "1997-01-08") & (LOG["date"] != "1997-01-15")]
    assert rfm_summary(log, observation_end="1997-01-21").frame.loc["a", "total_value"] == 10


def test_refunds_in_the_holdout_are_refused_by_default():
    log = pd.DataFrame({"customer_id": "a", "date": ["1997-01-01", "1997-01-09"], "value": [5.0, -5.0]})
    with pytest.raises(InvalidTransactions, match="1 of 2 rows have a negative 'value'"):
        split_holdout(log, calibration_end="1997-01-01", holdout_end="1997-01-09")


def test_a_netted_refund_in_the_holdout_is_no_purchase():
    log = pd.DataFrame(
        {"customer_id": "a", "date": ["1997-01-01", "1997-01-08", "1997-01-09"], "value": [5.0, 7.0, -5.0]}
    )
    split = split_holdout(log, calibration_end="1997-01-07", holdout_end="1997-01-09", refunds="net")
    assert split.holdout.loc["a"].tolist() == [1, 7]


def test_days_that_all_come_to_nothing_are_refused():
    log = pd.DataFrame({"customer_id": "a", "date": "1997-01-01", "value": [5.0, -6.0]})
    with pytest.raises(InvalidTransactions, match="every day comes to zero or less after refunds"):
        rfm_summary(log, refunds="net")
