"""How totals move with the priors, against refits with priors that are really raised to a power."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.datasets import load_cdnow_summary
from clvmodels.evaluation.criticism import prior_sensitivity
from clvmodels.models.simulators import simulate_rfm


@pytest.fixture(scope="module")
def rfm():
    return load_cdnow_summary()


@pytest.fixture(scope="module")
def purchases(rfm):
    return clv.BetaGeo().fit(rfm, random_seed=1)


@pytest.fixture(scope="module")
def spend(rfm):
    return clv.GammaGamma().fit(rfm, random_seed=1)


def totals_with(kappa, rfm, random_seed):
    """Expected purchases of all customers by power, where every prior but that of kappa is uniform."""
    uniform = {name: clv.Prior("Uniform", lower=0.0, upper=upper) for name, upper in (("r", 5.0), ("alpha", 50.0))}
    fit = clv.BetaGeo(priors=clv.BetaGeoPriors(kappa=kappa, **uniform)).fit(rfm, draws=4000, random_seed=random_seed)
    return prior_sensitivity(fit, None, rfm, horizon=39).loc["purchases"]


@pytest.fixture(scope="module")
def with_gamma(rfm):
    return totals_with(clv.Prior("Gamma", alpha=20.0, beta=3.0), rfm, random_seed=1)


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_a_prior_to_a_power_moves_the_total_as_a_refit_with_that_prior_does(rfm, with_gamma, power):
    """Gamma(s, rate) to a power is Gamma(power (s - 1) + 1, power rate); uniform priors stay what they are."""
    raised = clv.Prior("Gamma", alpha=power * 19 + 1, beta=power * 3)
    base, weighted, refit = with_gamma.loc[1.0], with_gamma.loc[power], totals_with(raised, rfm, 2).loc[1.0]
    shift = abs(refit["mean"] - base["mean"])
    assert shift > 10
    assert weighted["mean"] == pytest.approx(refit["mean"], abs=0.35 * shift)
    for end in ("lower", "upper"):
        assert weighted[end] == pytest.approx(refit[end], abs=0.1 * (base["upper"] - base["lower"]) / 2)
    assert weighted["k_hat"] < 0.7
    assert weighted["change"] == pytest.approx(weighted["mean"] / base["mean"] - 1)


def test_at_power_one_the_totals_are_the_expected_ones(rfm, purchases, spend):
    table = prior_sensitivity(purchases, spend, rfm, horizon=39)
    assert table.index.tolist() == [(target, power) for target in ("purchases", "value") for power in (0.5, 1.0, 2.0)]
    as_fitted = table.xs(1.0, level="power")
    value = clv.LifetimeValue(purchases, spend).total(rfm, horizon=39).loc["total"]
    number = purchases.expected_purchases(rfm, horizon=39)["mean"].sum()
    assert as_fitted["mean"].to_numpy() == pytest.approx([number, value["mean"]], rel=1e-9)
    ends = ["lower", "upper"]
    assert as_fitted.loc["value", ends].to_numpy() == pytest.approx(value[ends].to_numpy(), rel=1e-9)
    assert as_fitted["change"].tolist() == [0, 0]
    assert as_fitted["effective_sample_size"].tolist() == pytest.approx([1000, 1000])


def test_value_with_first_purchases_is_the_expected_one_too(purchases):
    made = simulate_rfm(customers=400, random_seed=5)
    fitted = clv.BetaGeo().fit(made, random_seed=1), clv.GammaGamma(include_first=True).fit(made, random_seed=1)
    table = prior_sensitivity(*fitted, made, horizon=39)
    assert table.loc[("value", 1.0), "mean"] == pytest.approx(
        clv.LifetimeValue(*fitted).total(made, horizon=39)["mean"].item(), rel=1e-9
    )


def test_the_default_priors_hardly_move_cdnow(rfm, purchases, spend):
    table = prior_sensitivity(purchases, spend, rfm, horizon=39)
    assert table["change"].abs().max() < 0.015
    assert table["k_hat"].max() < 0.7


def test_without_spend_there_is_no_value(rfm, purchases):
    assert set(prior_sensitivity(purchases, None, rfm, horizon=39).index.get_level_values("target")) == {"purchases"}


def test_given_parameters_have_no_priors_to_weigh(rfm, spend):
    given = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    with pytest.raises(clv.InvalidArgument, match="of given parameters and has no priors"):
        prior_sensitivity(given, None, rfm, horizon=39)


def test_a_mode_has_too_few_draws_to_weigh(rfm):
    with pytest.raises(clv.InvalidArgument, match="1 draws, and 100 or more"):
        prior_sensitivity(clv.BetaGeo().fit(rfm, method="map"), None, rfm, horizon=39)


def test_posteriors_that_do_not_fit_each_other_are_refused(rfm, purchases):
    fewer = clv.GammaGamma().fit(rfm, draws=500, random_seed=1)
    with pytest.raises(clv.InvalidArgument, match="purchases have 1000 draws, spend has 500"):
        prior_sensitivity(purchases, fewer, rfm, horizon=39)


@pytest.mark.parametrize(("choices", "message"), [({"interval": 90}, "interval is"), ({"horizon": -1}, "horizon is")])
def test_choices_that_make_no_sense_are_refused(rfm, purchases, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        prior_sensitivity(purchases, None, rfm, **{"horizon": 39, **choices})


def test_uniform_priors_change_nothing_whatever_their_power(rfm):
    flat = clv.Prior("Uniform", lower=0.0, upper=50.0)
    fit = clv.BetaGeo(priors=clv.BetaGeoPriors(r=flat, alpha=flat, kappa=flat)).fit(rfm, random_seed=1)
    table = prior_sensitivity(fit, None, rfm, horizon=39)
    assert table["change"].tolist() == [0, 0, 0]
    assert np.isnan(table["k_hat"]).all()
