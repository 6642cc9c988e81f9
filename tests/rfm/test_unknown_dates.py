"""What was left out for want of a date is in the log of the summary, of the table and of a cut."""

import pandas as pd
import pytest

from clvmodels.rfm import rfm_summary, rfm_table, rolling_splits, split_holdout

LOG = pd.DataFrame(
    [
        ("a", "1997-01-01", 10.0),
        ("a", "1997-01-08", 30.0),
        ("b", "1997-01-08", 5.0),
        ("b", "soon", 7.0),
        ("c", None, 7.0),
        ("a", "1997-01-22", 20.0),
    ],
    columns=["customer_id", "date", "value"],
)
KNOWN = LOG.iloc[[0, 1, 2, 5]]
CUT = {"calibration_end": "1997-01-15", "holdout_end": "1997-01-22"}


def line(rfm, what="rows without a readable date"):
    return rfm.log.set_index("what").loc[what].tolist()


@pytest.mark.parametrize("summarise", [rfm_summary, rfm_table])
def test_the_log_counts_them_apart_from_the_rows_after_the_observation_end(summarise):
    rfm = summarise(LOG, unknown_dates="drop", observation_end="1997-01-15")
    assert rfm.log["what"].tolist()[:3] == ["rows", "rows without a readable date", "rows after the observation end"]
    assert rfm.log["count"].tolist()[:3] == [6, 2, 1]
    assert line(rfm) == [2, "left out"]


@pytest.mark.parametrize("choices", [{}, {"unknown_dates": "drop"}])
def test_the_log_says_that_there_were_none(choices):
    assert line(rfm_summary(KNOWN, **choices)) == [0, "none found"]


def test_refunds_are_treated_as_without_them():
    refund = pd.DataFrame({"customer_id": ["a", "a"], "date": ["1997-01-08", ""], "value": [-30.0, -99.0]})
    found = rfm_summary(pd.concat([LOG, refund]), unknown_dates="drop", refunds="net")
    expected = rfm_summary(pd.concat([KNOWN, refund.iloc[:1]]), refunds="net")
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert line(found, "refund rows") == [1, "added to their day"]


def test_they_are_in_neither_part_of_a_cut():
    found, expected = split_holdout(LOG, unknown_dates="drop", **CUT), split_holdout(KNOWN, **CUT)
    pd.testing.assert_frame_equal(found.calibration.frame, expected.calibration.frame)
    pd.testing.assert_frame_equal(found.holdout, expected.holdout)
    assert found.new_customers == expected.new_customers == 0
    assert line(found.calibration) == [2, "left out"]


def test_a_sliding_window_leaves_their_number_as_it_is():
    split = split_holdout(LOG, unknown_dates="drop", window=1.2, **CUT)
    assert split.calibration.log["count"].tolist()[:3] == [5, 2, 1]


def test_rolling_origins_read_text_once_without_them(tmp_path):
    path = tmp_path / "log.csv"
    LOG.to_csv(path, index=False)
    splits = rolling_splits(path, origins=["1997-01-09", "1997-01-15"], horizon=1, unknown_dates="drop")
    assert [line(split.calibration) for split in splits] == [[2, "left out"]] * 2
