"""Published scores against what happened since, and whether it is time to retrain."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from pathlib import Path

from clvmodels.errors import StoreError
from clvmodels.evaluation.backtest import evaluate
from clvmodels.evaluation.registry import named_forecasters
from clvmodels.evaluation.result import BacktestResult
from clvmodels.jobs.check import Check, failed, named
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import read_feed
from clvmodels.jobs.gates import SIMPLE, freshness_check, held_out_checks
from clvmodels.jobs.night import check_same_time, known_customers
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.store import Store
from clvmodels.jobs.training import AsPublished
from clvmodels.wording import amount, between, listed, plural

logger = logging.getLogger(__name__)
RANKING = "concordance_index"
NOUNS = {"purchases": "purchases", "value": "spend"}


def monitor(job: Job, *, scores: str | None = None, today: dt.date | None = None) -> Outcome:
    """Compare published scores with what their customers did since, as far as the log goes.

    The models that made the scores forecast the time from their observation end to today's, which is known by now: how
    far off the totals are, how many customers came out inside their intervals, and whether the order of the customers
    is worse than that of the simple formula. Nothing of that time was known to them.

    Parameters
    ----------
    job
        The configuration, as `load_config` reads it.
    scores
        Their number; by default the first scores of the published version, which are the longest to look back on.
    today
        The first day that is not over yet; by default that of the clock.

    Returns
    -------
    Outcome
        "fine", or "retrain" with the exit code for it; "too early" where nothing is known yet.

    Raises
    ------
    StoreError
        If nothing is published, or the store is damaged.
    ClvError
        If the data cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     monitor(load_config(path))
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: no model is published in ...; run: clvmodels retrain
    """
    store = Store(job.store)
    manifest, path = store.scores(_first(store) if scores is None else scores)
    version = store.open(manifest.version)
    with tempfile.TemporaryDirectory() as work:
        logger.info("reading %s", job.config.source.transactions)
        feed = read_feed(job, Path(work), published=version, today=today)
        since = manifest.data.observation_end
        facts = {"version": manifest.version, "scores": str(path), "since": str(since), "until": str(feed.end)}
        freshness = freshness_check(feed.history, feed.yesterday, job.config.gates)
        if feed.end <= since and freshness.verdict == "failed":
            sentence = f"Nothing has come since the scores as of {since}: the feed has stopped."
            return Outcome(
                exit_code=ExitCode.FAILED, status="stopped", sentence=sentence, facts=facts, checks=(freshness,)
            )
        if feed.end <= since:
            sentence = f"Too early to tell: the scores are as of {since}, and the log goes until {feed.end}."
            return Outcome(exit_code=ExitCode.DONE, status="too early", sentence=sentence, facts=facts)
        check_same_time(version, feed)
        split = feed.log.split(since, feed.end)
        result = evaluate(
            split,
            [AsPublished(purchases=version.purchases, spend=version.spend), *named_forecasters([SIMPLE])],
            interval=manifest.choices["interval"],
            random_seed=job.config.model.random_seed,
        )
        length = version.manifest.opportunity
        customers = known_customers(feed, manifest, path, job.config.gates, opportunity=length)
        checks = (freshness, customers, *held_out_checks(result, job.config.gates, [RANKING]))
    return _told(result, checks, facts)


def _first(store: Store) -> str:
    """The first scores of the published version.

    Raises
    ------
    StoreError
        If it has none.
    """
    version = store.required().version
    found = next((scores.number for scores in store.scored() if scores.version == version), None)
    if found is None:
        raise StoreError(f"version {version} has no scores; run: clvmodels score")
    return found


def _told(result: BacktestResult, checks: tuple[Check, ...], facts: dict[str, str]) -> Outcome:
    wrong = failed(checks)
    split = result.split
    period = f"since {split.calibration_end:%Y-%m-%d} ({plural(round(split.horizon, 1), split.calibration.time_unit)})"
    found = f"{period} {listed([_total(result, target) for target in result.forecast_targets])}"
    if not wrong:
        sentence = f"No need to retrain: {found}."
        return Outcome(exit_code=ExitCode.DONE, status="fine", sentence=sentence, facts=facts, checks=checks)
    return Outcome(
        exit_code=ExitCode.RETRAIN,
        status="retrain",
        sentence=f"Retrain, if the feed is right: {named(wrong)} failed; {found}.",
        facts=facts,
        checks=checks,
    )


def _total(result: BacktestResult, target: str) -> str:
    row = result.totals().loc[(target, result.model)]
    ends = between(row, result.interval, "predictive")
    return f"{NOUNS[target]} of {amount(row['actual'])} against {amount(row['predicted'])} expected{ends}"
