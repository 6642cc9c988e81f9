"""A night's retraining: read, check, fit, try out, check again, and publish or keep what is published."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any

from clvmodels.errors import ClvError
from clvmodels.jobs.artefacts import keep_golden, write_artefacts
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import Feed, read_feed
from clvmodels.jobs.gates import Models, backtest_checks, data_checks, drift_checks, fit_checks
from clvmodels.jobs.manifest import Check, Manifest, failed, named, package_versions, signed
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.scores import add_scores, copy_scores
from clvmodels.jobs.store import VERSIONS, Pointer, Store, Version
from clvmodels.jobs.tracking.told import check_mlflow, tell_mlflow
from clvmodels.jobs.training import Candidate, backtest_figures, models_of, train
from clvmodels.jobs.writing import Writer, writing
from clvmodels.wording import plural

logger = logging.getLogger(__name__)


def retrain(job: Job, *, force: bool = False, wait: float = 0.0, today: dt.date | None = None) -> Outcome:
    r"""Fit the configured models anew, check them, and publish them with every customer's scores if they hold.

    Parameters
    ----------
    job
        The configuration, as `load_config` reads it.
    force
        Also where neither data nor configuration have changed since the last run.
    wait
        Seconds to wait for another run's end.
    today
        The first day that is not over yet; by default that of the clock.

    Returns
    -------
    Outcome
        "published"; "unchanged": nothing to do; or "rejected": a check failed, and what was published stays.

    Raises
    ------
    Locked
        If another run holds the lock.
    ClvError
        If the data cannot be read, nothing can be fitted, or the store is damaged or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "clvmodels.toml"
    ...     log = simulate_transactions(customers=200, length=60, random_seed=1)
    ...     log.to_csv(path.with_name("orders.csv"), index=False)
    ...     _ = path.write_text("source.transactions = 'orders.csv'\nmodel.draws = 100\nscores.horizon = 13")
    ...     outcome = retrain(load_config(path))
    >>> outcome.status, outcome.facts["version"]
    ('published', '000001')
    """
    models_of(job.config)  # its priors, before anything else is done
    check_mlflow(job)
    store = Store(job.store)
    with writing(store, doing="retrain", wait=wait) as writer, writer.staging() as work:
        pointer = store.published()
        published = None if pointer is None else store.open(pointer.version)
        logger.info("reading %s", job.config.source.transactions)
        feed = read_feed(job, work, today=today)
        done = None if force else _nothing_new(job, store, pointer, feed)
        return done or _tried(job, writer, pointer, published, feed)


def _nothing_new(job: Job, store: Store, pointer: Pointer | None, feed: Feed) -> Outcome | None:
    """Whether the last run had the same data, configuration and software, and what became of it."""
    last = max(store.manifests(), key=lambda manifest: manifest.number, default=None)
    if pointer is None or last is None or not _same(last, job, feed):
        return None
    facts = {"version": pointer.version, "store": str(store.folder)}
    if last.verdict == "rejected" and last.compared_with == pointer.version:
        sentence = f"Nothing has changed since version {last.number} was kept back: {named(last.failed)} failed."
        return Outcome(
            exit_code=ExitCode.KEPT_OLD, status="unchanged", sentence=sentence, facts=facts, checks=last.checks
        )
    if last.number == pointer.version:
        copy_scores(job, store.scores(pointer.scores)[1])
        sentence = f"Nothing to do: data and configuration are those of the published version {last.number}."
    elif last.number in pointer.withdrawn:
        sentence = f"Nothing to do: data and configuration are those of version {last.number}, which was rolled back."
    else:
        return None
    return Outcome(exit_code=ExitCode.DONE, status="unchanged", sentence=sentence, facts=facts)


def _same(last: Manifest, job: Job, feed: Feed) -> bool:
    held = (last.data.fingerprint, last.data.observation_end, last.configuration_fingerprint)
    now = (feed.facts.fingerprint, feed.end, job.config.fingerprint)
    return held == now and last.packages["clvmodels"] == package_versions()["clvmodels"]


def _tried(job: Job, writer: Writer, pointer: Pointer | None, published: Version | None, feed: Feed) -> Outcome:
    """Everything from the first check to the pointer."""
    gates, last = job.config.gates, None if published is None else published.manifest
    checks = data_checks(feed.facts, feed.history, gates, last=None if last is None else last.data)
    with writer.staging() as staged:
        candidate = _trained(job, feed, published, broken=bool(failed(checks)))
        if candidate is not None:
            checks = (*checks, *_candidate_checks(job, feed, candidate, published))
            checks = (*checks, *keep_golden(staged, candidate, feed.rfm, job.config))
            write_artefacts(staged, candidate, job.config, checks)
        manifest = _added(job, writer, staged, feed, checks, candidate, published)
    if manifest.verdict == "rejected":
        return _kept_back(job, writer, manifest, pointer)
    return _publish(job, writer, manifest, pointer, feed)


def _trained(job: Job, feed: Feed, published: Version | None, *, broken: bool) -> Candidate | None:
    """The candidate. Also of data that failed their checks, in case they are right all the same; if it can be made."""
    logger.info("fitting to %s, and trying it out", plural(len(feed.rfm), "customer"))
    try:
        return train(feed, job.config, published)
    except ClvError as error:
        if not broken:
            raise
        logger.warning("nothing could be fitted to these data: %s", error)
        return None


def _candidate_checks(job: Job, feed: Feed, candidate: Candidate, published: Version | None) -> tuple[Check, ...]:
    gates, config = job.config.gates, job.config
    checks = fit_checks(candidate.purchases, candidate.spend, gates)
    checks = (*checks, *backtest_checks(candidate.backtest, gates, config.backtest.metrics))
    if published is None:
        return checks
    new = Models(purchases=candidate.purchases, spend=candidate.spend)
    old = Models(purchases=published.purchases, spend=published.spend)
    return (*checks, *drift_checks(new, old, feed.rfm, gates, horizon=config.scores.horizon))


def _added(
    job: Job,
    writer: Writer,
    staged: Path,
    feed: Feed,
    checks: tuple[Check, ...],
    candidate: Candidate | None,
    published: Version | None,
) -> Manifest:
    """Put the version into the store; it is not published by that."""

    def manifest(number: str, files: dict[str, str]) -> Manifest:
        return Manifest(
            **signed(number, files, feed.facts, checks),
            verdict="rejected" if failed(checks) else "accepted",
            compared_with=None if published is None else published.manifest.number,
            configuration=job.config.model_dump(mode="json"),
            configuration_fingerprint=job.config.fingerprint,
            parameters={} if candidate is None else _parameters(candidate),
            metrics={} if candidate is None else backtest_figures(candidate.backtest),
        )

    return writer.add(VERSIONS, staged, manifest)


def _parameters(candidate: Candidate) -> dict[str, Any]:
    parts = {"purchases": candidate.purchases, "spend": candidate.spend}
    return {
        f"{part}.{name}": {end: float(row[end]) for end in ("mean", "sd", "lower", "upper")}
        for part, posterior in parts.items()
        if posterior is not None
        for name, row in posterior.summary().iterrows()
    }


def _kept_back(job: Job, writer: Writer, manifest: Manifest, pointer: Pointer | None) -> Outcome:
    stays = "nothing is published" if pointer is None else f"version {pointer.version} stays published"
    facts = {"version": None if pointer is None else pointer.version, "rejected": manifest.number}
    return Outcome(
        exit_code=ExitCode.KEPT_OLD,
        status="rejected",
        sentence=f"Version {manifest.number} is kept back, {stays}: {named(manifest.failed)} failed.",
        facts={**facts, "store": str(job.store), **tell_mlflow(job, writer.store, manifest, published=False)},
        checks=manifest.checks,
    )


def _publish(job: Job, writer: Writer, manifest: Manifest, pointer: Pointer | None, feed: Feed) -> Outcome:
    logger.info("scoring %s", plural(len(feed.rfm), "customer"))
    version = writer.store.open(manifest.number)
    scores = add_scores(job, writer, version, feed)
    writer.point(Pointer.after(pointer, version=manifest.number, scores=scores.number))
    path = writer.store.scores(scores.number)[1]
    copy_scores(job, path)
    return Outcome(
        exit_code=ExitCode.DONE,
        status="published",
        sentence=f"Version {manifest.number} is published, with the scores of {plural(len(feed.rfm), 'customer')} as of"
        f" {feed.end}.",
        facts={
            "version": manifest.number,
            "scores": str(path),
            "store": str(job.store),
            **tell_mlflow(job, writer.store, manifest, published=True),
        },
        checks=manifest.checks,
    )
