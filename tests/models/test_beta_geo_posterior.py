"""What the posterior of BG/NBD predicts: shapes, invariants, and event-by-event simulation as the oracle."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import BetaGeoParams

TRUTH = BetaGeoParams(0.8, 6.0, 0.9, 2.5)
CREDIBLE = ["probability_alive", "expected_purchases", "probability_of_purchase", "expected_lifetime"]
PREDICTIVE = ["predictive_purchases", "time_to_next_purchase", "median_lifetime"]


@pytest.fixture(scope="module")
def given():
    return clv.BetaGeo.at(**TRUTH._asdict(), time_unit="week", random_seed=1)


def customers(frequency, recency, T, time_unit="week"):
    table = {"customer_id": [f"c{i}" for i in range(len(T))], "frequency": frequency, "recency": recency, "T": T}
    return clv.RFM.from_frame(pd.DataFrame(table), time_unit=time_unit)


def ask(posterior, question, rfm, **choices):
    if question in ("time_to_next_purchase", "median_lifetime"):
        return getattr(posterior, question)(rfm, **choices)
    return getattr(posterior, question)(rfm, horizon=39, **choices)


def simulated_future(x, t_x, T, horizon, size=100_000):
    """Customers with this history, followed one purchase at a time: counts, next purchase, remaining lifetime."""
    rng = np.random.default_rng(11)
    alive = rng.random(size) < float(beta_geo.probability_alive(TRUTH, x, t_x, T))
    rate, dropout = rng.gamma(TRUTH.r + x, size=size) / (TRUTH.alpha + T), rng.beta(TRUTH.a, TRUTH.b + x, size=size)
    clock, count, first, end = np.zeros(size), np.zeros(size), np.full(size, np.inf), np.where(alive, np.inf, 0.0)
    active = alive.copy()
    while active.any():
        clock = np.where(active, clock + rng.exponential(size=size) / rate, clock)
        first = np.where(active, np.minimum(first, clock), first)
        count += active & (clock < horizon)
        gone = active & (rng.random(size) < dropout)
        end = np.where(gone, clock, end)
        active &= ~gone & (clock < 30 * horizon)
    return count, first, end


@pytest.mark.parametrize("question", CREDIBLE + PREDICTIVE)
def test_answers_come_under_the_customers_own_ids_in_their_order(purchases, cdnow, question):
    some = cdnow.select(cdnow.frame.index[[50, 3, 700]])
    table = ask(purchases, question, some)
    assert table.index.equals(some.frame.index)
    assert table.index.name == "customer_id"


@pytest.mark.parametrize("question", CREDIBLE + ["predictive_purchases"])
def test_the_mean_lies_in_the_interval_and_a_wider_one_holds_a_narrower(purchases, cdnow, question):
    some = cdnow.select(cdnow.frame.index[:50])
    narrow, wide = (ask(purchases, question, some, interval=interval) for interval in (0.5, 0.99))
    assert np.all((wide["lower"] <= narrow["lower"]) & (narrow["upper"] <= wide["upper"]))
    assert np.all((wide["lower"] <= wide["mean"]) & (wide["mean"] <= wide["upper"]))


@pytest.mark.parametrize("question", CREDIBLE + PREDICTIVE)
def test_a_customers_answer_does_not_depend_on_the_others(purchases, cdnow, question):
    together = ask(purchases, question, cdnow.select(cdnow.frame.index[:200]))
    chosen = cdnow.frame.index[[150, 7]]
    alone = ask(purchases, question, cdnow.select(chosen))
    pd.testing.assert_frame_equal(alone, together.loc[chosen], rtol=1e-9)


@pytest.mark.parametrize("question", PREDICTIVE)
def test_the_same_seed_gives_the_same_outcomes_and_another_seed_others(purchases, cdnow, question):
    some = cdnow.select(cdnow.frame.index[:20])
    assert ask(purchases, question, some).equals(ask(purchases, question, some))
    assert not ask(purchases, question, some).equals(ask(purchases, question, some, random_seed=99))


@pytest.mark.parametrize("question", CREDIBLE + PREDICTIVE)
def test_a_new_customer_can_be_asked_about(purchases, question):
    assert list(ask(purchases, question, clv.RFM.new_customer("week")).index) == ["new"]


def test_credible_means_are_the_closed_forms_averaged_over_the_draws(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:30])
    columns = BetaGeoParams(*(purchases.samples[name].to_numpy().ravel()[:, None] for name in ["r", "alpha", "a", "b"]))
    frame = some.frame
    exact = beta_geo.expected_purchases(columns, 39, *(frame[c].to_numpy() for c in ("frequency", "recency", "T")))
    assert purchases.expected_purchases(some, horizon=39)["mean"].to_numpy() == pytest.approx(
        exact.mean(axis=0), rel=1e-9
    )


@pytest.mark.parametrize("history", [(0, 0.0, 20.0), (2, 15.0, 39.0), (12, 38.0, 39.0)])
def test_predictive_purchases_have_the_distribution_of_followed_customers(given, history):
    count, _, _ = simulated_future(*history, horizon=39)
    one = customers(*([value] for value in history))
    drawn = np.concatenate(
        [given.draws("predictive_purchases", one, horizon=39, random_seed=s).to_numpy().ravel() for s in range(20)]
    )
    shares = [np.bincount(values.astype(int), minlength=200)[:30] / len(values) for values in (drawn, count)]
    assert shares[0] == pytest.approx(shares[1], abs=0.012)
    assert drawn.mean() == pytest.approx(given.expected_purchases(one, horizon=39)["mean"].item(), rel=0.05)


def test_the_next_purchase_comes_when_followed_customers_buy(given):
    _, first, _ = simulated_future(2, 30.0, 39.0, horizon=39)
    one = customers([2], [30.0], [39.0])
    drawn = [given.draws("time_to_next_purchase", one, random_seed=seed).to_numpy().ravel() for seed in range(40)]
    shares = [np.mean(np.concatenate(drawn) < time) for time in (2, 10, 39, 1e4)]
    assert shares == pytest.approx([np.mean(first < time) for time in (2, 10, 39, 1e4)], abs=0.012)
    table = given.time_to_next_purchase(one).iloc[0]
    assert table["probability_never"] == pytest.approx(np.mean(np.isinf(first)), abs=0.005)


def test_a_next_purchase_that_will_rather_not_come_is_infinitely_far(given):
    table = given.time_to_next_purchase(customers([20], [10.0], [39.0])).iloc[0]
    assert table["median"] == np.inf
    assert table["probability_never"] > 0.9


def test_the_lifetime_is_that_of_followed_customers(given):
    _, _, end = simulated_future(2, 30.0, 39.0, horizon=39)
    one = customers([2], [30.0], [39.0])
    drawn = [given.draws("lifetime", one, random_seed=seed).to_numpy().ravel() for seed in range(40)]
    shares = [np.mean(np.concatenate(drawn) <= time) for time in (0, 10, 39, 1000)]
    assert shares == pytest.approx([np.mean(end <= time) for time in (0, 10, 39, 1000)], abs=0.012)
    expected = given.expected_lifetime(one, horizon=39)["mean"].item()
    assert expected == pytest.approx(np.minimum(end, 39).mean(), rel=0.01)


def test_the_median_lifetime_of_a_customer_who_has_rather_left_is_zero(given):
    assert given.median_lifetime(customers([20], [10.0], [39.0]))["median"].item() == 0


def test_survival_starts_at_the_probability_alive_and_falls(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:20])
    curve = purchases.survival_curve(some, times=[0, 13, 26, 52])["mean"].to_numpy().reshape(20, 4)
    assert curve[:, 0] == pytest.approx(purchases.probability_alive(some)["mean"].to_numpy())
    assert np.all(np.diff(curve, axis=1) < 0)


def test_a_customer_without_repeat_purchase_is_alive_now_and_less_surely_later(purchases):
    once = customers([0], [0.0], [39.0])
    assert purchases.probability_alive(once).iloc[0].tolist() == [1, 1, 1]
    assert purchases.probability_alive(once, horizon=52)["upper"].item() < 1


def test_answers_grow_with_the_horizon(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:50])
    for question in ("expected_purchases", "expected_lifetime", "probability_of_purchase"):
        short, long = (getattr(purchases, question)(some, horizon=h)["mean"] for h in (13, 130))
        assert np.all(short < long)


def test_nothing_is_expected_within_a_horizon_of_zero(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:5])
    assert np.all(purchases.expected_purchases(cdnow, horizon=0) == 0)
    assert np.all(purchases.expected_lifetime(cdnow, horizon=0) == 0)
    assert np.all(purchases.predictive_purchases(some, horizon=0) == 0)


def test_a_fractional_horizon_is_taken_as_it_is(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:5])
    halves = [purchases.expected_purchases(some, horizon=h)["mean"] for h in (1.0, 1.5, 2.0)]
    assert np.all((halves[0] < halves[1]) & (halves[1] < halves[2]))


def test_predictive_ends_are_whole_numbers_of_purchases(purchases, cdnow):
    table = purchases.predictive_purchases(cdnow.select(cdnow.frame.index[:100]), horizon=39)
    assert np.all(table[["lower", "upper"]] % 1 == 0)


def test_an_extreme_customer_gets_finite_answers(purchases):
    heavy = customers([10_000, 1100], [364.9, 365.0], [365.0, 365.0])
    assert np.all(np.isfinite(purchases.expected_purchases(heavy, horizon=10_000)))
    assert np.all(np.isfinite(purchases.predictive_purchases(heavy, horizon=520)))


def test_draws_have_the_dims_of_arviz_and_the_customers_ids(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:3])
    draws = purchases.draws("expected_purchases", some, horizon=39)
    assert draws.dims == ("chain", "draw", "customer_id")
    assert draws.shape == (1, 1000, 3)
    table = purchases.expected_purchases(some, horizon=39)
    assert draws.mean(("chain", "draw")).to_numpy() == pytest.approx(table["mean"].to_numpy())


def test_purchases_by_period_are_those_of_the_predictive_counts(given):
    rfm = customers([5, 9, 0], [30.0, 38.0, 0.0], [39.0, 39.0, 20.0])
    counts = given.draws("predictive_purchases", rfm, horizon=39, random_seed=4).to_numpy()[0]
    by_period = given.predictive_total_by_period(rfm, edges=[0, 1, 20, 39], random_seed=4)
    assert by_period.shape == (1000, 3)
    assert np.array_equal(by_period.sum(axis=1), counts.sum(axis=1))


def test_simulated_purchases_slow_down_as_expected_purchases_do(given):
    rfm = customers([2] * 300, [30.0] * 300, [39.0] * 300)
    per_period = given.predictive_total_by_period(rfm, edges=[0, 10, 20, 39]).mean(axis=0)
    expected = [given.expected_purchases(rfm, horizon=h)["mean"].sum() for h in (10, 20, 39)]
    assert per_period == pytest.approx(np.diff([0, *expected]), rel=0.02)


def test_a_point_has_no_credible_interval_but_a_predictive_one(given):
    rfm = customers([2], [30.0], [39.0])
    credible = given.expected_purchases(rfm, horizon=39)
    assert credible[["lower", "upper"]].isna().all(axis=None)
    assert given.predictive_purchases(rfm, horizon=39)["upper"].item() > 0


def test_the_transactions_in_place_of_an_rfm_are_refused_with_the_remedy(purchases):
    with pytest.raises(clv.InvalidArgument, match=r"this is a DataFrame; make one with clv.rfm_summary"):
        purchases.probability_alive(clv.datasets.load_cdnow())


@pytest.mark.parametrize("quantity", ["expected_purchases", "predictive_purchases", "expected_lifetime"])
def test_draws_without_a_horizon_are_refused(purchases, cdnow, quantity):
    with pytest.raises(clv.InvalidArgument, match="horizon is missing"):
        purchases.draws(quantity, cdnow)


@pytest.mark.parametrize("horizon", [-1, np.nan, np.inf, "39", [39]])
@pytest.mark.parametrize("question", ["expected_purchases", "predictive_purchases", "expected_lifetime"])
def test_a_horizon_that_is_no_finite_time_is_refused(purchases, cdnow, question, horizon):
    with pytest.raises(clv.InvalidArgument, match="horizon is"):
        getattr(purchases, question)(cdnow, horizon=horizon)


@pytest.mark.parametrize("interval", [0, 1, 90, -0.5, np.nan, "0.9"])
@pytest.mark.parametrize("question", CREDIBLE + PREDICTIVE)
def test_an_interval_that_is_no_probability_is_refused(purchases, cdnow, question, interval):
    with pytest.raises(clv.InvalidArgument, match="interval is"):
        ask(purchases, question, cdnow, interval=interval)


@pytest.mark.parametrize("question", CREDIBLE + PREDICTIVE)
def test_an_rfm_in_another_time_unit_is_refused(purchases, question):
    with pytest.raises(clv.InvalidArgument, match="fitted in weeks; make the RFM with time_unit='week'"):
        ask(purchases, question, customers([1], [10.0], [20.0], time_unit="day"))


def test_an_unknown_quantity_is_refused(purchases, cdnow):
    with pytest.raises(clv.InvalidArgument, match="choose one of probability_alive"):
        purchases.draws("expected_visits", cdnow)


@pytest.mark.parametrize("edges", [[0], [1, 2], [0, 2, 2], [0, np.nan]])
def test_edges_that_do_not_rise_from_zero_are_refused(purchases, cdnow, edges):
    with pytest.raises(clv.InvalidArgument, match="rising from 0"):
        purchases.predictive_total_by_period(cdnow, edges=edges)


def test_no_times_are_refused(purchases, cdnow):
    with pytest.raises(clv.InvalidArgument, match="times is empty"):
        purchases.survival_curve(cdnow, times=[])


def test_mean_expected_purchases_by_calibration_frequency_are_the_published_ones(cdnow):
    point = clv.BetaGeo.at(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881, time_unit="week")
    group = cdnow.frame["frequency"].clip(upper=7)
    means = point.expected_purchases(cdnow, horizon=39)["mean"].groupby(group).mean()
    assert means.to_numpy() == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=6e-4)


def test_outcomes_do_not_depend_on_how_wide_or_fine_the_ids_are_stored(given):
    days = pd.to_datetime(["2020-01-01", "2021-01-01"])
    numbers = np.array([-5, 7])
    stored = [[numbers.astype(kind) for kind in ("int64", "int32", object)], [days, days.astype("datetime64[s]")]]
    for kinds in stored:
        tables = []
        for ids in kinds:
            frame = pd.DataFrame({"frequency": [5, 9], "recency": [30.0, 38.0], "T": 39.0}, index=pd.Index(ids))
            rfm = clv.RFM.from_frame(frame, time_unit="week")
            tables.append(given.draws("predictive_purchases", rfm, horizon=39, random_seed=1).to_numpy())
        assert all(np.array_equal(table, tables[0]) for table in tables)


def test_the_log_likelihood_is_the_formulas_at_every_draw(purchases, cdnow):
    some = cdnow.select(cdnow.frame.index[:40])
    columns = BetaGeoParams(*(each[:, None] for each in purchases.parameter_draws()))
    exact = beta_geo.log_likelihood(columns, *(some.frame[name] for name in ("frequency", "recency", "T")))
    assert purchases.log_likelihood(some).array() == pytest.approx(exact)


def test_the_draws_in_the_parametrisation_of_the_priors_lead_back_to_r_alpha_a_and_b(purchases):
    r, alpha, phi, kappa = purchases.prior_draws().values()
    assert list(purchases.prior_draws()) == list(purchases.priors)
    assert np.allclose([r, alpha, phi * kappa, (1 - phi) * kappa], purchases.parameter_draws())
