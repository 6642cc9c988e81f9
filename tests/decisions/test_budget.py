"""Budget: the base against lifetime value, new customers against a simulation, sums and margins by hand."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import AcquisitionRate, budget
from clvmodels.model_error import ModelError

MEAN_SPEND = 6.25 * 15.44 / 2.74
CUMULATIVE = ["cumulative_mean", "cumulative_lower", "cumulative_upper"]
ENDS = ["mean", "lower", "upper"]


@pytest.fixture(scope="module")
def some(cdnow):
    return cdnow.select(cdnow.frame.index[::4])


@pytest.fixture(scope="module")
def planned(fitted, some):
    return budget(fitted, some, periods=3, new_customers=[40, 0, 80])


def rows(answer, quantity, source):
    return answer.table.loc[(quantity, source)]


def error(row, draws, ends=("lower", "upper")):
    """Of a mean of draws, from the 90 % interval."""
    return (row[ends[1]] - row[ends[0]]) / (2 * 1.645) / np.sqrt(draws)


def test_the_base_brings_in_all_what_its_lifetime_value_is(fitted, some):
    revenue = clv.LifetimeValue(fitted.purchases, fitted.spend)
    last = rows(budget(fitted, some, periods=6, random_seed=3), "revenue", "base").iloc[-1]
    total = revenue.total(some, horizon=182 / 7, kind="predictive", random_seed=3).loc["total"]
    assert last[CUMULATIVE].tolist() == pytest.approx(total.tolist(), rel=1e-9)


def test_the_margin_of_the_base_is_its_lifetime_value_without_discount(fitted, some):
    value = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=0.3, cost_per_purchase=2.0)
    last = rows(budget(value, some, periods=6), "margin", "base").iloc[-1]
    total = value.total(some, horizon=182 / 7, kind="predictive").loc["total"]
    assert last[CUMULATIVE].tolist() == pytest.approx(total.tolist(), rel=1e-9)


def test_purchases_are_the_predicted_ones(fitted, some):
    table = rows(budget(fitted, some, periods=3), "purchases", "base")
    edges = np.array([0, 31, 61, 92]) / 7
    counts = fitted.purchases.predictive_total_by_period(some, edges=edges)
    assert table["mean"].tolist() == pytest.approx(counts.mean(axis=0))
    assert table["cumulative_upper"].iloc[-1] == np.sort(counts.sum(axis=1))[379]


def test_without_a_plan_there_is_the_base_alone(fitted, some):
    answer = budget(fitted, some, periods=3)
    assert answer.table.index.unique("source").tolist() == ["base"]
    assert answer.reached.index.unique("source").tolist() == ["base"]


@pytest.mark.parametrize("quantity", ["revenue", "margin", "purchases", "customers"])
def test_base_and_new_customers_add_up(planned, quantity):
    base, new, total = (rows(planned, quantity, source)["mean"] for source in ("base", "new", "total"))
    assert total.to_numpy() == pytest.approx((base + new).to_numpy())


def test_the_sum_has_a_narrower_interval_than_both_together(planned):
    width = {source: rows(planned, "revenue", source) for source in ("base", "new", "total")}
    base, new, total = (row["upper"] - row["lower"] for row in width.values())
    assert (total <= base + new).all()
    # In the third period both vary, and hardly together.
    assert total.iloc[2] < 0.9 * (base + new).iloc[2]


@pytest.mark.parametrize("quantity", ["revenue", "margin", "purchases"])
def test_cumulative_means_are_running_sums(planned, quantity):
    for source in ("base", "new", "total"):
        table = rows(planned, quantity, source)
        assert table["cumulative_mean"].to_numpy() == pytest.approx(table["mean"].cumsum().to_numpy())
        assert table.iloc[0][CUMULATIVE].tolist() == pytest.approx(table.iloc[0][ENDS].tolist())


def test_intervals_of_a_running_sum_are_narrower_than_the_sums_of_the_intervals(planned):
    table = rows(planned, "revenue", "base")
    width = (table["cumulative_upper"] - table["cumulative_lower"]).iloc[-1]
    assert width < 0.95 * (table["upper"] - table["lower"]).sum()


def test_customers_have_no_running_sum(planned):
    assert planned.table.loc["customers", CUMULATIVE].isna().all(axis=None)


def test_the_margin_is_by_hand_the_rate_less_costs_of_purchases_and_of_winning(fitted, some):
    value = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=0.3, cost_per_purchase=2.0)
    new = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=0.5, cost_per_purchase=1.0)
    answer = budget(value, some, new=new, periods=3, new_customers=[40, 0, 80], new_cost=7.0)
    free = budget(value, some, new=new, periods=3, new_customers=[40, 0, 80])
    for source, rate, fixed in (("base", 0.3, 2.0), ("new", 0.5, 1.0)):
        revenue, purchases = (rows(answer, name, source)["mean"] for name in ("revenue", "purchases"))
        by_hand = (rate * revenue - fixed * purchases).to_numpy()
        assert rows(free, "margin", source)["mean"].to_numpy() == pytest.approx(by_hand)
    cost = (rows(free, "margin", "new")["mean"] - rows(answer, "margin", "new")["mean"]).to_numpy()
    assert cost == pytest.approx([280, 0, 560], abs=4 * 7 * np.sqrt(80 / 400))
    assert cost[1] == pytest.approx(0)
    assert rows(answer, "revenue", "total").equals(rows(free, "revenue", "total"))


def test_a_plan_of_nobody_is_no_plan(fitted, some):
    nobody, none = budget(fitted, some, periods=3, new_customers=0), budget(fitted, some, periods=3)
    for quantity in ("revenue", "margin", "purchases", "customers"):
        assert rows(nobody, quantity, "base").equals(rows(none, quantity, "base"))
        assert rows(nobody, quantity, "total").equals(rows(none, quantity, "base"))
        assert (rows(nobody, quantity, "new")[ENDS] == 0).all(axis=None)


def test_nobody_is_active_before_being_won(point, some):
    table = rows(budget(point, some, periods=3, new_customers=[0, 0, 80]), "customers", "new")
    assert (table[ENDS].iloc[:2] == 0).all(axis=None)
    assert table["mean"].iloc[2] == pytest.approx(80, abs=4 * np.sqrt(80 / 1000))


def test_new_customers_buy_as_in_a_simulation(point, some, lives):
    answer = budget(point, some, periods=3, new_customers=[40, 0, 80])
    rng, edges, draws = np.random.default_rng(4), np.array([0, 31, 61, 92]) / 7, 1000
    numbers = rng.poisson([40, 0, 80], (draws, 3))
    owner = np.repeat(np.arange(draws), numbers.sum(axis=1))
    window = np.concatenate([np.repeat([0, 1, 2], each) for each in numbers])
    who, when, _ = lives(rng, rng.uniform(edges[window], edges[window + 1]), edges[-1])
    for k in range(3):
        within = (when > edges[k]) & (when <= edges[k + 1])
        counts = np.bincount(owner[who[within]], minlength=draws)
        active = np.bincount(owner[np.unique(who[within])], minlength=draws)
        for quantity, drawn, worth in (
            ("purchases", counts, 1),
            ("customers", active, 1),
            ("revenue", counts, MEAN_SPEND),
        ):
            row = rows(answer, quantity, "new").iloc[k]
            expected, off = worth * drawn.mean(), worth * drawn.std() / np.sqrt(draws)
            assert row["mean"] == pytest.approx(expected, abs=4 * (off + error(row, 1000)))
        row = rows(answer, "purchases", "new").iloc[k]
        assert np.mean((counts >= row["lower"]) & (counts <= row["upper"])) >= 0.9 - 4 * np.sqrt(0.09 / draws)


def test_an_uncertain_plan_widens_the_interval_and_keeps_the_mean(fitted, some):
    sure, unsure = (budget(fitted, some, periods=3, new_customers=200, plan_sd=sd) for sd in (0.0, 0.3))
    first, second = (rows(each, "revenue", "new").iloc[-1] for each in (sure, unsure))
    spread = error(second, 400, CUMULATIVE[1:])
    assert second["cumulative_mean"] == pytest.approx(first["cumulative_mean"], abs=4 * spread)
    assert error(second, 400, CUMULATIVE[1:]) > 2 * error(first, 400, CUMULATIVE[1:])


def test_a_rate_plans_by_the_length_of_the_periods(fitted, some):
    table = rows(budget(fitted, some, periods=3, new_customers=AcquisitionRate(won=70.0)), "customers", "new")
    # 70 a week are 10 a day: 310 in October, who are all active in it.
    assert table["mean"].iloc[0] == pytest.approx(310, abs=4 * np.sqrt(310 / 400))


def test_customers_planned_may_be_others_than_those_now(fitted, point, some):
    best = clv.LifetimeValue(
        fitted.purchases,
        clv.GammaGamma.at(p=np.full(400, 6.0), q=np.full(400, 4.0), v=np.full(400, 500.0), time_unit="week"),
    )
    same, other = (budget(fitted, some, periods=3, new_customers=50, new=new) for new in (None, best))
    assert rows(same, "revenue", "base").equals(rows(other, "revenue", "base"))
    assert rows(same, "purchases", "new").equals(rows(other, "purchases", "new"))
    row = rows(other, "revenue", "new").iloc[0]
    purchases = rows(other, "purchases", "new")["mean"].iloc[0]
    assert row["mean"] == pytest.approx(purchases * 1000, abs=4 * error(row, 400))


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_reached_customers_of_all_time_are_at_least_those_of_any_year_and_at_most_their_sum(point, some, period):
    number = {"month": 18, "quarter": 6, "year": 2}[period]
    table = budget(point, some, periods=number, period=period, new_customers=10).reached["mean"]
    for source in ("base", "new", "total"):
        years = table[source].drop("all")
        assert len(years) == 2
        assert years.max() <= table[(source, "all")] < years.sum()


def test_as_many_are_reached_as_in_a_simulation(point, some, lives):
    table = budget(point, some, periods=8, period="quarter", new_customers=30).reached
    rng, draws, ends = np.random.default_rng(5), 150, np.array([0, 365, 730]) / 7
    x, t_x, T = np.tile(some.frame[["frequency", "recency", "T"]].to_numpy(float), (draws, 1)).T
    known = lives(rng, np.zeros(len(x)), ends[-1], x=x, t_x=t_x, T=T)[:2]
    quarters = np.cumsum([0, 92, 90, 91, 92, 92, 90, 91, 92]) / 7
    window = np.tile(np.repeat(np.arange(8), 30), draws)
    new = lives(rng, rng.uniform(quarters[window], quarters[window + 1]), ends[-1])[:2]
    for source, (who, when), each in (("base", known, len(some)), ("new", new, 240)):
        for year, (begin, end) in zip(
            table.loc[source].index, [*zip(ends, ends[1:], strict=False), (0, ends[-1])], strict=True
        ):
            reached = np.bincount(np.unique(who[(when > begin) & (when <= end)]) // each, minlength=draws)
            row = table.loc[(source, year)]
            off = np.hypot(reached.std() / np.sqrt(draws), error(row, 1000))
            assert row["mean"] == pytest.approx(reached.mean(), abs=4 * off)


def test_years_of_reached_customers_are_named_by_their_first_and_last_period(point, some):
    months = budget(point, some, periods=14).reached.loc["base"].index.tolist()
    assert months == ["1997-10 to 1998-09", "1998-10 to 1998-11", "all"]
    quarters = budget(point, some, periods=4, period="quarter").reached.loc["base"].index.tolist()
    assert quarters == ["1997Q4 to 1998Q3", "all"]


def test_months_and_quarters_cut_the_same_revenue(point, some):
    months, quarters = (budget(point, some, periods=n, period=p) for n, p in ((6, "month"), (2, "quarter")))
    cumulative = rows(months, "revenue", "base")[CUMULATIVE].iloc[[2, 5]].to_numpy()
    np.testing.assert_allclose(cumulative, rows(quarters, "revenue", "base")[CUMULATIVE].to_numpy())


@pytest.fixture(scope="module")
def past():
    return ModelError(origins=pd.DataFrame({"predicted": [5e3, 6e3], "actual": [7e3, 5e3]}), random_seed=1)


def test_past_errors_widen_every_interval_and_keep_everything_else(planned, fitted, some, past):
    wide = budget(fitted, some, periods=3, new_customers=[40, 0, 80], model_error=past)
    pd.testing.assert_frame_equal(wide.table[planned.table.columns], planned.table)
    for quantity in ("revenue", "margin", "purchases", "customers"):
        table = rows(wide, quantity, "total")
        assert (table["wide_lower"] < table["lower"]).all()
        assert (table["wide_upper"] > table["upper"]).all()
    revenue = rows(wide, "revenue", "total")
    assert (revenue["cumulative_wide_upper"] > revenue["cumulative_upper"]).all()
    assert "; widened by past errors " in wide.sentence


def test_the_cost_of_winning_is_not_widened(fitted, some, past):
    # Those who are won cost what they cost: without margin to speak of the interval is that of their number.
    idle = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=1e-9)
    table = rows(budget(idle, some, periods=1, new_customers=100, new_cost=5.0, model_error=past), "margin", "new")
    assert table[["wide_lower", "wide_upper"]].iloc[0].tolist() == pytest.approx(
        table[["lower", "upper"]].iloc[0].tolist(), abs=1e-3
    )


def test_more_customers_and_more_spend_drive_the_revenue_up(planned):
    table = planned.drivers
    assert set(table.index) == {
        "customers won",
        "revenue of one who is won",
        "purchases of customers now",
        "spend per purchase now",
    }
    assert table["answer"].to_numpy() == pytest.approx(rows(planned, "revenue", "total")["mean"].sum())
    assert (table["answer_low"] < table["answer_high"]).all()


def test_the_sentence_says_the_figures(planned):
    revenue = rows(planned, "revenue", "total").iloc[-1]
    new = rows(planned, "revenue", "new").iloc[-1]
    start = f"A revenue of {revenue['cumulative_mean']:,.0f} (90 % predictive interval "
    assert planned.sentence.startswith(start + f"{revenue['cumulative_lower']:,.0f} to ")
    assert "is expected from 1997-10 to 1997-12, " in planned.sentence
    assert f"{new['cumulative_mean']:,.0f} of it from customers yet to be won" in planned.sentence


def test_the_same_seed_gives_the_same_answer(fitted, some):
    first, again, other = (
        budget(fitted, some, periods=2, new_customers=20, plan_sd=0.1, random_seed=seed) for seed in (3, 3, 4)
    )
    assert first.table.equals(again.table)
    assert first.reached.equals(again.reached)
    assert not first.table.equals(other.table)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"new_cost": -1}, "new_cost is -1; give an amount of money"),
        ({"plan_sd": -0.1}, "plan_sd is -0.1"),
        ({"new_customers": -5}, "new_customers is -5; give numbers, zero or more"),
        ({"new_customers": [1, 2]}, "new_customers has 2 numbers for 3 periods"),
        ({"periods": 0}, "periods is 0"),
        ({"period": "week"}, "choose one of month, quarter, year"),
        ({"interval": 1}, "interval is 1"),
    ],
)
def test_what_makes_no_sense_is_refused(fitted, some, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        budget(fitted, some, **{"periods": 3, "new_customers": 5, **choices})


def test_new_customers_by_another_number_of_draws_are_refused(fitted, point, some):
    with pytest.raises(clv.InvalidArgument, match="draws"):
        budget(fitted, some, periods=1, new_customers=5, new=point)
