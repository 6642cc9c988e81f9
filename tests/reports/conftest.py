"""A small real backtest of customers whose ids try to break a page."""

import json
from dataclasses import replace

import html5lib
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, SimpleFormula
from clvmodels.evaluation.registry import textbook
from clvmodels.evaluation.rolling import rolling_backtest
from clvmodels.evaluation.scores import scores as scores_of
from clvmodels.reports.build import build_report
from clvmodels.reports.outlook import look_ahead
from clvmodels.reports.render import render
from clvmodels.reports.terms import Terms

CUSTOMERS = ["<script>alert(1)</script>", "\"quoted\" & 'so'", "אבג \N{GRINNING FACE}", "x" * 300, "$x$", "a|b `c`\nd"]
FORECASTERS = (textbook(draws=100), SimpleFormula(), AsBefore())
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
    origins = ["2020-04-15", "2020-06-15"]
    return rolling_backtest(log, origins=origins, horizon=8, forecasters=FORECASTERS, random_seed=1)


@pytest.fixture(scope="session")
def ahead(result):
    return look_ahead(result, Terms(currency="EUR", margin=0.5, annual_discount_rate=0.1))


@pytest.fixture(scope="session")
def criticism(ahead):
    return ahead.criticism


@pytest.fixture(scope="session")
def scores(result):
    return scores_of(result)


@pytest.fixture(scope="session")
def report(result, ahead, rolling):
    return build_report(result, ahead, rolling=rolling)


@pytest.fixture(scope="session")
def purchases_ahead(purchases_alone):
    return look_ahead(purchases_alone, Terms())


@pytest.fixture(scope="session")
def without_amounts(purchases_alone, purchases_ahead):
    return build_report(purchases_alone, purchases_ahead)


@pytest.fixture(scope="session")
def plain(report):
    """What the JSON file says."""
    return json.loads(render(report, format="json"), parse_constant=pytest.fail)


@pytest.fixture(scope="session")
def page(report):
    """The tree of the page, by a parser that takes no mistake."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(render(report))


@pytest.fixture
def with_total(result):
    """A copy of the result whose totals are made up."""

    def changed(**columns):
        table = result.totals().assign(**columns)
        copy = replace(result)
        object.__setattr__(copy, "totals", lambda by=None: table)
        return copy

    return changed
