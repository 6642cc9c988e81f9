"""A backtest as JSON."""

import json

import pytest

from clvmodels.evaluation.export import to_json_dict


def test_the_figures_come_back_from_json(cdnow):
    plain = json.loads(json.dumps(to_json_dict(cdnow), allow_nan=False))
    assert plain["customers"] == 2357
    assert (plain["calibration_end"], plain["holdout_end"]) == ("1997-09-30", "1998-06-30")
    assert plain["time_unit"] == "week"
    assert plain["notes"] == []
    assert len(plain["metrics"]) == len(cdnow.metrics)
    for row, figure in zip(plain["metrics"], cdnow.metrics["value"], strict=True):
        assert {"forecaster", "target", "metric", "value"} <= set(row)
        assert row["value"] is None or row["value"] == figure


@pytest.mark.parametrize(
    ("forecaster", "metric"), [("as_before", "coverage_90"), ("multiplicative_population", "spearman")]
)
def test_what_does_not_apply_is_null(cdnow, forecaster, metric):
    rows = to_json_dict(cdnow)["metrics"]
    found = [row["value"] for row in rows if (row["forecaster"], row["metric"]) == (forecaster, metric)]
    assert found == [None, None]


def test_the_reason_for_a_missing_forecast_is_given(one_timers):
    assert to_json_dict(one_timers)["notes"] == one_timers.notes
    assert "no forecast of spend" in one_timers.notes[0]
