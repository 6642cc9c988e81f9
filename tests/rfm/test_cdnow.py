"""CDNOW, against the published figures."""

import numpy as np
import pytest

from clvmodels.datasets import load_cdnow, load_cdnow_summary
from clvmodels.rfm import rfm_summary, split_holdout


@pytest.fixture(scope="module")
def split():
    return split_holdout(load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30")


def test_the_calibration_has_the_published_customers_and_purchases(split):
    frequency = split.calibration.frame["frequency"]
    assert (len(frequency), frequency.sum(), (frequency > 0).sum()) == (2357, 2457, 946)


def test_the_holdout_has_the_published_purchases_and_spend(split):
    assert split.horizon == 39
    assert split.holdout["purchases"].sum() == 1882
    assert split.holdout["value"].sum() == pytest.approx(70_976, abs=1)
    assert split.new_customers == 0


def test_the_39_weeks_of_the_holdout_add_up(split):
    assert split.periods["end"].tolist() == list(range(1, 40))
    assert split.periods[["purchases", "value"]].sum().tolist() == pytest.approx([1882, split.holdout["value"].sum()])


def test_every_customer_is_as_in_the_published_summary(split):
    # The summary is printed to two decimals and numbered otherwise: compare the sorted rows.
    columns = ["frequency", "recency", "T", "monetary_value"]
    published = np.array(sorted(load_cdnow_summary().frame[columns].to_numpy().tolist()))
    found = np.array(sorted(split.calibration.frame[columns].round(2).to_numpy().tolist()))
    np.testing.assert_allclose(found, published, atol=0.0101)


def test_the_full_file_has_all_customers():
    assert len(rfm_summary(load_cdnow(full=True), observation_end="1997-09-30")) == 23_570
