"""Drift as a model: its fit, its predictions, and what it does not say."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels import reports
from clvmodels.evaluation.criticism import leave_one_out
from clvmodels.formulas import drift as formulas
from clvmodels.models.drift import DriftPosterior
from clvmodels.models.modified_beta_geo import ModifiedBetaGeo
from clvmodels.scoring import Scorer
from tests.models.simulation_based import assert_uniform, calibration_ranks

LOG = clv.datasets.simulate_transactions(customers=300, length=60, random_seed=1)
TIMES = {"statistics": ["purchase_times"]}


@pytest.fixture(scope="module")
def with_times():
    return clv.rfm_summary(clv.datasets.load_cdnow(), time_unit="week", observation_end="1997-09-30", **TIMES)


@pytest.fixture(scope="module")
def drift(with_times):
    return clv.Drift().fit(with_times, draws=200, random_seed=1)


@pytest.fixture(scope="module")
def some(with_times):
    return with_times.select(with_times.frame.index[:80])


@pytest.fixture(scope="module")
def pool(drift, with_times):
    return clv.Pool.of([ModifiedBetaGeo().fit(with_times, draws=200, random_seed=2), drift])


def history(times, T):
    seen = {"frequency": [len(times)], "recency": [float(max(times, default=0.0))], "T": [T], "purchase_times": [times]}
    return clv.RFM.from_frame(pd.DataFrame(seen, index=["ann"]), time_unit="week")


def test_the_log_likelihood_of_one_customer_is_that_of_the_design():
    point = clv.Drift.at(r=0.5, alpha=4.0, kappa=0.05, c=0.3, time_unit="week")
    found = point.log_likelihood(history([2.0, 5.0, 20.0], 30.0)).array()
    assert found.item() == pytest.approx(-10.713739381233, abs=1e-11)


def test_the_graph_and_its_compiled_sum_are_one(with_times):
    from clvmodels.inference.density import flatten

    compressed = DriftPosterior.counts(with_times)
    priors = clv.DriftPriors().for_data(compressed)
    at = np.log([[0.3, 9.0, 0.04, 0.2], [0.1, 8.0, 0.1, 0.4]])
    plain, loops = (flatten(clv.Drift.graph(compressed, priors, loops=loops)) for loops in (False, True))
    assert loops.log_density(at) == pytest.approx(plain.log_density(at), rel=1e-10)
    for point in at:
        assert loops.value_and_gradient(point)[1] == pytest.approx(plain.value_and_gradient(point)[1], rel=1e-6)


def test_the_fit_of_cdnow_forecasts_as_the_prototype_did(with_times):
    split = clv.split_holdout(
        clv.datasets.load_cdnow(), calibration_end="1997-09-30", holdout_end="1998-06-30", time_unit="week", **TIMES
    )
    point = clv.Drift(priors=clv.DriftPriors.flat()).fit(with_times, method="map")
    forecast = point.expected_purchases(with_times, horizon=39)["mean"]
    error = forecast - split.holdout["purchases"].reindex(forecast.index)
    assert np.abs(error).mean() == pytest.approx(0.840, abs=0.002)
    assert np.sqrt((error**2).mean()) == pytest.approx(1.704, abs=0.004)


def test_the_time_unit_does_not_matter(with_times):
    days = clv.rfm_summary(clv.datasets.load_cdnow(), time_unit="day", observation_end="1997-09-30", **TIMES)
    one, other = (clv.Drift().fit(rfm, method="map") for rfm in (with_times, days))
    expected = one.expected_purchases(with_times, horizon=39)["mean"]
    # The mode is that of the parameters themselves, in their unit: priors move it a little.
    found = other.expected_purchases(days, horizon=273)["mean"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=0.01)
    importance = [clv.Drift().fit(rfm, draws=1000, random_seed=1) for rfm in (with_times, days)]
    totals = [
        posterior.expected_purchases(rfm, horizon=length)["mean"].sum()
        for posterior, rfm, length in zip(importance, (with_times, days), (39, 273), strict=True)
    ]
    assert totals[0] == pytest.approx(totals[1], rel=0.005)


def test_row_order_does_not_matter(with_times):
    shuffled = with_times.select(np.random.default_rng(1).permutation(with_times.frame.index))
    one, other = (clv.Drift().fit(rfm, draws=100, random_seed=1) for rfm in (with_times, shuffled))
    assert one.samples.equals(other.samples)
    assert one.fingerprint == other.fingerprint


def test_expected_purchases_are_the_formula(drift, some):
    r, alpha, kappa, c = drift.parameter_draws()
    found = drift.blocks("expected_purchases", some, horizon=26).array()
    for i, (times, T) in enumerate(zip(some.frame["purchase_times"], some.frame["T"], strict=True)):
        params = formulas.DriftParams(r, alpha, kappa, c)
        fixed, each = formulas.expected_purchases(params, 26.0, T)
        expected = fixed + formulas.recent_purchases(params, times, T) * each
        assert found[:, i] == pytest.approx(expected, rel=1e-8)


def test_drawn_purchases_have_the_expected_mean(drift, with_times):
    expected = drift.expected_purchases(with_times, horizon=26)["mean"].sum()
    drawn = drift.predictive_purchases(with_times, horizon=26)["mean"].sum()
    assert drawn == pytest.approx(expected, rel=0.015)
    active = drift.probability_of_purchase(with_times, horizon=26)["mean"].sum()
    outcomes = drift.blocks("predictive_purchases", with_times, horizon=26).array()
    assert (outcomes > 0).mean(axis=0).sum() == pytest.approx(active, rel=0.01)


def test_new_customers_buy_as_expected(drift):
    from clvmodels.models.by_period import predictive_new_by_period

    edges, won = np.array([0.0, 26.0]), np.full((drift.draw_count, 1), 500)
    made = predictive_new_by_period(drift, None, won, windows=edges[None] * 0, edges=edges)[:, 0, 1]
    expected = 500 * (1 + drift.newcomer("expected_purchases", np.array([26.0]))[:, 0])
    assert made.mean() == pytest.approx(expected.mean(), rel=0.015)
    table = drift.expected_purchases(clv.RFM.new_customer("week"), horizon=26)
    assert table["mean"].item() == pytest.approx(expected.mean() / 500 - 1, rel=1e-8)


def test_discounting_lies_between_nothing_and_all(drift, some):
    whole = drift.expected_purchases(some, horizon=52)["mean"]
    one_year = drift.expected_discounted_purchases(some, horizon=52, annual_discount_rate=0.1)["mean"]
    assert ((one_year < whole) & (one_year > whole / 1.1)).all()


def test_horizons_add_up(drift, some):
    parts = [drift.blocks("expected_purchases", some, horizon=h).array() for h in (10.0, 10.0001)]
    rate = (parts[1] - parts[0]) / 1e-4
    assert (rate > 0).all()
    by_period = drift.predictive_total_by_period(some, edges=[0, 5, 20])
    drawn = drift.blocks("predictive_purchases", some, horizon=20).array()
    assert np.array_equal(by_period.sum(axis=1), drawn.sum(axis=1))


def test_the_next_purchase_comes_sooner_or_later(drift, some):
    table = drift.time_to_next_purchase(some)
    assert (table["probability_never"] == 0).all()
    assert np.isfinite(table).all(axis=None)


def test_purchases_of_long_ago_count_less_than_those_of_late():
    point = clv.Drift.at(r=0.5, alpha=4.0, kappa=0.05, c=0.3, time_unit="week")
    late, early = (
        point.expected_purchases(history(times, 60.0), horizon=26)["mean"].item() for times in ([50, 55], [5, 10])
    )
    assert late > early


def test_everything_is_there_without_the_end_of_customers(drift, some):
    spend = clv.GammaGamma().fit(some, draws=200, random_seed=1)
    table = Scorer(purchases=drift, spend=spend, horizon=26).table(some)
    assert "expected_purchases_mean" in table
    assert not [name for name in table if "alive" in name or "lifetime_mean" in name.replace("lifetime_value", "")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda one, rfm: one.probability_alive(rfm),
        lambda one, rfm: one.expected_lifetime(rfm, horizon=52),
        lambda one, rfm: one.median_lifetime(rfm),
        lambda one, rfm: one.survival_curve(rfm, times=[1, 2]),
        lambda one, rfm: one.draws("lifetime", rfm),
        lambda one, rfm: one.blocks("probability_alive", rfm),
        lambda one, rfm: one.newcomer("probability_alive", np.array([1.0])),
        lambda one, rfm: Scorer(purchases=one, horizon=9, quantities=["probability_alive"]),
        lambda one, rfm: clv.decisions.churn(one, rfm, period=13),
        lambda one, rfm: clv.Pool.of([one, one]).probability_alive(rfm),
    ],
)
def test_who_is_alive_is_refused_with_what_to_do(drift, some, ask):
    with pytest.raises(clv.InvalidArgument, match="no probability of being alive.*mbg_nbd.*in a pool"):
        ask(drift, some)


def test_decisions_about_leaving_are_refused(drift, some):
    value = clv.LifetimeValue(drift, clv.GammaGamma().fit(some, draws=200, random_seed=1))
    offer = clv.decisions.Offer(kept=clv.Prior("Beta", alpha=2, beta=18), cost=1.0)
    for ask in (
        lambda: clv.decisions.value_at_risk(value, some, horizon=26),
        lambda: clv.decisions.retention_offer(value, some, offer, horizon=26),
        lambda: clv.decisions.customers_needed(value, some, periods=2),
    ):
        with pytest.raises(clv.InvalidArgument, match="no probability of being alive"):
            ask()


def test_a_pool_takes_who_is_alive_from_the_members_that_say_so(pool, some):
    other = pool.members[0]
    found, expected = pool.probability_alive(some), other.with_draws(200).probability_alive(some)
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    assert pool.blocks("probability_alive", some).array().shape == (200, len(some))
    assert pool.expected_lifetime(some, horizon=52)["mean"].to_numpy() == pytest.approx(
        other.expected_lifetime(some, horizon=52)["mean"].to_numpy(), rel=1e-9
    )
    assert pool.median_lifetime(some)["median"].notna().all()


def test_a_pool_with_it_makes_every_decision(pool, some):
    value = clv.LifetimeValue(pool, clv.GammaGamma().fit(some, draws=200, random_seed=1))
    offer = clv.decisions.Offer(kept=clv.Prior("Beta", alpha=2, beta=18), cost=1.0)
    assert clv.decisions.churn(pool, some, period=13, periods=2).sentence
    assert clv.decisions.value_at_risk(value, some, horizon=26).sentence
    assert clv.decisions.retention_offer(value, some, offer, horizon=26).sentence
    assert clv.decisions.customers_needed(value, some, periods=2).sentence


def test_leave_one_out_works(drift, with_times, pool):
    found = leave_one_out(drift, with_times, smoothed=50).summary.loc["purchases"]
    in_sample = drift.log_likelihood(with_times).array().sum(axis=1).max()
    assert found["p_loo"] == pytest.approx(4, abs=3)
    assert in_sample - 12 < found["elpd"] < in_sample
    assert np.isfinite(leave_one_out(pool, with_times, smoothed=50).summary["elpd"].item())


def test_a_saved_posterior_gives_the_same_answers(drift, some, tmp_path):
    again = clv.load_posterior(drift.save(tmp_path / "drift.nc"))
    assert again.predictive_purchases(some, horizon=9).equals(drift.predictive_purchases(some, horizon=9))


def test_customers_without_purchase_times_are_refused_with_the_call_that_makes_them(drift, cdnow):
    for ask in (lambda: clv.Drift().fit(cdnow), lambda: drift.expected_purchases(cdnow, horizon=9)):
        with pytest.raises(clv.InvalidRFM, match=r"no purchase_times; make it with rfm_summary"):
            ask()


def test_a_new_customer_needs_no_purchase_times(drift):
    assert drift.expected_purchases(clv.RFM.new_customer("week"), horizon=9)["mean"].item() > 0


def test_an_evaluation_and_its_report_make_purchase_times_by_themselves(tmp_path):
    chosen = clv.named_forecasters(["drift_gamma_gamma", "mbg_nbd+drift_gamma_gamma", "as_before"])
    result = clv.backtest(LOG, calibration_end="2020-10-01", holdout_end="2021-02-01", forecasters=chosen)
    assert np.isfinite(result.table().loc[("purchases", "drift_gamma_gamma"), "rmse"])
    page = clv.write_report(result, tmp_path / "report.html").read_text()
    assert "drift, purchases" in page
    assert "expected to be alive" not in page


def test_a_decision_makes_purchase_times_by_itself(tmp_path):
    choices = {"cost": "10", "horizon": 52, "channels": None}
    assert reports.decide("acquisition", LOG, tmp_path, model="drift", **choices).sentence


def test_parameters_are_recovered():
    true = formulas.DriftParams(0.4, 6.0, 0.05, 0.5)
    rfm = simulated(true, np.random.default_rng(5), customers=1500)
    table = clv.Drift().fit(rfm, random_seed=1).summary(interval=0.99)
    for name, value in true._asdict().items():
        assert table.loc[name, "lower"] < value < table.loc[name, "upper"]


def simulated(params, rng, *, customers=200, length=60.0):
    """Customers by thinning, event by event, in continuous time."""
    r, alpha, kappa, c = params
    rows = []
    for T in rng.uniform(length / 2, length, customers):
        times, n, t = [], c, 0.0
        while len(times) < 2000:
            bound = (r + n) / (alpha + formulas.exposure(kappa, t))
            step = rng.exponential(1 / bound)
            n, t = n * np.exp(-kappa * step), t + step
            if t > T:
                break
            if rng.random() * bound <= (r + n) / (alpha + formulas.exposure(kappa, t)):
                times.append(t)
                n += 1
        rows.append((len(times), times[-1] if times else 0.0, T, times))
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "T", "purchase_times"])
    return clv.RFM.from_frame(frame, time_unit="week")


@pytest.mark.calibration
def test_ranks_of_the_prior_among_the_posterior_are_uniform():
    spread = {"r": (-0.5, 0.5), "alpha": (2.5, 0.5), "kappa": (-3.0, 0.7), "c": (-0.7, 0.5)}
    priors = clv.DriftPriors(**{name: clv.Prior("LogNormal", mu=mu, sigma=sd) for name, (mu, sd) in spread.items()})

    def simulate(truth, rng):
        return simulated(formulas.DriftParams(**truth), rng)

    assert_uniform(calibration_ranks(clv.Drift(priors=priors), simulate))


@pytest.mark.calibration
@pytest.mark.parametrize("few", [False, True])
def test_importance_draws_are_those_of_nuts(with_times, few):
    rfm = with_times.select(with_times.frame.index[:150]) if few else with_times
    ours, nuts = (clv.Drift().fit(rfm, draws=4000, method=how, random_seed=1) for how in ("auto", "nuts"))
    for name in ours.parameters:
        # Of few customers a chain may stray to where nothing is forgotten, of little weight: quantiles do not mind.
        one, other = (np.quantile(np.log(each.samples[name]), [0.05, 0.5, 0.95]) for each in (ours, nuts))
        width = other[2] - other[0]
        assert np.abs(one - other).max() < 0.06 * width
