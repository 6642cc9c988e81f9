"""The fit of Gamma-Gamma and what it predicts."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import gamma_gamma
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.models import gamma_gamma_graph


def with_spend(frequency, monetary_value, **more):
    size = len(frequency)
    table = pd.DataFrame({"frequency": frequency, "monetary_value": monetary_value, **more})
    return clv.RFM.from_frame(
        table.assign(customer_id=range(size), recency=np.where(table["frequency"] > 0, 5.0, 0.0), T=10.0),
        time_unit="week",
    )


def test_maximum_likelihood_estimates_of_the_cdnow_sample_are_the_published_ones(cdnow):
    fit = clv.GammaGamma(priors=clv.GammaGammaPriors.flat()).fit(cdnow, method="map")
    assert fit.summary()["mean"].to_numpy() == pytest.approx([6.25, 3.74, 15.44], rel=2e-3)


def test_log_likelihood_of_the_cdnow_sample_is_the_published_one(cdnow):
    frame = cdnow.frame[cdnow.frame["frequency"] > 0]
    fit = clv.GammaGamma(priors=clv.GammaGammaPriors.flat()).fit(cdnow, method="map").summary()["mean"]
    values = gamma_gamma.log_likelihood(GammaGammaParams(*fit), frame["frequency"], frame["monetary_value"])
    assert len(values) == 946
    assert values.sum() == pytest.approx(-4055.918, rel=1e-6)


def test_importance_sampling_is_enough_for_cdnow(spend):
    assert spend.diagnostics.method == "importance"
    assert spend.diagnostics.k_hat < 0.7


def test_the_mean_spend_always_exists(spend):
    assert float(spend.samples["q"].min()) > 1


def test_the_currency_does_not_matter(cdnow):
    frame = cdnow.frame.assign(monetary_value=100 * cdnow.frame["monetary_value"])
    in_cents = clv.RFM.from_frame(frame, time_unit="week")
    dollars = clv.GammaGamma().fit(cdnow, random_seed=1).expected_average_spend(cdnow)
    cents = clv.GammaGamma().fit(in_cents, random_seed=1).expected_average_spend(in_cents)
    assert cents.to_numpy() == pytest.approx(100 * dollars.to_numpy(), rel=1e-3)


def test_a_customer_with_many_purchases_keeps_the_own_mean(spend):
    table = spend.expected_average_spend(with_spend([5000], [80.0]))
    assert table["mean"].item() == pytest.approx(80, rel=0.001)


def test_a_new_customer_spends_what_the_population_spends(spend, cdnow):
    new = spend.expected_average_spend(clv.RFM.new_customer("week"))["mean"].item()
    assert new == pytest.approx(35.3, abs=0.5)


def test_first_purchases_count_when_asked_for(cdnow):
    fit = clv.GammaGamma(include_first=True).fit(cdnow, random_seed=1)
    once = cdnow.select(cdnow.frame["frequency"] == 0)
    assert fit.expected_average_spend(once)["mean"].nunique() > 100
    assert np.isfinite(fit.expected_average_spend(clv.RFM.new_customer("week"))["mean"].item())


def test_customers_who_spent_nothing_are_left_out_of_the_fit_and_counted():
    rng = np.random.default_rng(0)
    amounts = rng.gamma(3, 10, 300)
    amounts[:7] = 0
    with pytest.warns(clv.DataWarning, match="7 customers with 2.33 % of the purchases have a mean spend of zero"):
        fit = clv.GammaGamma().fit(with_spend([2] * 300, amounts), random_seed=1)
    assert fit.left_out == 7


def test_a_base_without_repeat_purchases_is_refused_with_the_remedy():
    with pytest.raises(clv.InvalidRFM, match="include_first=True"):
        clv.GammaGamma().fit(with_spend([0, 0], [0.0, 0.0]))


def test_a_base_that_spent_nothing_is_refused():
    with pytest.raises(clv.InvalidRFM, match="mean spend of zero"):
        clv.GammaGamma().fit(with_spend([1, 2], [0.0, 0.0]))


def test_an_rfm_without_values_is_refused():
    frame = pd.DataFrame({"customer_id": [1], "frequency": [1], "recency": [1.0], "T": [2.0]})
    with pytest.raises(clv.InvalidRFM, match="value column"):
        clv.GammaGamma().fit(clv.RFM.from_frame(frame, time_unit="week"))


def test_infinite_mean_spend_is_refused():
    with pytest.raises(clv.InvalidArgument, match="q above 1"):
        clv.GammaGamma.at(p=6, q=0.9, v=15, time_unit="week")


def test_the_next_purchase_is_as_simulated(cdnow):
    point = clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week", random_seed=3)
    rng = np.random.default_rng(4)
    rate = rng.gamma(3.74 + 6.25 * 2, size=200_000) / (15.44 + 2 * 22.35)
    drawn = rng.gamma(6.25, size=200_000) / rate
    table = point.predictive_spend(with_spend([2], [22.35]))
    assert table["lower"].item() == pytest.approx(np.quantile(drawn, 0.05), rel=0.08)
    assert table["upper"].item() == pytest.approx(np.quantile(drawn, 0.95), rel=0.08)


def test_the_posterior_covers_the_parameters_that_made_the_data():
    truth = GammaGammaParams(6.0, 4.0, 15.0)
    rng = np.random.default_rng(1)
    rate = rng.gamma(truth.q, size=3000) / truth.v
    count = rng.integers(1, 8, 3000)
    mean = rng.gamma(truth.p * count) / rate / count
    table = clv.GammaGamma().fit(with_spend(count, mean), random_seed=1).summary(interval=0.99)
    assert np.all((table["lower"] < list(truth)) & (list(truth) < table["upper"]))


def test_who_is_left_out_of_the_fit_has_no_likelihood(spend):
    rfm = with_spend([2, 0, 1], [20.0, 0.0, 0.0])
    values = spend.log_likelihood(rfm).array()
    exact = gamma_gamma.log_likelihood(GammaGammaParams(*spend.parameter_draws()), 2, 20.0)
    assert values[:, 0] == pytest.approx(exact)
    assert np.isnan(values[:, 1:]).all()


def test_the_draws_in_the_parametrisation_of_the_priors_lead_back_to_p_q_and_v(spend):
    p, q_minus_one, mean_spend = spend.prior_draws().values()
    back = p, q_minus_one + 1, mean_spend * q_minus_one / p
    assert list(spend.prior_draws()) == list(spend.priors)
    assert np.allclose(back, spend.parameter_draws())


def prices(kind, customers=1000):
    rng = np.random.default_rng(1)
    number = 1 + rng.poisson(0.8, customers)
    noise = rng.normal(size=customers) / np.sqrt(number)
    return {
        "one price": (number, np.full(customers, 9.99)),
        "one euro": (number, np.ones(customers)),
        "one price, bought once": (np.ones(customers), np.full(customers, 9.99)),
        "one price, bought often": (rng.integers(500, 1000, customers), np.full(customers, 9.99)),
        "one of millions": (number, np.full(customers, 9.99e12)),
        "thirty customers": (number[:30], np.full(30, 9.99)),
        "hardly any spread": (number, 50 * (1 + 1e-4 * noise)),
        "little spread": (number, 50 * (1 + 0.01 * noise)),
        "some spread": (number, 50 * (1 + 0.035 * noise)),
        "two prices": (number, 9.99 + 10 * rng.binomial(number, 0.5) / number),
        "two prices, bought once": (np.ones(customers), rng.choice([9.99, 19.99], customers)),
        "two customers": (np.array([1, 2]), np.array([10.0, 10.0])),
        "one customer": (np.array([3]), np.array([10.0])),
    }[kind]


ALMOST_FIXED = (
    "one price",
    "one euro",
    "one price, bought once",
    "one price, bought often",
    "one of millions",
    "thirty customers",
    "hardly any spread",
)


@pytest.mark.parametrize("kind", ALMOST_FIXED)
def test_a_price_that_hardly_varies_is_what_is_expected_and_what_will_be_paid(kind):
    """Without a warning (they are errors here) and by importance sampling, so at once."""
    number, mean = prices(kind)
    fit = clv.GammaGamma().fit(with_spend(number, mean), random_seed=1)
    assert fit.diagnostics.method == "importance"
    for table in (fit.expected_average_spend(with_spend(number, mean)), fit.predictive_spend(with_spend(number, mean))):
        assert table.to_numpy() == pytest.approx(np.full(table.shape, mean.mean()), rel=2e-3)


@pytest.mark.parametrize(
    "kind", ["little spread", "some spread", "two prices", "two prices, bought once", "two customers", "one customer"]
)
def test_little_variation_is_answered_at_once_and_without_a_warning(kind):
    number, mean = prices(kind)
    fit = clv.GammaGamma().fit(with_spend(number, mean), random_seed=1)
    table = fit.expected_average_spend(clv.RFM.new_customer("week"), interval=0.98)
    assert fit.diagnostics.method == "importance"
    assert table["lower"].item() < np.average(mean, weights=number) < table["upper"].item()


def test_the_limit_of_little_variation_is_that_of_the_exact_model(monkeypatch):
    data = with_spend(*prices("little spread"))
    limit = clv.GammaGamma().fit(data, draws=4000, random_seed=1).summary()
    monkeypatch.setattr(gamma_gamma_graph, "HARDLY", 0.0)
    exact = clv.GammaGamma().fit(data, draws=4000, random_seed=1).summary()
    assert limit.loc["p", ["mean", "sd"]].tolist() == pytest.approx(exact.loc["p", ["mean", "sd"]].tolist(), rel=0.1)
    assert limit.loc["q", "mean"] == pytest.approx(exact.loc["q", "mean"], rel=0.15)


def test_the_spread_of_little_variation_is_that_of_the_data():
    """Purchases of a coefficient of variation of 0.01, whoever makes them: p is 10,000."""
    fit = clv.GammaGamma().fit(with_spend(*prices("little spread", 20_000)), random_seed=1).summary()
    assert fit.loc["p", "mean"] == pytest.approx(10_000, rel=0.1)
    assert fit.loc["q", "mean"] > 50_000


def test_one_price_under_flat_priors_has_no_mode_and_says_so():
    flat = clv.GammaGamma(priors=clv.GammaGammaPriors.flat())
    with pytest.raises(clv.FitFailed, match="proper priors"):
        flat.fit(with_spend(*prices("one price")), method="map")
