"""Cohorts followed: three made by hand, and simulated logs in which they mature."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import follow_cohorts
from clvmodels.model_error import ModelError

NAMES = ["2023-01", "2023-02", "2023-03"]
AGES = [10.0, 10.0, 6.0, 6.0, 2.0, 2.0]
TOTALS = [100.0, 40.0, 80.0, 20.0, 15.0, 15.0]


@pytest.fixture(scope="module")
def frame():
    """Two customers each, in weeks: one who came back, and one who did not."""
    return pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "frequency": [4, 0, 3, 0, 1, 0],
            "recency": [9.0, 0.0, 5.0, 0.0, 1.0, 0.0],
            "T": AGES,
            "monetary_value": [20.0, 0.0, 20.0, 0.0, 5.0, 0.0],
            "first_value": [20.0, 40.0, 20.0, 20.0, 10.0, 15.0],
            "total_value": TOTALS,
            "cohort_name": np.repeat(["2023-01", "2023-02", "2023-03"], 2),
        }
    )


@pytest.fixture(scope="module")
def three(frame):
    return clv.RFM.from_frame(frame, time_unit="week")


def with_margin(point, **choices):
    return clv.LifetimeValue(point.purchases, point.spend, **choices)


def followed(value, rfm, **choices):
    return follow_cohorts(value, rfm, **{"cost": 30.0, "horizon": 52.0, "by": "cohort_name", **choices})


def test_customers_ages_costs_and_what_was_realised_are_those_of_the_table(point, three):
    table = followed(with_margin(point, margin=0.5), three).table
    assert table.index.tolist() == NAMES
    assert table["customers"].tolist() == [2, 2, 2]
    assert table["age"].tolist() == [10.0, 6.0, 2.0]
    assert table["cost"].tolist() == [60.0, 60.0, 60.0]
    assert table["realised"].tolist() == pytest.approx([70.0, 50.0, 15.0])


def test_a_cost_per_purchase_is_taken_off_the_purchases_so_far_the_first_included(point, three):
    table = followed(with_margin(point, margin=0.5, cost_per_purchase=2.0), three).table
    # Purchases: 5 + 1, 4 + 1, 2 + 1.
    assert table["realised"].tolist() == pytest.approx([70 - 12, 50 - 10, 15 - 6])


@pytest.mark.parametrize("horizon", [0.0, 1.0, 2.0])
def test_a_horizon_that_is_over_leaves_nothing_to_come(point, three, horizon):
    table = followed(point, three, horizon=horizon, cost=40.0).table
    # Brought: 140, 100 and 30 against 80 each.
    for column in ("mean", "lower", "upper"):
        assert table[column].tolist() == pytest.approx([140.0, 100.0, 30.0])
    assert table["probability_repaid"].tolist() == [1.0, 1.0, 0.0]
    assert table["verdict"].tolist() == ["repaid", "repaid", "will not repay"]
    assert table["mature"].all()


def test_only_those_younger_than_the_horizon_have_anything_to_come(point, three):
    table = followed(point, three, horizon=6.0).table
    come = table["upper"] - table["realised"]
    assert come.iloc[:2].tolist() == [0.0, 0.0]
    assert come.iloc[2] > 0


def test_what_is_to_come_is_that_of_each_customers_own_rest_of_the_horizon(point, three):
    table = followed(point, three).table
    for place, age in enumerate([10.0, 6.0, 2.0]):
        part = three.select(three.frame["cohort_name"] == NAMES[place])
        row = point.total(part, horizon=52.0 - age, kind="predictive").loc["total"]
        for column in ("mean", "lower", "upper"):
            assert table[column].iloc[place] - table["realised"].iloc[place] == pytest.approx(row[column])


def test_who_costs_nothing_is_repaid(point, three):
    table = followed(point, three, cost=0).table
    assert (table["verdict"] == "repaid").all()
    assert (table["probability_repaid"] == 1).all()


def test_the_verdict_follows_from_the_probability(point, three):
    choices = {"horizon": 104.0, "confidence": 0.8}
    # The third cohort has brought 30: costs of its two customers at the ends and the middle of what it will bring.
    values = point.blocks(three, horizon=104.0 - np.array(AGES), kind="predictive").array()
    median, most = np.quantile(30 + values[:, 4:].sum(axis=1), [0.5, 0.9]) / 2
    expected = {15.0: "repaid", 15.1: "will repay", median: "too early to say", most: "will not repay"}
    for cost, verdict in expected.items():
        row = followed(point, three, cost=cost, **choices).table.loc["2023-03"]
        assert row["verdict"] == verdict
        assert row["mature"] == (verdict != "too early to say")
        if verdict == "will repay":
            assert row["probability_repaid"] >= 0.8
        if verdict == "will not repay":
            assert row["probability_repaid"] <= 0.2


def test_more_confidence_makes_more_cohorts_too_early_to_judge(point, three):
    early = [
        (followed(point, three, cost=60.0, confidence=level).table["verdict"] == "too early to say").sum()
        for level in (0.51, 0.8, 0.99)
    ]
    assert early == sorted(early)
    assert early[0] < early[-1]


def test_the_probability_of_being_repaid_is_the_share_of_draws(point, three):
    table = followed(point, three, cost=60.0).table
    values = point.blocks(three, horizon=52.0 - np.array(AGES), kind="predictive").array()
    for place, name in enumerate(NAMES):
        drawn = sum(TOTALS[2 * place : 2 * place + 2]) + values[:, 2 * place : 2 * place + 2].sum(axis=1)
        assert table.loc[name, "probability_repaid"] == pytest.approx(np.mean(drawn >= 120))


def test_cohorts_are_by_default_the_months_of_the_first_purchase(point, frame):
    dates = pd.to_datetime(["2023-01-31", "2023-02-01", "2023-02-28", "2023-02-28", "2023-03-01", "2022-12-31"])
    dated = clv.RFM.from_frame(frame.assign(first_date=dates), time_unit="week")
    table = follow_cohorts(point, dated, cost=30.0, horizon=52.0).table
    assert table["customers"].to_dict() == {"2022-12": 1, "2023-01": 1, "2023-02": 3, "2023-03": 1}


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_months_from_the_age_are_those_from_the_date(unit):
    log = clv.datasets.simulate_transactions(customers=150, length=39, random_seed=2)
    rfm = clv.rfm_summary(log, observation_end="2020-09-30", time_unit=unit)
    bare = clv.RFM.from_frame(rfm.frame.drop(columns=["first_date"]), time_unit=unit, observation_end="2020-09-30")
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit=unit, random_seed=1)
    value = clv.LifetimeValue(purchases, clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit=unit))
    dated, aged = (follow_cohorts(value, each, cost=30.0, horizon=52.0) for each in (rfm, bare))
    assert dated.table.index.tolist() == ["2020-01", "2020-02", "2020-03"]
    assert dated.table.equals(aged.table)


def test_a_cost_may_be_given_for_each_cohort(point, three):
    costs = {"2023-01": 10.0, "2023-02": 20.0, "2023-03": 30.0, "2023-04": 99.0}
    assert followed(point, three, cost=costs).table["cost"].tolist() == [20.0, 40.0, 60.0]
    assert followed(point, three, cost=pd.Series(costs)).table["cost"].tolist() == [20.0, 40.0, 60.0]


def test_intervals_narrow_as_the_cohorts_mature(point):
    log, widths = clv.datasets.simulate_transactions(customers=600, length=100, random_seed=3), []
    for end in ("2020-05-31", "2020-11-30", "2021-05-31"):
        until = log[log["date"] < pd.Timestamp(end) + pd.Timedelta(days=1)]
        rfm = clv.rfm_summary(until, observation_end=end)
        table = follow_cohorts(point, rfm, cost=30.0, horizon=104.0).table
        widths.append((table["upper"] - table["lower"]) / table["cost"])
    assert (widths[0] > widths[1]).all()
    assert (widths[1] > widths[2]).all()


def test_intervals_hold_what_simulated_cohorts_bring_in_the_end(point):
    # 20 businesses at the same parameters, with three cohorts each.
    held = []
    for seed in range(20):
        log = clv.datasets.simulate_transactions(customers=200, length=91, random_seed=seed)
        rfm = clv.rfm_summary(log[log["date"] < "2020-10-01"], observation_end="2020-09-30")
        table = follow_cohorts(point, rfm, cost=30.0, horizon=52.0).table
        first = rfm.frame["first_date"].reindex(log["customer_id"]).to_numpy()
        within = log[log["date"].dt.normalize().to_numpy() - first <= np.timedelta64(364, "D")]
        month = rfm.frame["first_date"].dt.strftime("%Y-%m").reindex(within["customer_id"]).to_numpy()
        brought = within["value"].groupby(month).sum()
        held.extend((table["lower"] <= brought) & (brought <= table["upper"]))
    assert np.mean(held) == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / len(held)))


@pytest.fixture(scope="module")
def past():
    return ModelError(origins=pd.DataFrame({"predicted": [300.0, 500.0], "actual": [450.0, 400.0]}), random_seed=1)


def test_past_errors_widen_the_intervals_and_keep_the_means(point, three, past):
    plain, wide = followed(point, three).table, followed(point, three, model_error=past).table
    assert wide["mean"].equals(plain["mean"])
    assert (wide["lower"] <= plain["lower"]).all()
    # A cohort's own end may stay where chance had put it.
    assert (wide["upper"] >= plain["upper"]).all()
    assert (wide["upper"] > plain["upper"]).any()
    assert (wide["lower"] >= wide["realised"]).all()


def test_past_errors_do_not_move_what_the_drivers_call_the_answer(point, three, past):
    plain, wide = followed(point, three).drivers, followed(point, three, model_error=past).drivers
    assert wide["answer"].iloc[0] == pytest.approx(plain["answer"].iloc[0])


def test_the_drivers_are_of_all_value_less_all_cost(fitted, three):
    answer = followed(fitted, three)
    net = answer.table["mean"].sum() - answer.table["cost"].sum()
    cost = answer.drivers.loc["cost"]
    assert answer.drivers["answer"].to_numpy() == pytest.approx(net)
    assert cost[["low", "high", "answer_low", "answer_high"]].tolist() == pytest.approx([162, 198, net + 18, net - 18])


def test_the_sentence_says_the_figures_and_the_verdicts(point, three):
    answer = followed(point, three, horizon=1.0, cost=40.0)
    assert answer.sentence.startswith(
        "3 cohorts of 6 customers cost 240, have brought 270 and will have brought 270"
        " (90 % predictive interval 270 to 270) within the horizon: 2 repaid and 1 will not repay. "
    )


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cost": -1}, "cost is -1; give an amount of money"),
        ({"cost": {"2023-01": 1}}, r"cost lacks cohorts \['2023-02', '2023-03'\]"),
        ({"cost": dict.fromkeys(NAMES, -1)}, "the cost of 2023-01 is -1"),
        ({"horizon": -1}, "horizon is -1"),
        ({"confidence": 0}, "confidence is 0; give a probability"),
        ({"interval": 1.2}, "interval is 1.2"),
        ({"by": "channel"}, r"add it with rfm.assign\(channel="),
        ({"by": None}, "neither first_date nor an observation end; give by="),
    ],
)
def test_what_makes_no_sense_is_refused(point, three, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        followed(point, three, **choices)


def test_without_what_was_spent_so_far_there_is_nothing_to_judge(point, frame):
    bare = clv.RFM.from_frame(frame.drop(columns=["total_value", "first_value"]), time_unit="week")
    with pytest.raises(clv.InvalidRFM, match="the RFM has no total_value; make it from a log with a value column"):
        followed(point, bare)
