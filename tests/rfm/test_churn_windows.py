"""The two windows before the observation end, from which the simple formula estimates churn."""

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.rfm import rfm_summary

# The observation ends on day 28: with windows of 7 days, 14 to 21 is before and 22 to 28 is lately.
PURCHASES = {13: (False, False), 14: (True, False), 21: (True, False), 22: (False, True), 28: (False, True)}
START = pd.Timestamp("1997-01-01")


def on_days(days):
    return pd.DataFrame({"customer_id": days, "date": [START + pd.Timedelta(days=day) for day in days]})


def flags(rfm):
    return dict(
        zip(rfm.frame.index, rfm.frame[["active_before", "active_lately"]].itertuples(index=False), strict=True)
    )


@pytest.mark.parametrize(("unit", "window"), [("day", 7), ("week", 1), ("month", 7 / (365.25 / 12))])
def test_the_older_window_includes_both_its_ends_and_the_later_one_its_last_day(unit, window):
    log = on_days(list(PURCHASES))
    rfm = rfm_summary(
        log, value=None, time_unit=unit, churn_window=window, observation_end=START + pd.Timedelta(days=28)
    )
    assert flags(rfm) == PURCHASES
    assert rfm.churn_window == window


def test_a_window_of_half_days_ends_between_days():
    # (24.5, 28] and [21, 24.5]
    rfm = rfm_summary(on_days([20, 21, 24, 25, 28]), value=None, time_unit="day", churn_window=3.5)
    expected = {20: (False, False), 21: (True, False), 24: (True, False), 25: (False, True), 28: (False, True)}
    assert flags(rfm) == expected


def test_by_default_the_windows_halve_the_time_since_the_first_purchase():
    rfm = rfm_summary(on_days([8, 18, 19, 28]), value=None, time_unit="day")
    assert rfm.churn_window == 10
    assert flags(rfm) == {8: (True, False), 18: (True, False), 19: (False, True), 28: (False, True)}


def test_a_log_of_one_day_has_no_windows():
    rfm = rfm_summary(on_days([1, 1]), value=None)
    assert rfm.churn_window is None
    assert {"active_before", "active_lately"}.isdisjoint(rfm.frame.columns)


def test_a_window_longer_than_the_log_is_no_error():
    rfm = rfm_summary(on_days([1, 28]), value=None, churn_window=1e9)
    assert rfm.frame["active_lately"].all()


@pytest.mark.parametrize("window", [0, -1, float("nan"), float("inf")])
def test_a_window_without_a_length_is_refused(window):
    with pytest.raises(InvalidArgument, match="churn_window is .*; give a length in time units, above zero"):
        rfm_summary(on_days([1, 28]), value=None, churn_window=window)
