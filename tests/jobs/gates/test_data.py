"""What a log must be like, and how it may differ from the one that was published."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clvmodels.jobs.gates import data_checks
from clvmodels.jobs.manifest import DataFacts

START = pd.Timestamp("2025-01-01")
NAMES = ["rows", "customers", "repeat_customers", "refunds", "unknown_dates", "unknown_segments"]
COMPARED = ["observation_end", "history", "spend_history", "activity"]


def daily(*counts, value=10.0):
    """A log with so many purchases on each day from the start on."""
    days = np.repeat(START.to_numpy() + np.arange(len(counts)).astype("timedelta64[D]"), counts)
    log = pd.DataFrame({"customer_id": np.arange(len(days)), "date": days.astype("datetime64[ns]")})
    return log.assign(value=value)


def facts_of(history, days=None, **others):
    """The facts of a log that is observed for so many days; by default until its last purchase."""
    end = history["date"].max() if days is None else START + pd.Timedelta(days=days - 1)
    own = {"rows": len(history), "customers": len(history), "repeat_customers": len(history)}
    amounts = {"spend": float(history["value"].sum())} if "value" in history else {}
    dates = {"first_purchase": history["date"].min().date(), "observation_end": end.date()}
    return DataFacts(**{"fingerprint": "", "purchases": len(history), **own, **amounts, **dates, **others})


@pytest.fixture
def compared(gates, named):
    """The checks of a new log against an older one, each observed for so many days."""

    def compare(new, old, days=None, old_days=None, limits=gates):
        return named(data_checks(facts_of(new, days), new, limits, last=facts_of(old, old_days)))

    return compare


def test_the_names_are_always_the_same(gates, compared):
    log = daily(*[10] * 40)
    first_night = data_checks(facts_of(log), log, gates, last=None)
    assert [check.name for check in first_night] == list(compared(log, log)) == NAMES + COMPARED


def test_on_the_first_night_there_is_nothing_to_compare_with(gates, named):
    log = daily(*[10] * 40)
    checks = named(data_checks(facts_of(log), log, gates, last=None))
    assert {checks[name].verdict for name in COMPARED} == {"not applicable"}
    assert {checks[name].verdict for name in NAMES} == {"passed"}


@pytest.mark.parametrize(
    ("fact", "name", "figure"),
    [
        ({"rows": 99}, "rows", 99),
        ({"customers": 99}, "customers", 99),
        ({"repeat_customers": 19}, "repeat_customers", 19),
        ({"refund_rows": 81}, "refunds", 81 / 400),
        ({"unknown_dates": 5}, "unknown_dates", 5 / 400),
        ({"unknown_segments": 21}, "unknown_segments", 21 / 400),
    ],
)
def test_each_limit_of_a_log_by_itself_fails_one_check(gates, fact, name, figure):
    log = daily(*[10] * 40)
    failed = [check for check in data_checks(facts_of(log, **fact), log, gates, last=None) if check.verdict == "failed"]
    assert [(check.name, check.figure) for check in failed] == [(name, figure)]


@pytest.mark.parametrize(
    "fact", [{"rows": 100}, {"customers": 100}, {"refund_rows": 80}, {"unknown_dates": 4}, {"unknown_segments": 20}]
)
def test_what_is_at_its_limit_passes(gates, fact):
    log = daily(*[10] * 40)
    checks = data_checks(facts_of(log, **fact), log, gates, last=None)
    assert "failed" not in {check.verdict for check in checks}


def test_a_sentence_says_what_was_found_and_what_to_do(gates, named):
    log = daily(*[10] * 40)
    sentence = named(data_checks(facts_of(log, rows=12), log, gates, last=None))["rows"].sentence
    assert sentence.startswith("The log has 12 rows; at least 100 are needed. The feed is probably cut short or empty")
    assert sentence.endswith("lower gates.min_rows.")


def test_a_log_that_went_on_passes(compared):
    checks = compared(daily(*[10] * 41), daily(*[10] * 40))
    assert {check.verdict for check in checks.values()} == {"passed"}
    assert checks["history"].figure == checks["spend_history"].figure == 0


def test_a_feed_that_lost_half_its_rows_shows_in_its_history(compared):
    log = daily(*[10] * 41)
    checks = compared(log.iloc[::2], daily(*[10] * 40))
    assert checks["history"].verdict == checks["spend_history"].verdict == "failed"
    assert checks["history"].figure == pytest.approx(0.5)
    assert "Until 2025-02-09 the log has 200 purchases, and had 400 before" in checks["history"].sentence
    assert "Rows of the past are missing" in checks["history"].sentence
    # Half of them are missing before as well.
    assert checks["activity"].verdict == "passed"


def test_doubled_rows_show_in_the_spend_as_those_of_a_day_are_one_purchase(compared):
    checks = compared(daily(*[10] * 41, value=20.0), daily(*[10] * 40))
    assert [checks[name].verdict for name in ("history", "spend_history")] == ["passed", "failed"]
    assert checks["spend_history"].figure == 1.0
    assert "there twice" in checks["spend_history"].sentence


@pytest.mark.parametrize(("added", "verdict"), [(8, "passed"), (9, "failed")])
def test_a_few_late_rows_are_allowed(compared, added, verdict):
    new = daily(10 + added, *[10] * 40)
    check = compared(new, daily(*[10] * 40))["history"]
    assert (check.verdict, check.figure) == (verdict, pytest.approx(added / 400))


def test_what_came_since_is_no_part_of_the_history(compared):
    assert compared(daily(*[10] * 80), daily(*[10] * 40))["history"].figure == 0


def test_a_log_without_amounts_has_no_history_of_them(compared):
    plain = daily(*[10] * 40).drop(columns="value")
    for new, old in [(plain, plain), (plain, daily(*[10] * 40)), (daily(*[10] * 40), plain)]:
        assert compared(new, old)["spend_history"].verdict == "not applicable"


def test_amounts_that_were_all_zero_are_compared_too(compared):
    nothing = daily(*[10] * 40, value=0.0)
    assert compared(nothing, nothing)["spend_history"].verdict == "passed"
    paid = compared(daily(*[10] * 40), nothing)["spend_history"]
    assert (paid.verdict, paid.figure) == ("failed", None)


def test_a_log_that_ends_earlier_is_refused_and_not_compared(compared):
    checks = compared(daily(*[10] * 30), daily(*[10] * 40))
    assert (checks["observation_end"].verdict, checks["observation_end"].figure) == ("failed", -10)
    assert {checks[name].verdict for name in COMPARED[1:]} == {"not applicable"}
    assert "cannot be compared" in checks["history"].sentence


def test_the_same_end_leaves_no_activity_to_compare(compared):
    assert compared(daily(*[10] * 40), daily(*[10] * 40))["activity"].verdict == "not applicable"


def test_the_ratio_of_two_rates_is_that_of_the_r_package_rateratio_test():
    # rateratio.test(c(2, 9), c(17877, 16660)), https://cran.r-project.org/package=rateratio.test
    from scipy import stats

    ends = stats.binomtest(2, 11).proportion_ci(0.95, method="exact")
    assert [16660 / 17877 * p / (1 - p) for p in ends] == pytest.approx([0.02177406, 1.00054910], rel=1e-6)


def test_the_interval_of_the_ratio_is_exact(compared):
    # 60 purchases in 3 days after 280 in 28 days; the ends have a chance of 0.05 % each, by their definition.
    from scipy import stats

    new = daily(*[10] * 28, 20, 20, 20)
    sentence = compared(new, daily(*[10] * 28))["activity"].sentence
    ends = [float(text) for text in sentence.partition("interval ")[2].partition(")")[0].split(" to ")]
    probabilities = [3 * ratio / (3 * ratio + 28) for ratio in ends]
    tails = stats.binom.sf(59, 340, probabilities[0]), stats.binom.cdf(60, 340, probabilities[1])
    assert tails == pytest.approx((0.0005, 0.0005), rel=0.1)  # printed to three digits
    assert "2.00 times as many a day" in sentence


@pytest.mark.parametrize(("days", "verdict"), [(1, "failed"), (20, "failed"), (60, "failed")])
def test_a_feed_that_stopped_is_noticed(compared, days, verdict):
    log = daily(*[50] * 40)
    check = compared(log, log, days=40 + days)["activity"]
    assert (check.verdict, check.limit) == (verdict, 3.0)
    assert check.figure > 3
    assert f"0 purchases in {days} day" in check.sentence
    assert "probably stopped" in check.sentence


def test_a_feed_that_stopped_long_before_the_last_night_is_noticed_all_the_same(compared):
    # Every night a day more: none of these days alone says much.
    log = daily(*[1] * 90)
    verdicts = [compared(log, log, days=90 + night, old_days=89 + night)["activity"].verdict for night in range(1, 40)]
    assert set(verdicts[:20]) == {"passed"}
    assert verdicts[-1] == "failed"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_new_day_of_a_small_shop_passes(compared, count):
    log = daily(*[1] * 40)
    check = compared(daily(*[1] * 40, count), log, days=41)["activity"]
    assert (check.verdict, check.figure) == ("passed", 1.0)


@pytest.mark.parametrize("weekly", [[100] * 6 + [0], [100] * 5 + [0, 0], [120, 100, 100, 100, 120, 160, 15]])
def test_days_that_are_quiet_every_week_pass(compared, weekly):
    rng, log = np.random.default_rng(1), weekly * 8
    counts = rng.poisson(log)
    for night in range(len(log) - 7, len(log)):
        check = compared(daily(*counts[: night + 1]), daily(*counts[:night]), days=night + 1, old_days=night)[
            "activity"
        ]
        assert check.verdict == "passed", check.sentence


def test_a_shop_that_is_closed_on_sundays_and_stopped_is_noticed(compared):
    counts = [100, 100, 100, 100, 100, 100, 0] * 6
    log = daily(*counts)
    verdicts = [compared(log, log, days=42 + night, old_days=41 + night)["activity"].verdict for night in (0, 1)]
    assert verdicts == ["passed", "failed"]


@pytest.mark.parametrize(("factor", "verdict"), [(2, "passed"), (6, "failed")])
def test_a_sudden_rise_is_noticed_as_well(compared, factor, verdict):
    check = compared(daily(*[20] * 40, *[20 * factor] * 7), daily(*[20] * 40))["activity"]
    assert check.verdict == verdict
    assert ("several ids" in check.sentence) == (verdict == "failed")


def test_purchases_after_a_time_without_any_are_compared(compared):
    new, old = daily(5, *[0] * 60, 30, 30), daily(5, *[0] * 60)
    check = compared(new, old, old_days=61)["activity"]
    # The first day is 61 days before the last one of the old log, out of reach of 28 days.
    assert (check.verdict, check.figure > 3) == ("failed", True)
    assert "infinite times as many a day" in check.sentence


def test_a_log_that_fell_silent_after_its_first_day_has_stopped(compared):
    old = daily(5, *[0] * 60)
    assert compared(old, old, days=62, old_days=61)["activity"].verdict == "failed"


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_young_log_is_compared_with_what_it_has(compared, length):
    log = daily(*[10] * length)
    check = compared(daily(*[10] * (length + 3)), log)["activity"]
    assert check.verdict == "passed"
    assert f"{10 * length} in the {length} day" in check.sentence


def test_a_log_that_begins_after_the_old_one_ended_is_told_by_its_history(compared):
    new = daily(*[10] * 40).assign(date=lambda log: log["date"] + pd.Timedelta(days=100))
    checks = compared(new, daily(*[10] * 40))
    assert (checks["history"].verdict, checks["activity"].verdict) == ("failed", "not applicable")
    assert checks["history"].figure == 1


def test_a_log_without_purchases_fails_without_an_error(gates, named):
    facts = facts_of(daily(*[10] * 40))
    empty = facts.model_copy(update={"rows": 0, "customers": 0, "repeat_customers": 0, "purchases": 0})
    checks = named(data_checks(empty, daily(*[10] * 40).iloc[:0], gates, last=facts))
    assert [checks[name].verdict for name in ("rows", "customers", "history")] == ["failed"] * 3
    assert checks["activity"].verdict == "not applicable"


def test_neither_the_order_of_rows_nor_the_time_of_day_matters(gates, compared):
    old, new = daily(*[10] * 40), daily(*[10] * 44)
    late = new.sample(frac=1, random_state=1).assign(date=lambda log: log["date"] + pd.Timedelta(hours=23))
    facts = {"new": facts_of(new), "last": facts_of(old)}
    assert data_checks(facts["new"], late, gates, last=facts["last"]) == tuple(compared(new, old).values())


def test_limits_are_those_of_the_configuration(gates, compared):
    loose = gates.model_copy(update={"max_changed_history": 0.6, "max_activity_change": 100.0})
    log = daily(*[10] * 41)
    checks = compared(log.iloc[::2], daily(*[10] * 40), limits=loose)
    assert {check.verdict for name, check in checks.items() if name in COMPARED} == {"passed"}


def test_an_observation_end_is_a_date_without_time(compared):
    assert facts_of(daily(*[1] * 3)).observation_end == dt.date(2025, 1, 3)
