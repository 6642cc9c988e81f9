"""Bases with free purchases, whose true mean value of a purchase is known."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.evaluation.criticism import spend_independence
from clvmodels.models.free_purchases import with_free_purchases

WEEK = {"time_unit": "week"}
BUYING = {"r": 0.5, "alpha": 40.0, "a": 0.1, "b": 9.0}


def shop(free, *, kind, repeats=0.5, customers=4000, seed=1):
    """Purchases of 60 on average, a share of them free: of all customers alike, or all of some customers' purchases."""
    rng = np.random.default_rng(seed)
    frequency = rng.poisson(repeats, customers)
    whose = np.repeat(np.arange(customers), frequency)
    gone = rng.random(len(whose)) < free if kind == "purchases" else (rng.random(customers) < free)[whose]
    value = np.where(gone, 0, rng.gamma(4, 15, len(whose)))
    mean = np.bincount(whose, value, customers) / np.maximum(frequency, 1)
    facts = {"frequency": frequency, "recency": np.where(frequency > 0, 20.0, 0), "T": 40.0, "monetary_value": mean}
    return clv.RFM.from_frame(pd.DataFrame({"customer_id": np.arange(customers), **facts}), **WEEK), value


@pytest.fixture(scope="module")
def half_free():
    rfm, value = shop(0.5, kind="purchases")
    with pytest.warns(clv.DataWarning, match="left out of the fit of spend"):
        return rfm, value, clv.GammaGamma().fit(rfm, random_seed=1)


@pytest.mark.filterwarnings("ignore:.*left out of the fit of spend")
@pytest.mark.parametrize("kind", ["purchases", "customers"])
@pytest.mark.parametrize(("free", "repeats"), [(0.01, 0.5), (0.5, 0.5), (0.5, 3), (0.9, 3)])
def test_the_expected_spend_is_that_of_all_purchases(free, repeats, kind):
    rfm, value = shop(free, kind=kind, repeats=repeats)
    spend = clv.GammaGamma().fit(rfm, random_seed=1)
    new = spend.expected_average_spend(clv.RFM.new_customer("week"), interval=0.99).iloc[0]
    assert new["mean"] == pytest.approx(value.mean(), rel=0.03)
    assert new["lower"] < 60 * (1 - free) < new["upper"]
    # The interval is that of a mean of so many values.
    error = value.std() / np.sqrt(len(value)) / value.mean()
    assert (new["upper"] - new["lower"]) / new["mean"] / 5.15 > 0.8 * error
    for table in (spend.expected_average_spend(rfm), spend.predictive_spend(rfm)):
        total = table["mean"].to_numpy() @ rfm.frame["frequency"].to_numpy()
        assert total == pytest.approx(value.sum(), rel=0.03)


def test_the_total_is_the_purchases_times_what_all_purchases_are_worth(half_free):
    rfm, value, spend = half_free
    purchases = clv.BetaGeo.at(**{name: np.full(1000, at) for name, at in BUYING.items()}, random_seed=1, **WEEK)
    money = clv.LifetimeValue(purchases, spend)
    bought = purchases.expected_purchases(rfm, horizon=40)["mean"].sum()
    for kind in ("expected", "predictive"):
        assert money.total(rfm, horizon=40, kind=kind)["mean"].item() == pytest.approx(bought * value.mean(), rel=0.03)
    new = purchases.expected_purchases(clv.RFM.new_customer("week"), horizon=40)["mean"].item() + 1
    assert money.new_customer(horizon=40)["mean"].item() == pytest.approx(new * value.mean(), rel=0.03)


def test_a_new_purchase_spreads_as_all_purchases_do(half_free):
    _, value, spend = half_free
    new = clv.RFM.new_customer("week")
    drawn = spend.draws("predictive_spend", new).to_numpy()
    assert drawn.std() / drawn.mean() == pytest.approx(value.std() / value.mean(), rel=0.15)


def test_who_paid_is_expected_to_pay_more_than_who_did_not(half_free):
    rfm, _, spend = half_free
    expected = spend.expected_average_spend(rfm)["mean"].to_numpy()
    once, paid = rfm.frame["frequency"].to_numpy() == 1, rfm.frame["monetary_value"].to_numpy() > 0
    assert expected[once & paid].min() > expected[once & ~paid].max()


def test_how_many_were_left_out_is_said_everywhere(half_free, tmp_path):
    rfm, _, spend = half_free
    free = (rfm.frame["frequency"] > 0) & (rfm.frame["monetary_value"] == 0)
    assert spend.left_out == free.sum()
    assert spend.left_out_share == pytest.approx(rfm.frame.loc[free, "frequency"].sum() / rfm.frame["frequency"].sum())
    assert set(spend.summary()["left_out"]) == {spend.left_out}
    assert f"{spend.left_out} customers with" in spend.diagnostics.notes[0]
    assert f"{spend.left_out} customers with" in spend._repr_html_()
    again = clv.load_posterior(spend.save(tmp_path / "spend.nc"))
    assert (again.left_out, again.left_out_share) == (spend.left_out, spend.left_out_share)


@pytest.mark.filterwarnings("ignore:.*left out of the fit of spend")
def test_the_first_purchase_can_be_the_free_one():
    rng = np.random.default_rng(3)
    first, frequency = np.where(rng.random(1000) < 0.3, 0, rng.gamma(4, 15, 1000)), np.zeros(1000)
    facts = {"frequency": frequency, "recency": frequency, "T": 10.0, "monetary_value": 0.0, "first_value": first}
    table = pd.DataFrame({"customer_id": range(1000), **facts, "total_value": first})
    spend = clv.GammaGamma(include_first=True).fit(clv.RFM.from_frame(table, **WEEK), random_seed=1)
    new = spend.expected_average_spend(clv.RFM.new_customer("week"))["mean"].item()
    assert (spend.left_out, new) == (np.sum(first == 0), pytest.approx(first.mean(), rel=0.03))


@pytest.mark.filterwarnings("ignore:.*left out of the fit of spend")
def test_a_point_is_changed_as_well():
    rfm, value = shop(0.5, kind="purchases")
    spend = clv.GammaGamma().fit(rfm, method="map")
    new = spend.expected_average_spend(clv.RFM.new_customer("week"))["mean"].item()
    assert new == pytest.approx(value.mean(), rel=0.03)


def test_who_spends_something_changes_the_mean_alone_and_hardly():
    """Draws of a well-specified fit to which nobody is left out stay near themselves."""
    rng = np.random.default_rng(5)
    number = rng.integers(1, 6, 5000)
    rate = rng.gamma(4.0, size=5000) / 15.0
    mean = rng.gamma(6.0 * number) / rate / number
    bought = pd.DataFrame({"number": number, "mean": mean, "count": 1})
    given = clv.GammaGamma.at(p=np.full(4000, 6.0), q=np.full(4000, 4.0), v=np.full(4000, 15.0), **WEEK).samples
    changed = with_free_purchases(given, bought, rng)
    assert changed["p"].to_numpy() == pytest.approx(given["p"].to_numpy())
    assert float(changed["v"].mean()) == pytest.approx(15, rel=0.03)


def test_a_few_in_a_thousand_are_counted_and_no_cause_for_a_warning(cdnow):
    spend = clv.GammaGamma(include_first=True).fit(cdnow, random_seed=1)
    assert (spend.left_out, spend.left_out_share) == (8, pytest.approx(0.00166, abs=1e-5))
    assert spend.diagnostics.notes[0].startswith("8 customers with 0.166 % of the purchases")


def test_a_base_without_free_purchases_has_no_word_of_them(cdnow):
    spend = clv.GammaGamma().fit(cdnow, random_seed=1)
    assert (spend.left_out, spend.left_out_share, spend.diagnostics.notes) == (0, 0.0, ())
    assert "left_out" not in spend.summary()


@pytest.mark.filterwarnings("ignore:.*left out of the fit of spend")
def test_free_purchases_do_not_make_spend_seem_to_depend_on_frequency():
    rfm, _ = shop(0.5, kind="purchases", repeats=2)
    assert spend_independence(rfm).holds
