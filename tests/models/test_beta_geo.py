"""The fit of BG/NBD: published estimates, invariances, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.inference.density import posterior_and_gradient
from clvmodels.models.beta_geo import BetaGeo

PUBLISHED = [0.2425945, 4.4136019, 0.7929199, 2.4258881]


def maximum_likelihood(rfm):
    return clv.BetaGeo(priors=clv.BetaGeoPriors.flat()).fit(rfm, method="map", random_seed=1)


def test_maximum_likelihood_estimates_of_the_cdnow_sample_are_the_published_ones(cdnow):
    assert maximum_likelihood(cdnow).summary()["mean"].to_numpy() == pytest.approx(PUBLISHED, rel=1e-3)


def test_maximum_likelihood_estimates_of_full_cdnow_are_those_of_clvtools():
    transactions = clv.datasets.load_cdnow(full=True)
    rfm = clv.rfm_summary(transactions, time_unit="week", observation_end="1997-09-30")
    published = [0.2516238, 4.788941, 0.7234296, 2.161077]
    assert maximum_likelihood(rfm).summary()["mean"].to_numpy() == pytest.approx(published, rel=1e-3)


def test_log_likelihood_of_the_cdnow_sample_is_the_published_one(cdnow):
    frame = cdnow.frame
    values = beta_geo.log_likelihood(BetaGeoParams(*PUBLISHED), frame["frequency"], frame["recency"], frame["T"])
    assert values.sum() == pytest.approx(-9582.4292, rel=1e-6)


def test_posterior_of_the_cdnow_sample_is_the_one_that_nuts_finds(purchases):
    table = purchases.summary()
    assert table.loc["r", "mean"] == pytest.approx(0.243, abs=0.003)
    assert table.loc["r", "sd"] == pytest.approx(0.0126, rel=0.1)
    assert table.loc["alpha", "mean"] == pytest.approx(4.43, abs=0.1)
    assert table.loc["alpha", "sd"] == pytest.approx(0.38, rel=0.1)
    assert purchases.diagnostics.method == "importance"
    assert purchases.diagnostics.converged


def test_the_likelihood_in_the_graph_holds_for_a_customer_who_buys_every_hour(cdnow):
    """Two hundred purchases at most keep exp(-(r + x) log(alpha + T)) above the smallest number."""
    often = pd.DataFrame(
        {"frequency": [3000], "recency": [38.0], "T": [39.0]}, index=pd.Index([-1], name="customer_id")
    )
    frame = pd.concat([cdnow.frame[["frequency", "recency", "T"]], often])
    rfm = clv.RFM.from_frame(frame, time_unit="week")
    graph = BetaGeo.graph(rfm.compressed(), clv.BetaGeoPriors.flat().for_data(rfm.compressed()))
    value, gradient = posterior_and_gradient(graph)(np.array([np.log(0.3), np.log(5.0), 0.0, np.log(3.0)]))
    params = BetaGeoParams(0.3, 5.0, 1.5, 1.5)
    exact = beta_geo.log_likelihood(params, frame["frequency"], frame["recency"], frame["T"]).sum()
    assert value == pytest.approx(exact, rel=1e-9)
    assert np.all(np.isfinite(gradient))
    assert clv.BetaGeo().fit(rfm, random_seed=1).diagnostics.method == "importance"


@pytest.mark.parametrize("time_unit", ["day", "month"])
def test_a_year_and_a_half_of_full_cdnow_needs_no_nuts(time_unit):
    """From the initial point a first long step leads where nothing is a number."""
    rfm = clv.rfm_summary(clv.datasets.load_cdnow(full=True), time_unit=time_unit, observation_end="1998-06-30")
    assert clv.BetaGeo().fit(rfm, random_seed=1).diagnostics.method == "importance"


def test_the_graph_and_the_closed_form_are_the_same_likelihood(cdnow):
    priors = clv.BetaGeoPriors.flat().for_data(cdnow.compressed())
    value, _ = posterior_and_gradient(BetaGeo.graph(cdnow.compressed(), priors))(
        np.array([np.log(0.3), np.log(5.0), 0.0, np.log(3.0)])
    )
    frame = cdnow.frame
    params = BetaGeoParams(0.3, 5.0, 1.5, 1.5)
    exact = beta_geo.log_likelihood(params, frame["frequency"], frame["recency"], frame["T"]).sum()
    assert value == pytest.approx(exact, rel=1e-12)


def test_days_and_weeks_give_the_same_predictions(cdnow):
    in_days = clv.rfm_summary(clv.datasets.load_cdnow(), time_unit="day", observation_end="1997-09-30")
    weeks = clv.BetaGeo().fit(cdnow, random_seed=1).expected_purchases(cdnow, horizon=39)
    days = clv.BetaGeo().fit(in_days, random_seed=1).expected_purchases(in_days, horizon=273)
    assert days.to_numpy() == pytest.approx(weeks.to_numpy(), rel=1e-4)


def test_the_posterior_covers_the_parameters_that_made_the_data():
    truth = BetaGeoParams(0.8, 6.0, 1.2, 3.0)
    data = clv.datasets.simulate_rfm(customers=4000, length=52, purchases=truth, random_seed=5)
    table = clv.BetaGeo().fit(data, random_seed=1).summary(interval=0.99)
    assert np.all((table["lower"] < list(truth)) & (list(truth) < table["upper"]))


def test_the_same_seed_gives_the_same_posterior(cdnow, purchases):
    assert clv.BetaGeo().fit(cdnow, random_seed=1).samples.equals(purchases.samples)


def test_the_order_of_the_customers_does_not_matter_to_the_fit(cdnow, purchases):
    shuffled = cdnow.select(cdnow.frame.index[::-1])
    assert clv.BetaGeo().fit(shuffled, random_seed=1).samples.equals(purchases.samples)


def test_a_fit_without_a_seed_keeps_the_one_that_was_drawn(cdnow):
    posterior = clv.BetaGeo().fit(cdnow)
    again = clv.BetaGeo().fit(cdnow, random_seed=posterior.random_seed)
    assert again.samples.equals(posterior.samples)


def test_any_prior_may_be_replaced(cdnow):
    narrow = clv.Prior("LogNormal", mu=float(np.log(0.5)), sigma=0.001)
    table = clv.BetaGeo(priors=clv.BetaGeoPriors(r=narrow)).fit(cdnow, random_seed=1).summary()
    assert table.loc["r", "mean"] == pytest.approx(0.5, abs=0.01)


def test_customers_without_any_repeat_purchase_can_be_fitted(cdnow):
    once = cdnow.select(cdnow.frame["frequency"] == 0)
    posterior = clv.BetaGeo().fit(once, random_seed=1)
    answers = posterior.expected_purchases(once, horizon=39)
    assert posterior.diagnostics.converged
    assert np.all(np.isfinite(answers))
    assert answers["mean"].max() < 0.1


def test_a_likelihood_without_a_maximum_is_refused_with_the_remedy(cdnow):
    once = cdnow.select(cdnow.frame["frequency"] == 0)
    with pytest.raises(clv.FitFailed, match="proper priors"):
        maximum_likelihood(once)


def test_the_transactions_in_place_of_an_rfm_are_refused_with_the_remedy():
    with pytest.raises(clv.InvalidArgument, match=r"this is a DataFrame; make one with clv.rfm_summary"):
        clv.BetaGeo().fit(clv.datasets.load_cdnow())


@pytest.mark.parametrize("seed", [-1, 1.5, True, "a"])
def test_a_seed_that_is_no_whole_number_is_refused(cdnow, seed):
    with pytest.raises(clv.InvalidArgument, match="random_seed"):
        clv.BetaGeo().fit(cdnow, random_seed=seed)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_given_parameters_must_be_positive(wrong):
    with pytest.raises(clv.InvalidArgument, match=r"\['a'\] must be positive"):
        clv.BetaGeo.at(r=1, alpha=1, a=wrong, b=1, time_unit="week")


def test_customers_who_were_never_observed_after_their_first_purchase_are_refused():
    new = clv.RFM.from_frame(
        pd.DataFrame({"customer_id": ["a", "b"], "frequency": 0, "recency": 0.0, "T": 0.0}), time_unit="week"
    )
    with pytest.raises(clv.InvalidRFM, match="T is 0 for every customer"):
        clv.BetaGeo().fit(new)


def test_one_customer_can_be_fitted():
    one = clv.RFM.from_frame(
        pd.DataFrame({"customer_id": ["a"], "frequency": [3], "recency": [10.0], "T": [20.0]}), time_unit="week"
    )
    assert np.all(np.isfinite(clv.BetaGeo().fit(one, random_seed=1).expected_purchases(one, horizon=10)))
