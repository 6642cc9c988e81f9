"""Churn and lifespan, against closed forms and lives simulated event by event."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import clvmodels as clv
from clvmodels.decisions import churn
from clvmodels.decisions.churn import is_identified

R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426


@pytest.fixture(scope="module")
def rfm(cdnow):
    some = cdnow.select(cdnow.frame.index[::48])
    return some.assign(channel=pd.Series(np.resize(["web", "shop", "web"], len(some)), index=some.frame.index))


@pytest.fixture(scope="module")
def answer(fitted, rfm):
    return churn(fitted.purchases, rfm, period=13, periods=4, by="channel")


@pytest.fixture(scope="module")
def at_point(point, rfm):
    return churn(point.purchases, rfm, period=13, periods=4)


@pytest.fixture(scope="module")
def survival(over_dropout):
    """P(alive a time after T) of customers with frequency, recency and T, by hand: (n,)."""

    def alive(rfm, time):
        return np.array([_alive(over_dropout, *row, time) for row in dates(rfm).T])

    return alive


def dates(rfm):
    return rfm.frame[["frequency", "recency", "T"]].to_numpy(float).T


def _alive(over_dropout, x, t_x, T, time):
    odds = A / (B + x - 1) * ((ALPHA + T) / (ALPHA + t_x)) ** (R + x) if x else 0.0
    stays = over_dropout(lambda p: ((ALPHA + T) / (ALPHA + T + p * time)) ** (R + x), A, B + x)
    return stays / (1 + odds)


def test_without_uncertainty_the_figures_are_the_closed_forms(at_point, rfm, survival):
    now, later = survival(rfm, 0.0).sum(), survival(rfm, 13.0).sum()
    found = at_point.table.loc["total", "mean"]
    assert found["alive"] == pytest.approx(now, rel=1e-9)
    assert found["churn_rate"] == pytest.approx(1 - later / now, rel=1e-8)


def test_the_lifespan_is_the_integral_of_the_survival_curve(at_point, rfm, survival):
    nodes, weights = np.polynomial.legendre.leggauss(16)
    curve = [survival(rfm, time).sum() for time in 26 * (1 + nodes)]
    exact = 26 * np.dot(weights, curve) / survival(rfm, 0.0).sum()
    assert at_point.table.loc[("total", "lifespan"), "mean"] == pytest.approx(exact, rel=1e-8)


def test_the_lifespan_is_the_area_under_the_curve_that_is_given(fitted, rfm):
    found = churn(fitted.purchases, rfm, period=4, periods=13)
    curve = found.survival.loc["known customers", "mean"]
    area = integrate.simpson(curve.to_numpy(), x=curve.index.to_numpy())
    assert found.table.loc[("total", "lifespan"), "mean"] == pytest.approx(area, rel=1e-4)


def test_the_survival_curve_is_the_closed_form(at_point, rfm, survival):
    curve = at_point.survival.loc["known customers", "mean"]
    exact = [survival(rfm, time).sum() / survival(rfm, 0.0).sum() for time in curve.index]
    assert curve.to_numpy() == pytest.approx(np.array(exact), rel=1e-8)


def test_a_new_customer_survives_as_the_closed_form_says(at_point, over_dropout):
    curve = at_point.survival.loc["new customer", "mean"]
    exact = [_alive(over_dropout, 0, 0, 0, time) for time in curve.index]
    assert curve.to_numpy() == pytest.approx(np.array(exact), rel=1e-8)


def test_survival_starts_at_one_and_falls(answer):
    assert answer.survival.index.unique("group").tolist() == ["shop", "web", "known customers", "new customer"]
    for _, curve in answer.survival.groupby("group"):
        assert curve.iloc[0].tolist() == pytest.approx([1, 1, 1], rel=1e-12)
        assert (np.diff(curve, axis=0) < 0).all()


def test_the_churn_rate_is_what_is_missing_in_the_survival_curve_after_one_period(answer):
    for group, name in (("shop", "shop"), ("web", "web"), ("total", "known customers")):
        after = answer.survival.loc[(name, 13.0), "mean"]
        assert answer.table.loc[(group, "churn_rate"), "mean"] == pytest.approx(1 - after)


@pytest.mark.parametrize("quantity", ["churn_rate", "lifespan"])
def test_the_figure_of_all_is_the_mean_over_segments_weighted_by_those_alive(point, rfm, quantity):
    found = churn(point.purchases, rfm, period=13, periods=4, by="channel").table["mean"]
    alive, figures = (found.xs(name, level="quantity").drop("total") for name in ("alive", quantity))
    assert alive.index.tolist() == ["shop", "web"]
    assert alive.sum() == pytest.approx(found["total", "alive"])
    assert np.average(figures, weights=alive) == pytest.approx(found["total", quantity])


def test_a_segment_is_answered_as_if_it_were_alone(answer, fitted, rfm):
    alone = churn(fitted.purchases, rfm.select(rfm.frame["channel"] == "shop"), period=13, periods=4)
    np.testing.assert_allclose(answer.table.loc["shop"], alone.table.loc["total"], rtol=1e-9)


def test_one_segment_alone_is_all_customers(fitted, rfm):
    web = pd.Series("web", index=rfm.frame.index)
    alone = churn(fitted.purchases, rfm.assign(kind=web), period=13, periods=2, by="kind")
    table, plain = alone.table, churn(fitted.purchases, rfm, period=13, periods=2)
    assert table.index.get_level_values("group").unique().tolist() == ["web", "total"]
    pd.testing.assert_frame_equal(table.loc["web"], table.loc["total"])
    pd.testing.assert_frame_equal(table.loc[["total"]], plain.table)
    assert alone.sentence == plain.sentence


def test_every_draw_makes_a_rate_of_its_own(fitted, rfm):
    """The interval holds the ends of rates worked out draw by draw from the public answers."""
    shares = [fitted.purchases.draws("probability_alive", rfm, horizon=time).sum("customer_id") for time in (0, 13)]
    rates = 1 - (shares[1] / shares[0]).to_numpy().ravel()
    row = churn(fitted.purchases, rfm, period=13).table.loc[("total", "churn_rate")]
    assert row.tolist() == pytest.approx([rates.mean(), *np.quantile(rates, [0.05, 0.95])], rel=1e-8)


def test_customers_without_a_repeat_purchase_count_as_alive(fitted, rfm):
    once = rfm.select(rfm.frame["frequency"] == 0)
    found = churn(fitted.purchases, once, period=13).table.loc[("total", "alive")]
    assert found.tolist() == [len(once)] * 3


def test_customers_without_a_repeat_purchase_leave_only_after_one(point, over_dropout):
    # Nobody leaves before one comes: those who leave within a time are fewer than those who buy in it.
    once = clv.RFM.from_frame(pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [30.0]}), time_unit="week")
    rate = churn(point.purchases, once, period=13).table.loc[("total", "churn_rate"), "mean"]
    buys = 1 - ((ALPHA + 30) / (ALPHA + 43)) ** R
    assert 0 < rate < buys * A / (A + B) * 1.2


def test_as_many_are_alive_and_active_as_in_a_simulation(at_point, rfm, lives):
    rng, draws = np.random.default_rng(3), 400
    x, t_x, T = (np.tile(each, draws) for each in dates(rfm))
    who, when, left = lives(rng, np.zeros(len(x)), 52.0, x=x, t_x=t_x, T=T)
    for place, end in enumerate([13.0, 26.0, 39.0, 52.0]):
        alive = (left > end).reshape(draws, -1).sum(axis=1)
        buyers = np.unique(who[(when > end - 13) & (when <= end)])
        active = np.bincount(buyers // len(rfm), minlength=draws)
        for quantity, counts in (("alive", alive), ("active", active)):
            row = at_point.by_period.loc[(quantity, end)]
            error = counts.std() * np.sqrt(1 / draws + 1 / 1000)
            assert row["mean"] == pytest.approx(counts.mean(), abs=4 * error), place
            assert np.mean((row["lower"] <= counts) & (counts <= row["upper"])) > 0.85


def test_fewer_and_fewer_are_alive(answer):
    alive = answer.by_period.loc["alive"]
    assert alive.index.tolist() == [13.0, 26.0, 39.0, 52.0]
    assert (np.diff(alive["mean"]) < 0).all()


def test_predicted_numbers_alive_have_the_mean_of_the_expected_ones(answer, fitted, rfm):
    for end in (13.0, 52.0):
        expected = fitted.purchases.probability_alive(rfm, horizon=end)["mean"].sum()
        row = answer.by_period.loc[("alive", end)]
        error = (row["upper"] - row["lower"]) / (2 * 1.645) / np.sqrt(400)
        assert row["mean"] == pytest.approx(expected, abs=4 * error)


def test_the_rate_over_several_periods_is_not_that_of_one_repeated(point, rfm):
    # Those who stay are those who leave less.
    one, four = (churn(point.purchases, rfm, period=t).table.loc[("total", "churn_rate"), "mean"] for t in (13, 52))
    assert one < four < 1 - (1 - one) ** 4


def test_a_horizon_of_its_own_changes_the_lifespan_alone(fitted, rfm):
    short, long = (churn(fitted.purchases, rfm, period=13, periods=2, horizon=time) for time in (13, 104))
    assert short.table.loc[("total", "churn_rate")].equals(long.table.loc[("total", "churn_rate")])
    assert short.by_period.equals(long.by_period)
    assert short.table.loc[("total", "lifespan"), "upper"] < 13
    assert long.table.loc[("total", "lifespan"), "lower"] > 13


def test_within_no_time_nobody_stays(fitted, rfm):
    found = churn(fitted.purchases, rfm, period=13, horizon=0).table.loc[("total", "lifespan")]
    assert found.tolist() == [0, 0, 0]


def test_over_a_short_period_hardly_anybody_leaves(fitted, rfm):
    rates = [
        churn(fitted.purchases, rfm, period=t, periods=1).table.loc[("total", "churn_rate"), "mean"]
        for t in (1e-3, 1e-2)
    ]
    assert 0 < rates[0] < 1e-4
    assert rates[1] == pytest.approx(10 * rates[0], rel=0.01)


def test_more_dropout_means_more_churn(answer):
    row = answer.drivers.loc["dropout probability"]
    assert row["answer_low"] < row["answer"] < row["answer_high"]
    assert row["answer"] == pytest.approx(answer.table.loc[("total", "churn_rate"), "mean"])


def test_without_uncertainty_nothing_drives_the_rate(at_point):
    assert at_point.drivers.empty
    assert at_point.sentence.endswith("Nothing that was looked at moves the churn rate.")


def test_the_sentence_says_the_figures(answer):
    alive, rate, beyond = (answer.table.loc[("total", name)] for name in ("alive", "churn_rate", "beyond"))
    assert answer.sentence.startswith(f"Of the {alive['mean']:.3g} customers expected to be alive, ")
    ends = f"(90 % credible interval {100 * rate['lower']:.2f} to {100 * rate['upper']:.2f} %)"
    assert f"{100 * rate['mean']:.2f} % {ends} leave within 13 weeks" in answer.sentence
    assert f"; {100 * beyond['mean']:.0f} % of them stay longer than 52 weeks." in answer.sentence


def test_the_same_seed_gives_the_same_answer(fitted, rfm):
    first, again, other = (churn(fitted.purchases, rfm, period=13, random_seed=seed) for seed in (3, 3, 4))
    assert first.by_period.equals(again.by_period)
    assert not first.by_period.equals(other.by_period)
    assert first.table.equals(other.table)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"period": 0}, "period is 0; give a finite number of time units, above zero"),
        ({"period": -4}, "period is -4"),
        ({"period": np.inf}, "period is inf"),
        ({"period": "month"}, "period is 'month'; give a finite number"),
        ({"periods": 0}, "periods is 0; give a whole number"),
        ({"periods": 1.5}, "periods is 1.5; give a whole number"),
        ({"horizon": -1}, "horizon is -1"),
        ({"interval": 90}, "interval is 90"),
        ({"by": "region"}, r"add it with rfm.assign\(region="),
    ],
)
def test_what_makes_no_sense_is_refused(fitted, rfm, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        churn(fitted.purchases, rfm, **{"period": 13, **choices})


def test_an_empty_segment_is_refused(fitted, rfm):
    kinds = pd.Series(pd.Categorical(rfm.frame["channel"], ["mail", "shop", "web"]), index=rfm.frame.index)
    with pytest.raises(clv.InvalidArgument, match=r"no customer is in kind \['mail'\]; leave these out"):
        churn(fitted.purchases, rfm.assign(kind=kinds), period=13, by="kind")


@pytest.mark.parametrize("name", ["total", "new customer", "known customers"])
def test_a_segment_called_as_the_answer_calls_something_else_is_refused(point, rfm, name):
    named = rfm.assign(kind=rfm.frame["channel"].replace("shop", name))
    with pytest.raises(clv.InvalidArgument, match=f"a segment is called '{name}'"):
        churn(point.purchases, named, period=13, by="kind")


def test_of_customers_who_have_surely_left_nobody_can_leave(point):
    gone = clv.RFM.from_frame(pd.DataFrame({"frequency": [5000], "recency": [1.0], "T": [1000.0]}), time_unit="week")
    assert churn(point.purchases, gone, period=13).table.loc[("total", "alive"), "mean"] == 0


def test_a_new_customers_life_is_that_of_a_simulation(at_point, lives):
    _, _, left = lives(np.random.default_rng(6), np.zeros(20_000), 52.0)
    for time in (13.0, 52.0):
        survived = at_point.survival.loc[("new customer", time), "mean"]
        assert stats.binomtest(int((left > time).sum()), 20_000, survived).pvalue > 0.01


def test_the_share_beyond_the_horizon_is_the_end_of_the_survival_curve(answer):
    for group, name in (("shop", "shop"), ("web", "web"), ("total", "known customers")):
        end = answer.survival.loc[(name, 52.0)]
        assert answer.table.loc[(group, "beyond")].tolist() == pytest.approx(end.tolist())


def test_a_lifespan_at_its_cap_is_told_as_the_share_who_stay_longer(fitted, rfm):
    short, long = (churn(fitted.purchases, rfm, period=13, horizon=horizon) for horizon in (26, 5000))
    assert short.table.loc[("total", "beyond"), "mean"] > 0.5 > long.table.loc[("total", "beyond"), "mean"]
    assert "% of them stay longer than 26 weeks." in short.sentence
    assert "weeks (90 % credible interval" in long.sentence
    assert "of the next 5,000 on average." in long.sentence


@pytest.mark.parametrize(
    ("departures", "exposure", "identified"),
    [(0, 1e4, False), (1, 1e4, False), (20, 1e4, True), (0, 20, True), (500, 1e6, True)],
)
def test_a_low_rate_that_no_departures_attest_is_not_identified(departures, exposure, identified):
    # What `departures` in so long a time leave known of a rate.
    rate = np.random.default_rng(1).gamma(departures + 1, 1 / exposure, size=4000)
    assert is_identified(rate) == identified


def test_without_dropout_neither_churn_nor_lifespan_is_told():
    rng = np.random.default_rng(2)
    T, rate = np.full(400, 40.0), rng.gamma(0.8, 0.15, size=400)
    x = rng.poisson(rate * T)
    last = np.where(x > 0, T * rng.beta(np.maximum(x, 1), 1), 0.0)
    rfm = clv.RFM.from_frame(pd.DataFrame({"frequency": x, "recency": last, "T": T}), time_unit="week")
    found = churn(clv.BetaGeo().fit(rfm, draws=100, random_seed=1), rfm.select(rfm.frame.index[:40]), period=13)
    assert not found.identified
    assert found.sentence == (
        "Churn and lifespan cannot be told from these data: BG/NBD finds hardly anybody who left for good."
    )


def test_where_customers_leave_churn_is_told(answer, at_point):
    assert answer.identified
    assert at_point.identified
