"""What holds for every registered model of purchases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.compiled import events
from clvmodels.models.new_customers import predictive_new_customers
from clvmodels.models.purchase_process import LEAVING
from tests.properties.conftest import DRAWS, assert_same_draws, customers_for, graph_values, tight_priors

RATE = 0.1
HORIZON = 26.0
CREDIBLE = {
    "probability_alive": {"horizon": 5.0},
    "expected_purchases": {"horizon": HORIZON},
    "expected_discounted_purchases": {"horizon": HORIZON, "annual_discount_rate": RATE},
    "probability_of_purchase": {"horizon": HORIZON},
    "expected_lifetime": {"horizon": HORIZON},
}
PREDICTIVE = {"predictive_purchases": {"horizon": HORIZON}, "time_to_next_purchase": {}, "lifetime": {}}
EVERY = {**CREDIBLE, **PREDICTIVE}


def asked(posterior, quantities):
    """The quantities that have a meaning under a model."""
    return {name: choices for name, choices in quantities.items() if posterior.leaves or name not in LEAVING}


def drawn(posterior, rfm, quantity, **choices):
    """Draws (customers, draws) of a quantity; without meaning, the test is of no use."""
    if not posterior.leaves and quantity in LEAVING:
        pytest.skip("nobody leaves")
    return posterior.draws(quantity, rfm, **{**EVERY[quantity], **choices}).to_numpy()[0].T


def some(rfm, number=40):
    return rfm.select(rfm.frame.index[:: len(rfm) // number])


def assert_mean_zero(differences):
    """Sums over the customers, one for each draw, that are independent given the data."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    assert abs(differences.mean()) < 4.5 * error + 1e-12


def without_days(posterior, rfm, random_seed=1):
    """Outcomes of which several may be on a day, as the expectations have it."""
    return replace(posterior.outcomes(rfm, random_seed=random_seed), days=np.inf)


@pytest.mark.parametrize("quantity", EVERY)
def test_the_order_of_the_customers_does_not_matter(bought, quantity):
    rfm = some(bought.rfm)
    turned = drawn(bought.posterior, rfm.select(rfm.frame.index[::-1]), quantity)
    assert np.array_equal(turned[::-1], drawn(bought.posterior, rfm, quantity))


@pytest.mark.slow
def test_the_order_of_the_customers_does_not_matter_to_the_fit(bought):
    # All that a fit sees.
    turned = bought.rfm.select(bought.rfm.frame.index[::-1])
    pd.testing.assert_frame_equal(bought.posterior.counts(turned), bought.posterior.counts(bought.rfm))


@pytest.mark.parametrize("quantity", EVERY)
def test_a_customers_answer_does_not_depend_on_the_others(bought, quantity):
    rfm = some(bought.rfm)
    every, alone = drawn(bought.posterior, rfm, quantity), rfm.select(rfm.frame.index[7:9])
    exact = quantity in PREDICTIVE
    assert drawn(bought.posterior, alone, quantity) == pytest.approx(every[7:9], rel=0 if exact else 1e-9, abs=0)


@pytest.mark.parametrize("quantity", EVERY)
def test_one_thread_and_two_give_the_same(bought, quantity, monkeypatch):
    found = []
    for threads in "12":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(drawn(bought.posterior, some(bought.rfm, 100), quantity))
    assert np.array_equal(*found)


@pytest.mark.slow
def test_the_time_unit_does_not_matter(bought):
    if bought.opportunity:  # whatever a period is called
        other, per_unit = clv.RFM.from_frame(bought.rfm.frame, time_unit="quarter"), 1.0
    else:
        other, per_unit = customers_for(bought.model, time_unit="day"), 7.0
    fitted = bought.fit(other)
    for quantity, choices in asked(bought.posterior, CREDIBLE).items():
        choices = {name: choice for name, choice in choices.items() if name != "annual_discount_rate"}
        choices |= {"annual_discount_rate": 0.0} if "discounted" in quantity else {}
        theirs = drawn(fitted, some(other), quantity, **{**choices, "horizon": choices["horizon"] * per_unit})
        ours = drawn(bought.posterior, some(bought.rfm), quantity, **choices)
        scale = per_unit if quantity == "expected_lifetime" else 1.0
        assert theirs.mean(axis=1) / scale == pytest.approx(ours.mean(axis=1), rel=2e-3, abs=1e-6), quantity


def test_customers_alike_are_counted_as_one(bought):
    frame = bought.rfm.frame
    twice = pd.concat([frame, frame.set_axis(-frame.index - 1)])
    counts = bought.posterior.counts(replace(bought.rfm, frame=twice))
    assert counts["count"].sum() == 2 * len(frame)
    assert counts.assign(count=counts["count"] // 2).equals(bought.posterior.counts(bought.rfm))
    assert len(counts) < len(frame)


@pytest.mark.parametrize("loops", [False, True])
def test_log_likelihoods_of_the_customers_add_up_to_that_of_the_graph(bought, loops):
    each = bought.posterior.log_likelihood(bought.rfm).array()
    assert each[:3].sum(axis=1) == pytest.approx(graph_values(bought, loops=loops), rel=1e-9)


def test_nothing_is_expected_within_no_time(bought):
    nothing = {"horizon": 0.0}
    known = asked(bought.posterior, EVERY)
    for quantity in ("expected_purchases", "expected_lifetime", "probability_of_purchase", "predictive_purchases"):
        if quantity in known:
            assert np.all(drawn(bought.posterior, bought.rfm, quantity, **nothing) == 0), quantity
    assert np.all(drawn(bought.posterior, bought.rfm, "expected_discounted_purchases", **nothing) == 0)


def test_quantities_asked_for_together_are_those_asked_for_alone(bought):
    rfm = some(bought.rfm)
    lengths = {name: {"horizon": choices["horizon"]} for name, choices in asked(bought.posterior, CREDIBLE).items()}
    del lengths["expected_discounted_purchases"]
    for name, table in bought.posterior.credible(lengths, rfm, interval=0.8).items():
        alone = getattr(bought.posterior, name)(rfm, **lengths[name], interval=0.8)
        pd.testing.assert_frame_equal(table, alone, check_exact=True)


def test_probabilities_are_such_and_agree_with_each_other(bought):
    rfm, tiny = some(bought.rfm, 100), 1e-9
    made = {quantity: drawn(bought.posterior, rfm, quantity) for quantity in asked(bought.posterior, CREDIBLE)}
    some_purchase = made["probability_of_purchase"]
    assert np.all((some_purchase >= 0) & (some_purchase <= np.minimum(made["expected_purchases"], 1) + tiny))
    assert np.all(made["expected_discounted_purchases"] <= made["expected_purchases"] + tiny)
    year = bought.rfm.units_per_year
    least = made["expected_purchases"] * (1 + RATE) ** (-HORIZON / year)
    assert np.all(made["expected_discounted_purchases"] >= least * (1 - 1e-6))


def test_fewer_are_alive_later_and_live_no_longer_than_the_horizon(bought):
    rfm, tiny = some(bought.rfm, 100), 1e-9
    now = drawn(bought.posterior, rfm, "probability_alive", horizon=0.0)
    assert np.all((now >= 0) & (now <= 1 + tiny))
    assert np.all(drawn(bought.posterior, rfm, "probability_alive") <= now + tiny)
    assert np.all(drawn(bought.posterior, rfm, "expected_lifetime") <= HORIZON * now * (1 + tiny))


@pytest.mark.parametrize("quantity", ["expected_purchases", "probability_of_purchase", "expected_lifetime"])
def test_more_is_expected_within_a_longer_time(bought, quantity):
    values = [drawn(bought.posterior, some(bought.rfm), quantity, horizon=float(t)) for t in (1, 2, 5, 13, 26, 52, 500)]
    assert np.all(np.diff(values, axis=0) >= -1e-9)


def test_purchases_of_adjacent_times_add_up_to_those_of_both(bought):
    edges = [0.0, 13.0, 26.0]
    parts = bought.posterior.predictive_total_by_period(bought.rfm, edges=edges)
    whole = drawn(bought.posterior, bought.rfm, "predictive_purchases", horizon=26.0)
    assert parts.sum(axis=1) == pytest.approx(whole.sum(axis=0))


def test_without_discount_purchases_are_not_discounted(bought):
    rfm = some(bought.rfm)
    plain = drawn(bought.posterior, rfm, "expected_purchases")
    none = drawn(bought.posterior, rfm, "expected_discounted_purchases", annual_discount_rate=0.0)
    assert none == pytest.approx(plain, rel=1e-9, abs=1e-12)


def test_drawn_purchases_have_the_expected_number(bought):
    posterior, rfm = bought.posterior, bought.rfm
    counts = without_days(posterior, rfm).counts(np.full(len(rfm), HORIZON)).array().T
    assert_mean_zero((counts - drawn(posterior, rfm, "expected_purchases")).sum(axis=0))
    assert_mean_zero(((counts > 0) - drawn(posterior, rfm, "probability_of_purchase")).sum(axis=0))


def test_drawn_purchases_by_period_have_the_expected_number(bought):
    posterior, rfm = bought.posterior, bought.rfm
    edges = np.array([0.0, 5.0, 13.0, 26.0])
    totals = without_days(posterior, rfm).total_by_period(edges, np.zeros(len(rfm)))
    until = [drawn(posterior, rfm, "expected_purchases", horizon=edge).sum(axis=0) for edge in edges]
    for period, expected in enumerate(np.diff(until, axis=0)):
        assert_mean_zero(totals[:, period] - expected)


def test_drawn_purchases_are_discounted_as_expected(bought):
    posterior, rfm = bought.posterior, bought.rfm
    force = np.log1p(RATE) / rfm.units_per_year
    found = without_days(posterior, rfm).events(slice(0, len(rfm)), np.full(len(rfm), HORIZON))
    values = np.empty(len(found.offsets) - 1)
    events.values(*found, np.ones(len(found.times)), 1.0, 0.0, force, values)
    expected = drawn(posterior, rfm, "expected_discounted_purchases")
    assert_mean_zero((values.reshape(expected.shape) - expected).sum(axis=0))


def test_purchases_rise_within_the_horizon(bought):
    rfm = bought.rfm
    offsets, times = bought.posterior.outcomes(rfm, random_seed=1).events(
        slice(0, len(rfm)), np.full(len(rfm), HORIZON)
    )
    assert np.all((times > 0) & (times <= HORIZON))
    inside = np.setdiff1d(np.arange(1, len(times)), offsets)
    assert np.all(times[inside] > times[inside - 1])


def test_drawn_lifetimes_reach_as_far_as_expected(bought):
    posterior, rfm = bought.posterior, bought.rfm
    lifetimes = drawn(posterior, rfm, "lifetime")
    for time in (0.0, 4.0, HORIZON):
        assert_mean_zero(((lifetimes > time) - drawn(posterior, rfm, "probability_alive", horizon=time)).sum(axis=0))
    within = np.minimum(lifetimes, HORIZON) - drawn(posterior, rfm, "expected_lifetime")
    assert_mean_zero(within.sum(axis=0))


def test_drawn_waiting_times_are_as_probable_as_expected(bought):
    posterior, rfm = bought.posterior, bought.rfm
    waits = drawn(posterior, rfm, "time_to_next_purchase")
    assert np.all(waits > 0)
    for time in (4.0, HORIZON):
        soon = drawn(posterior, rfm, "probability_of_purchase", horizon=time)
        assert_mean_zero(((waits <= time) - soon).sum(axis=0))
    never = posterior.time_to_next_purchase(rfm)["probability_never"]
    assert never.sum() == pytest.approx(np.isinf(waits).mean(axis=1).sum(), rel=0.05, abs=1.0)


def test_a_new_customer_is_the_same_by_every_way(bought):
    posterior = bought.posterior
    new = clv.RFM.new_customer(bought.rfm.time_unit)
    times = np.array([1.0, 8.0, HORIZON])
    for quantity in asked(posterior, {"expected_purchases": {}, "probability_alive": {}}):
        one = np.stack([drawn(posterior, new, quantity, horizon=time)[0] for time in times], axis=1)
        assert posterior.newcomer(quantity, times) == pytest.approx(one, rel=1e-8, abs=1e-10)


def test_drawn_new_customers_do_what_is_expected(bought):
    posterior, won = bought.posterior, np.full(DRAWS, 200)
    streams = events.new_streams(np.uint64(3), 0, DRAWS, events.NEW, 0)
    params = posterior.at_draws()
    lives = posterior.new_events(params, streams, won, (0.0, 0.0), HORIZON, days=np.inf)
    repeated = (np.diff(lives.offsets) - 1).reshape(DRAWS, -1).mean(axis=1)
    assert_mean_zero(repeated - posterior.newcomer("expected_purchases", np.array([HORIZON]))[:, 0])
    if not posterior.leaves:
        return
    left, _ = posterior.new_leaving(params, events.new_streams(np.uint64(4), 0, DRAWS, events.NEW, 0), won, (0.0, 0.0))
    alive = (left > HORIZON).reshape(DRAWS, -1).mean(axis=1)
    assert_mean_zero(alive - posterior.newcomer("probability_alive", np.array([HORIZON]))[:, 0])


def test_replicated_customers_do_what_is_expected_of_new_ones(bought):
    posterior, rfm = bought.posterior, some(bought.rfm, 100)
    counts = without_days(posterior, rfm).replicated().counts(np.full(len(rfm), HORIZON)).array()
    assert_mean_zero(counts.mean(axis=1) - posterior.newcomer("expected_purchases", np.array([HORIZON]))[:, 0])


def test_customers_to_come_are_drawn(bought):
    made = predictive_new_customers(bought.posterior, None, lambda size, _: np.full(size, 5.0), horizon=20.0)
    assert np.all(made["purchases"] >= made["customers"])
    assert made["customers"].mean() == pytest.approx(100, abs=4)


def test_tables_have_a_row_for_each_customer_and_ends_around_the_mean(bought):
    posterior, rfm = bought.posterior, some(bought.rfm)
    tables = [getattr(posterior, name)(rfm, **choices) for name, choices in asked(posterior, CREDIBLE).items()]
    for table in (*tables, posterior.predictive_purchases(rfm, horizon=HORIZON)):
        assert table.index.equals(rfm.frame.index)
        assert np.isfinite(table).all(axis=None)
        assert np.all(table["lower"] <= table["upper"])
    if not posterior.leaves:
        return
    assert posterior.survival_curve(rfm, times=[1, 2]).index.names == ["customer_id", "time"]
    assert posterior.median_lifetime(rfm)["median"].ge(0).all()


def test_the_matrix_of_frequency_and_recency_and_the_path_are_tables(bought):
    posterior = bought.posterior
    matrix = posterior.frequency_recency_matrix(T=12.0, horizon=13.0, most=3)
    assert np.all(matrix["mean"] > 0)
    if not posterior.leaves:
        return
    path = posterior.probability_alive_path(["2021-01-05", "2021-03-07", "2021-03-20", "2021-06-01"], until=END_OF_YEAR)
    assert path.loc[path["purchase"], "mean"].between(0, 1 + 1e-9).all()
    assert path["mean"].iloc[-1] < path.loc[path["purchase"], "mean"].iloc[-1] + 1e-9
    last = customers_for(bought.model, PATH, END_OF_YEAR)
    assert path["mean"].iloc[-1] == pytest.approx(posterior.probability_alive(last)["mean"].item(), rel=1e-9)


END_OF_YEAR = "2021-12-31"
PATH = pd.DataFrame({"customer_id": 1, "date": ["2021-01-05", "2021-03-07", "2021-03-20", "2021-06-01"], "value": 1.0})


def test_the_population_has_words_and_densities(bought):
    words = bought.posterior.population()
    assert words
    assert all(values.shape == (DRAWS,) and np.all(values > 0) for values in words.values())
    assert np.isfinite(bought.posterior.heterogeneity()).all(axis=None)
    assert all((bought.posterior.label, bought.posterior.caveats, bought.posterior.terms))
    assert set(bought.posterior.prior_and_posterior().reset_index()["parameter"]) <= set(bought.posterior.priors)


def test_a_saved_posterior_gives_the_same_answers_to_the_last_bit(bought, tmp_path):
    again = clv.load_posterior(bought.posterior.save(tmp_path / "purchases.nc"))
    assert type(again) is type(bought.posterior)
    assert again.priors == bought.posterior.priors
    for quantity in asked(bought.posterior, EVERY):
        rfm = some(bought.rfm)
        assert np.array_equal(drawn(again, rfm, quantity), drawn(bought.posterior, rfm, quantity))


@pytest.mark.slow
def test_priors_are_replaced(bought):
    priors, wanted = tight_priors(bought)
    model = replace(bought.model, priors=replace(bought.model.priors, **priors))
    found = bought.fit(bought.rfm, model).prior_draws()
    assert {name: found[name].mean() for name in wanted} == pytest.approx(wanted, rel=0.02)


def test_a_prior_that_is_none_is_refused(bought):
    name = next(iter(bought.posterior.priors))
    with pytest.raises(clv.InvalidArgument, match=f"prior of {name} is a float"):
        replace(bought.model.priors, **{name: 1.0})


def test_customers_without_a_statistic_are_refused_with_its_name(bought):
    frame = bought.rfm.frame
    for name in set(bought.posterior.statistics) - {"frequency", "recency", "T"}:
        lacking = replace(bought.rfm, frame=frame.drop(columns=name))
        for ask in (bought.model.fit, bought.posterior.time_to_next_purchase, bought.posterior.log_likelihood):
            with pytest.raises(clv.InvalidRFM, match=f"the RFM has no {name}; make it with rfm_summary"):
                ask(lacking)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e9, 1e250])
def test_rows_that_cannot_be_are_refused_with_the_name_of_the_column(bought, wrong):
    frame = bought.rfm.frame
    for name in bought.posterior.statistics:
        column = frame[name].astype(object)
        column.iloc[3] = wrong if np.ndim(column.iloc[3]) == 0 else [wrong]
        plain = column if np.ndim(column.iloc[3]) else column.astype(float)
        with pytest.raises(clv.InvalidRFM, match=name):
            clv.RFM.from_frame(frame.assign(**{name: plain}), time_unit=bought.rfm.time_unit)


@pytest.mark.parametrize("horizon", [-1.0, np.nan, np.inf, "week", None])
def test_horizons_that_cannot_be_are_refused(bought, horizon):
    for quantity in ("expected_purchases", "probability_of_purchase", "predictive_purchases"):
        with pytest.raises(clv.InvalidArgument, match="horizon"):
            drawn(bought.posterior, bought.rfm, quantity, horizon=horizon)


def test_customers_in_another_unit_and_what_are_no_customers_are_refused(bought):
    other = replace(bought.rfm, time_unit="day")
    with pytest.raises(clv.InvalidArgument, match="the RFM is in days"):
        bought.posterior.expected_purchases(other, horizon=3)
    with pytest.raises(clv.InvalidArgument, match="an RFM is needed"):
        bought.posterior.expected_purchases(bought.rfm.frame, horizon=3)
    with pytest.raises(clv.InvalidArgument, match="an RFM is needed"):
        bought.model.fit(bought.rfm.frame)


CDNOW = {"end": "1997-09-30"}


def one_time_buyers():
    log = clv.datasets.load_cdnow()
    known = log[pd.to_datetime(log["date"]) <= CDNOW["end"]]
    days = known.groupby("customer_id")["date"].nunique()
    return log[log["customer_id"].isin(days.index[days == 1][:300].append(days.index[days > 1][:3]))]


@pytest.mark.calibration
@pytest.mark.parametrize("log", [clv.datasets.load_cdnow, one_time_buyers], ids=["CDNOW", "hardly a repeat purchase"])
def test_importance_sampling_equals_nuts(bought, log):
    rfm = customers_for(bought.model, log(), CDNOW["end"])
    auto, nuts = (bought.model.fit(rfm, method=how, draws=4000, random_seed=1) for how in ("auto", "nuts"))
    assert_same_draws(auto.prior_draws(), nuts.prior_draws())
