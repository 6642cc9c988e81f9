"""The models of a pool side by side, in the section on the customers."""

from dataclasses import replace

import pytest

import clvmodels as clv
from clvmodels.evaluation.registry import textbook
from clvmodels.reports.outlook import look_ahead
from clvmodels.reports.sections.customers import customers_today, disagreement
from clvmodels.reports.terms import Terms

PARAMETERS = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 2.0, "time_unit": "week"}


@pytest.fixture(scope="module")
def pooled(ahead):
    """The outlook with a pool of two models at given parameters in place of the fitted one."""
    pool = clv.Pool.of([clv.BetaGeo.at(**PARAMETERS), clv.ModifiedBetaGeo.at(**PARAMETERS)], draws=200)
    return replace(ahead, fitted=replace(ahead.fitted, purchases=pool, spend=None))


def test_a_single_model_has_nothing_beside_it(ahead):
    assert disagreement(ahead) == ()


def test_each_model_and_the_pool_have_a_row(pooled):
    (part,) = disagreement(pooled)
    (table,) = part.tables
    found = pooled.side_by_side
    assert [row[0] for row in table.rows] == ["BG/NBD", "MBG/NBD", "pool"]
    for model, alive, expected, interval, top in table.rows:
        assert alive == found.loc[(model, "alive"), "mean"]
        assert expected == found.loc[(model, "expected_purchases"), "mean"]
        assert interval == tuple(found.loc[(model, "expected_purchases"), ["lower", "upper"]])
        assert 0.1 <= top <= 1


def test_the_pools_forecast_is_the_average_of_its_models(pooled):
    one, other, both = (row[2] for row in disagreement(pooled)[0].tables[0].rows)
    assert both == pytest.approx((one + other) / 2)


def test_other_models_of_the_backtest_stand_beside_the_one_under_test(ahead):
    two = replace(ahead, beside=[clv.ModifiedBetaGeo.at(**PARAMETERS)])
    (part,) = disagreement(two)
    assert [row[0] for row in part.tables[0].rows] == ["BG/NBD", "MBG/NBD"]
    assert "that of the first model" in part.paragraphs[0]
    # Each with the customers' own expectation, as it answers alone.
    alone = two.beside[0].expected_purchases(ahead.rfm, horizon=ahead.horizon)["mean"].sum()
    assert part.tables[0].rows[1][2] == pytest.approx(alone)


def test_the_textbook_model_of_a_backtest_is_fitted_to_the_customers_of_today():
    log = clv.datasets.simulate_transactions(customers=100, length=60, random_seed=1)
    cut = {"calibration_end": "2020-10-01", "holdout_end": "2021-02-01", "past_errors": False, "value": None}
    models = [clv.ModelForecaster(purchases=clv.ModifiedBetaGeo(), draws=100), textbook(draws=100)]
    (beside,) = look_ahead(clv.backtest(log, **cut, forecasters=models), Terms()).beside
    assert (beside.label, beside.draw_count) == ("BG/NBD", 100)


def test_it_stands_in_the_section_on_the_customers(pooled):
    assert "What the models disagree on" in [part.title for part in customers_today(pooled).parts]
