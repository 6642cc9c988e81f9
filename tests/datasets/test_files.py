"""The data that come with lifetimes, as they were published."""

import importlib.util
import sys

import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow, load_cdnow_summary, load_donations


@pytest.mark.parametrize(("full", "customers", "rows"), [(False, 2357, 6919), (True, 23_570, 69_659)])
def test_cdnow_has_the_published_size(full, customers, rows):
    log = load_cdnow(full=full)
    assert (log["customer_id"].nunique(), len(log)) == (customers, rows)
    assert log.dtypes.astype(str).tolist()[::2] == ["int64", "float64"]


def test_the_dates_of_cdnow_are_days_from_january_1997_to_june_1998():
    date = load_cdnow(full=True)["date"]
    assert (date.min(), date.max()) == (pd.Timestamp("1997-01-01"), pd.Timestamp("1998-06-30"))
    assert (date == date.dt.normalize()).all()


def test_the_sample_of_cdnow_is_part_of_the_full_file():
    columns = ["customer_id", "date", "value"]
    full = load_cdnow(full=True)
    sample = load_cdnow().sort_values(columns).reset_index(drop=True)
    same = full[full["customer_id"].isin(sample["customer_id"])].sort_values(columns).reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, same)


def test_the_published_summary_of_cdnow_is_in_weeks():
    rfm = load_cdnow_summary()
    assert rfm.time_unit == "week"
    assert rfm.frame.loc[1, ["frequency", "recency", "T", "monetary_value"]].tolist() == [2, 30.43, 38.86, 22.35]
    assert rfm.frame["frequency"].sum() == 2457


def test_the_donations_are_those_of_11104_people():
    donations = load_donations()
    assert donations.columns.tolist() == ["frequency", "recency", "T", "count"]
    assert donations["count"].sum() == 11_104
    assert set(donations["T"]) == {6}


def test_each_call_gives_a_table_of_its_own():
    log = load_cdnow()
    log["value"] = 0.0
    assert load_cdnow()["value"].sum() > 0


def test_lifetimes_is_not_imported_to_find_its_files():
    load_cdnow()
    assert "lifetimes.datasets" not in sys.modules


def test_a_missing_lifetimes_package_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install lifetimes"):
        load_donations()
