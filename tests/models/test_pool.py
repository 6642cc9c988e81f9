"""Several posteriors as one: its draws are those of the members, one member after the other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.evaluation.criticism import leave_one_out, prior_sensitivity
from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomial
from clvmodels.models.modified_beta_geo import ModifiedBetaGeo
from clvmodels.models.pareto_nbd import ParetoNBD
from clvmodels.models.registry import pair_label, purchase_model
from clvmodels.models.shares import draws_of, shares_of
from clvmodels.scoring import QUANTITIES, Scorer

HORIZON = {"horizon": 26.0}
QUANTITY_CHOICES = {
    "probability_alive": {},
    "expected_purchases": HORIZON,
    "expected_discounted_purchases": {**HORIZON, "annual_discount_rate": 0.1},
    "probability_of_purchase": HORIZON,
    "expected_lifetime": HORIZON,
}
DRAWN = {"predictive_purchases": HORIZON, "time_to_next_purchase": {}, "median_lifetime": {}}


@pytest.fixture(scope="module")
def some(cdnow):
    return cdnow.select(cdnow.frame.index[:60])


@pytest.fixture(scope="module")
def pareto(cdnow):
    return ParetoNBD().fit(cdnow, draws=200, random_seed=2)


@pytest.fixture(scope="module")
def modified(cdnow):
    return ModifiedBetaGeo().fit(cdnow, draws=200, random_seed=3)


@pytest.fixture(scope="module")
def pool(pareto, modified):
    return clv.Pool.of([pareto, modified])


@pytest.mark.parametrize(("quantity", "choices"), (QUANTITY_CHOICES | DRAWN).items())
def test_a_pool_of_one_is_that_one(pareto, some, quantity, choices):
    alone = clv.Pool.of([pareto])
    assert getattr(alone, quantity)(some, **choices).equals(getattr(pareto, quantity)(some, **choices))


def test_a_fitted_pool_of_one_is_that_fit(cdnow):
    pooled = clv.Pool([ModifiedBetaGeo()]).fit(cdnow, draws=100, random_seed=5)
    assert pooled.members[0].samples.equals(ModifiedBetaGeo().fit(cdnow, draws=100, random_seed=5).samples)


@pytest.mark.parametrize(("quantity", "choices"), QUANTITY_CHOICES.items())
def test_its_draws_are_those_of_the_members_one_after_the_other(pool, some, quantity, choices):
    found = pool.blocks(quantity, some, **choices).array()
    first, second = (member.blocks(quantity, some, **choices).array() for member in pool.members)
    assert found == pytest.approx(np.concatenate([first, second]), rel=1e-12)


def test_the_mean_is_that_of_the_members_by_weight(pareto, modified, some):
    pool = clv.Pool.of([pareto, modified], weights=[3, 1])
    assert pool.sizes == (150, 50)
    means = [member.expected_purchases(some, horizon=26)["mean"] for member in pool.members]
    expected = 0.75 * means[0] + 0.25 * means[1]
    assert pool.expected_purchases(some, horizon=26)["mean"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)


def test_outcomes_have_the_means_of_the_members(pool, cdnow):
    drawn = pool.predictive_purchases(cdnow, horizon=26)["mean"].sum()
    assert drawn == pytest.approx(pool.expected_purchases(cdnow, horizon=26)["mean"].sum(), rel=0.02)


def test_the_first_member_draws_as_it_does_alone_and_the_others_independently(pareto, cdnow):
    twice = clv.Pool.of([pareto, pareto], draws=400)
    found = twice.blocks("predictive_purchases", cdnow, **HORIZON).array()
    assert np.array_equal(found[:200], pareto.blocks("predictive_purchases", cdnow, random_seed=2, **HORIZON).array())
    surprise = found - np.concatenate([pareto.blocks("expected_purchases", cdnow, **HORIZON).array()] * 2)
    assert abs(np.corrcoef(surprise[:200].ravel(), surprise[200:].ravel())[0, 1]) < 0.01


def test_members_of_one_kind_are_fitted_with_random_numbers_of_their_own(cdnow):
    first, second = clv.Pool([ModifiedBetaGeo(), ModifiedBetaGeo()]).fit(cdnow, draws=200, random_seed=1).members
    assert not np.isin(first.samples["r"].to_numpy(), second.samples["r"].to_numpy()).any()


def test_the_same_seed_gives_the_same_numbers(cdnow, some):
    models = clv.Pool([ParetoNBD(), ModifiedBetaGeo()])
    one, other = (models.fit(cdnow, draws=100, random_seed=9) for _ in range(2))
    assert one.predictive_purchases(some, **HORIZON).equals(other.predictive_purchases(some, **HORIZON))


def test_purchases_of_periods_add_up_to_those_of_the_horizon(pool, some):
    by_period = pool.predictive_total_by_period(some, edges=[0, 10, 26])
    drawn = pool.blocks("predictive_purchases", some, **HORIZON).array().sum(axis=1)
    assert np.array_equal(by_period.sum(axis=1), drawn)


def test_new_customers_are_won_under_each_member(pool):
    from clvmodels.models.by_period import predictive_new_by_period

    edges = np.array([0.0, 26.0])
    won = np.full((pool.draw_count, 1), 300)
    made = predictive_new_by_period(pool, None, won, windows=edges[None] * 0, edges=edges)[:, 0, 1]
    expected = 300 * (1 + pool.newcomer("expected_purchases", np.array([26.0]))[:, 0])
    assert made.mean() == pytest.approx(expected.mean(), rel=0.01)
    halves = made.reshape(2, -1).mean(axis=1) / expected.reshape(2, -1).mean(axis=1)
    assert halves == pytest.approx(1, rel=0.015)


def test_pools_are_taken_apart(pareto, modified, purchases):
    inner = clv.Pool.of([pareto, modified], draws=200)
    outer = clv.Pool.of([inner, purchases], draws=400)
    assert list(outer.by_model()) == ["Pareto/NBD", "MBG/NBD", "BG/NBD"]
    assert outer.sizes == (100, 100, 200)
    nested = clv.Pool([clv.Pool([ParetoNBD(), ModifiedBetaGeo()]), clv.BetaGeo()])
    assert nested.weights == pytest.approx((0.25, 0.25, 0.5))


def test_members_of_one_name_are_numbered(pareto):
    assert list(clv.Pool.of([pareto, pareto]).by_model()) == ["Pareto/NBD", "Pareto/NBD 2"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6), st.integers(2, 5000))
def test_draws_are_shared_out_whole_and_within_one_of_the_exact_share(weights, draws):
    shares = shares_of(weights, len(weights))
    counts = draws_of(shares, draws)
    assert sum(counts) == draws
    assert np.abs(np.array(counts) - draws * shares).max() < 1 + 1e-6


def test_a_pool_of_points_spreads_over_what_the_points_say(cdnow, some):
    points = clv.Pool([ParetoNBD(), ModifiedBetaGeo()]).fit(cdnow, method="map")
    assert points.draw_count == 1000
    table = points.expected_purchases(some, horizon=26)
    low, high = (member.expected_purchases(some, horizon=26)["mean"] for member in points.members)
    assert table["lower"].to_numpy() == pytest.approx(np.minimum(low, high).to_numpy())
    assert table["upper"].to_numpy() == pytest.approx(np.maximum(low, high).to_numpy())
    assert points.summary()[["sd", "lower", "upper"]].isna().all(axis=None)


def test_values_of_a_pool_of_points_are_paired_with_a_point_of_spend(cdnow, some):
    spend = clv.GammaGamma().fit(cdnow, method="map")
    value = clv.LifetimeValue(clv.Pool([ParetoNBD(), ModifiedBetaGeo()]).fit(cdnow, method="map"), spend)
    expected, drawn = value.total(some, **HORIZON), value.total(some, **HORIZON, kind="predictive")
    assert drawn["mean"].item() == pytest.approx(expected["mean"].item(), rel=0.05)


def test_values_pair_draw_i_of_purchases_with_draw_i_of_spend(pool, some, cdnow):
    spend = clv.GammaGamma().fit(cdnow, draws=200, random_seed=1)
    value = clv.LifetimeValue(pool, spend)
    bought = pool.blocks("expected_purchases", some, **HORIZON).array()
    expected = bought * spend.blocks("expected_average_spend", some).array()
    assert value.blocks(some, **HORIZON).array() == pytest.approx(expected, rel=1e-9)


def test_every_score_is_there(pool, some, cdnow):
    spend = clv.GammaGamma().fit(cdnow, draws=200, random_seed=1)
    table = Scorer(purchases=pool, spend=spend, horizon=26, quantities=QUANTITIES).table(some)
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)


def test_a_saved_pool_gives_the_same_answers(pool, some, tmp_path):
    again = clv.load_posterior(pool.save(tmp_path / "pool.nc"))
    assert again.expected_purchases(some, horizon=26).equals(pool.expected_purchases(some, horizon=26))
    assert again.predictive_purchases(some, horizon=26).equals(pool.predictive_purchases(some, horizon=26))
    assert again.summary().equals(pool.summary())
    assert (again.fingerprint, again.random_seed) == (pool.fingerprint, pool.random_seed)


def test_the_arviz_object_has_a_group_for_each_member(pool):
    held = pool.to_arviz()
    assert held["member_1"]["kappa" if "kappa" in held["member_1"] else "r"].sizes["draw"] == 100
    assert held["posterior"]["member"].sizes["draw"] == 200


def test_the_summary_is_by_model_and_parameter(pool):
    table = pool.summary()
    assert table.index.names == ["model", "parameter"]
    assert table.loc["Pareto/NBD"].index.tolist() == ["r", "alpha", "s", "beta"]


def test_the_diagnostics_are_those_of_the_worst_member(pool):
    members = [member.diagnostics for member in pool.members]
    assert pool.diagnostics.k_hat == max(each.k_hat for each in members)
    assert pool.diagnostics.effective_sample_size == min(each.effective_sample_size for each in members)
    assert pool.diagnostics.converged == all(each.converged for each in members)


def test_side_by_side_shows_what_the_members_disagree_on(pool, cdnow):
    table = pool.side_by_side(cdnow, horizon=39)
    assert table.index.get_level_values("model").unique().tolist() == ["Pareto/NBD", "MBG/NBD", "pool"]
    for name, member in pool.by_model().items():
        alive = member.probability_alive(cdnow)["mean"].mean()
        bought = member.expected_purchases(cdnow, horizon=39)["mean"]
        best = bought.sort_values(ascending=False).iloc[: -(-len(bought) // 10)].sum()
        assert table.loc[(name, "alive"), "mean"] == pytest.approx(alive)
        assert table.loc[(name, "expected_purchases"), "mean"] == pytest.approx(bought.sum())
        assert table.loc[(name, "top_tenth"), "mean"] == pytest.approx(best / bought.sum(), rel=1e-3)
    pooled = table.xs("expected_purchases", level="quantity")["mean"]
    assert pooled["pool"] == pytest.approx(pooled.iloc[:2].mean())


def test_leave_one_out_keeps_the_weights_of_the_pool(pool, some, cdnow, monkeypatch):
    elpd = leave_one_out(pool, cdnow).summary["elpd"].item()
    alone = [leave_one_out(member, cdnow).summary["elpd"].item() for member in pool.members]
    # A mixture is at least as good as the mean of the log scores (Jensen).
    assert np.mean(alone) <= elpd <= max(alone) + 5


def test_prior_sensitivity_weighs_within_each_member(pool, cdnow):
    found = prior_sensitivity(pool, None, cdnow, horizon=26)["mean"]
    each = [prior_sensitivity(clv.Pool.of([one.with_draws(100)]), None, cdnow, horizon=26) for one in pool.members]
    assert found.to_numpy() == pytest.approx(np.mean([table["mean"] for table in each], axis=0), rel=1e-9)


def test_densities_before_and_after_the_data_are_of_every_member(pool):
    names = pool.prior_and_posterior().index.get_level_values("parameter").unique()
    assert {"Pareto/NBD beta", "MBG/NBD phi"} <= set(names)


def test_the_density_over_customers_is_the_mean_of_those_of_the_members(pareto):
    twice = clv.Pool.of([pareto, pareto], draws=400)
    both, one = twice.heterogeneity()["mean"], pareto.heterogeneity()["mean"]
    assert both.to_numpy() == pytest.approx(one.to_numpy())


def test_a_retention_offer_is_made_with_it(pool, cdnow, some):
    value = clv.LifetimeValue(pool, clv.GammaGamma().fit(cdnow, draws=200, random_seed=1))
    offer = clv.decisions.Offer(kept=clv.Prior("Beta", alpha=2, beta=18), cost=1.0)
    assert clv.decisions.retention_offer(value, some, offer, horizon=26).sentence
    assert clv.decisions.value_at_risk(value, some, horizon=26).sentence


def test_opportunities_pool_with_opportunities():
    frame = pd.DataFrame({"frequency": [3, 0], "recency": [5, 0], "opportunities": [6, 6]}, index=["a", "b"])
    rfm = clv.RFM.from_frame(frame, time_unit="year")
    each = [
        BetaGeoBetaBinomial.at(alpha=a, beta=0.75, gamma=0.66, delta=2.8, time_unit="year", random_seed=1)
        for a in (1.2, 2.0)
    ]
    means = [one.expected_purchases(rfm, horizon=5)["mean"] for one in each]
    found = clv.Pool.of(each).expected_purchases(rfm, horizon=5)["mean"]
    assert found.to_numpy() == pytest.approx(np.mean(means, axis=0))


def test_keys_make_a_pool():
    for key in ("pareto_nbd,bg_nbd", "pareto_nbd+bg_nbd", ["pareto_nbd", "bg_nbd"], ["pareto_nbd, bg_nbd"]):
        assert purchase_model(key).key == "pareto_nbd+bg_nbd"
    assert pair_label("pareto_nbd+bg_nbd", "gamma_gamma") == "pool of Pareto/NBD and BG/NBD x Gamma-Gamma"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda one: clv.Pool([]), "models is"),
        (lambda one: clv.Pool([clv.BetaGeo]), "models has a type"),
        (lambda one: clv.Pool([clv.GammaGamma()]), "models has a GammaGamma"),
        (lambda one: clv.Pool(clv.BetaGeo()), "models is"),
        (lambda one: clv.Pool.of([]), "posteriors is"),
        (lambda one: clv.Pool.of([one, clv.BetaGeo()]), "posteriors has a BetaGeo"),
        (lambda one: clv.Pool.of([one, one], weights=[1]), "weights are"),
        (lambda one: clv.Pool.of([one, one], weights=[1, 0]), "weights are"),
        (lambda one: clv.Pool.of([one, one], weights=[1, np.nan]), "weights are"),
        (lambda one: clv.Pool.of([one, one], weights="ab"), "weights are"),
        (lambda one: clv.Pool.of([one, one], weights=[1, 1000]), "fewer than two"),
        (lambda one: clv.Pool.of([one, one], draws=0), "draws"),
        (lambda one: clv.Pool.of([one, clv.BetaGeo.at(r=1, alpha=1, a=1, b=1, time_unit="day")]), "in weeks and days"),
        (lambda one: purchase_model("pareto_nbd,nope"), "no model of purchases 'nope'"),
        (lambda one: purchase_model("bg_nbd,bg_nbd"), "name each once"),
        (lambda one: purchase_model("bg_nbd,"), "a model of purchases is left out"),
    ],
)
def test_what_is_no_pool_is_refused(pareto, make, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        make(pareto)


def test_too_few_draws_are_refused_before_the_first_fit(cdnow):
    with pytest.raises(clv.InvalidArgument, match="draws"):
        clv.Pool([ParetoNBD()]).fit(cdnow, draws=50)


def test_scores_ask_those_members_who_leaves_that_know_it():
    seen = {"frequency": [3, 0], "recency": [20, 0], "T": [30, 25], "purchase_times": [[2, 5, 20], []]}
    rfm = clv.RFM.from_frame(pd.DataFrame({"monetary_value": [8.0, 0.0], **seen}), time_unit="week")
    soft = clv.SoftDropout.at(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1, time_unit="week")
    drift = clv.Drift.at(r=0.5, alpha=4.0, kappa=0.05, c=0.3, time_unit="week")
    pool = clv.Pool.of([drift, soft], draws=100, random_seed=1)
    scores = Scorer(purchases=pool, horizon=20).table(rfm)
    for name in ("probability_alive", "expected_lifetime"):
        alone = getattr(soft, name)(rfm, **({"horizon": 20} if name == "expected_lifetime" else {}))["mean"]
        assert scores[f"{name}_mean"].to_numpy() == pytest.approx(alone.to_numpy(), rel=1e-12)
    both = (each.expected_purchases(rfm, horizon=20)["mean"].to_numpy() for each in (soft, drift))
    assert scores["expected_purchases_mean"].to_numpy() == pytest.approx(sum(both) / 2, rel=1e-12)
