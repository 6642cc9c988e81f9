"""Why a check matters: said of every check that the gates can make, and of no other."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import load_cdnow_summary
from clvmodels.evaluation.baselines import SimpleFormula
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.jobs import gates as all_gates
from clvmodels.jobs.gates import (
    Models,
    backtest_checks,
    data_checks,
    drift_checks,
    fit_checks,
    freshness_check,
    golden_check,
    known_customers_check,
)
from clvmodels.jobs.gates.advice import WHY, report_check
from clvmodels.jobs.gates.judged import judged, not_applicable
from clvmodels.jobs.manifest import DataFacts
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma

GOOD = {"converged": True, "effective_sample_size": 900.0}
WEIGHED, CHAINED = Diagnostics(method="importance", k_hat=0.1, **GOOD), Diagnostics(method="nuts", r_hat=1.0, **GOOD)
DAYS: dict[str, Any] = {"first_purchase": dt.date(2025, 1, 1), "observation_end": dt.date(2025, 2, 28)}


@pytest.fixture(scope="module")
def models():
    many = np.full(200, 0.25)
    purchases = BetaGeo.at(r=many, alpha=4 + many, a=many, b=many, time_unit="week", random_seed=1)
    spend = GammaGamma.at(p=16 * many, q=16 * many, v=16 * many, time_unit="week", random_seed=1)
    return Models(purchases=purchases, spend=spend)


@pytest.fixture(scope="module")
def checks(gates, models, split, off_by, tried):
    """One of every kind, each made by its gate."""
    history = pd.DataFrame({"customer_id": range(59), "date": pd.date_range("2025-01-01", "2025-02-28"), "value": 9.0})
    facts = DataFacts(fingerprint="", rows=59, customers=59, repeat_customers=0, purchases=59, spend=531.0, **DAYS)
    then = pd.DataFrame({"frequency": [2], "recency": [30.4], "T": [38.9]}, index=["ann"])
    scores = pd.DataFrame({"customer_id": ["ann"], "expected_purchases_mean": [1.0]})
    halves = split.calibration.frame.index.to_series().mod(2).map({0: "web", 1: "shop"})
    segmented = replace(split, calibration=split.calibration.assign(segment=halves))
    result = tried(off_by(0.0, spread=0.3), off_by(2.0, "published"), SimpleFormula(), split=segmented)
    fits = [(replace(models.purchases, diagnostics=found), models.spend) for found in (WEIGHED, CHAINED)]
    rfm = load_cdnow_summary()
    return [
        *data_checks(facts, history, gates, last=facts),
        *(check for fit in fits for check in fit_checks(*fit, gates)),
        *drift_checks(models, models, rfm.select(rfm.frame.index[::20]), gates, horizon=13),
        *backtest_checks(result, gates, ["rmse"]),
        *golden_check(scores, scores, gates),
        freshness_check(history, dt.date(2025, 3, 1), gates),
        known_customers_check(then, then, gates, end=dt.date(2025, 1, 1)),
    ]


def test_of_every_check_it_is_said_why_and_of_what_is_never_made_nothing(checks):
    said = {report_check(check).why for check in checks}
    assert said == set(WHY.values())


def test_every_check_that_the_gates_docstrings_name_is_made(checks):
    told = "".join((getattr(all_gates, name).__doc__ or "").partition("Returns")[2] for name in all_gates.__all__)
    names = [check.name for check in checks]
    assert len(names) > 30
    assert {name for name in names if name in told} >= {
        "rows",
        "activity",
        "divergences_purchases",
        "bias_purchases_web",
    }
    for start in WHY:
        assert start in told, f"no gate says that it makes {start}"


def test_what_can_be_done_is_said_once_and_of_a_check_that_held_as_well():
    for held, verdict in ((True, "passed"), (False, "failed")):
        check = judged("rows", 3, 100, held=held, found="There are 3 rows.", remedy="Load the log again.")
        shown = report_check(check)
        assert (shown.verdict, shown.found, shown.remedy) == (verdict, "There are 3 rows.", "Load the log again.")


def test_a_check_that_does_not_apply_says_why_it_does_not(gates):
    shown = report_check(not_applicable("spend_history", "No version is published yet."))
    assert (shown.name, shown.found, shown.remedy) == ("spend history", "No version is published yet.", "")
    assert shown.why == WHY["spend_history"]


def test_a_fit_that_said_nothing_of_itself_has_a_remedy_that_can_be_read(models, gates):
    checks = {check.name: check for check in fit_checks(models.purchases, None, gates)}
    remedy = checks["converged_purchases"].remedy
    assert remedy.startswith("Retrain with model.method = 'nuts'")
