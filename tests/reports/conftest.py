"""A small real backtest of customers whose ids try to break a page."""

from dataclasses import replace

import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, SimpleFormula
from clvmodels.evaluation.bayesian import BetaGeoGammaGamma
from clvmodels.evaluation.rolling import rolling_backtest
from clvmodels.evaluation.scores import scores as scores_of
from clvmodels.reports.build import build_report

CUSTOMERS = ["<script>alert(1)</script>", "\"quoted\" & 'so'", "אבג \N{GRINNING FACE}", "x" * 300, "$x$"]
FORECASTERS = (BetaGeoGammaGamma(draws=200), SimpleFormula(), AsBefore())
PERIODS = {"calibration_end": "2020-10-01", "holdout_end": "2021-03-31"}


@pytest.fixture(scope="session")
def log():
    """Forty customers; the five who buy most have the ids."""
    table = simulate_transactions(customers=40, length=68, random_seed=1)
    best = table["customer_id"].value_counts().index[: len(CUSTOMERS)]
    names = dict(zip(best, CUSTOMERS, strict=True))
    return table.assign(customer_id=[names.get(customer, f"c{customer}") for customer in table["customer_id"]])


@pytest.fixture(scope="session")
def result(log):
    segments = {
        customer: "<b>web</b>" if place % 2 else "shop" for place, customer in enumerate(set(log["customer_id"]))
    }
    return backtest(log, forecasters=FORECASTERS, segments=segments, acquisition_rate=0.5, random_seed=1, **PERIODS)


@pytest.fixture(scope="session")
def purchases_alone(log):
    """The same without amounts, and without the simple formula."""
    forecasters = [FORECASTERS[0], FORECASTERS[2]]
    return backtest(log.drop(columns="value"), forecasters=forecasters, value=None, random_seed=1, **PERIODS)


@pytest.fixture(scope="session")
def rolling(log):
    origins = ["2020-10-01", "2020-12-01"]
    return rolling_backtest(log, origins=origins, horizon=12, forecasters=FORECASTERS, random_seed=1)


@pytest.fixture(scope="session")
def criticism(result):
    return result.criticism()


@pytest.fixture(scope="session")
def scores(result):
    return scores_of(result)


@pytest.fixture(scope="session")
def report(result, scores, criticism, rolling):
    return build_report(result, scores, criticism=criticism, rolling=rolling)


@pytest.fixture
def with_total(result):
    """A copy of the result whose totals are made up."""

    def changed(**columns):
        table = result.totals().assign(**columns)
        copy = replace(result)
        object.__setattr__(copy, "totals", lambda by=None: table)
        return copy

    return changed
