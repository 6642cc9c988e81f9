"""A night's retraining: read, check, fit, try out, check again, and publish or keep what is published."""

from __future__ import annotations

import datetime as dt
import logging
import math
from pathlib import Path
from typing import Any

from clvmodels.errors import ClvError
from clvmodels.jobs.artefacts import keep_golden, write_artefacts
from clvmodels.jobs.check import Check, failed, named
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import read_feed
from clvmodels.jobs.gates import Models, backtest_checks, drift_checks, fit_checks
from clvmodels.jobs.manifest import Manifest, package_versions, signed
from clvmodels.jobs.night import Night, last_scores, open_published
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.scores import add_scores, check_copy, copy_scores
from clvmodels.jobs.store import VERSIONS, Pointer, Store
from clvmodels.jobs.tracking.told import check_mlflow, tell_mlflow
from clvmodels.jobs.training import Candidate, backtest_figures, models_of, train
from clvmodels.jobs.writing import writing
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
    ...     said = "model = {draws = 100, observation_end = 2021-02-20}\nscores.horizon = 13"
    ...     _ = path.write_text(f"source.transactions = 'orders.csv'\n{said}")
    ...     outcome = retrain(load_config(path))
    >>> outcome.status, outcome.facts["version"]
    ('published', '000001')
    """
    models_of(job.config)  # its priors, before anything else is done
    check_copy(job)
    check_mlflow(job)
    store = Store(job.store)
    with writing(store, doing="retrain", wait=wait) as writer, writer.staging() as work:
        pointer = store.published()
        published = open_published(store, pointer)
        logger.info("reading %s", job.config.source.transactions)
        feed = read_feed(job, work, published=published, today=today)
        night = Night(job=job, writer=writer, pointer=pointer, published=published, feed=feed)
        checks = night.data_checks(None if published is None else published.manifest.data)
        return (None if force else _nothing_new(night, checks)) or _tried(night, checks)


def _nothing_new(night: Night, checks: tuple[Check, ...]) -> Outcome | None:
    """Whether an earlier run had the same data, configuration and software, and what became of it."""
    same = [manifest for manifest in night.store.manifests() if _same(manifest, night)]
    pointer, stopped = night.pointer, [check for check in failed(checks) if check.name == "freshness"]
    number = None if pointer is None else pointer.version
    facts = {"version": number, "store": str(night.store.folder)}
    for last in reversed(same):
        if last.verdict == "rejected" and last.compared_with == number and not stopped:
            sentence = f"Nothing has changed since version {last.number} was kept back: {named(last.failed)} failed."
            return _unchanged(ExitCode.KEPT_OLD, sentence, facts, last.checks)
        if pointer is not None and last.number in (pointer.version, *pointer.withdrawn):
            return _known(night, pointer, last, stopped, facts)
    return None


def _known(
    night: Night, pointer: Pointer, last: Manifest, stopped: list[Check], facts: dict[str, Any]
) -> Outcome | None:
    """The outcome where the same data were fitted before: published now, or rolled back."""
    is_published = last.number == pointer.version
    if is_published and not stopped:
        if last_scores(night.store, pointer) is None:
            return None
        facts = {**facts, **copy_scores(night.job, night.store.scores(pointer.scores)[1])}
    what = f"the published version {last.number}" if is_published else f"version {last.number}, which was rolled back"
    if stopped:
        sentence = f"Nothing has come since {what}: the feed has stopped."
        return _unchanged(ExitCode.KEPT_OLD, sentence, facts, tuple(stopped))
    return _unchanged(ExitCode.DONE, f"Nothing to do: data and configuration are those of {what}.", facts, ())


def _unchanged(code: ExitCode, sentence: str, facts: dict[str, Any], checks: tuple[Check, ...]) -> Outcome:
    return Outcome(exit_code=code, status="unchanged", sentence=sentence, facts=facts, checks=checks)


def _same(last: Manifest, night: Night) -> bool:
    held = (last.data.fingerprint, last.data.observation_end, last.configuration_fingerprint)
    now = (night.feed.facts.fingerprint, night.feed.end, night.job.config.fingerprint)
    return held == now and last.packages["clvmodels"] == package_versions()["clvmodels"]


def _tried(night: Night, checks: tuple[Check, ...]) -> Outcome:
    """Everything from the fit to the pointer."""
    config = night.job.config
    with night.writer.staging() as staged:
        candidate = _trained(night, broken=bool(failed(checks)))
        if candidate is not None:
            checks = (*checks, *_candidate_checks(night, candidate))
            checks = (*checks, *keep_golden(staged, candidate, night.feed.rfm, config))
            write_artefacts(staged, candidate, night.feed.rfm, config, checks)
        manifest = _added(night, staged, checks, candidate)
    return _kept_back(night, manifest) if manifest.verdict == "rejected" else _publish(night, manifest)


def _trained(night: Night, *, broken: bool) -> Candidate | None:
    """The candidate. Also of data that failed their checks, in case they are right all the same; if it can be made."""
    logger.info("fitting to %s, and trying it out", plural(len(night.feed.rfm), "customer"))
    try:
        return train(night.feed, night.job.config, night.published)
    except ClvError as error:
        if not broken:
            raise
        logger.warning("nothing could be fitted to these data: %s", error)
        return None


def _candidate_checks(night: Night, candidate: Candidate) -> tuple[Check, ...]:
    config, published, gates = night.job.config, night.published, night.gates
    checks = fit_checks(candidate.purchases, candidate.spend, gates)
    checks = (*checks, *backtest_checks(candidate.backtest, gates, config.backtest.metrics))
    if published is None:
        return checks
    new = Models(purchases=candidate.purchases, spend=candidate.spend)
    old = Models(purchases=published.purchases, spend=published.spend)
    return (*checks, *drift_checks(new, old, night.feed.rfm, gates, horizon=config.scores.horizon))


def _added(night: Night, staged: Path, checks: tuple[Check, ...], candidate: Candidate | None) -> Manifest:
    """Put the version into the store; it is not published by that."""
    config = night.job.config

    def manifest(number: str, files: dict[str, str]) -> Manifest:
        return Manifest(
            **signed(number, files, night.feed.facts, checks),
            verdict="rejected" if failed(checks) else "accepted",
            compared_with=None if night.pointer is None else night.pointer.version,
            configuration=config.model_dump(mode="json"),
            configuration_fingerprint=config.fingerprint,
            parameters={} if candidate is None else _parameters(candidate),
            metrics={} if candidate is None else backtest_figures(candidate.backtest),
        )

    return night.writer.add(VERSIONS, staged, manifest)


def _parameters(candidate: Candidate) -> dict[str, Any]:
    parts = {"purchases": candidate.purchases, "spend": candidate.spend}
    return {
        f"{part}.{name}": {end: _finite(row[end]) for end in ("mean", "sd", "lower", "upper")}
        for part, posterior in parts.items()
        if posterior is not None
        for name, row in posterior.summary().iterrows()
    }


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _kept_back(night: Night, manifest: Manifest) -> Outcome:
    number = None if night.pointer is None else night.pointer.version
    stays = "nothing is published" if number is None else f"version {number} stays published"
    way_out = f" To publish it all the same: clvmodels models promote {manifest.number} --although-rejected."
    return Outcome(
        exit_code=ExitCode.KEPT_OLD,
        status="rejected",
        sentence=f"Version {manifest.number} is kept back, {stays}: {named(manifest.failed)} failed."
        + (way_out if manifest.parameters else ""),
        facts={
            "version": number,
            "rejected": manifest.number,
            "store": str(night.store.folder),
            **tell_mlflow(night.job, night.store, manifest, published=False),
        },
        checks=manifest.checks,
    )


def _publish(night: Night, manifest: Manifest) -> Outcome:
    feed, store = night.feed, night.store
    logger.info("scoring %s", plural(len(feed.rfm), "customer"))
    scores = add_scores(night.job, night.writer, store.open(manifest.number), feed)
    night.writer.point(Pointer.after(night.pointer, version=manifest.number, scores=scores.number))
    path = store.scores(scores.number)[1]
    return Outcome(
        exit_code=ExitCode.DONE,
        status="published",
        sentence=f"Version {manifest.number} is published, with the scores of {plural(len(feed.rfm), 'customer')} as of"
        f" {feed.end}.",
        facts={
            "version": manifest.number,
            "scores": str(path),
            "store": str(store.folder),
            **copy_scores(night.job, path),
            **tell_mlflow(night.job, store, manifest, published=True),
        },
        checks=manifest.checks,
    )
