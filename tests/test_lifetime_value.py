"""Lifetime value: reference sums, units, discounting, and purchase-by-purchase simulation."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.model_error import ModelError

PURCHASES = {"r": 0.2425929, "alpha": 4.4135323, "a": 0.7928860, "b": 2.4257524}
SPEND = {"p": 6.2488025, "q": 3.7445885, "v": 15.4477481}
SEED = 3


@pytest.fixture(scope="module")
def summary():
    return clv.datasets.load_cdnow_summary()


@pytest.fixture(scope="module")
def fitted(summary):
    return clv.BetaGeo().fit(summary, random_seed=1), clv.GammaGamma().fit(summary, random_seed=1)


def at_the_reference(**choices):
    purchases = clv.BetaGeo.at(**PURCHASES, time_unit="week", random_seed=SEED)
    spend = clv.GammaGamma.at(**SPEND, time_unit="week", random_seed=SEED)
    return clv.LifetimeValue(purchases, spend, **choices)


def sum_of(value, summary, horizon):
    return value.expected(summary, horizon=horizon)["mean"].sum()


def test_undiscounted_year_of_the_cdnow_sample(summary):
    assert sum_of(at_the_reference(), summary, 365.25 / 7) == pytest.approx(75_916.76, rel=1e-4)


def test_year_of_the_cdnow_sample_at_one_per_cent_a_month(summary):
    value = at_the_reference(annual_discount_rate=1.01**12 - 1)
    assert sum_of(value, summary, 365.25 / 7) == pytest.approx(71_911.89, rel=1e-4)


def test_fifty_two_weeks_of_the_cdnow_sample_at_ten_per_cent_a_year(summary):
    table = at_the_reference(annual_discount_rate=0.1).expected(summary, horizon=52)
    assert table["mean"].sum() == pytest.approx(72_507.70, rel=1e-4)
    assert table["mean"].to_numpy()[:5] == pytest.approx([36.7873, 4.7028, 8.4623, 8.4623, 8.4623], rel=1e-4)


def test_the_margin_scales_the_value(summary):
    some = summary.select(summary.frame.index[:20])
    whole, third = (at_the_reference(margin=m).expected(some, horizon=52)["mean"] for m in (1, 1 / 3))
    assert third.to_numpy() == pytest.approx(whole.to_numpy() / 3)


def test_weeks_and_days_give_the_same_value(summary):
    some = summary.select(summary.frame.index[:50])
    frame = some.frame.assign(recency=7 * some.frame["recency"], T=7 * some.frame["T"])
    in_days = clv.RFM.from_frame(frame, time_unit="day")
    days = clv.LifetimeValue(
        clv.BetaGeo.at(**{**PURCHASES, "alpha": 7 * PURCHASES["alpha"]}, time_unit="day"),
        clv.GammaGamma.at(**SPEND, time_unit="day"),
        annual_discount_rate=0.1,
    )
    weeks = at_the_reference(annual_discount_rate=0.1).expected(some, horizon=52)["mean"]
    assert days.expected(in_days, horizon=364)["mean"].to_numpy() == pytest.approx(weeks.to_numpy(), rel=1e-9)


def test_an_annual_rate_is_annual(summary):
    """A purchase that is certain to come within days a year from now would be worth 1 / 1.1; here, bounds."""
    some = summary.select(summary.frame.index[:20])
    plain = at_the_reference().expected(some, horizon=365.25 / 7)["mean"]
    discounted = at_the_reference(annual_discount_rate=0.1).expected(some, horizon=365.25 / 7)["mean"]
    assert np.all((discounted < plain) & (discounted > plain / 1.1))


def test_predictive_values_average_to_the_expected_ones(summary):
    value = at_the_reference(annual_discount_rate=0.1, margin=0.5)
    expected = value.total(summary, horizon=52)["mean"].item()
    predicted = value.total(summary, horizon=52, kind="predictive")["mean"].item()
    assert predicted == pytest.approx(expected, rel=0.01)


def test_predictive_values_have_the_distribution_of_simulated_purchases():
    """One frequent customer, followed purchase by purchase with an own clock, coin and purse."""
    rng = np.random.default_rng(8)
    one = clv.RFM.from_frame(
        pd.DataFrame({"customer_id": [1], "frequency": [10], "recency": [38.0], "T": [39.0], "monetary_value": [30.0]}),
        time_unit="week",
    )
    force = np.log(1.3) * 7 / 365.25
    alive = float(at_the_reference().purchases.probability_alive(one)["mean"].item())
    totals = np.zeros(20_000)
    for i in range(len(totals)):
        rate = rng.gamma(PURCHASES["r"] + 10) / (PURCHASES["alpha"] + 39)
        dropout = rng.beta(PURCHASES["a"], PURCHASES["b"] + 10)
        purse = rng.gamma(SPEND["q"] + 10 * SPEND["p"]) / (SPEND["v"] + 300)
        active, clock = rng.random() < alive, 0.0
        while active:
            clock += rng.exponential() / rate
            if clock > 52:
                break
            totals[i] += rng.gamma(SPEND["p"]) / purse * np.exp(-force * clock)
            active = rng.random() >= dropout
    value = at_the_reference(annual_discount_rate=0.3)
    drawn = np.concatenate(
        [value.draws(one, horizon=52, kind="predictive", random_seed=s).to_numpy().ravel() for s in range(20)]
    )
    levels = [0.25, 0.5, 0.75, 0.95]
    assert np.quantile(drawn, levels) == pytest.approx(np.quantile(totals, levels), rel=0.04)
    assert np.mean(drawn == 0) == pytest.approx(np.mean(totals == 0), abs=0.01)


def relative(draws):
    return float((draws.std() / draws.mean()) ** 2)


def test_both_parts_of_the_uncertainty_are_in_the_credible_interval(summary, fitted):
    some = summary.select(summary.frame["frequency"] == 0).select([3, 4, 5])
    both = clv.LifetimeValue(*fitted).draws(some, horizon=52)
    purchases = fitted[0].draws("expected_purchases", some, horizon=52)
    spend = fitted[1].draws("expected_average_spend", some)
    assert relative(both) == pytest.approx(relative(purchases) + relative(spend), rel=0.15)
    assert relative(both) > 1.1 * relative(purchases)


def test_the_interval_of_the_sum_comes_from_sums_of_draws(summary, fitted):
    some = summary.select(summary.frame.index[:300])
    value = clv.LifetimeValue(*fitted)
    sums = value.draws(some, horizon=52).sum("customer_id").to_numpy().ravel()
    total = value.total(some, horizon=52).loc["total"]
    assert total.to_list() == pytest.approx([sums.mean(), *np.quantile(sums, [0.05, 0.95])])


def test_segments_add_up_to_the_total(summary, fitted):
    some = summary.select(summary.frame.index[:300])
    labels = pd.Series(np.where(np.arange(300) % 3 == 0, "web", "shop"), index=some.frame.index)
    value = clv.LifetimeValue(*fitted)
    by_segment = value.total(some.assign(channel=labels), horizon=52, by="channel")
    assert list(by_segment.index) == ["shop", "web"]
    assert by_segment["mean"].sum() == pytest.approx(value.total(some, horizon=52)["mean"].item())


@pytest.fixture(scope="module")
def past():
    """Two earlier forecasts, of which one was a third too low and one a quarter too high."""
    origins = {"predicted": [30_000.0, 50_000.0], "actual": [45_000.0, 40_000.0]}
    return ModelError(origins=pd.DataFrame(origins), random_seed=1)


def test_past_errors_widen_the_predictive_interval_of_the_total(summary, fitted, past):
    value, choices = clv.LifetimeValue(*fitted), {"horizon": 52, "kind": "predictive"}
    plain, wide = value.total(summary, **choices), value.total(summary, **choices, model_error=past)
    assert list(wide.columns) == ["mean", "lower", "upper", "wide_lower", "wide_upper"]
    pd.testing.assert_frame_equal(wide[["mean", "lower", "upper"]], plain)
    row = wide.loc["total"]
    assert row["wide_lower"] < row["lower"] < row["mean"] < row["upper"] < row["wide_upper"]
    draws = value.draws(summary, **choices).sum("customer_id").to_numpy().ravel()
    drawn = np.sort(past.widened(draws))
    # The ends are outcomes that were drawn.
    assert row[["wide_lower", "wide_upper"]].tolist() == pytest.approx([drawn[49], drawn[949]])


def test_past_errors_widen_every_segment(summary, fitted, past):
    some = summary.select(summary.frame.index[:600])
    labels = pd.Series(np.where(np.arange(600) % 3 == 0, "web", "shop"), index=some.frame.index)
    choices = {"horizon": 52, "kind": "predictive", "by": "channel", "model_error": past}
    table = clv.LifetimeValue(*fitted).total(some.assign(channel=labels), **choices)
    assert table.index.tolist() == ["shop", "web"]
    assert (table["wide_lower"] < table["lower"]).all()
    assert (table["upper"] < table["wide_upper"]).all()


def test_past_errors_do_not_widen_an_interval_of_the_expectation(summary, fitted, past):
    with pytest.raises(clv.InvalidArgument, match="widens predictive intervals; pass kind='predictive' with it"):
        clv.LifetimeValue(*fitted).total(summary, horizon=52, model_error=past)


def test_a_new_customers_value_holds_the_first_purchase_undiscounted():
    value = at_the_reference(annual_discount_rate=0.1, margin=0.5)
    at_once = value.new_customer(horizon=0)["mean"].item()
    assert at_once == pytest.approx(0.5 * SPEND["p"] * SPEND["v"] / (SPEND["q"] - 1))
    assert value.new_customer(horizon=52)["mean"].item() > at_once


def test_a_new_customers_predicted_value_averages_to_the_expected_one():
    value = at_the_reference(annual_discount_rate=0.1, margin=0.5)
    expected = value.new_customer(horizon=52)["mean"].item()
    drawn = [value.new_customer(horizon=52, kind="predictive", random_seed=seed)["mean"].item() for seed in range(60)]
    assert np.mean(drawn) == pytest.approx(expected, rel=0.03)
    assert value.new_customer(horizon=52, kind="predictive")["lower"].item() > 0


def test_the_same_seed_gives_the_same_values_and_the_others_do_not_matter(summary, fitted):
    value = clv.LifetimeValue(*fitted)
    together = value.predictive(summary.select(summary.frame.index[:100]), horizon=52)
    chosen = summary.frame.index[[70, 2]]
    pd.testing.assert_frame_equal(value.predictive(summary.select(chosen), horizon=52), together.loc[chosen])


@pytest.mark.parametrize("margin", [0, -0.1, 1.5, np.nan, 30])
def test_a_margin_that_is_no_share_is_refused(margin):
    with pytest.raises(clv.InvalidArgument, match="margin is"):
        at_the_reference(margin=margin)


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_a_discount_rate_that_makes_no_sense_is_refused(rate):
    with pytest.raises(clv.InvalidArgument, match="annual_discount_rate is"):
        at_the_reference(annual_discount_rate=rate)


def test_posteriors_in_different_time_units_are_refused():
    with pytest.raises(clv.InvalidArgument, match="fit both to the same RFM"):
        clv.LifetimeValue(clv.BetaGeo.at(**PURCHASES, time_unit="week"), clv.GammaGamma.at(**SPEND, time_unit="day"))


@pytest.mark.slow
def test_purchases_by_nuts_and_spend_by_importance_make_values_together(summary):
    purchases = clv.BetaGeo().fit(summary, method="nuts", draws=250, random_seed=1)
    spend = clv.GammaGamma().fit(summary, method="importance", draws=250, random_seed=1)
    total = clv.LifetimeValue(purchases, spend).total(summary, horizon=52)
    assert (purchases.draw_count, spend.draw_count) == (250, 250)
    assert np.isfinite(total[["mean", "lower", "upper"]]).all(axis=None)


def test_posteriors_with_different_numbers_of_draws_are_refused(fitted):
    with pytest.raises(clv.InvalidArgument, match="1000 draws, spend has 200"):
        clv.LifetimeValue(fitted[0], fitted[1].with_draws(200))


def test_an_unknown_segment_is_refused(summary, fitted):
    with pytest.raises(clv.InvalidArgument, match=r"rfm.assign\(channel="):
        clv.LifetimeValue(*fitted).total(summary, horizon=52, by="channel")


def test_an_unknown_kind_is_refused(summary, fitted):
    with pytest.raises(clv.InvalidArgument, match="'expected' or 'predictive'"):
        clv.LifetimeValue(*fitted).total(summary, horizon=52, kind="credible")


def test_an_unknown_kind_of_draws_is_refused(summary, fitted):
    with pytest.raises(clv.InvalidArgument, match="'expected' or 'predictive'"):
        clv.LifetimeValue(*fitted).draws(summary, horizon=52, kind="pred")


def test_posteriors_in_the_wrong_order_are_refused(fitted):
    with pytest.raises(clv.InvalidArgument, match="purchases, then that of spend; found GammaGammaPosterior"):
        clv.LifetimeValue(*fitted[::-1])


@pytest.mark.parametrize("question", ["expected", "predictive", "total"])
def test_a_negative_horizon_is_refused(summary, fitted, question):
    with pytest.raises(clv.InvalidArgument, match="horizon is -1"):
        getattr(clv.LifetimeValue(*fitted), question)(summary, horizon=-1)


def test_an_rfm_without_values_is_refused(fitted):
    frame = pd.DataFrame({"customer_id": [1], "frequency": [1], "recency": [1.0], "T": [2.0]})
    with pytest.raises(clv.InvalidRFM, match="value column"):
        clv.LifetimeValue(*fitted).expected(clv.RFM.from_frame(frame, time_unit="week"), horizon=52)
