"""The fit of the shifted-beta-geometric and what it predicts."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import betaln

import clvmodels as clv
from clvmodels.formulas import shifted_beta_geo as sbg
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams

SURVIVORS = {
    "high end": [1000, 869, 743, 653, 593, 551, 517, 491],
    "regular": [1000, 631, 468, 382, 326, 289, 262, 241],
}
PRINTED = {"high end": (0.668, 3.806), "regular": (0.704, 1.182)}
# Years 8 to 12 of the same cohorts, table 1 of the paper.
LATER = {"high end": [468, 445, 427, 409, 394], "regular": [223, 207, 194, 183, 173]}
TRUTH = ShiftedBetaGeoParams(0.8, 2.5)


def yearly(survivors):
    return clv.Renewals.from_survivors(survivors, time_unit="year")


def maximum_likelihood(data):
    model = clv.ShiftedBetaGeo(priors=clv.ShiftedBetaGeoPriors.flat())
    return model.fit(data, method="map").summary()["mean"].to_numpy()


def best_by_scipy(survivors):
    """The maximum of the likelihood written with beta functions, without anything of ours."""
    lost, t = -np.diff(survivors), np.arange(1, len(survivors))

    def negative(logs):
        a, b = np.exp(logs)
        return (
            -np.sum(lost * betaln(a + 1, b + t - 1))
            - survivors[-1] * betaln(a, b + t[-1])
            + survivors[0] * betaln(a, b)
        )

    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 10_000}
    return np.exp(minimize(negative, [0, 0], method="Nelder-Mead", options=options).x)


def simulated(customers, periods, rng):
    """One cohort, customer by customer and renewal by renewal."""
    theta = rng.beta(*TRUTH, customers)
    there, renewals = np.ones(customers, bool), np.zeros(customers, int)
    for _ in range(periods):
        there &= rng.random(customers) >= theta
        renewals += there
    return pd.DataFrame({"renewals": renewals, "left": ~there})


@pytest.fixture(scope="module")
def contracts():
    return clv.ShiftedBetaGeo().fit(yearly(SURVIVORS["high end"]), random_seed=1)


@pytest.mark.parametrize("cohort", SURVIVORS)
def test_maximum_likelihood_estimates_are_the_published_ones(cohort):
    estimates = maximum_likelihood(yearly(SURVIVORS[cohort]))
    assert tuple(estimates.round(3)) == PRINTED[cohort]
    assert estimates == pytest.approx(best_by_scipy(SURVIVORS[cohort]), rel=1e-4)


def test_maximum_likelihood_estimates_of_several_cohorts_are_the_published_ones():
    """Fader, Hardie (2007), the note on several cohorts: 10,000 customers won in each of four years."""
    triangle = pd.DataFrame([[10000, 8000, 6480, 5307, 4391][: 5 - k] + [np.nan] * k for k in range(4)])
    assert maximum_likelihood(yearly(triangle)) == pytest.approx([3.80, 15.19], rel=2e-3)


def test_importance_sampling_is_enough(contracts):
    assert contracts.diagnostics.method == "importance"
    assert contracts.diagnostics.k_hat < 0.7
    assert contracts.summary()["mean"].to_numpy() == pytest.approx([0.668, 3.806], rel=0.05)


@pytest.mark.parametrize("cohort", SURVIVORS)
def test_years_8_to_12_are_projected_from_years_0_to_7(cohort):
    fit = clv.ShiftedBetaGeo().fit(yearly(SURVIVORS[cohort]), random_seed=1)
    later = fit.predictive_survivors(SURVIVORS[cohort][-1], periods=5, renewals=7).iloc[1:]
    assert np.all((later["lower"] <= LATER[cohort]) & (LATER[cohort] <= later["upper"]))
    assert later["mean"].to_numpy() == pytest.approx(LATER[cohort], rel=0.06)


def test_customers_one_by_one_give_the_fit_of_their_cohort(contracts):
    counts = yearly(SURVIVORS["high end"]).counts
    rows = counts.loc[np.repeat(counts.index, counts["count"]), ["renewals", "left"]].reset_index(drop=True)
    data = clv.Renewals.from_customers(rows.iloc[::-1], time_unit="year")
    again = clv.ShiftedBetaGeo().fit(data, random_seed=1)
    assert again.summary().equals(contracts.summary())
    assert again.fingerprint == contracts.fingerprint


def test_those_whose_next_renewal_is_to_come_are_not_taken_for_gone():
    rng = np.random.default_rng(2)
    joined = [simulated(4000, periods, rng) for periods in (1, 2, 4, 8)]
    data = clv.Renewals.from_customers(pd.concat(joined, ignore_index=True), time_unit="month")
    table = clv.ShiftedBetaGeo().fit(data, random_seed=1).summary(interval=0.99)
    assert np.all((table["lower"] < list(TRUTH)) & (list(TRUTH) < table["upper"]))


def test_the_time_unit_does_not_enter_the_fit(contracts):
    months = clv.Renewals.from_survivors(SURVIVORS["high end"], time_unit="month")
    assert clv.ShiftedBetaGeo().fit(months, random_seed=1).summary().equals(contracts.summary())


@pytest.mark.parametrize("survivors", [[1000] * 8, [1000, 0], [1000, 600], [1, 1], [100_000, 50_000, 25_000, 12_500]])
def test_degenerate_cohorts_are_fitted_under_proper_priors(survivors):
    fit = clv.ShiftedBetaGeo().fit(yearly(survivors), random_seed=1)
    assert fit.diagnostics.converged
    first = fit.retention_curve(periods=3).loc[1]
    assert np.isfinite(fit.expected_residual_lifetime(renewals=[0, 50], annual_discount_rate=0.1)).all(axis=None)
    if survivors[0] > 1:
        assert first["mean"] == pytest.approx(survivors[1] / survivors[0], abs=0.01)


@pytest.mark.parametrize("survivors", [[400, 75, 58, 53, 48, 47, 43], [400, 73, 68, 65, 65, 65, 65]])
def test_importance_sampling_is_enough_where_customers_differ_very_much(survivors):
    """On the way to the mode the search passes a beta of 1e-17."""
    assert clv.ShiftedBetaGeo().fit(yearly(survivors), method="importance", random_seed=1).diagnostics.converged


@pytest.mark.parametrize("survivors", [[1000] * 8, [1000, 0], [1000, 600], [100_000, 50_000, 25_000, 12_500]])
def test_degenerate_cohorts_have_no_maximum_likelihood_estimate(survivors):
    with pytest.raises(clv.FitFailed, match="use proper priors"):
        maximum_likelihood(yearly(survivors))


def test_what_are_no_renewals_is_refused_by_name():
    with pytest.raises(clv.InvalidArgument, match=r"this is a list; make one with clv.Renewals.from_survivors"):
        clv.ShiftedBetaGeo().fit([1000, 800])


def test_a_prior_can_be_replaced():
    priors = clv.ShiftedBetaGeoPriors(phi=clv.Prior("Beta", alpha=2e6, beta=8e6))
    fit = clv.ShiftedBetaGeo(priors=priors).fit(yearly([1000, 600, 500]), random_seed=1)
    assert fit.retention_curve(periods=1)["mean"].loc[1] == pytest.approx(0.8, abs=0.01)
    assert fit.priors["phi"] == priors.phi


def test_the_draws_in_the_parametrisation_of_the_priors_lead_back_to_alpha_and_beta(contracts):
    drawn = contracts.prior_draws()
    assert list(drawn) == list(contracts.priors)
    assert np.allclose(drawn["phi"] * drawn["kappa"], contracts.parameter_draws()[0])


@pytest.mark.parametrize("given", [{"alpha": 0, "beta": 1}, {"alpha": 1, "beta": np.nan}])
def test_parameters_that_cannot_be_are_refused(given):
    with pytest.raises(clv.InvalidArgument, match="positive and finite"):
        clv.ShiftedBetaGeo.at(**given, time_unit="year")


@pytest.mark.slow
def test_the_importance_posterior_equals_nuts():
    for survivors in (SURVIVORS["regular"], [60, 60, 59, 59], [1000, 600]):
        data = yearly(survivors)
        ours, nuts = (
            np.log(np.stack(clv.ShiftedBetaGeo().fit(data, draws=8000, method=method, random_seed=1).parameter_draws()))
            for method in ("importance", "nuts")
        )
        assert np.all(np.abs(ours.mean(axis=1) - nuts.mean(axis=1)) < 0.1 * nuts.std(axis=1))
        assert np.all(np.abs(ours.std(axis=1) / nuts.std(axis=1) - 1) < 0.1)


@pytest.mark.slow
def test_intervals_hold_the_parameters_and_the_survivors_as_often_as_they_say():
    """Forty cohorts of 400 customers, observed for six periods and projected by six more; 80 % intervals."""
    rng = np.random.default_rng(11)
    truth = sbg.survival(TRUTH, np.arange(13))[12]
    inside = []
    for seed in range(40):
        later = simulated(400, 12, rng)["renewals"].to_numpy()
        data = yearly([int(np.sum(later >= t)) for t in range(7)])
        fit = clv.ShiftedBetaGeo().fit(data, random_seed=seed)
        parameters, curve = fit.summary(interval=0.8), fit.retention_curve(periods=12, interval=0.8)
        survivors = fit.predictive_survivors(int(np.sum(later >= 6)), periods=6, renewals=6, interval=0.8).loc[6]
        inside.append(
            [
                parameters.loc["alpha", "lower"] < TRUTH.alpha < parameters.loc["alpha", "upper"],
                parameters.loc["beta", "lower"] < TRUTH.beta < parameters.loc["beta", "upper"],
                curve.loc[12, "lower"] < truth < curve.loc[12, "upper"],
                survivors["lower"] <= np.sum(later >= 12) <= survivors["upper"],
            ]
        )
    # 32 of 40 are expected, with a standard deviation of 2.5; ends of whole numbers hold a little more.
    assert np.all(np.abs(np.sum(inside, axis=0) - 32) <= 7)
