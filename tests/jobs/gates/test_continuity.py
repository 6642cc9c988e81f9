import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clvmodels.jobs.gates import freshness_check, known_customers_check
from clvmodels.jobs.settings import Gates

END = dt.date(2025, 3, 31)


def history(*days):
    return pd.DataFrame({"customer_id": range(len(days)), "date": pd.to_datetime(list(days))})


def scored(count=100, **changes):
    table = {"frequency": np.arange(count) % 5, "recency": np.arange(count) / 7, "T": np.arange(count) / 7 + 1}
    return pd.DataFrame(table, index=pd.Index(range(count), name="customer_id")).assign(**changes)


@pytest.mark.parametrize(
    ("silent", "verdict"), [(0, "passed"), (3, "passed"), (4, "failed"), (10, "failed"), (365, "failed")]
)
def test_a_feed_may_be_silent_for_three_days(silent, verdict):
    daily = history(*pd.date_range("2025-01-01", "2025-03-01"))
    found = freshness_check(daily, dt.date(2025, 3, 1) + dt.timedelta(days=silent), Gates())
    assert (found.figure, found.limit, found.verdict) == (silent, 3, verdict)


def test_a_shop_that_was_silent_for_longer_before_may_be_so_again():
    seldom = history("2025-01-01", "2025-01-21", "2025-02-01")
    assert freshness_check(seldom, dt.date(2025, 2, 20), Gates()).verdict == "passed"
    assert freshness_check(seldom, dt.date(2025, 2, 21), Gates()).verdict == "failed"


def test_a_fixed_observation_end_has_no_freshness():
    assert freshness_check(history("1997-01-01"), None, Gates()).verdict == "not applicable"


def test_the_same_customers_in_any_order_are_known():
    now = scored().sample(frac=1, random_state=1)
    assert known_customers_check(scored(), now, Gates(), end=END).figure == 0


def test_customers_who_came_since_do_not_matter():
    assert known_customers_check(scored(50), scored(100), Gates(), end=END).figure == 0


@pytest.mark.parametrize(
    "now",
    [
        scored().set_axis(np.roll(range(100), 1)),
        scored().set_axis([str(each) for each in range(100)]),
        scored().assign(T=scored()["T"] + 1 / 7),
        scored().iloc[:0],
    ],
    ids=["ids given anew", "ids of another type", "moved by a day", "gone"],
)
def test_customers_who_are_others_now_are_found_though_totals_agree(now):
    found = known_customers_check(scored(), now, Gates(), end=END)
    assert (found.figure, found.verdict) == (1, "failed")
    assert "look at the source" in found.sentence


def test_as_many_as_the_limit_may_have_changed():
    now = scored().drop(index=[1, 2])
    assert known_customers_check(scored(), now, Gates(), end=END).verdict == "passed"
    assert known_customers_check(scored(), now.drop(index=3), Gates(), end=END).verdict == "failed"
