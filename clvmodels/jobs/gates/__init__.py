"""Checks that a candidate has to pass before it is published: values in, checks out, nothing is read or written."""

from clvmodels.jobs.gates.backtest import PUBLISHED, SIMPLE, backtest_checks, held_out_checks
from clvmodels.jobs.gates.continuity import freshness_check, known_customers_check
from clvmodels.jobs.gates.data import data_checks
from clvmodels.jobs.gates.fit import fit_checks
from clvmodels.jobs.gates.golden import golden_batch, golden_check
from clvmodels.jobs.gates.moved import Models, drift_checks

__all__ = [
    "PUBLISHED",
    "SIMPLE",
    "Models",
    "backtest_checks",
    "data_checks",
    "drift_checks",
    "fit_checks",
    "freshness_check",
    "golden_batch",
    "golden_check",
    "held_out_checks",
    "known_customers_check",
]
