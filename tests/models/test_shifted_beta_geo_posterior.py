"""What the posterior of the shifted-beta-geometric predicts."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.formulas import shifted_beta_geo as sbg
from clvmodels.formulas.shifted_beta_geo import ShiftedBetaGeoParams

HIGH_END = clv.Renewals.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491], time_unit="year")
MEMBERS = pd.DataFrame({"customer_id": ["z", "a", "m"], "renewals": [0, 6, 0], "fee": [10.0, 20.0, 30.0]})


@pytest.fixture(scope="module")
def contracts():
    return clv.ShiftedBetaGeo().fit(HIGH_END, random_seed=1)


@pytest.fixture(scope="module")
def point():
    return clv.ShiftedBetaGeo.at(alpha=0.668, beta=3.806, time_unit="year", random_seed=7)


def test_the_retention_curve_has_the_observed_one_inside(contracts):
    curve = contracts.retention_curve(periods=7, interval=0.99)
    observed = HIGH_END.observed()["retention"]
    assert list(curve.index) == list(range(8))
    assert curve.loc[0].tolist() == [1, 1, 1]
    assert np.all(np.abs(curve["mean"] - observed) < 0.03)


def test_the_retention_curve_of_known_customers_is_that_of_new_ones_given_that_they_are_there(point):
    new, known = (point.retention_curve(periods=9 - n, renewals=n)["mean"].to_numpy() for n in (0, 4))
    assert known == pytest.approx(new[4:] / new[4])


def test_renewal_rates_rise_with_tenure_and_multiply_to_the_retention_curve(point):
    rates, curve = point.renewal_rates(periods=12)["mean"], point.retention_curve(periods=12)["mean"]
    assert list(rates.index) == list(range(1, 13))
    assert rates.is_monotonic_increasing
    assert rates.cumprod().to_numpy() == pytest.approx(curve.loc[1:].to_numpy())


def test_predictive_survivors_are_those_of_customers_drawn_one_by_one(point):
    rng = np.random.default_rng(3)
    leaves = rng.geometric(rng.beta(0.668, 3.806 + 2, size=(4000, 50)))
    drawn = point.draws("predictive_survivors", 50, periods=6, renewals=2)
    for period in (1, 3, 6):
        alive = np.sum(leaves > period, axis=1)
        values = drawn.sel(period=period).to_numpy().ravel()
        assert values.mean() == pytest.approx(alive.mean(), abs=4 * alive.std() / np.sqrt(1000))
        assert values.std() == pytest.approx(alive.std(), rel=0.1)


def test_predictive_survivors_are_whole_and_wider_than_a_binomial(contracts):
    table = contracts.predictive_survivors(1000, periods=12)
    ends = table[["lower", "upper"]].to_numpy()
    assert np.array_equal(ends, ends.round())
    assert table.loc[0].tolist() == [1000, 1000, 1000]
    share = table["mean"].loc[12] / 1000
    assert table["upper"].loc[12] - table["lower"].loc[12] > 1.2 * 2 * 1.645 * np.sqrt(1000 * share * (1 - share))


def test_survivors_never_come_back(contracts):
    drawn = contracts.draws("predictive_survivors", 300, periods=20)
    assert drawn.dims == ("chain", "draw", "period")
    assert int(drawn.diff("period").max()) <= 0


def test_predictive_draws_follow_the_seed_and_not_the_number_of_periods(contracts):
    short, long = (contracts.predictive_survivors(300, periods=periods) for periods in (4, 9))
    assert short.equals(long.loc[:4])
    other = contracts.predictive_survivors(300, periods=4, random_seed=99)
    assert not other.equals(short)
    assert other.equals(contracts.predictive_survivors(300, periods=4, random_seed=99))


def test_payments_to_come_are_those_of_the_paper(point):
    table = point.expected_residual_lifetime(renewals=7, annual_discount_rate=0.1)
    assert table.index.name == "renewals"
    assert table.loc[7, "mean"] == pytest.approx(7.530, abs=5e-4)


def test_undiscounted_payments_within_a_horizon_are_the_sum_of_the_retention_curve(contracts):
    table = contracts.expected_residual_lifetime(renewals=[3], horizon=24)
    curve = contracts.retention_curve(periods=24, renewals=3)
    assert table.loc[3, "mean"] == pytest.approx(curve["mean"].loc[1:].sum(), rel=1e-9)


def test_an_annual_rate_is_spread_over_the_contract_periods():
    monthly = clv.ShiftedBetaGeo.at(alpha=0.668, beta=3.806, time_unit="month")
    table = monthly.expected_residual_lifetime(renewals=[2], annual_discount_rate=0.1)
    exact = sbg.expected_residual_lifetime(ShiftedBetaGeoParams(0.668, 3.806), 2, d=1.1 ** (1 / 12) - 1)
    assert table.loc[2, "mean"] == pytest.approx(float(exact), rel=1e-9)


def test_the_longer_the_tenure_the_more_payments_to_come(contracts):
    table = contracts.expected_residual_lifetime(renewals=range(12), annual_discount_rate=0.1)
    assert table["mean"].is_monotonic_increasing
    assert np.all((table["lower"] < table["mean"]) & (table["mean"] < table["upper"]))


def test_an_infinite_mean_is_refused_with_the_remedy(contracts):
    with pytest.raises(clv.InvalidArgument, match="infinite for alpha <= 1.*give a horizon="):
        contracts.expected_residual_lifetime(renewals=0)
    finite = clv.ShiftedBetaGeo.at(alpha=3.0, beta=4.0, time_unit="year")
    assert finite.expected_residual_lifetime(renewals=2).loc[2, "mean"] == pytest.approx(6 / 2)


def test_residual_value_is_price_times_margin_times_payments(contracts):
    value = contracts.residual_value(MEMBERS, price=50, margin=0.4, annual_discount_rate=0.1)
    payments = contracts.expected_residual_lifetime(renewals=[0, 6, 0], annual_discount_rate=0.1)
    assert list(value.index) == ["z", "a", "m"]
    assert value.index.name == "customer_id"
    assert value.to_numpy() == pytest.approx(20 * payments.to_numpy(), rel=1e-9)


def test_a_price_may_be_each_customers_own(contracts):
    value = contracts.residual_value(MEMBERS, price="fee", annual_discount_rate=0.1, horizon=5)
    assert value.loc["m", "mean"] == pytest.approx(3 * value.loc["z", "mean"])


def test_those_who_left_are_worth_nothing(contracts):
    table = MEMBERS.assign(left=[False, True, False])
    value = contracts.residual_value(table, price=50, annual_discount_rate=0.1)
    assert value.loc["a"].tolist() == [0, 0, 0]
    total = contracts.total_residual_value(table, price=50, annual_discount_rate=0.1)
    assert total.loc["total", "mean"] == pytest.approx(value["mean"].sum())


def test_the_total_is_the_sum_of_each_draw(contracts):
    choices = {"price": "fee", "margin": 0.5, "annual_discount_rate": 0.1, "horizon": 10}
    total = contracts.total_residual_value(MEMBERS, **choices)
    drawn = contracts.draws("residual_value", MEMBERS, **choices)
    assert drawn.dims == ("chain", "draw", "customer_id")
    sums = drawn.sum("customer_id").to_numpy().ravel()
    assert total.loc["total"].tolist() == pytest.approx([sums.mean(), *np.quantile(sums, [0.05, 0.95])], rel=1e-9)


def test_a_point_has_no_credible_interval_but_a_predictive_one(point):
    assert point.retention_curve(periods=3)[["lower", "upper"]].isna().all(axis=None)
    assert point.predictive_survivors(100, periods=3)["upper"].notna().all()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda p: p.retention_curve(periods=0), "periods is 0; give a whole number, 1 or more"),
        (lambda p: p.retention_curve(periods=2.5), "periods is 2.5; give a whole number"),
        (lambda p: p.retention_curve(periods=3, renewals=-1), "renewals is -1"),
        (lambda p: p.retention_curve(periods=3, interval=90), "interval is 90"),
        (lambda p: p.predictive_survivors(0, periods=3), "customers is 0"),
        (lambda p: p.expected_residual_lifetime(renewals=[0, "two"], horizon=3), "renewals is 'two'"),
        (lambda p: p.expected_residual_lifetime(renewals=0, horizon=float("inf")), "horizon is inf"),
        (lambda p: p.expected_residual_lifetime(renewals=0, annual_discount_rate=-0.1), "annual_discount_rate is -0.1"),
        (lambda p: p.residual_value(MEMBERS, price=-1, annual_discount_rate=0.1), "missing, infinite or negative"),
        (lambda p: p.residual_value(MEMBERS, price=None, annual_discount_rate=0.1), "price is object"),
        (lambda p: p.residual_value(MEMBERS, price="cost", annual_discount_rate=0.1), "no column 'cost'"),
        (lambda p: p.residual_value(MEMBERS, price=1, margin=30, annual_discount_rate=0.1), "margin is 30"),
        (lambda p: p.residual_value(MEMBERS[["fee"]], price=1, annual_discount_rate=0.1), "missing columns"),
        (lambda p: p.draws("churn"), "quantity is 'churn'; choose one of retention_curve"),
    ],
)
def test_choices_outside_their_domain_are_refused(contracts, ask, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        ask(contracts)


def test_a_saved_posterior_gives_the_same_answers(contracts, tmp_path):
    again = clv.load_posterior(contracts.save(tmp_path / "contracts.nc"))
    assert type(again) is type(contracts)
    assert again.summary().equals(contracts.summary())
    assert again.predictive_survivors(500, periods=5).equals(contracts.predictive_survivors(500, periods=5))
    assert again.priors == contracts.priors
