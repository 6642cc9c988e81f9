"""The simple formula as a model: whose averages, which lifespan, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from clvmodels.errors import InvalidArgument
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.rfm import RFM, rfm_summary

# Three customers over ten weeks: ann bought three times for 60, bob once for 10, cat five times for 30.
FRAME = pd.DataFrame(
    {
        "frequency": [2, 0, 4],
        "recency": [6.0, 0.0, 5.0],
        "T": [8.0, 10.0, 5.0],
        "monetary_value": [25.0, 0.0, 5.0],
        "total_value": [60.0, 10.0, 30.0],
        "segment": ["web", "web", "shop"],
    },
    index=pd.Index(["ann", "bob", "cat"], name="customer_id"),
)
RFM_WEEKS = RFM.from_frame(FRAME, time_unit="week")


def active_in(*periods):
    """A log in which each letter of a period is a customer who buys in that period, each period ten days."""
    rows = [(name, 10 * number + 5) for number, period in enumerate(periods) for name in period]
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta([day for _, day in rows], unit="D")
    return pd.DataFrame({"customer_id": [name for name, _ in rows], "date": days, "value": 1.0})


def rfm_of(*periods):
    log = active_in(*periods)
    end = log["date"].max() + pd.Timedelta(days=4)
    return rfm_summary(log, time_unit="day", observation_end=end, churn_window=10)


def test_each_customer_goes_on_at_the_own_rate():
    fit = MultiplicativeCLV(lifespan=20).fit(RFM_WEEKS)
    # ann: 2 / 8 a week for 20 weeks; bob none; cat 4 / 5 a week.
    assert fit.expected_purchases(RFM_WEEKS, horizon=52)["mean"].to_dict() == pytest.approx(
        {"ann": 5, "bob": 0, "cat": 16}
    )
    # 60 / 3, 10 / 1, 30 / 5.
    assert fit.expected_average_spend(RFM_WEEKS)["mean"].tolist() == pytest.approx([20, 10, 6])
    assert fit.expected(RFM_WEEKS, horizon=52)["mean"].tolist() == pytest.approx([100, 0, 96])


def test_the_population_is_pooled():
    fit = MultiplicativeCLV(level="population", lifespan=10).fit(RFM_WEEKS)
    # 6 repeat purchases in 23 weeks, 100 of money in 9 purchases.
    assert fit.expected_purchases(RFM_WEEKS, horizon=52)["mean"].tolist() == pytest.approx([60 / 23] * 3)
    assert fit.expected(RFM_WEEKS, horizon=52)["mean"].tolist() == pytest.approx([100 / 9 * 60 / 23] * 3)


def test_each_segment_is_pooled_for_itself():
    fit = MultiplicativeCLV(level="segment", segment="segment", lifespan=9).fit(RFM_WEEKS)
    # web: 2 repeat purchases in 18 weeks, 70 in 4 purchases; shop is cat alone.
    assert fit.expected_purchases(RFM_WEEKS, horizon=52)["mean"].tolist() == pytest.approx([1, 1, 7.2])
    assert fit.expected_average_spend(RFM_WEEKS)["mean"].tolist() == pytest.approx([17.5, 17.5, 6])


def test_lifespan_is_cut_at_the_horizon():
    fit = MultiplicativeCLV(lifespan=20).fit(RFM_WEEKS)
    assert fit.expected_lifetime(RFM_WEEKS, horizon=8)["mean"].tolist() == [8.0] * 3
    assert fit.expected_lifetime(RFM_WEEKS, horizon=52)["mean"].tolist() == [20.0] * 3


def test_lifespan_is_one_over_a_given_churn_rate():
    fit = MultiplicativeCLV(churn_rate=0.05).fit(RFM_WEEKS)
    assert fit.expected_lifetime(RFM_WEEKS, horizon=52)["mean"].tolist() == pytest.approx([20.0] * 3)


def test_churn_is_the_share_active_before_and_not_lately():
    # In the window before last a, b, c and d buy; of them only a comes back, with e who is new: 3 of 4 lost in 10 days.
    fit = MultiplicativeCLV().fit(rfm_of("ab", "abcd", "ae"))
    assert fit.parameters.loc["population", "churn_rate"] == pytest.approx(0.075)
    assert fit.parameters.loc["population", "lifespan"] == pytest.approx(1 / 0.075)


def test_churn_is_estimated_for_each_segment():
    rfm = rfm_of("abcd", "abcd", "acd").assign(shop={"a": 1, "b": 1, "c": 2, "d": 2})
    fit = MultiplicativeCLV(level="segment", segment="shop").fit(rfm)
    assert fit.parameters["churn_rate"].to_dict() == pytest.approx({1: 0.05, 2: 0.0})
    assert fit.expected_lifetime(rfm, horizon=90)["mean"].to_dict() == pytest.approx(
        {"a": 20, "b": 20, "c": 90, "d": 90}
    )


def test_nobody_lost_lives_on_to_the_horizon():
    rfm = rfm_of("ab", "ab", "ab")
    assert MultiplicativeCLV().fit(rfm).expected_lifetime(rfm, horizon=365)["mean"].tolist() == [365.0, 365.0]


def test_discounting_weighs_each_moment():
    simple = MultiplicativeCLV(lifespan=30, annual_discount_rate=0.1, margin=0.3)
    weeks_per_year = 365.25 / 7
    weighed, _ = quad(lambda week: 1.1 ** (-week / weeks_per_year), 0, 30)
    expected = 0.3 * 20 * 2 / 8 * weighed
    assert simple.fit(RFM_WEEKS).expected(RFM_WEEKS, horizon=52).loc["ann", "mean"] == pytest.approx(expected)


def test_time_unit_does_not_matter():
    in_days = RFM.from_frame(FRAME.assign(recency=FRAME["recency"] * 7, T=FRAME["T"] * 7), time_unit="day")
    weekly = MultiplicativeCLV(lifespan=30, annual_discount_rate=0.2).fit(RFM_WEEKS).expected(RFM_WEEKS, horizon=20)
    daily = MultiplicativeCLV(lifespan=210, annual_discount_rate=0.2).fit(in_days).expected(in_days, horizon=140)
    pd.testing.assert_frame_equal(weekly, daily)


def test_tables_have_the_models_columns_without_an_interval():
    table = MultiplicativeCLV(lifespan=9).fit(RFM_WEEKS).expected(RFM_WEEKS, horizon=52)
    assert list(table.columns) == ["mean", "lower", "upper"]
    assert table.index.equals(FRAME.index)
    assert table[["lower", "upper"]].isna().all(axis=None)


def test_totals_are_sums():
    fit = MultiplicativeCLV(lifespan=20).fit(RFM_WEEKS)
    assert fit.total(RFM_WEEKS, horizon=52)["mean"].to_dict() == pytest.approx({"total": 196})
    assert fit.total(RFM_WEEKS, horizon=52, by="segment")["mean"].to_dict() == pytest.approx({"shop": 96, "web": 100})


def test_a_new_customer_makes_the_first_purchase_and_the_pooled_repeats():
    fit = MultiplicativeCLV(lifespan=10, margin=0.5).fit(RFM_WEEKS)
    # Half of 100 / 9 a purchase, one and 6 / 23 a week for 10 weeks.
    assert fit.new_customer(horizon=52)["mean"].to_dict() == pytest.approx({"new": 0.5 * 100 / 9 * (1 + 60 / 23)})


def test_a_new_customer_of_each_segment_has_a_row():
    fit = MultiplicativeCLV(level="segment", segment="segment", lifespan=9).fit(RFM_WEEKS)
    assert fit.new_customer(horizon=52)["mean"].to_dict() == pytest.approx({"shop": 6 * 8.2, "web": 17.5 * 2})


def test_a_customer_seen_for_no_time_is_expected_to_buy_nothing():
    rfm = RFM.from_frame(FRAME.iloc[[1]].assign(T=0.0), time_unit="week")
    assert MultiplicativeCLV(lifespan=9).fit(rfm).expected_purchases(rfm, horizon=52)["mean"].tolist() == [0.0]


def test_another_table_is_predicted_from_the_fitted_averages():
    fit = MultiplicativeCLV(level="segment", segment="segment", lifespan=9).fit(RFM_WEEKS)
    assert fit.expected_purchases(RFM_WEEKS.select(["cat"]), horizon=52)["mean"].tolist() == pytest.approx([7.2])


def test_one_customers_answer_does_not_depend_on_the_others():
    fit = MultiplicativeCLV(lifespan=9).fit(RFM_WEEKS)
    alone = fit.expected(RFM_WEEKS.select(["cat"]), horizon=52)
    pd.testing.assert_frame_equal(alone, fit.expected(RFM_WEEKS, horizon=52).loc[["cat"]])


def test_the_callers_table_is_unchanged():
    before = RFM_WEEKS.frame.copy()
    MultiplicativeCLV(lifespan=9).fit(RFM_WEEKS).total(RFM_WEEKS, horizon=52, by="segment")
    pd.testing.assert_frame_equal(RFM_WEEKS.frame, before)


def test_purchases_are_expected_without_values():
    rfm = RFM.from_frame(FRAME[["frequency", "recency", "T"]], time_unit="week")
    fit = MultiplicativeCLV(lifespan=20).fit(rfm)
    assert fit.expected_purchases(rfm, horizon=52)["mean"].tolist() == pytest.approx([5, 0, 16])
    with pytest.raises(InvalidArgument, match="total_value"):
        fit.expected(rfm, horizon=52)
    with pytest.raises(InvalidArgument, match="without values"):
        fit.new_customer(horizon=52)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"level": "people"}, "level is 'people'"),
        ({"level": "segment"}, "need each other"),
        ({"segment": "shop"}, "need each other"),
        ({"lifespan": 20, "churn_rate": 0.05}, "both are given"),
        ({"lifespan": 0}, "lifespan is 0"),
        ({"lifespan": np.nan}, "lifespan is nan"),
        ({"churn_rate": -0.1}, "churn_rate is -0.1"),
        ({"churn_rate": np.nan}, "churn_rate is nan"),
        ({"margin": 0.0}, "margin is 0.0"),
        ({"margin": np.nan}, "margin is nan"),
        ({"annual_discount_rate": -0.1}, "annual_discount_rate is -0.1"),
    ],
)
def test_a_choice_outside_its_domain_is_refused(choices, message):
    with pytest.raises(InvalidArgument, match=message):
        MultiplicativeCLV(**choices)


def test_churn_without_knowledge_of_who_was_active_is_refused():
    with pytest.raises(InvalidArgument, match="who was active when.*give lifespan= or churn_rate="):
        MultiplicativeCLV().fit(RFM_WEEKS)


def test_churn_with_nobody_active_before_is_refused():
    rfm = rfm_of("a", "", "a")
    with pytest.raises(InvalidArgument, match="was active in the window before last.*give lifespan="):
        MultiplicativeCLV().fit(rfm)


def test_missing_segments_are_refused():
    simple = MultiplicativeCLV(level="segment", segment="segment", lifespan=9)
    with pytest.raises(InvalidArgument, match="no column 'segment'"):
        simple.fit(RFM.from_frame(FRAME.drop(columns="segment"), time_unit="week"))
    with pytest.raises(InvalidArgument, match="1 customers have no segment"):
        simple.fit(RFM.from_frame(FRAME.assign(segment=["web", None, "shop"]), time_unit="week"))


def test_a_segment_that_was_not_fitted_is_refused():
    fit = MultiplicativeCLV(level="segment", segment="segment", lifespan=9).fit(RFM_WEEKS.select(["ann", "bob"]))
    with pytest.raises(InvalidArgument, match=r"segments \['shop'\] were not in the data"):
        fit.expected_purchases(RFM_WEEKS, horizon=52)


def test_an_rfm_in_another_time_unit_is_refused():
    fit = MultiplicativeCLV(lifespan=9).fit(RFM_WEEKS)
    with pytest.raises(InvalidArgument, match="in days"):
        fit.expected_purchases(RFM.from_frame(FRAME, time_unit="day"), horizon=52)


@pytest.mark.parametrize("horizon", [-1, np.nan, np.inf])
def test_a_horizon_that_is_no_length_of_time_is_refused(horizon):
    fit = MultiplicativeCLV(lifespan=9).fit(RFM_WEEKS)
    with pytest.raises(InvalidArgument, match="horizon is"):
        fit.expected(RFM_WEEKS, horizon=horizon)
