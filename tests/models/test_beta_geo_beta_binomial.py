"""BG/BB: the published fit, and everything that is asked of customers with opportunities."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import beta_geo_beta_binomial as formulas
from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomial, BetaGeoBetaBinomialPriors

PAPER = {"alpha": 1.203522, "beta": 0.749720, "gamma": 0.656716, "delta": 2.783441}


@pytest.fixture(scope="module")
def donors():
    table = clv.datasets.load_donations()
    each = table.loc[table.index.repeat(table["count"])].reset_index(drop=True)
    known = {"customer_id": each.index, "frequency": each["frequency"], "recency": each["recency"]}
    return clv.RFM.from_frame(pd.DataFrame({**known, "opportunities": each["T"]}), time_unit="year")


@pytest.fixture(scope="module")
def point():
    return BetaGeoBetaBinomial.at(**PAPER, time_unit="year", random_seed=1)


def one(x, t_x, n):
    seen = {"customer_id": ["ann"], "frequency": [x], "recency": [t_x], "opportunities": [n]}
    return clv.RFM.from_frame(pd.DataFrame(seen), time_unit="year")


def test_the_log_likelihood_of_the_donations_is_the_published_one(donors, point):
    assert point.log_likelihood(donors).array().sum() == pytest.approx(-33225.5813, rel=1e-8)


def test_the_maximum_likelihood_estimate_of_the_donations_is_the_published_one(donors):
    fit = BetaGeoBetaBinomial(priors=BetaGeoBetaBinomialPriors.flat()).fit(donors, method="map", random_seed=1)
    found = {name: fit.samples[name].item() for name in PAPER}
    assert found == pytest.approx(PAPER, rel=2e-3)


@pytest.mark.parametrize(("x", "t_x", "expected"), [(6, 6, 3.75), (0, 0, 0.07), (5, 6, 3.23), (1, 1, 0.09)])
def test_expected_donations_of_five_years_are_the_published_ones(point, x, t_x, expected):
    assert point.expected_purchases(one(x, t_x, 6), horizon=5)["mean"].item() == pytest.approx(expected, abs=0.006)


def test_a_new_donor_needs_no_table_of_opportunities(point):
    new = point.expected_purchases(clv.RFM.new_customer("year"), horizon=6)["mean"].item()
    share, stays = 1.203522 / 1.953242, 0.0
    for years in range(1, 7):
        stays += np.prod([(2.783441 + i) / (2.783441 + 0.656716 + i) for i in range(years)])
    assert new == pytest.approx(share * stays, rel=1e-9)


@pytest.mark.parametrize("force", [0.0, 0.1])
@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 1), (2, 3, 6), (5, 9, 400), (0, 0, 3000)])
def test_who_is_brought_back_does_as_the_sum_over_the_leaving_says(force, x, t_x, T):
    params = formulas.BetaGeoBetaBinomialParams(*PAPER.values())
    left, weights, rates, rests = params._replace(gamma=params.gamma + 1), [], [], []
    for stayed in range(t_x, T):
        weights.append(
            formulas.log_beta_ratio(params.alpha + x, params.beta + t_x - x, stayed - t_x)
            + formulas.log_beta_ratio(params.gamma + 1, params.delta + t_x, stayed - t_x)
        )
        rates.append((params.alpha + x) / (params.alpha + params.beta + stayed))
        rests.append(formulas.discounted_purchases_if_alive(left, 5.0, x, stayed, discount_force=force))
    weights = np.exp(weights) / np.exp(weights).sum()
    found = formulas.brought_back(params, 5.0, x, t_x, T, discount_force=force)
    assert [float(each) for each in found] == pytest.approx([weights @ rates, weights @ rests], rel=1e-8)


def test_who_is_brought_back_does_what_simulated_leavers_would():
    rng = np.random.default_rng(1)
    p = rng.beta(PAPER["alpha"], PAPER["beta"], 1_000_000)
    theta = rng.beta(PAPER["gamma"], PAPER["delta"], len(p))
    stayed = np.minimum(rng.geometric(theta) - 1, 4)
    bought = (rng.random((4, len(p))) < p) & (np.arange(4)[:, None] < stayed)
    last = np.where(bought.any(axis=0), 4 - np.argmax(bought[::-1], axis=0), 0)
    like = (bought.sum(axis=0) == 1) & (last == 2) & (stayed < 4)
    later = rng.geometric(theta[like]) - 1
    params = formulas.BetaGeoBetaBinomialParams(*PAPER.values())
    rate, rest = formulas.brought_back(params, 3.0, 1, 2, 4, discount_force=0.0)
    assert float(rate) == pytest.approx(p[like].mean(), rel=0.01)
    assert float(rest) == pytest.approx((p[like] * np.minimum(later, 3)).mean(), rel=0.02)


def test_a_retention_offer_can_be_made_to_donors(point):
    spend = clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="year", random_seed=1)
    rfm = one(2, 3, 6).assign()
    rfm = replace(rfm, frame=rfm.frame.assign(monetary_value=20.0))
    offer = clv.decisions.Offer(kept=clv.Prior("Beta", alpha=2, beta=18), cost=1.0)
    assert "gain" in clv.decisions.retention_offer(clv.LifetimeValue(point, spend), rfm, offer, horizon=5).sentence


def test_the_path_of_a_donor_has_a_row_for_each_year(point):
    path = point.probability_alive_path(["2000-05-01", "2001-03-01", "2001-09-01", "2004-02-01"], until="2006-12-31")
    assert path.index.strftime("%Y-%m-%d").tolist() == [f"{year}-12-31" for year in range(2000, 2007)]
    assert path["purchase"].tolist() == [True, True, False, False, True, False, False]
    assert path["mean"].iloc[-1] == pytest.approx(point.probability_alive(one(2, 4, 6))["mean"].item())


def test_the_path_of_a_donor_ends_with_an_opportunity(point):
    with pytest.raises(clv.InvalidArgument, match="until 2006-11-30 is not the last day of a year"):
        point.probability_alive_path(["2000-05-01"], until="2006-11-30")


def test_the_matrix_has_one_purchase_at_most_at_an_opportunity(point):
    matrix = point.frequency_recency_matrix(T=4, quantity="probability_alive", most=9)
    assert matrix.index.tolist() == [(0, 0.0), *((x, float(t)) for x in range(1, 5) for t in range(x, 5))]
    with pytest.raises(clv.InvalidArgument, match="T is 2.5; give a whole number"):
        point.frequency_recency_matrix(T=2.5, quantity="probability_alive")
