"""What a run has in hand while it holds the lock, and what it compares the log of today with."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument, StoreError, shown
from clvmodels.jobs.check import Check
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import Feed
from clvmodels.jobs.gates import data_checks, freshness_check, known_customers_check
from clvmodels.jobs.gates.continuity import FACTS
from clvmodels.jobs.gates.judged import not_applicable
from clvmodels.jobs.manifest import DataFacts, ScoresManifest
from clvmodels.jobs.settings import Gates
from clvmodels.jobs.store import Pointer, Store, Version
from clvmodels.jobs.writing import Writer
from clvmodels.rfm import TimeUnit
from clvmodels.rfm.steps import Step

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Night:
    """A run.

    Attributes
    ----------
    job : Job
    writer : Writer
    pointer : Pointer or None
        What is published; None on the first night.
    published : Version or None
    feed : Feed
    """

    job: Job
    writer: Writer
    pointer: Pointer | None
    published: Version | None
    feed: Feed

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.writer.store

    @property
    def gates(self) -> Gates:
        """The limits."""
        return self.job.config.gates

    def data_checks(self, last: DataFacts | None) -> tuple[Check, ...]:
        """Check the log by itself, against facts of an earlier one, and against the customers who are scored."""
        feed, gates = self.feed, self.gates
        checks = (
            freshness_check(feed.history, feed.yesterday, gates),
            *data_checks(feed.facts, feed.history, gates, last=last),
        )
        return (*checks, *self._known_customers())

    def _known_customers(self) -> tuple[Check, ...]:
        if self.pointer is None:
            return ()
        try:
            manifest, path = self.store.scores(self.pointer.scores)
        except StoreError as error:
            logger.warning("%s", error)
            return (not_applicable("known_customers", "The published scores cannot be read."),)
        length = self.store.manifest(manifest.version).opportunity
        return (known_customers(self.feed, manifest, path, self.gates, opportunity=length),)


def check_same_time(version: Version, feed: Feed) -> None:
    """Refuse to ask a version about customers whose time is told otherwise.

    Raises
    ------
    InvalidArgument
        If it was fitted in another time unit, or to other opportunities.
    """
    said, told = feed.rfm.time_unit, version.purchases.time_unit
    before = version.manifest.opportunity
    now = feed.log.step.length if feed.log.step.opportunity else None
    if told != said:
        raise InvalidArgument(
            f"the published version {version.manifest.number} was fitted in {told}s, and the configuration says"
            f" model.time_unit = {shown(said)}; retrain, or put it back"
        )
    if before != now:
        raise InvalidArgument(
            f"the published version {version.manifest.number} was fitted with {_said(before)}, and the configuration"
            f" has {_said(now)}; retrain, or put it back"
        )


def _said(opportunity: str | None) -> str:
    return "no model.opportunity" if opportunity is None else f"model.opportunity = {shown(opportunity)}"


def known_customers(
    feed: Feed, manifest: ScoresManifest, path: Path, gates: Gates, *, opportunity: TimeUnit | None
) -> Check:
    """Compare the scored customers with what the log of today says of them as of then.

    Parameters
    ----------
    feed
        The log of today.
    manifest, path
        Of the scores.
    gates
        The limits.
    opportunity
        In which they were counted, if in any.
    """
    end, step = manifest.data.observation_end, feed.log.step
    # A log is merged by its opportunities, and cannot be told in others.
    unit: Any = None if opportunity else manifest.time_unit
    then_step = Step.of(unit, opportunity)
    if then_step != step and (then_step.opportunity or step.opportunity):
        return not_applicable("known_customers", "The scored customers were counted in other periods than now.")
    then = pd.read_parquet(path, columns=["customer_id", *FACTS]).set_index("customer_id")
    try:
        now = replace(feed.log, step=then_step, statistics=()).known(end).frame
    except ClvError:  # nothing was bought until then
        now = feed.rfm.frame.iloc[:0]
    return known_customers_check(then, now, gates, end=end)


def open_published(store: Store, pointer: Pointer | None) -> Version | None:
    """Load what is published, if anything.

    Raises
    ------
    StoreError
        If it is damaged; the message says how to go on.
    """
    try:
        return None if pointer is None else store.open(pointer.version)
    except StoreError as error:
        raise StoreError(
            f"{error}; publish another version (clvmodels models promote), or move {store.folder / 'published.json'}"
            " away to begin anew"
        ) from error


def last_scores(store: Store, pointer: Pointer) -> ScoresManifest | None:
    """Return the manifest of the published scores; None, with a warning, where the table or the manifest is damaged."""
    try:
        return store.scores(pointer.scores)[0]
    except StoreError as error:
        logger.warning("%s: new scores are made", error)
        return None
