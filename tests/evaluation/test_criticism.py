"""A fit held against the data that it was fitted to: ArviZ, refits and simulated customers as oracles."""

from dataclasses import replace

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import spearmanr

import clvmodels as clv
from clvmodels.datasets import load_cdnow_summary
from clvmodels.evaluation.criticism import criticise, frequency_check, leave_one_out, spend_independence
from clvmodels.models.simulators import simulate_rfm

FREQUENCIES = ["0", "1", "2", "3", "4", "5", "6", "7+"]


@pytest.fixture(scope="module")
def rfm():
    return load_cdnow_summary()


@pytest.fixture(scope="module")
def purchases(rfm):
    return clv.BetaGeo().fit(rfm, random_seed=1)


@pytest.fixture(scope="module")
def spend(rfm):
    return clv.GammaGamma().fit(rfm, random_seed=1)


def table_of(frequency, monetary_value):
    frequency = np.asarray(frequency)
    columns = {"frequency": frequency, "recency": np.where(frequency > 0, 5.0, 0.0), "T": 10.0}
    return clv.RFM.from_frame(pd.DataFrame({**columns, "monetary_value": monetary_value}), time_unit="week")


def in_chains(posterior, chains):
    """The same draws, as if so many chains had made them."""
    draws = {name: posterior.samples[name].to_numpy().reshape(chains, -1) for name in posterior.parameters}
    return replace(posterior, samples=xr.Dataset({name: (("chain", "draw"), each) for name, each in draws.items()}))


def arviz_loo(posterior, log_likelihood):
    """What ArviZ makes of all customers, one by one, from log-likelihoods (draws, customers)."""
    sizes = posterior.samples.sizes
    shaped = log_likelihood.reshape(sizes["chain"], sizes["draw"], -1)
    seen = xr.Dataset({"customer": (("chain", "draw", "who"), shaped)})
    tree = xr.DataTree.from_dict({"posterior": posterior.samples, "log_likelihood": seen})
    return arviz_stats.loo(tree, pointwise=True)


def summed_up(theirs):
    """elpd, se and p_loo; the two generations of ArviZ divide the variance by n and by n - 1: here it is n - 1."""
    pointwise = theirs.elpd_i.to_numpy()
    assert theirs.se == pytest.approx(np.sqrt(len(pointwise)) * pointwise.std(), rel=1e-3)
    return [theirs.elpd, np.sqrt(len(pointwise)) * pointwise.std(ddof=1), theirs.p]


def test_the_frequencies_are_counted(rfm, purchases):
    table = frequency_check(purchases, rfm)
    assert table.index.tolist() == FREQUENCIES
    assert table["customers"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert table["expected"].sum() == pytest.approx(2357)


def test_customers_who_behave_as_the_model_says_are_inside_its_intervals():
    made = simulate_rfm(customers=3000, spend=None, random_seed=3)
    table = frequency_check(clv.BetaGeo().fit(made, random_seed=1), made, interval=0.99)
    assert table["customers"].between(table["lower"], table["upper"]).all()


def test_customers_who_behave_otherwise_are_outside():
    """Everybody buys exactly twice, which no mixture of Poisson processes does."""
    made = table_of([2] * 300, 10.0)
    table = frequency_check(clv.BetaGeo.at(r=5, alpha=20, a=1, b=9, time_unit="week", random_seed=1), made)
    assert table.loc["2", "customers"] > table.loc["2", "upper"]
    assert table.loc["0", "customers"] < table.loc["0", "lower"]


def test_the_share_without_a_repeat_purchase_is_expected_as_the_closed_form_says(rfm):
    point = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    exact = ((4.414 / (4.414 + rfm.frame["T"])) ** 0.243).sum()
    assert frequency_check(point, rfm).loc["0", "expected"] == pytest.approx(exact, rel=0.002)


def test_a_wider_interval_of_frequencies_holds_a_narrower(rfm, purchases):
    narrow, wide = (frequency_check(purchases, rfm, interval=interval) for interval in (0.5, 0.99))
    assert np.all((wide["lower"] <= narrow["lower"]) & (narrow["upper"] <= wide["upper"]))


@pytest.mark.parametrize("chains", [1, 4])
def test_leave_one_out_of_purchases_is_arvizs_on_all_customers(rfm, purchases, chains):
    posterior = in_chains(purchases, chains)
    ours, theirs = leave_one_out(posterior, rfm), arviz_loo(posterior, posterior.log_likelihood(rfm).array())
    row = ours.summary.loc["purchases"]
    assert row[["elpd", "se", "p_loo"]].to_numpy() == pytest.approx(summed_up(theirs), rel=1e-8)
    assert row["k_hat"] == pytest.approx(float(theirs.pareto_k.max()), abs=1e-8)
    assert row["k_hat_limit"] == pytest.approx(theirs.good_k)
    assert row["customers"] == 2357


def test_leave_one_out_of_spend_is_arvizs_on_all_who_spent(rfm, spend):
    spent = rfm.select(rfm.frame.index[rfm.frame["frequency"] > 0])
    theirs = arviz_loo(spend, spend.log_likelihood(spent).array())
    row = leave_one_out(spend, rfm).summary.loc["spend"]
    assert row[["elpd", "se", "p_loo"]].to_numpy() == pytest.approx(summed_up(theirs), rel=1e-8)
    assert row["customers"] == 946


def test_a_model_that_made_the_data_has_as_many_effective_parameters_as_parameters():
    made = simulate_rfm(customers=4000, random_seed=8)
    for model, parameters in ((clv.BetaGeo(), 4), (clv.GammaGamma(), 3)):
        row = leave_one_out(model.fit(made, random_seed=1), made).summary.iloc[0]
        assert row["p_loo"] == pytest.approx(parameters, abs=1.2)
        assert row["share_above"] == 0


def test_k_hats_are_of_distinct_customers_and_count_them_all(rfm, purchases):
    found = leave_one_out(purchases, rfm)
    assert list(found.k_hats) == ["part", "frequency", "k_hat", "customers"]
    assert len(found.k_hats) == len(rfm.compressed())
    by_frequency = found.k_hats.groupby("frequency")["customers"].sum()
    assert by_frequency.to_dict() == rfm.frame["frequency"].value_counts().to_dict()
    assert found.k_hats["k_hat"].max() == found.summary["k_hat"].item()


@pytest.mark.parametrize("smoothed", [50, 300])
def test_with_some_weights_smoothed_the_sum_is_nearly_the_same_and_their_k_hats_are(rfm, purchases, smoothed):
    some, every = leave_one_out(purchases, rfm, smoothed=smoothed), leave_one_out(purchases, rfm)
    row, full = some.summary.loc["purchases"], every.summary.loc["purchases"]
    assert row["elpd"] == pytest.approx(full["elpd"], abs=1e-3 * full["se"])
    assert row["se"] == pytest.approx(full["se"], rel=1e-3)
    assert row["k_hat"] == full["k_hat"]
    known = some.k_hats["k_hat"].notna()
    assert known.sum() == smoothed
    pd.testing.assert_frame_equal(some.k_hats[known], every.k_hats[known])


def test_to_smooth_more_than_there_are_is_to_smooth_all(rfm, spend):
    some, every = leave_one_out(spend, rfm, smoothed=10_000), leave_one_out(spend, rfm)
    pd.testing.assert_frame_equal(some.k_hats, every.k_hats)


@pytest.mark.parametrize("smoothed", [0, -1])
def test_to_smooth_nobody_is_refused(rfm, purchases, smoothed):
    with pytest.raises(clv.InvalidArgument, match=f"smoothed is {smoothed}; give a number of customers"):
        leave_one_out(purchases, rfm, smoothed=smoothed)


def test_the_whole_criticism_smooths_as_many_as_it_is_told():
    made = simulate_rfm(customers=200, random_seed=3)
    fits = [model.fit(made, draws=200, random_seed=1) for model in (clv.BetaGeo(), clv.GammaGamma())]
    found = criticise(*fits, made, horizon=10, smoothed=7)
    assert found.k_hats.groupby("part")["k_hat"].count().to_dict() == {"purchases": 7, "spend": 7}
    assert found.leave_one_out["customers"].tolist() == [200, (made.frame["frequency"] > 0).sum()]


def test_a_customer_who_does_not_belong_has_the_largest_k_hat():
    made = simulate_rfm(customers=300, spend=None, random_seed=2).frame[["frequency", "recency", "T"]]
    made.loc[0] = [400, 38.0, 39.0]
    odd = clv.RFM.from_frame(made, time_unit="week")
    found = leave_one_out(clv.BetaGeo().fit(odd, random_seed=1), odd)
    assert found.k_hats.loc[found.k_hats["k_hat"].idxmax(), "frequency"] == 400
    assert found.summary["k_hat"].item() > found.summary["k_hat_limit"].item()
    assert found.summary["share_above"].item() == pytest.approx(1 / 301)


def test_who_was_not_observed_has_no_k_hat_and_costs_nothing(rfm, purchases):
    nobody = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": 0.0}, index=["today"])
    frame = pd.concat([rfm.frame[["frequency", "recency", "T"]], nobody])
    with_one_more = clv.RFM.from_frame(frame, time_unit="week")
    found = leave_one_out(replace(purchases, fingerprint=""), with_one_more)
    assert found.k_hats["k_hat"].isna().sum() == 1
    assert found.summary["elpd"].item() == pytest.approx(leave_one_out(purchases, rfm).summary["elpd"].item())


def test_leave_one_out_of_other_customers_is_refused(rfm, purchases, spend):
    some = rfm.select(rfm.frame.index[:100])
    for posterior in (purchases, spend):
        with pytest.raises(clv.InvalidArgument, match="fitted to other customers"):
            leave_one_out(posterior, some)


def test_a_point_cannot_be_weighted(rfm):
    mode = clv.BetaGeo().fit(rfm, method="map")
    with pytest.raises(clv.InvalidArgument, match="1 draws, and 100 or more"):
        leave_one_out(mode, rfm)


def test_spend_at_cdnow_rises_a_little_with_frequency(rfm):
    found = spend_independence(rfm)
    assert (found.customers, found.holds) == (946, False)
    assert found.correlation == pytest.approx(0.1139, abs=1e-4)
    assert 0 < found.lower < found.correlation < found.upper < 0.3
    assert found.sentence.startswith("Customers who buy more often spend more per purchase (correlation 0.11, 95 %")


def independent(rng, customers):
    """Frequencies and Gamma-Gamma means: each purchase skew, the customers' own means skew."""
    frequency = rng.geometric(0.4, customers)
    return frequency, rng.gamma(1.5 * frequency) / (1.5 * frequency) * 30 / rng.gamma(5, size=customers)


def test_the_interval_of_independent_spend_contains_zero_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    found = [spend_independence(table_of(*independent(rng, 600)), draws=300, random_seed=i) for i in range(200)]
    assert 0.9 <= np.mean([one.holds for one in found]) <= 0.985


def test_ranks_correlate_although_the_assumption_holds():
    frequency, mean = independent(np.random.default_rng(6), 20_000)
    assert spend_independence(table_of(frequency, mean)).holds
    assert spearmanr(frequency, mean).pvalue < 1e-4


@pytest.mark.parametrize(("slope", "word"), [(0.1, "more"), (-0.1, "less")])
def test_planted_dependence_is_found(slope, word):
    frequency, mean = independent(np.random.default_rng(6), 2000)
    found = spend_independence(table_of(frequency, mean * np.exp(slope * frequency)))
    assert not found.holds
    assert f"spend {word} per purchase" in found.sentence


def test_mean_spend_by_frequency_is_that_of_the_customers(rfm):
    table = spend_independence(rfm).by_frequency
    frame = rfm.frame[rfm.frame["frequency"] > 0]
    means = frame.groupby(frame["frequency"].clip(upper=7))["monetary_value"].mean()
    assert table.index.tolist() == FREQUENCIES[1:]
    assert table["mean"].to_numpy() == pytest.approx(means.to_numpy())
    assert np.all((table["lower"] < table["mean"]) & (table["mean"] < table["upper"]))


def test_the_interval_of_a_mean_is_about_that_of_its_standard_error():
    frequency, mean = independent(np.random.default_rng(7), 3000)
    row = spend_independence(table_of(frequency, mean)).by_frequency.loc["1"]
    ones = mean[frequency == 1]
    assert (row["upper"] - row["lower"]) / 2 == pytest.approx(1.96 * ones.std() / np.sqrt(len(ones)), rel=0.1)


def test_the_same_seed_gives_the_same_interval(rfm):
    first, again, other = (spend_independence(rfm, random_seed=seed) for seed in (1, 1, 2))
    assert first.lower == again.lower != other.lower


@pytest.mark.parametrize(
    ("frequency", "value", "reason"),
    [
        ([0, 0, 0], [0.0, 0, 0], "0 customers have repeat purchases with a value"),
        ([0, 1, 2], [0.0, 5, 6], "2 customers have repeat purchases with a value"),
        ([2, 2, 2], [5.0, 6, 7], "all 3 customers with repeat purchases have the same number"),
        ([1, 2, 3], [5.0, 5, 5], "all 3 customers with repeat purchases have the same mean value"),
    ],
)
def test_a_correlation_that_is_not_defined_is_missing_with_its_reason(frequency, value, reason):
    found = spend_independence(table_of(frequency, value))
    assert np.isnan([found.correlation, found.lower, found.upper]).all()
    assert found.holds is None
    assert reason in found.sentence


def test_a_group_of_few_customers_has_a_mean_but_no_interval():
    table = spend_independence(table_of([1, 1, 1, 2, 0], [5.0, 6, 7, 8, 0])).by_frequency
    assert table.loc["2", "mean"] == 8
    assert table.loc["2", ["lower", "upper"]].isna().all()
    assert table.loc["3", "customers"] == 0
    assert np.isnan(table.loc["3", "mean"])


def test_spend_without_values_is_refused():
    with pytest.raises(clv.InvalidRFM, match="no monetary_value"):
        spend_independence(simulate_rfm(customers=10, spend=None, random_seed=1))


@pytest.mark.parametrize("interval", [0, 1, 90])
def test_an_interval_that_is_no_probability_is_refused(rfm, purchases, interval):
    for criticism in (
        lambda: frequency_check(purchases, rfm, interval=interval),
        lambda: spend_independence(rfm, interval=interval),
    ):
        with pytest.raises(clv.InvalidArgument, match="interval is"):
            criticism()
