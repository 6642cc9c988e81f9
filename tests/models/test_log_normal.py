"""The fit of log-normal spend and what it predicts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv

STATISTICS = ["free_purchases", "log_value_mean", "log_value_squares"]
TRUTH = {"median": 20.0, "sigma": 0.5, "omega": 0.6}


def rfm_of(amounts, *, T=10.0, unit="week"):
    """An RFM of customers, each a list of the amounts of all purchases."""
    logs = [np.log([value for value in each if value > 0]) for each in amounts]
    means = [each.mean() if len(each) else 0.0 for each in logs]
    x = np.array([len(each) - 1 for each in amounts])
    columns = {
        "customer_id": range(len(amounts)),
        "frequency": x,
        "recency": np.where(x > 0, 5.0, 0.0),
        "T": T,
        "monetary_value": [np.mean(each[1:]) if len(each) > 1 else 0.0 for each in amounts],
        "free_purchases": [len(each) - len(log) for each, log in zip(amounts, logs, strict=True)],
        "log_value_mean": means,
        "log_value_squares": [np.sum((log - mean) ** 2) for log, mean in zip(logs, means, strict=True)],
    }
    return clv.RFM.from_frame(pd.DataFrame(columns), time_unit=unit)


def simulated(customers=2000, *, free=0.0, scale=1.0, factor=1.0, seed=5):
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 0.1, customers)
    N = rng.poisson(10 * rate) + 1
    log_rate = np.log(N / 20)
    z = (log_rate - log_rate.mean()) / log_rate.std()
    theta = np.log(scale * TRUTH["median"]) + np.log(factor) * z + TRUTH["omega"] * rng.normal(size=customers)
    made = [np.exp(at + TRUTH["sigma"] * rng.normal(size=n)) for at, n in zip(theta, N, strict=True)]
    return rfm_of([np.where(rng.random(len(each)) < free, 0.0, each) for each in made])


@pytest.fixture(scope="module")
def rfm():
    return simulated(free=0.2)


@pytest.fixture(scope="module")
def spend(rfm):
    return clv.LogNormalSpend().fit(rfm, random_seed=1)


@pytest.fixture(scope="module")
def cdnow_statistics():
    return clv.rfm_summary(clv.datasets.load_cdnow(), observation_end="1997-09-30", statistics=STATISTICS)


def within(table, truth):
    return {name: table.loc[name, "lower"] <= value <= table.loc[name, "upper"] for name, value in truth.items()}


def test_the_posterior_covers_the_parameters_that_made_the_data(spend):
    assert spend.diagnostics.method == "importance"
    assert all(within(spend.summary(interval=0.99), TRUTH).values())
    c, d = (spend.samples[name].to_numpy() for name in "cd")
    assert (c / (c + d)).mean() == pytest.approx(0.2, abs=0.02)


def test_the_effect_of_the_rate_is_found():
    fit = clv.LogNormalSpend(rate_effect=True).fit(simulated(factor=1.25), random_seed=1)
    assert all(within(fit.summary(interval=0.99), {**TRUTH, "factor": 1.25}).values())


def test_the_effect_of_the_rate_is_nothing_where_there_is_none(rfm):
    fit = clv.LogNormalSpend(rate_effect=True).fit(rfm, random_seed=1)
    assert fit.summary(interval=0.99).loc["factor", ["lower", "upper"]].between(0.9, 1.1).all()


def test_a_new_customer_of_the_effect_spends_what_a_purchase_is_worth():
    data = simulated(8000, factor=1.25)
    fit = clv.LogNormalSpend(rate_effect=True).fit(data, random_seed=1)
    number = data.frame["frequency"] + 1
    expected = np.average(fit.expected_average_spend(data)["mean"], weights=number)
    new = clv.RFM.new_customer("week")
    assert fit.expected_average_spend(new)["mean"].item() == pytest.approx(expected, rel=0.02)
    assert fit.predictive_spend(new, random_seed=2)["mean"].item() == pytest.approx(expected, rel=0.1)


def test_half_of_the_orders_free_leave_the_spend_total_right():
    rng = np.random.default_rng(11)
    number = rng.poisson(0.5, 4000) + 1
    amounts = [np.where(rng.random(n) < 0.5, 0.0, rng.gamma(4.0, 15.0, n)) for n in number]
    data = rfm_of(amounts)
    fit = clv.LogNormalSpend().fit(data, random_seed=1)
    total = number @ fit.expected_average_spend(data)["mean"]
    assert total == pytest.approx(number.sum() * 30.0, rel=0.03)
    assert fit.newcomer().mean() == pytest.approx(30.0, rel=0.03)


@pytest.mark.parametrize("customers", [30, 2000])
def test_one_price_for_all_is_the_answer(customers):
    number = np.random.default_rng(0).poisson(1.5, customers) + 1
    data = rfm_of([np.full(n, 9.99) for n in number])
    fit = clv.LogNormalSpend().fit(data, random_seed=1)
    assert fit.diagnostics.method == "importance"
    assert fit.expected_average_spend(data)["mean"].to_numpy() == pytest.approx(9.99, rel=0.3 / customers + 1e-4)
    assert fit.predictive_spend(data)[["lower", "upper"]].to_numpy() == pytest.approx(9.99, rel=5e-4)


@pytest.mark.parametrize("spread", [1e-4, 1e-2])
def test_prices_that_hardly_differ_are_fitted(spread):
    rng = np.random.default_rng(0)
    data = rfm_of([9.99 * np.exp(spread * rng.normal(size=n)) for n in rng.poisson(1.5, 500) + 1])
    fit = clv.LogNormalSpend().fit(data, random_seed=1)
    assert fit.diagnostics.method == "importance"
    assert fit.samples["sigma"].mean().item() == pytest.approx(spread, rel=0.5)


def test_two_prices_of_which_each_customer_knows_one_are_fitted():
    rng = np.random.default_rng(0)
    data = rfm_of([np.full(n, rng.choice([9.99, 19.99])) for n in rng.poisson(1.5, 500) + 2])
    fit = clv.LogNormalSpend().fit(data, random_seed=1)
    assert fit.diagnostics.method == "importance"
    last = np.exp(data.frame["log_value_mean"].to_numpy())
    assert fit.expected_average_spend(data)["mean"].to_numpy() == pytest.approx(last, rel=2e-3)


def test_one_time_buyers_alone_are_fitted():
    rng = np.random.default_rng(0)
    fit = clv.LogNormalSpend().fit(rfm_of(20 * np.exp(rng.normal(size=(500, 1)) / 2)), random_seed=1)
    assert fit.diagnostics.method == "importance"
    both = np.hypot(fit.samples["sigma"], fit.samples["omega"])
    assert both.mean().item() == pytest.approx(0.5, abs=0.05)


@settings(max_examples=5, deadline=None)
@given(scale=st.sampled_from([1e-6, 0.01, 100.0, 1e9]))
def test_the_currency_does_not_matter(scale):
    ours, theirs = simulated(300), simulated(300, scale=scale)
    fits = [clv.LogNormalSpend().fit(data, random_seed=1, draws=200) for data in (ours, theirs)]
    one, other = (fit.expected_average_spend(data) for fit, data in zip(fits, (ours, theirs), strict=True))
    assert other.to_numpy() == pytest.approx(scale * one.to_numpy(), rel=1e-4)
    assert fits[1].samples["sigma"].to_numpy() == pytest.approx(fits[0].samples["sigma"].to_numpy(), rel=1e-4)


def test_the_order_of_the_customers_does_not_matter(rfm, spend):
    turned = rfm.select(rfm.frame.index[::-1])
    again = clv.LogNormalSpend().fit(turned, random_seed=1)
    assert again.fingerprint == spend.fingerprint
    assert again.predictive_spend(turned).sort_index().equals(spend.predictive_spend(rfm).sort_index())


def test_customers_with_the_same_numbers_are_counted_once(rfm, spend):
    assert len(spend.counts(rfm)) < len(rfm)
    assert spend.counts(rfm)["count"].sum() == len(rfm)
    twice = pd.concat([rfm.frame, rfm.frame.set_axis(-1 - rfm.frame.index)])
    doubled = clv.LogNormalSpend().fit(clv.RFM.from_frame(twice, time_unit="week"), random_seed=1)
    assert doubled.summary().loc["sigma", "sd"] < spend.summary().loc["sigma", "sd"]


def test_predicted_amounts_have_the_expected_mean(spend, rfm):
    expected = spend.expected_average_spend(rfm)["mean"].mean()
    assert spend.predictive_spend(rfm)["mean"].mean() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("median", clv.Prior("Uniform", lower=1.0, upper=90.0)),
        ("spread", clv.Prior("Uniform", lower=0.9, upper=3.0)),
        ("free_odds", clv.Prior("Uniform", lower=0.3, upper=0.9)),
    ],
)
def test_a_prior_that_excludes_values_is_kept(name, prior, rfm):
    few = rfm.select(rfm.frame.index[:100])
    fit = clv.LogNormalSpend(priors=clv.LogNormalSpendPriors(**{name: prior})).fit(few, random_seed=1, draws=200)
    drawn = fit.prior_draws()[name]
    assert prior.parameters["lower"] <= drawn.min()
    assert drawn.max() <= prior.parameters["upper"]


def test_purchases_that_were_all_free_are_refused():
    with pytest.raises(clv.InvalidRFM, match="all purchases of 2 customers were free"):
        clv.LogNormalSpend().fit(rfm_of([[0.0, 0.0], [0.0]]))


def test_an_rfm_without_the_statistics_says_which_call_makes_them(cdnow):
    with pytest.raises(clv.InvalidRFM, match="statistics=.*free_purchases.*log_value_squares"):
        clv.LogNormalSpend().fit(cdnow)


def test_a_rate_in_another_time_unit_is_refused(rfm):
    fit = clv.LogNormalSpend(rate_effect=True).fit(rfm, random_seed=1, draws=100)
    with pytest.raises(clv.InvalidArgument, match="time_unit='week'"):
        fit.expected_average_spend(rfm_of([[5.0]], unit="day"))


def test_a_factor_goes_with_its_rate():
    with pytest.raises(clv.InvalidArgument, match="goes with the rate"):
        clv.LogNormalSpend.at(**TRUTH, c=1, d=9, factor=1.1, time_unit="week")


def test_a_posterior_at_given_parameters_answers():
    fit = clv.LogNormalSpend.at(**TRUTH, c=1, d=9, time_unit="week")
    expected = 0.9 * 20 * np.exp((0.5**2 + 0.6**2) / 2)
    assert fit.expected_average_spend(clv.RFM.new_customer("week"))["mean"].item() == pytest.approx(expected)


@pytest.mark.parametrize("rate_effect", [False, True])
def test_it_is_saved_and_loaded(rfm, tmp_path, rate_effect):
    fit = clv.LogNormalSpend(rate_effect=rate_effect).fit(rfm, random_seed=1, draws=100)
    again = clv.load_posterior(fit.save(tmp_path / "spend.nc"))
    assert again.predictive_spend(rfm).equals(fit.predictive_spend(rfm))
    assert again.expected_average_spend(clv.RFM.new_customer("week")).equals(
        fit.expected_average_spend(clv.RFM.new_customer("week"))
    )


@pytest.mark.parametrize("rate_effect", [False, True])
def test_priors_and_heterogeneity_are_densities(rfm, rate_effect):
    fit = clv.LogNormalSpend(rate_effect=rate_effect).fit(rfm, random_seed=1, draws=200)
    table = fit.prior_and_posterior()
    assert set(table.index.unique("parameter")) == set(fit.priors)
    assert np.isfinite(table).all(axis=None)
    assert np.isfinite(fit.heterogeneity()).all(axis=None)


def test_maximum_likelihood_is_the_best_of_all_points(cdnow_statistics):
    flat = {name: clv.Prior("HalfFlat") for name in ("median", "spread", "ratio")}
    best = clv.LogNormalSpend(priors=clv.LogNormalSpendPriors(**flat)).fit(cdnow_statistics, method="map")
    values = {name: best.samples[name].item() for name in ("median", "sigma", "omega", "c", "d")}
    top = best.log_likelihood(cdnow_statistics).array().sum()
    for name in ("median", "sigma", "omega"):
        for step in (0.99, 1.01):
            other = clv.LogNormalSpend.at(**{**values, name: step * values[name]}, time_unit="week")
            assert other.log_likelihood(cdnow_statistics).array().sum() < top


def test_it_is_a_part_of_lifetime_value(cdnow_statistics):
    data = cdnow_statistics.select(cdnow_statistics.frame.index[:300])
    choices = {"random_seed": 1, "draws": 300}
    purchases, spend = clv.BetaGeo().fit(data, **choices), clv.LogNormalSpend(rate_effect=True).fit(data, **choices)
    value = clv.LifetimeValue(purchases, spend, margin=0.3)
    total = {kind: value.total(data, horizon=52, kind=kind)["mean"].item() for kind in ("expected", "predictive")}
    assert total["predictive"] == pytest.approx(total["expected"], rel=0.05)
    new = {kind: value.new_customer(horizon=52, kind=kind)["mean"].item() for kind in ("expected", "predictive")}
    assert new["predictive"] == pytest.approx(new["expected"], rel=0.2)
    found = clv.criticise(purchases, spend, data, horizon=26)
    assert np.isfinite(found.leave_one_out.loc["spend", "elpd"])
    assert found.leave_one_out.loc["spend", "customers"] == 300


@pytest.mark.slow
@pytest.mark.parametrize("rate_effect", [False, True])
def test_importance_equals_nuts(rate_effect):
    data, model = simulated(150, free=0.2), clv.LogNormalSpend(rate_effect=rate_effect)
    ours, theirs = (model.fit(data, draws=8000, random_seed=1, method=method) for method in ("importance", "nuts"))
    for name in ours.priors:
        one, other = (np.log(fit.prior_draws()[name]) for fit in (ours, theirs))
        assert abs(one.mean() - other.mean()) < 0.1 * other.std()
        assert one.std() == pytest.approx(other.std(), rel=0.1)
