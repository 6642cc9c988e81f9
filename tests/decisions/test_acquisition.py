"""What winning a customer may cost: limiting cases by hand, and lives followed event by event."""

import numpy as np
import pytest
from scipy import integrate, stats

import clvmodels as clv
from clvmodels.decisions import acquisition

R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
P, Q, V = 6.25, 3.74, 15.44
MEAN_SPEND = P * V / (Q - 1)
ONE = ("new", "one customer")


def at(draws=None, *, r=R, alpha=ALPHA, a=A, b=B, v=V, **choices):
    """At known parameters: as a point, or as so many equal draws."""

    def given(number):
        return number if draws is None else np.full(draws, number)

    purchases = clv.BetaGeo.at(r=given(r), alpha=given(alpha), a=given(a), b=given(b), time_unit="week", random_seed=1)
    spend = clv.GammaGamma.at(p=given(P), q=given(Q), v=given(v), time_unit="week", random_seed=1)
    return clv.LifetimeValue(purchases, spend, **choices)


def of(answer, quantity, column="mean"):
    return answer.table.loc[("new", quantity), column]


@pytest.fixture(scope="module")
def expected_purchases(over_dropout):
    """Of a new customer within a time, the first one included, each weighted by exp(-force time)."""

    def within(horizon, force=0.0):
        def rate(time):
            return over_dropout(lambda p: R * ALPHA**R / (ALPHA + p * time) ** (R + 1), A, B) * np.exp(-force * time)

        return 1 + integrate.quad(rate, 0, horizon, epsabs=1e-12, epsrel=1e-12)[0]

    return within


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_without_uncertainty_the_value_is_the_closed_form(expected_purchases, rate):
    answer = acquisition(at(margin=0.3, annual_discount_rate=rate), cost=12, horizon=52)
    worth = expected_purchases(52, np.log1p(rate) * 7 / 365.25) * 0.3 * MEAN_SPEND
    assert of(answer, "expected_value") == pytest.approx(worth, rel=1e-9)
    assert of(answer, "net_value") == pytest.approx(worth - 12, rel=1e-9)
    assert of(answer, "value_to_cost") == pytest.approx(worth / 12, rel=1e-9)


def test_a_cost_per_purchase_is_taken_off_every_purchase(expected_purchases):
    answer = acquisition(at(margin=0.3, cost_per_purchase=4.0), cost=12, horizon=52)
    assert of(answer, "expected_value") == pytest.approx(expected_purchases(52) * (0.3 * MEAN_SPEND - 4), rel=1e-9)


def test_within_no_time_a_customer_brings_the_first_purchase():
    answer = acquisition(at(margin=0.3, annual_discount_rate=0.5), cost=12, horizon=0)
    assert of(answer, "expected_value") == pytest.approx(0.3 * MEAN_SPEND, rel=1e-9)
    # Gamma-Gamma: z is p v / q times an F variate.
    first = stats.f(2 * P, 2 * Q, scale=0.3 * P * V / Q)
    chance = first.sf(12)
    assert answer.payback.loc[ONE, "probability_repaid"] == pytest.approx(chance, abs=4 * np.sqrt(0.25 / 1000))
    assert answer.payback.loc[ONE, "payback_lower"] == 0
    assert answer.curve.index.get_level_values("time").tolist() == [0.0]


def test_a_customer_who_costs_nothing_is_repaid_at_once_for_certain():
    answer = acquisition(at(margin=0.3), cost=0, horizon=52)
    assert of(answer, "value_to_cost") == np.inf
    assert of(answer, "net_value") == of(answer, "expected_value")
    assert (answer.payback["probability_repaid"] == 1).all()
    assert (answer.payback["probability_never"] == 0).all()
    assert (answer.payback[["payback_median", "payback_lower", "payback_upper"]] == 0).to_numpy().all()


def test_a_customer_who_costs_nothing_has_an_infinite_ratio_with_every_draw(fitted):
    answer = acquisition(fitted, cost=0, horizon=52)
    assert (answer.table.loc[("new", "value_to_cost")] == np.inf).all()


def test_the_most_to_pay_does_not_depend_on_the_cost():
    paid = [acquisition(at(margin=0.3), cost=cost, horizon=52).payback["most_to_pay"] for cost in (0, 12, 1e6)]
    assert paid[0].equals(paid[1])
    assert paid[0].equals(paid[2])


def test_a_huge_cost_is_never_repaid():
    answer = acquisition(at(margin=0.3), cost=1e9, horizon=52)
    assert (answer.payback["probability_repaid"] == 0).all()
    assert (answer.payback["probability_never"] == 1).all()
    assert np.isinf(answer.payback[["payback_median", "payback_lower", "payback_upper"]]).to_numpy().all()
    assert "repays its cost with a probability of under 1 % (most never do so)" in answer.sentence


def test_a_sure_stream_of_purchases_is_discounted_as_by_hand():
    # r, alpha and b huge: one purchase a week with a rate that is known, nobody ever leaves. Worth the first purchase
    # and the integral of exp(-force t).
    value = at(r=1e7, alpha=1e7, a=1e-9, b=1e3, margin=0.5, annual_discount_rate=0.1)
    force = np.log(1.1) * 7 / 365.25
    by_hand = 0.5 * MEAN_SPEND * (1 + (1 - np.exp(-force * 104)) / force)
    assert of(acquisition(value, cost=1, horizon=104), "expected_value") == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.97])
def test_the_most_to_pay_is_repaid_with_the_confidence_asked_for(confidence):
    choices = {"horizon": 52, "cohort": 20, "confidence": confidence}
    paid = acquisition(at(margin=0.3), cost=12, **choices).payback["most_to_pay"]
    for row, most in paid.items():
        at_most = acquisition(at(margin=0.3), cost=most, **choices).payback.loc[row, "probability_repaid"]
        assert confidence <= at_most <= confidence + 0.002


def test_more_than_the_most_to_pay_is_repaid_with_less_confidence():
    most = acquisition(at(margin=0.3), cost=12, horizon=52).payback.loc[ONE, "most_to_pay"]
    beyond = acquisition(at(margin=0.3), cost=np.nextafter(most, np.inf), horizon=52)
    assert beyond.payback.loc[ONE, "probability_repaid"] < 0.9


@pytest.fixture(scope="module")
def by_hand(lives):
    """Of 20,000 new customers the time at which each has brought 12, and all they bring: margin 0.3, ten per cent."""
    rng, number = np.random.default_rng(5), 20_000
    who, when, _ = lives(rng, np.zeros(number), 52.0)
    amount = 0.3 * rng.gamma(P, size=len(who)) / (rng.gamma(Q, size=number) / V)[who]
    amount *= np.exp(-np.log(1.1) * 7 / 365.25 * when)
    order = np.lexsort([when, who])
    who, when, amount = who[order], when[order], amount[order]
    running = np.cumsum(amount)
    begins = np.searchsorted(who, np.arange(number))
    own = running - (running[begins] - amount[begins])[who]
    reached = np.full(number, np.inf)
    np.minimum.at(reached, who[own >= 12], when[own >= 12])
    return reached, np.bincount(who, weights=amount)


def test_a_customer_pays_back_when_a_simulated_one_does(by_hand):
    reached, worth = by_hand
    answer = acquisition(at(5000, margin=0.3, annual_discount_rate=0.1), cost=12, horizon=52)
    row, error = answer.payback.loc[ONE], np.sqrt(0.25 * (1 / 5000 + 1 / len(reached)))
    assert row["probability_never"] == pytest.approx(np.isinf(reached).mean(), abs=4 * error)
    assert row["probability_repaid"] == pytest.approx(np.mean(worth >= 12), abs=4 * error)
    assert row["payback_lower"] == np.quantile(reached, 0.05)
    assert np.isinf(row["payback_upper"])
    # At the median half of the simulated ones have paid back; the grid's steps are 0.26 weeks.
    for time, at_least in ((row["payback_median"], True), (row["payback_median"] - 0.26, False)):
        share = np.mean(reached <= time)
        assert share > 0.5 - 4 * error if at_least else share < 0.5 + 4 * error


def test_one_customer_brings_what_simulated_ones_bring(by_hand):
    answer = acquisition(at(5000, margin=0.3, annual_discount_rate=0.1), cost=12, horizon=52)
    for column, level in (("lower", 0.05), ("upper", 0.95)):
        below = np.mean(by_hand[1] <= of(answer, "predictive_value", column))
        assert below == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) * (1 / 5000 + 1 / 20_000)))


def test_the_median_time_falls_as_the_cost_does(fitted):
    times = [acquisition(fitted, cost=cost, horizon=104).payback.loc[ONE] for cost in (5, 12, 30)]
    for column in ("payback_median", "probability_never"):
        values = [row[column] for row in times]
        assert values == sorted(values)


def test_where_no_purchase_costs_anything_a_customer_is_repaid_or_never_is(fitted):
    table = acquisition(fitted, cost=12, horizon=52, cohort=3).payback
    assert (table["probability_repaid"] + table["probability_never"]).tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize("cost", [0.0, 4.0])
def test_a_cohort_brings_on_average_what_is_expected_of_a_customer(cost):
    value = at(2000, margin=0.3, annual_discount_rate=0.1, cost_per_purchase=cost)
    answer = acquisition(value, cost=12, horizon=52, cohort=200)
    error = (of(answer, "cohort_value", "upper") - of(answer, "cohort_value", "lower")) / 3.29 / np.sqrt(2000)
    assert of(answer, "cohort_value") == pytest.approx(of(answer, "expected_value"), abs=4 * error)


def test_chance_in_a_cohort_shrinks_with_the_root_of_its_size():
    widths = {}
    for cohort in (50, 800):
        row = acquisition(at(4000, margin=0.3), cost=12, horizon=52, cohort=cohort).table.loc[("new", "cohort_value")]
        widths[cohort] = row["upper"] - row["lower"]
    assert widths[50] / widths[800] == pytest.approx(4.0, rel=0.1)


def test_what_the_parameters_leave_open_does_not_shrink_with_the_cohort(fitted):
    answer = acquisition(fitted, cost=12, horizon=52, cohort=5000)
    assert of(answer, "cohort_value", "lower") < of(answer, "expected_value", "lower") * 1.02
    assert of(answer, "cohort_value", "upper") > of(answer, "expected_value", "upper") * 0.98


def test_the_curve_starts_with_the_first_purchase_and_ends_with_the_value_of_the_cohort(fitted):
    answer = acquisition(fitted, cost=12, horizon=52)
    curve = answer.curve.loc["new"]
    assert curve.index[[0, -1]].tolist() == [0.0, 52.0]
    assert (np.diff(curve["mean"]) >= 0).all()
    assert (curve["cost"] == 12).all()
    last = answer.table.loc[("new", "cohort_value")]
    assert curve.iloc[-1][["lower", "upper"]].tolist() == pytest.approx(last[["lower", "upper"]].tolist())
    assert curve["mean"].iloc[-1] == pytest.approx(last["mean"], rel=0.02)


def test_every_channel_has_its_own_model_and_cost(fitted):
    web, shop = fitted, clv.LifetimeValue(fitted.purchases, fitted.spend, margin=0.15, annual_discount_rate=0.1)
    both = acquisition({"web": web, "shop": shop}, cost={"web": 12, "shop": 3}, horizon=52)
    for name, value, cost in (("web", web, 12), ("shop", shop, 3)):
        alone = acquisition(value, cost=cost, horizon=52)
        for table in ("table", "payback", "curve", "drivers"):
            assert getattr(both, table).loc[name].equals(getattr(alone, table).loc["new"])
    assert "A web customer is worth" in both.sentence
    assert "A shop customer is worth" in both.sentence


def test_one_cost_serves_for_all_channels(fitted):
    answer = acquisition({"web": fitted, "shop": fitted}, cost=7, horizon=52)
    assert (answer.payback["cost"] == 7).all()


def test_one_value_may_have_its_cost_by_name(fitted):
    named, plain = (acquisition(fitted, cost=cost, horizon=52) for cost in ({"new": 12}, 12))
    assert named.table.equals(plain.table)


def test_a_cohort_of_one_is_one_customer(fitted):
    payback = acquisition(fitted, cost=12, horizon=52, cohort=1).payback
    assert payback.loc[ONE].equals(payback.loc[("new", "cohort of 1")].rename(ONE))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cost": -1}, "cost is -1; give an amount of money"),
        ({"cost": np.nan}, "cost is nan; give an amount of money"),
        ({"cost": "12"}, "cost is '12'; give an amount of money"),
        ({"cost": {"new": -1}}, "the cost of new is -1; give an amount of money"),
        ({"cost": {"web": 1}}, r"cost lacks channels \['new'\], it has \['web'\]"),
        ({"horizon": -1}, "horizon is -1"),
        ({"horizon": np.inf}, "horizon is inf"),
        ({"cohort": 0}, "cohort is 0; give a whole number, 1 or more"),
        ({"cohort": 2.5}, "cohort is 2.5; give a whole number"),
        ({"cohort": True}, "cohort is True; give a whole number"),
        ({"confidence": 1}, "confidence is 1; give a probability between 0 and 1"),
        ({"confidence": "high"}, "confidence is 'high'; give a probability"),
        ({"interval": 0}, "interval is 0; give a probability"),
        ({"value": {}}, "there is no channel; give at least one LifetimeValue"),
    ],
)
def test_what_makes_no_sense_is_refused(fitted, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        acquisition(**{"value": fitted, "cost": 12, "horizon": 52, **choices})


def test_the_same_seed_gives_the_same_answer_and_another_one_other_paths(fitted):
    first, again, other = (acquisition(fitted, cost=12, horizon=52, random_seed=seed) for seed in (3, 3, 4))
    for table in ("table", "payback", "curve", "drivers"):
        assert getattr(first, table).equals(getattr(again, table))
    assert first.sentence == again.sentence
    assert not first.curve.equals(other.curve)
    assert of(first, "expected_value") == of(other, "expected_value")


@pytest.mark.parametrize(
    ("name", "tenth_less", "tenth_more"),
    [
        ("margin", {"margin": 0.27}, {"margin": 0.33}),
        ("cost of winning", {"cost": 10.8}, {"cost": 13.2}),
        ("cost per purchase", {"cost_per_purchase": 3.6}, {"cost_per_purchase": 4.4}),
    ],
)
def test_the_swing_of_a_certain_input_is_what_the_answer_with_it_would_be(fitted, name, tenth_less, tenth_more):
    def net(margin=0.3, cost_per_purchase=4.0, cost=12.0):
        value = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=margin, cost_per_purchase=cost_per_purchase)
        return acquisition(value, cost=cost, horizon=52)

    row = net().drivers.loc[("new", name)]
    assert row["answer"] == pytest.approx(of(net(), "net_value"))
    assert row["answer_low"] == pytest.approx(of(net(**tenth_less), "net_value"))
    assert row["answer_high"] == pytest.approx(of(net(**tenth_more), "net_value"))


def test_inputs_move_the_net_value_in_the_right_direction_and_the_widest_swing_is_first(fitted):
    value = clv.LifetimeValue(fitted.purchases, fitted.spend, margin=0.3, cost_per_purchase=4.0)
    table = acquisition(value, cost=12, horizon=52).drivers.loc["new"]
    swing = table["answer_high"] - table["answer_low"]
    assert (swing[["margin", "number of purchases", "spend per purchase"]] > 0).all()
    assert (swing[["cost of winning", "cost per purchase"]] < 0).all()
    assert swing.abs().is_monotonic_decreasing


def test_the_sentence_says_the_figures(fitted):
    answer = acquisition(fitted, cost=12, horizon=52, cohort=250)
    paid = answer.payback.loc[("new", "cohort of 250")]
    worth = answer.table.loc[("new", "expected_value")]
    ends = f"(90 % credible interval {worth['lower']:.1f}"
    assert f"is worth {worth['mean']:.1f} within 52 weeks {ends}" in answer.sentence
    assert f"{of(answer, 'net_value'):.1f} after a cost of 12.0" in answer.sentence
    assert "A cohort of 250 repays its cost" in answer.sentence
    assert f"with a confidence of 90 % up to {paid['most_to_pay']:.1f} may be paid for a customer" in answer.sentence
    assert f"What drives it most is {answer.drivers.loc['new'].index[0]}" in answer.sentence
