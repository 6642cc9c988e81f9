"""How many customers must be won: limits by hand, closed forms, and simulated businesses that follow."""

import numpy as np
import pytest
from scipy import integrate, stats

import clvmodels as clv
from clvmodels.decisions import customers_needed
from clvmodels.decisions.calendar import Calendar
from clvmodels.decisions.needed import brought, group_size
from clvmodels.models.by_period import predictive_needed, predictive_new_by_period

R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
MEAN_SPEND = 6.25 * 15.44 / 2.74
EDGES = np.array([0.0, 4.0, 9.0, 20.0])


@pytest.fixture(scope="module")
def some(cdnow):
    return cdnow.select(cdnow.frame.index[::4])


@pytest.fixture(scope="module")
def held(point, some):
    return customers_needed(point, some, periods=6)


def alone(posterior, missing, *, spend=None, edges=(0.0, 4.0), **choices):
    goal = np.broadcast_to(np.asarray(missing, float), (1000, len(edges) - 1))
    return predictive_needed(posterior, spend, goal, np.zeros(goal.shape), edges=np.asarray(edges), **choices)


def test_in_a_moment_nobody_leaves_and_as_many_are_needed_as_are_missing(point):
    assert (alone(point.purchases, 12.0, edges=(0.0, 1e-9)) == 12).all()


def test_what_the_first_bring_later_is_not_needed_again(point):
    found = alone(point.purchases, [12.0, 12.0], edges=(0.0, 1e-9, 2e-9))
    assert (found == [12, 0]).all()


def test_numbers_in_a_moment_are_those_of_a_sum_of_first_purchases(point):
    # The number of amounts, Gamma(p, nu) with nu ~ Gamma(q, v), that it takes to reach 300.
    found, rng = alone(point.purchases, 300.0, spend=point.spend, edges=(0.0, 1e-9))[:, 0], np.random.default_rng(3)
    amounts = rng.gamma(6.25, 1.0, (1000, 100)) / rng.gamma(3.74, 1 / 15.44, (1000, 100))
    by_hand = 1 + (amounts.cumsum(axis=1) < 300).sum(axis=1)
    assert stats.ks_2samp(found, by_hand).pvalue > 0.01


def test_in_groups_the_numbers_are_as_many(point):
    one, groups = (alone(point.purchases, 3000.0, group=group).mean() for group in (1, 50))
    assert groups == pytest.approx(one, rel=0.02)
    assert (alone(point.purchases, 3000.0, group=50) % 50 == 0).all()


def test_no_draw_takes_more_than_some_thousands():
    one = np.array([[[0.5]]])
    assert group_size(np.array([[1000.0]]), np.array([[0.0]]), one) == 1
    assert group_size(np.array([[1e6]]), np.array([[0.0]]), one) == 400
    with pytest.raises(clv.InvalidArgument, match="4e.09 customers would have to be won"):
        group_size(np.array([[2e9]]), np.array([[0.0]]), one)


@pytest.mark.parametrize("target", [500.0, 2000.0])
def test_the_sure_number_is_enough_in_that_share_of_simulated_businesses(point, some, target):
    alone = some.select(some.frame.index[:1])
    sure = customers_needed(point, alone, periods=1, target_revenue=target, confidence=0.9).table["sure"].item()
    edges = Calendar.of(alone, period="month", periods=1).edges
    won = np.full((1000, 1), int(sure))
    reached = np.concatenate(
        [
            predictive_new_by_period(
                point.purchases, point.spend, won, windows=edges[None, :], edges=edges, random_seed=seed
            )[:, 0, 0]
            for seed in range(20)
        ]
    )
    assert (reached >= target).mean() == pytest.approx(0.9, abs=0.04)


def test_one_who_is_won_is_alive_as_the_closed_form_says(point, over_dropout):
    def alive(time):
        return over_dropout(lambda p: (ALPHA / (ALPHA + p * time)) ** R, A, B)

    found = brought(point, EDGES, alive=True)[0]
    for j, k in zip(*np.triu_indices(3), strict=True):
        exact = integrate.quad(lambda at, k=k: alive(EDGES[k + 1] - at), EDGES[j], EDGES[j + 1])[0]
        assert found[j, k] == pytest.approx(exact / (EDGES[j + 1] - EDGES[j]), rel=1e-5)
    assert not np.tril(found, -1).any()


def test_one_who_is_won_brings_revenue_as_the_closed_form_says(point, over_dropout):
    def purchases(time):
        return over_dropout(lambda p: (1 - (ALPHA / (ALPHA + p * max(time, 0.0))) ** R) / p, A, B)

    found = brought(point, EDGES, alive=False)[0]
    for j, k in zip(*np.triu_indices(3), strict=True):
        exact = integrate.quad(
            lambda at, k=k: purchases(EDGES[k + 1] - at) - purchases(EDGES[k] - at), EDGES[j], EDGES[j + 1]
        )[0]
        mean = exact / (EDGES[j + 1] - EDGES[j]) + (j == k)
        assert found[j, k] == pytest.approx(mean * MEAN_SPEND, rel=1e-5)
    assert not np.tril(found, -1).any()


def test_winning_those_numbers_holds_the_base_in_a_simulation(held, point, some, lives):
    """1,000 businesses in one: the mean numbers, each at any time of its period, beside the base that was drawn."""
    days = np.cumsum([0, 31, 30, 31, 31, 28, 31])
    rng, numbers = np.random.default_rng(2), np.round(1000 * held.table["mean"].to_numpy()).astype(int)
    start = np.concatenate([rng.uniform(days[k], days[k + 1], numbers[k]) / 7 for k in range(6)])
    _, _, left = lives(rng, start, days[-1] / 7)
    for k, row in enumerate(held.table.itertuples()):
        end = days[k + 1] / 7
        won, there = np.sum(start <= end), np.sum((start <= end) & (left > end))
        error = np.sqrt(there * (1 - there / won)) / 1000
        # The last one won may be one more than is missing.
        assert -4 * error < row.base + there / 1000 - row.goal < 1 + 4 * error


def test_the_goal_is_to_have_as_many_alive_as_now(held, point, some):
    alive = point.purchases.probability_alive(some)["mean"].sum()
    assert held.table["goal"].nunique() == 1
    assert held.table["goal"].iloc[0] == pytest.approx(alive, abs=4 * np.sqrt(len(some) * 0.25 / 1000))
    for place, time in ((0, 31 / 7), (5, 182 / 7)):
        left = point.purchases.probability_alive(some, horizon=time)["mean"].sum()
        assert held.table["base"].iloc[place] == pytest.approx(left, abs=4 * np.sqrt(len(some) * 0.25 / 1000))


def test_winning_those_numbers_reaches_the_revenue(fitted, some):
    table = customers_needed(fitted, some, periods=4, target_revenue=5000.0).table
    plan = clv.decisions.budget(fitted, some, periods=4, new_customers=table["mean"].tolist())
    revenue = plan.table.loc[("revenue", "total")]
    spread = (revenue["upper"] - revenue["lower"]) / (2 * 1.645)
    # The last one won brings more than is missing.
    assert np.all(revenue["mean"] - 5000 > -4 * spread / np.sqrt(400))
    assert np.all(revenue["mean"] - 5000 < 2 * MEAN_SPEND + 4 * spread / np.sqrt(400))


def test_a_target_below_what_the_base_brings_needs_nobody(point, some):
    table = customers_needed(point, some, periods=3, target_revenue=1.0).table
    assert (table[["mean", "lower", "upper", "sure"]] == 0).to_numpy().all()
    assert (table["goal"] == 1).all()


def test_every_period_may_have_its_own_target(point, some):
    table = customers_needed(point, some, periods=3, target_revenue=[0.0, 6000.0, 0.0]).table
    assert table["goal"].tolist() == [0.0, 6000.0, 0.0]
    assert (table["mean"] > 0).tolist() == [False, True, False]
    exact = (6000 - table["base"].iloc[1]) / brought(point, np.array([0, 31, 61, 92]) / 7, alive=False)[0, 1, 1]
    assert exact - 1.5 < table["mean"].iloc[1] < exact + 3


def test_a_higher_target_needs_more(point, some):
    totals = [
        customers_needed(point, some, periods=3, target_revenue=goal).table["mean"].sum() for goal in (4000, 5000, 8000)
    ]
    assert totals == sorted(totals)
    assert totals[0] < totals[-1]


def test_the_sure_number_is_whole_and_enough_in_that_share_of_draws(point, some):
    table = customers_needed(point, some, periods=1, confidence=0.8, interval=0.6).table
    row = table.iloc[0]
    # The 80 % quantile is the upper end of the 60 % interval.
    assert row["sure"] == row["upper"]


def test_more_confidence_asks_for_more(fitted, some):
    sure = [customers_needed(fitted, some, periods=3, confidence=level).table["sure"] for level in (0.5, 0.9, 0.99)]
    assert (sure[0] <= sure[1]).all()
    assert (sure[1] <= sure[2]).all()
    assert (sure[0] < sure[2]).all()


def test_customers_who_stay_longer_are_needed_in_smaller_numbers(point, some):
    loyal = clv.LifetimeValue(
        clv.BetaGeo.at(r=R, alpha=ALPHA, a=0.1, b=5.0, time_unit="week", random_seed=1), point.spend
    )
    default, fewer = (customers_needed(point, some, periods=6, new=new).table for new in (None, loyal))
    assert (fewer["mean"] < default["mean"]).all()
    assert fewer["base"].equals(default["base"])


def test_the_drivers_are_of_the_number_to_be_won_in_all(fitted, some):
    answer = customers_needed(fitted, some, periods=3, target_revenue=5000.0)
    assert answer.drivers["answer"].to_numpy() == pytest.approx(answer.table["mean"].sum())
    lacking, brings = (answer.drivers.loc[name] for name in answer.drivers.index)
    assert lacking.name == "what the customers of today lack"
    assert lacking["answer_high"] > lacking["answer_low"]
    assert brings["answer_high"] < brings["answer_low"]


def test_the_sentence_says_the_figures(held):
    total, first = held.table["mean"].sum(), held.table.iloc[0]
    start = f"To hold the number of customers alive from 1997-10 to 1998-03, {total:,.0f} customers must be won (90 %"
    assert held.sentence.startswith(start)
    assert f": {first['mean']:.0f} in the first period" in held.sentence
    assert (
        f"{first['sure']:.0f} and {held.table['sure'].iloc[-1]:.0f} are enough with a confidence of 90 %"
        in held.sentence
    )


def test_the_same_seed_gives_the_same_answer(point, some):
    first, again, other = (customers_needed(point, some, periods=2, random_seed=seed).table for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"target_revenue": -1}, "target_revenue is -1; give numbers, zero or more"),
        ({"target_revenue": np.inf}, "target_revenue is inf"),
        ({"target_revenue": [1, 2]}, "target_revenue has 2 numbers for 3 periods; give one, or one for each"),
        ({"confidence": 1}, "confidence is 1"),
        ({"interval": 0}, "interval is 0"),
        ({"periods": 0}, "periods is 0"),
        ({"period": "week"}, "period is 'week'; choose one of month, quarter, year"),
    ],
)
def test_what_makes_no_sense_is_refused(point, some, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        customers_needed(point, some, **{"periods": 3, **choices})


def test_a_target_in_words_is_refused(point, some):
    with pytest.raises(clv.InvalidArgument, match="target_revenue is 'more'"):
        customers_needed(point, some, target_revenue="more")


def test_new_customers_by_another_number_of_draws_are_refused(point, fitted, some):
    with pytest.raises(clv.InvalidArgument, match="draws"):
        customers_needed(point, some, new=fitted)
