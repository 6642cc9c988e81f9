"""Drawings of an evaluation that came back from JSON."""

import json

import pytest

import clvmodels as clv
from clvmodels.evaluation.export import to_json_dict
from clvmodels.jobs.tracking.figures import evaluation_figures


@pytest.fixture(scope="module")
def evaluation():
    log = clv.datasets.simulate_transactions(customers=200, random_seed=1)
    middle, end = log["date"].quantile([0.6, 1.0]).dt.date
    found = clv.backtest(
        log,
        calibration_end=middle,
        holdout_end=end,
        forecasters=clv.named_forecasters(["bg_nbd_gamma_gamma", "as_before"]),
    )
    return json.loads(json.dumps(to_json_dict(found), allow_nan=False))


def test_each_is_an_svg_under_its_name(evaluation):
    drawn = evaluation_figures(evaluation)
    assert {"tracking", "reliability", "coverage_purchases", "coverage_value"} <= set(drawn)
    assert all(drawing.startswith("<?xml") for drawing in drawn.values())
    assert "weeks since the calibration end" in drawn["tracking"]


def test_what_is_missing_is_a_gap(evaluation):
    rows = [{**row, "as_before": None} for row in evaluation["tracking"]]
    assert evaluation_figures({**evaluation, "tracking": rows}).keys() == evaluation_figures(evaluation).keys()


def test_a_table_that_is_not_there_is_not_drawn(evaluation):
    assert evaluation_figures({}) == {}
    assert "coverage_value" not in evaluation_figures({**evaluation, "coverage": {"value": []}})
