"""What holds for every registered model of spend."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.compiled import events
from clvmodels.models.outcomes import Events
from tests.properties.conftest import DRAWS, LOG, assert_same_draws, customers_for, graph_values, tight_priors

QUANTITIES = ("expected_average_spend", "predictive_spend")
NAMES = ("monetary_value", "first_value", "total_value")


def drawn(posterior, rfm, quantity):
    """Draws (customers, draws) of a quantity."""
    return posterior.draws(quantity, rfm).to_numpy()[0].T


def some(rfm, number=40):
    return rfm.select(rfm.frame.index[:: len(rfm) // number])


def assert_mean_zero(differences):
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    assert abs(differences.mean()) < 4.5 * error


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_neither_order_nor_the_other_customers_matter(spent, quantity):
    rfm = some(spent.rfm)
    every = drawn(spent.posterior, rfm, quantity)
    assert np.array_equal(drawn(spent.posterior, rfm.select(rfm.frame.index[::-1]), quantity)[::-1], every)
    assert np.array_equal(drawn(spent.posterior, rfm.select(rfm.frame.index[7:9]), quantity), every[7:9])


def test_the_order_of_the_customers_does_not_matter_to_the_fit(spent):
    # All that a fit sees.
    turned = spent.rfm.select(spent.rfm.frame.index[::-1])
    pd.testing.assert_frame_equal(spent.posterior.counts(turned), spent.posterior.counts(spent.rfm))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_one_thread_and_two_give_the_same(spent, quantity, monkeypatch):
    found = []
    for threads in "12":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(drawn(spent.posterior, spent.rfm, quantity))
    assert np.array_equal(*found)


def test_neither_time_unit_nor_currency_matters(spent):
    log = LOG.assign(value=100 * LOG["value"])
    rfm = customers_for(spent.model, log, time_unit="day")
    cents = drawn(spent.fit(rfm), rfm, QUANTITIES[0]).mean(axis=1)
    assert cents / 100 == pytest.approx(drawn(spent.posterior, spent.rfm, QUANTITIES[0]).mean(axis=1), rel=2e-3)


def test_customers_alike_are_counted_as_one(spent):
    frame = spent.rfm.frame
    twice = pd.concat([frame, frame.set_axis(-frame.index - 1)])
    counts = spent.posterior.counts(replace(spent.rfm, frame=twice))
    assert counts["count"].sum() == 2 * spent.posterior.fitted(spent.rfm).sum()
    assert counts.assign(count=counts["count"] // 2).equals(spent.posterior.counts(spent.rfm))


@pytest.mark.parametrize("loops", [False, True])
def test_log_likelihoods_of_the_customers_add_up_to_that_of_the_graph(spent, loops):
    each = spent.posterior.log_likelihood(spent.rfm).array()
    fitted = spent.posterior.fitted(spent.rfm)
    assert np.array_equal(np.isfinite(each).all(axis=0), fitted)
    found = each[:3, fitted].sum(axis=1)
    values = graph_values(spent, loops=loops)
    # What depends on the data alone may be left out of the graph.
    assert np.diff(found) == pytest.approx(np.diff(values), rel=1e-6, abs=1e-6)


def test_drawn_purchases_are_worth_what_is_expected(spent):
    difference = drawn(spent.posterior, spent.rfm, QUANTITIES[1]) - drawn(spent.posterior, spent.rfm, QUANTITIES[0])
    assert_mean_zero(difference.sum(axis=0))


def test_a_customers_purchases_share_one_mean(spent):
    rows, number = some(spent.rfm, 100), 30
    posterior = spent.posterior
    offsets = np.arange(len(rows) * DRAWS + 1) * number
    outcomes = clv.BetaGeo.at(r=1, alpha=1, a=1, b=1, time_unit="week").outcomes(rows, random_seed=5)
    amounts = posterior.amounts(outcomes, rows)(slice(0, len(rows)), Events(offsets, np.zeros(offsets[-1])))
    each = amounts.reshape(len(rows), DRAWS, number)
    assert_mean_zero((each.mean(axis=2) - drawn(posterior, rows, QUANTITIES[0])).sum(axis=0))
    # Means of thirty differ by more than their members would have them.
    assert each.mean(axis=2).std() > 1.5 * each.std(axis=2).mean() / np.sqrt(number)


def test_a_new_customer_spends_what_the_population_does(spent):
    posterior = spent.posterior
    new = clv.RFM.new_customer(spent.rfm.time_unit)
    assert drawn(posterior, new, QUANTITIES[0])[0] == pytest.approx(posterior.newcomer(), rel=1e-9)
    streams = events.new_streams(np.uint64(3), 0, DRAWS, events.NEW, 1)
    won, each = 300, 2
    amounts, states = posterior.new_amounts(
        posterior.at_draws(), streams, np.arange(DRAWS + 1) * won, np.arange(DRAWS * won + 1) * each
    )
    assert states.shape == (DRAWS * won, 4)
    assert_mean_zero(amounts.reshape(DRAWS, -1).mean(axis=1) - posterior.newcomer())


def test_tables_have_ends_around_the_mean(spent):
    posterior, rfm = spent.posterior, some(spent.rfm)
    for table in (posterior.expected_average_spend(rfm), posterior.predictive_spend(rfm)):
        assert table.index.equals(rfm.frame.index)
        assert np.isfinite(table).all(axis=None)
        assert np.all(table["lower"] <= table["upper"])
    assert np.isfinite(posterior.heterogeneity()).all(axis=None)
    assert all(np.all(values > 0) for values in posterior.population().values())
    assert all((posterior.label, posterior.caveats, posterior.terms))


def test_a_saved_posterior_gives_the_same_answers_to_the_last_bit(spent, tmp_path):
    again = clv.load_posterior(spent.posterior.save(tmp_path / "spend.nc"))
    assert type(again) is type(spent.posterior)
    assert again.priors == spent.posterior.priors
    for quantity in QUANTITIES:
        assert np.array_equal(drawn(again, spent.rfm, quantity), drawn(spent.posterior, spent.rfm, quantity))


def test_priors_are_replaced(spent):
    priors, wanted = tight_priors(spent)
    model = replace(spent.model, priors=replace(spent.model.priors, **priors))
    found = spent.fit(spent.rfm, model).prior_draws()
    assert {name: found[name].mean() for name in wanted} == pytest.approx(wanted, rel=0.02)


def test_customers_without_amounts_are_refused(spent):
    bare = clv.RFM.from_frame(spent.rfm.frame[["frequency", "recency", "T"]], time_unit="week")
    for ask in (spent.model.fit, spent.posterior.expected_average_spend, spent.posterior.log_likelihood):
        with pytest.raises(clv.InvalidRFM, match="the RFM has no .*make it"):
            ask(bare)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e9, 1e250])
def test_rows_that_cannot_be_are_refused_with_the_name_of_the_column(spent, wrong):
    frame = spent.rfm.frame
    for name in {*spent.posterior.statistics, *NAMES}:
        column = frame[name].astype(float)
        column.iloc[3] = wrong
        with pytest.raises(clv.InvalidRFM, match=name):
            clv.RFM.from_frame(frame.assign(**{name: column}), time_unit="week")


def test_one_price_for_all_is_answered_with_it(spent, recwarn):
    rfm = customers_for(spent.model, LOG.assign(value=9.5).drop_duplicates(["customer_id", "date"]).pipe(one_a_day))
    fitted = spent.model.fit(rfm, random_seed=1)
    assert not [warning for warning in recwarn if issubclass(warning.category, clv.FitWarning)]
    assert fitted.diagnostics.converged
    for customers in (rfm, clv.RFM.new_customer("week")):
        assert fitted.expected_average_spend(customers).to_numpy() == pytest.approx(9.5, rel=5e-3)
        assert fitted.predictive_spend(customers)["mean"].to_numpy() == pytest.approx(9.5, rel=5e-3)


def one_a_day(log):
    return log.assign(date=pd.to_datetime(log["date"]).dt.normalize()).drop_duplicates(["customer_id", "date"])


def test_half_of_the_orders_free_leaves_the_total_where_it_is(spent):
    rng = np.random.default_rng(2)
    log = one_a_day(clv.datasets.simulate_transactions(customers=2000, length=60, random_seed=2))
    log["value"] = np.where(rng.random(len(log)) < 0.5, 0.0, log["value"])
    rfm = customers_for(spent.model, log, "2021-02-20")
    with warnings.catch_warnings():
        # Of customers whom a model has no place for.
        warnings.simplefilter("ignore", clv.DataWarning)
        fitted = spent.model.fit(rfm, random_seed=1)
    number = rfm.frame["frequency"] + 1
    spend = fitted.expected_average_spend(rfm)["mean"]
    assert (number * spend).sum() == pytest.approx(number.sum() * log["value"].mean(), rel=0.03)


@pytest.mark.calibration
@pytest.mark.parametrize("log", [clv.datasets.load_cdnow, lambda: LOG.head(60)], ids=["CDNOW", "60 purchases"])
def test_importance_sampling_equals_nuts(spent, log):
    rfm = customers_for(spent.model, log(), None)
    auto, nuts = (spent.model.fit(rfm, method=how, draws=4000, random_seed=1) for how in ("auto", "nuts"))
    assert_same_draws(auto.prior_draws(), nuts.prior_draws())
