"""What is published, what could be, and moving the pointer by hand."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from clvmodels.errors import InvalidArgument, StoreError
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import read_feed
from clvmodels.jobs.manifest import Manifest
from clvmodels.jobs.night import check_same_time
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.scores import add_scores, copy_scores
from clvmodels.jobs.store import Pointer, Store, Version
from clvmodels.jobs.tracking.told import point_mlflow
from clvmodels.jobs.writing import Writer, writing
from clvmodels.wording import plural

logger = logging.getLogger(__name__)


def list_versions(job: Job) -> Outcome:
    """Return every version with its verdict, and which one is published.

    Parameters
    ----------
    job
        The configuration, as `load_config` reads it.

    Raises
    ------
    StoreError
        If a manifest is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     list_versions(load_config(path)).facts["versions"]
    []
    """
    store = Store(job.store)
    pointer = store.published()
    rows = [_row(manifest, pointer) for manifest in store.manifests()]
    published = "nothing is published" if pointer is None else f"version {pointer.version} is published"
    if pointer is not None and pointer.version not in {row["version"] for row in rows}:
        published += ", but missing: promote another one"
    return Outcome(
        exit_code=ExitCode.DONE,
        status="listed",
        sentence=f"{plural(len(rows), 'version')} in {store.folder}; {published}.",
        facts={"store": str(store.folder), "versions": rows},
    )


def show_version(job: Job, number: str | None = None) -> Outcome:
    """Return all that is known of a version, whose files are checked.

    Parameters
    ----------
    job
        The configuration.
    number
        Of the version; by default the published one.

    Raises
    ------
    StoreError
        If there is no such version, or a file of it was changed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     show_version(load_config(path))
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: no model is published in ...; run: clvmodels retrain
    """
    store = Store(job.store)
    pointer = store.published()
    manifest = store.manifest(number or store.required().version)
    store.check(manifest.number)
    scores = store.last_scores(manifest.number)
    state = _row(manifest, pointer)["state"]
    return Outcome(
        exit_code=ExitCode.DONE,
        status="shown",
        sentence=f"Version {manifest.number}, {state}: fitted to {manifest.data.customers:,} customers as of"
        f" {manifest.data.observation_end}; its checksums hold.",
        facts={
            "version": manifest.number,
            "state": state,
            "folder": str(store.version_folder(manifest.number)),
            "scores": None if scores is None else str(store.scores(scores)[1]),
            "manifest": manifest.model_dump(mode="json", by_alias=True),
        },
        checks=manifest.checks,
    )


def promote(
    job: Job, number: str, *, although_rejected: bool = False, wait: float = 0.0, today: dt.date | None = None
) -> Outcome:
    """Publish a version that is there already, with its last scores, or new ones where it has none.

    Parameters
    ----------
    job
        The configuration.
    number
        Of the version.
    although_rejected
        Also one that was kept back.
    wait
        Seconds to wait for another run's end.
    today
        The first day that is not over yet, for new scores.

    Raises
    ------
    InvalidArgument
        If the version was kept back, and that is not said to be overridden.
    StoreError
        If there is no such version, or a file of it was changed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     promote(load_config(path), "3")
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: there is no .../000003/manifest.json: no such version, or it was never finished
    """
    store = Store(job.store)
    with writing(store, doing="promote", wait=wait) as writer:
        version = store.open(number)
        manifest = version.manifest
        if manifest.verdict == "rejected" and not although_rejected:
            reasons = " ".join(check.sentence for check in manifest.failed)
            raise InvalidArgument(f"version {manifest.number} was kept back: {reasons} Or pass although_rejected=True.")
        scores = _usable_scores(store, manifest.number) or _scored(job, writer, version, today)
        writer.point(Pointer.after(_pointer(store), version=manifest.number, scores=scores))
        return _moved(job, store, "promoted", manifest.number, scores)


def roll_back(job: Job, *, wait: float = 0.0) -> Outcome:
    """Publish the version before once more, with the last scores that it made.

    Parameters
    ----------
    job
        The configuration.
    wait
        Seconds to wait for another run's end.

    Raises
    ------
    StoreError
        If there is none before, or it was changed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     roll_back(load_config(path))
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: no model is published in ...; run: clvmodels retrain
    """
    store = Store(job.store)
    with writing(store, doing="roll back", wait=wait) as writer:
        pointer = store.required()
        if not pointer.before:
            raise StoreError(f"there is no version before {pointer.version} to roll back to")
        version = store.open(pointer.before[-1])
        scores = _usable_scores(store, version.manifest.number)
        if scores is None:
            raise StoreError(f"version {pointer.before[-1]} has no whole scores; promote it, which makes them")
        writer.point(pointer.back(scores=scores))
        return _moved(job, store, "rolled back", version.manifest.number, scores)


def _pointer(store: Store) -> Pointer | None:
    """What is published; a damaged pointer is what promoting a version mends."""
    try:
        return store.published()
    except StoreError as error:
        logger.warning("%s: replaced", error)
        return None


def _usable_scores(store: Store, version: str) -> str | None:
    """The last scores of a version, if they are whole."""
    number = store.last_scores(version)
    try:
        return None if number is None else store.scores(number)[0].number
    except StoreError as error:
        logger.warning("%s: new scores are needed", error)
        return None


def _scored(job: Job, writer: Writer, version: Version, today: dt.date | None) -> str:
    with writer.staging() as work:
        feed = read_feed(job, work, published=version, today=today)
        check_same_time(version, feed)
        return add_scores(job, writer, version, feed).number


def _moved(job: Job, store: Store, status: str, number: str, scores: str) -> Outcome:
    manifest, path = store.scores(scores)
    return Outcome(
        exit_code=ExitCode.DONE,
        status=status,
        sentence=f"Version {number} is published, with its scores as of {manifest.data.observation_end}; `clvmodels"
        " score` brings them up to date, and a retraining with new data may replace it.",
        facts={
            "version": number,
            "scores": str(path),
            "store": str(store.folder),
            **copy_scores(job, path),
            **point_mlflow(job, number),
        },
    )


def _row(manifest: Manifest, pointer: Pointer | None) -> dict[str, Any]:
    return {
        "version": manifest.number,
        "state": _state(manifest, pointer),
        "made_at": manifest.made_at.isoformat(timespec="seconds"),
        "observation_end": str(manifest.data.observation_end),
        "customers": manifest.data.customers,
        "failed": [check.name for check in manifest.failed],
    }


def _state(manifest: Manifest, pointer: Pointer | None) -> str:
    number = manifest.number
    if pointer is not None and number == pointer.version:
        return "published"
    if pointer is not None and number in pointer.withdrawn:
        return "rolled back"
    if pointer is not None and number in pointer.before:
        return "published before"
    return "kept back" if manifest.verdict == "rejected" else "never published"
