"""A job whose model counts opportunities."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument, InvalidConfiguration
from clvmodels.jobs import load_config, monitor, retrain, score
from clvmodels.jobs.config import read_config
from clvmodels.jobs.feed import read_feed

SOURCE = {"source": {"transactions": "orders.csv"}}
CONFIG = """
source.transactions = "donations.csv"
output.folder = "store"
[model]
purchases = "bg_bb"
opportunity = "year"
draws = 200
{end}
[scores]
horizon = 4
[gates]
max_bias = 10.0
max_coverage_error = 1.0
"""


def donations(people=250):
    """Yearly, now and then twice a year, until the middle of 2009."""
    rng = np.random.default_rng(1)
    leaves, gives = rng.beta(0.7, 4.0, people), rng.beta(2.0, 1.0, people)
    years = np.arange(1998, 2010)
    first = rng.choice(years[:3], people)
    stays = first + rng.geometric(leaves) - 1
    made = (years >= first[:, None]) & (years <= stays[:, None]) & (rng.random((people, len(years))) < gives[:, None])
    made |= years == first[:, None]
    who, when = np.nonzero(made)
    date = pd.to_datetime([f"{years[at]}-01-01" for at in when]) + pd.to_timedelta(rng.integers(0, 181, len(who)), "D")
    log = pd.DataFrame({"customer_id": who, "date": date, "value": rng.gamma(4.0, 10.0, len(who)).round(2) + 1})
    return pd.concat([log, log.sample(50, random_state=1)]).sort_values("date", kind="stable")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("donors")
    donations().to_csv(made / "donations.csv", index=False)
    return made


def job(folder, end, name="clvmodels.toml", **changes):
    text = CONFIG.format(end=end)
    for old, new in changes.values():
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return load_config(folder / name)


def test_the_opportunity_is_the_time_unit():
    assert read_config({**SOURCE, "model": {"opportunity": "quarter"}}).model.time_unit == "quarter"
    with pytest.raises(InvalidConfiguration, match="with opportunity = 'year' that is the time_unit"):
        read_config({**SOURCE, "model": {"opportunity": "year", "time_unit": "week"}})


def test_a_model_of_opportunities_needs_their_length():
    with pytest.raises(InvalidConfiguration, match="counts opportunities; say of which length, e.g. opportunity"):
        read_config({**SOURCE, "model": {"purchases": "bg_bb"}})


@pytest.mark.parametrize(
    ("today", "end"),
    [("2009-07-01", "2008-12-31"), ("2010-01-01", "2009-12-31"), ("2011-05-05", "2009-12-31")],
)
def test_the_observation_ends_with_the_last_opportunity_that_is_over(folder, tmp_path, today, end):
    feed = read_feed(job(folder, ""), tmp_path, today=dt.date.fromisoformat(today))
    assert str(feed.end) == end
    assert set(feed.rfm.frame["opportunities"]) <= set(range(13))
    # Days, whatever the model counts.
    assert feed.history["date"].dt.day_of_year.nunique() > 100


def test_a_job_retrains_monitors_and_scores_by_opportunities(folder):
    first = retrain(job(folder, "observation_end = 2006-12-31"))
    assert first.status == "published"
    later = job(folder, "observation_end = 2008-12-31")
    assert monitor(later).status in ("fine", "retrain")
    assert score(later).status == "scored"
    scores = pd.read_parquet(folder / "store" / "scores" / "000002" / "scores.parquet")
    assert scores["expected_purchases_mean"].between(0, 4).all()
    weeks = job(
        folder, "", "weeks.toml", unit=('opportunity = "year"', 'time_unit = "year"'), model=("bg_bb", "bg_nbd")
    )
    with pytest.raises(
        InvalidArgument, match="was fitted with model.opportunity = 'year', and the configuration has no"
    ):
        score(weeks, today=dt.date(2010, 1, 1))
