"""Every customer's scores by the published models: a new table, checked, and the pointer moved to it."""

from __future__ import annotations

import datetime as dt
import glob
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from clvmodels.errors import ClvError, InvalidArgument, StoreError
from clvmodels.files import CUSTOMERS, check_output, make_folder, whole_file
from clvmodels.jobs.artefacts import CHOICES, golden_again
from clvmodels.jobs.check import Check, failed, named
from clvmodels.jobs.config import Config, Job
from clvmodels.jobs.feed import Feed, read_feed
from clvmodels.jobs.manifest import ScoresManifest, signed
from clvmodels.jobs.night import Night, check_same_time, last_scores, open_published
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.places import check_outputs, check_place
from clvmodels.jobs.store import SCORES, TABLE, Pointer, Store, Version
from clvmodels.jobs.writing import Writer, writing
from clvmodels.scoring import score as write_scores
from clvmodels.wording import plural

logger = logging.getLogger(__name__)


def score(job: Job, *, force: bool = False, wait: float = 0.0, today: dt.date | None = None) -> Outcome:
    """Score every customer with the published models, as of today, and publish the scores if the data hold.

    Parameters
    ----------
    job
        The configuration, as `load_config` reads it.
    force
        Also where neither data nor choices have changed since the last scores.
    wait
        Seconds to wait for another run's end.
    today
        The first day that is not over yet; by default that of the clock.

    Returns
    -------
    Outcome
        "scored"; "unchanged": nothing to do; or "rejected": a check failed, and the old scores stay.

    Raises
    ------
    Locked
        If another run holds the lock.
    ClvError
        If nothing is published, the data cannot be read, or the store is damaged or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     score(load_config(path))
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: no model is published in ...; run: clvmodels retrain
    """
    check_copy(job)
    store = Store(job.store)
    with writing(store, doing="score", wait=wait) as writer, writer.staging() as work:
        pointer = store.required()
        version: Any = open_published(store, pointer)
        logger.info("reading %s", job.config.source.transactions)
        feed = read_feed(job, work, published=version, today=today)
        check_same_time(version, feed)
        night = Night(job=job, writer=writer, pointer=pointer, published=version, feed=feed)
        last = last_scores(store, pointer)
        checks = (*night.data_checks((last or version.manifest).data), *golden_again(version, job.config.gates))
        if failed(checks):
            return _kept(job, pointer, checks)
        if last is not None and not force and _same(last, job.config, feed):
            return _unchanged(job, pointer, store.scores(pointer.scores)[1])
        logger.info("scoring %s", plural(len(feed.rfm), "customer"))
        made = add_scores(job, writer, version, feed, checks)
        writer.point(Pointer.after(pointer, version=pointer.version, scores=made.number))
        return _published(job, store, made)


def add_scores(
    job: Job, writer: Writer, version: Version, feed: Feed, checks: tuple[Check, ...] = ()
) -> ScoresManifest:
    """Put a table of scores into the store; it is not published by that.

    Parameters
    ----------
    job
        The configuration.
    writer
        Of the store.
    version
        The models.
    feed
        The customers.
    checks
        Of the data, where they were not made for the version.
    """
    said = job.config.scores.model_dump()
    choices: dict[str, Any] = {name: said[name] for name in CHOICES}

    def manifest(number: str, files: dict[str, str]) -> ScoresManifest:
        return ScoresManifest(
            **signed(number, files, feed.facts, checks),
            version=version.manifest.number,
            time_unit=feed.rfm.time_unit,
            choices=choices,
        )

    with writer.staging() as staged:
        write_scores(feed.rfm, staged / TABLE, purchases=version.purchases, spend=version.spend, **choices)
        return writer.add(SCORES, staged, manifest)


def check_copy(job: Job) -> None:
    """Refuse to begin where outputs would replace what is not ours, or the copy could not be written in the end."""
    check_outputs(job)
    if job.scores_copy is not None and not os.access(make_folder(_copied_to(job.scores_copy).parent), os.W_OK):
        raise StoreError(f"output.scores_copy {job.scores_copy} cannot be written; choose another place")


def _copied_to(copy: Path) -> Path:
    try:
        return check_output(copy, CUSTOMERS)
    except InvalidArgument as error:
        raise StoreError(f"output.scores_copy: {error}") from error


def copy_scores(job: Job, path: Path) -> dict[str, str]:
    """Bring the copy of the published scores up to date, if one is kept; it is replaced whole.

    Returns
    -------
    dict
        ``scores_copy``, or ``copy_error``: what is published stays so. Nothing where no copy is kept.
    """
    to = job.scores_copy
    if to is None:
        return {}
    try:
        check_place(job, to, "output.scores_copy")  # links may have changed since the run began
        target = _copied_to(to)
        # By a run that was killed; this one has the lock.
        for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
            left.unlink(missing_ok=True)
        with whole_file(target, CUSTOMERS) as temporary:
            shutil.copyfile(path, temporary)
    except ClvError as error:
        logger.warning("the scores are published, but not copied: %s", error)
        return {"copy_error": str(error)}
    return {"scores_copy": str(to)}


def _same(last: ScoresManifest, config: Config, feed: Feed) -> bool:
    said = config.scores.model_dump(mode="json")
    choices = {name: said[name] for name in CHOICES}
    held = (last.data.fingerprint, last.data.observation_end, last.choices)
    return held == (feed.facts.fingerprint, feed.end, choices)


def _unchanged(job: Job, pointer: Pointer, path: Path) -> Outcome:
    return Outcome(
        exit_code=ExitCode.DONE,
        status="unchanged",
        sentence="Nothing to do: data and choices are those of the last scores.",
        facts={"version": pointer.version, "scores": str(path), "store": str(job.store), **copy_scores(job, path)},
    )


def _kept(job: Job, pointer: Pointer, checks: tuple[Check, ...]) -> Outcome:
    return Outcome(
        exit_code=ExitCode.KEPT_OLD,
        status="rejected",
        sentence=f"The scores {pointer.scores} stay published: {named(failed(checks))} failed.",
        facts={"version": pointer.version, "store": str(job.store)},
        checks=checks,
    )


def _published(job: Job, store: Store, made: ScoresManifest) -> Outcome:
    path = store.scores(made.number)[1]
    return Outcome(
        exit_code=ExitCode.DONE,
        status="scored",
        sentence=f"Scores of {plural(made.data.customers, 'customer')} as of {made.data.observation_end} are"
        f" published, by version {made.version}.",
        facts={"version": made.version, "scores": str(path), "store": str(job.store), **copy_scores(job, path)},
        checks=made.checks,
    )
