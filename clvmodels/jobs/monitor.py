"""Published scores against what happened since, and whether it is time to retrain."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.backtest import evaluate
from clvmodels.evaluation.registry import named_forecasters
from clvmodels.evaluation.result import BacktestResult
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import read_feed
from clvmodels.jobs.gates import SIMPLE, held_out_checks
from clvmodels.jobs.gates.judged import judged, per_cent
from clvmodels.jobs.manifest import Check, ScoresManifest, failed, named
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.settings import Gates
from clvmodels.jobs.store import Store
from clvmodels.jobs.training import AsPublished
from clvmodels.rfm import HoldoutSplit
from clvmodels.wording import amount, listed, plural

logger = logging.getLogger(__name__)
RANKING = "concordance_index"
NOUNS = {"purchases": "purchases", "value": "spend"}
FACTS = ("frequency", "recency", "T")


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
    manifest, path = store.scores(scores or _first(store))
    version = store.open(manifest.version)
    with tempfile.TemporaryDirectory() as work:
        logger.info("reading %s", job.config.source.transactions)
        feed = read_feed(job, Path(work), today=today)
        since = manifest.data.observation_end
        facts = {"version": manifest.version, "scores": str(path), "since": str(since), "until": str(feed.end)}
        if feed.end <= since:
            sentence = f"Too early to tell: the scores are as of {since}, and the log goes until {feed.end}."
            return Outcome(exit_code=ExitCode.DONE, status="too early", sentence=sentence, facts=facts)
        if version.purchases.time_unit != feed.rfm.time_unit:
            raise InvalidArgument(
                f"the scores are in {version.purchases.time_unit}s, and the configuration says model.time_unit ="
                f" {feed.rfm.time_unit!r}; put it back"
            )
        split = feed.log.split(since, feed.end)
        result = evaluate(
            split,
            [AsPublished(purchases=version.purchases, spend=version.spend), *named_forecasters([SIMPLE])],
            interval=job.config.scores.interval,
            random_seed=job.config.model.random_seed,
        )
        checks = (_same_customers(split, path, job.config.gates), *held_out_checks(result, job.config.gates, [RANKING]))
    return _told(result, manifest, checks, facts)


def _first(store: Store) -> str:
    """The first scores of the published version."""
    version = store.required().version
    return next(scores.number for scores in store.scored() if scores.version == version)


def _same_customers(split: HoldoutSplit, path: Path, gates: Gates) -> Check:
    """Whether the log still says of the scored customers what it said then: late rows make scores look wrong."""
    then = pd.read_parquet(path, columns=["customer_id", *FACTS]).set_index("customer_id")
    now = split.calibration.frame[list(FACTS)].reindex(then.index)
    changed = float(np.mean(~np.isclose(then, now, rtol=1e-9, atol=1e-9).all(axis=1)))
    return judged(
        "late_rows",
        changed,
        gates.max_changed_history,
        held=changed <= gates.max_changed_history,
        found=f"Of the scored customers {per_cent(changed)} look different as of {split.calibration_end:%Y-%m-%d};"
        f" up to {per_cent(gates.max_changed_history)} may.",
        remedy="Rows came late or were taken away since: the scores were made of another log. Retrain.",
    )


def _told(
    result: BacktestResult, manifest: ScoresManifest, checks: tuple[Check, ...], facts: dict[str, str]
) -> Outcome:
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
        sentence=f"Retrain, {named(wrong)} failed: {found}.",
        facts=facts,
        checks=checks,
    )


def _total(result: BacktestResult, target: str) -> str:
    row = result.totals().loc[(target, result.model)]
    ends = f"{amount(row['lower'])} to {amount(row['upper'])}"
    return f"{NOUNS[target]} of {amount(row['actual'])} against {amount(row['predicted'])} expected ({ends})"
