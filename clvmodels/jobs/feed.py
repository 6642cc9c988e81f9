"""Everything that a night's run knows of the customers: read once, at its beginning."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.jobs.config import Config, Job
from clvmodels.jobs.manifest import DataFacts
from clvmodels.jobs.source import read_segments_of, read_source
from clvmodels.jobs.store import Version
from clvmodels.rfm import RFM, CheckedLog, asking_for, needed_statistics
from clvmodels.rfm.columns import tidy

UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """The customers of a night.

    Attributes
    ----------
    path : str
        What the log was read from.
    log : CheckedLog
    end : date
        The observation end.
    yesterday : date or None
        The last day that is over, and with it its opportunity; None where the configuration fixes the observation end.
    rfm : RFM
        As of then; with the column "segment" where there are segments.
    history : DataFrame
        Every purchase day until then: customer_id, date and, for a log with amounts, value.
    segments : Series or None
        By customer; "unknown" for those who have none.
    facts : DataFacts
    """

    path: str
    log: CheckedLog
    end: dt.date
    yesterday: dt.date | None
    rfm: RFM
    history: pd.DataFrame
    segments: pd.Series | None
    facts: DataFacts


def read_feed(job: Job, work: Path, *, published: Version | None = None, today: dt.date | None = None) -> Feed:
    """Read the log of a configuration, and sum it up.

    Parameters
    ----------
    job
        The configuration.
    work
        A folder for a copy of what a database holds, so that the whole run sees one state of it.
    published
        A version whose models will be asked about these customers, besides the configured ones.
    today
        The first day that is not over yet; by default that of the clock, in the source's time zone.

    Raises
    ------
    InvalidTransactions, InvalidArgument
        If the log or the segments cannot be used as they are.
    """
    config, source = job.config, job.config.source
    names = [name for name in (source.customer_id, source.date, source.value_column) if name is not None]
    path = read_source(
        source.transactions, table=source.table, folder=job.folder, columns=names, snapshot=work / "source.parquet"
    )
    yesterday, fixed = _yesterday(config, today), config.model.observation_end
    last = fixed if isinstance(fixed, dt.date) else yesterday
    if last > yesterday:
        raise InvalidArgument(
            f"model.observation_end is {last}, which is not over yet; the last complete day is {yesterday}"
        )
    models = [config.model, *(() if published is None else (published.purchases, published.spend))]
    choices = {"time_unit": config.model.time_unit, "opportunity": config.model.opportunity, **source.reading}
    log: Any = CheckedLog.check(path, last_day=last, **asking_for(needed_statistics(models), choices))
    # Until the last opportunity that is over, but not beyond that of the log's last day.
    over = log.step.last_end(last)
    end = last if isinstance(fixed, dt.date) else min(over, log.step.later(log.transactions.log_end, 0))
    # What is checked of the feed are days, whatever the models count.
    days: Any = CheckedLog.check(path, last_day=last, **source.reading) if log.step.opportunity else log
    if end < log.transactions.first_purchase:
        raise InvalidTransactions(
            f"the log begins on {log.transactions.first_purchase}, after the observation end {end}; is this the right"
            " log, or model.observation_end the wrong day?"
        )
    rfm, history = log.known(end), days.history(end)
    segments = None if config.segments is None else _segments(job, rfm)
    rfm = rfm if segments is None else rfm.assign(segment=segments)
    facts = _facts(log, end, rfm, history, segments)
    return Feed(
        path=path,
        log=log,
        end=end,
        yesterday=None if isinstance(fixed, dt.date) else over,
        rfm=rfm,
        history=history,
        segments=segments,
        facts=facts,
    )


def _yesterday(config: Config, today: dt.date | None) -> dt.date:
    """The last day that is over."""
    zone = config.source.time_zone
    return (today or dt.datetime.now(None if zone is None else ZoneInfo(zone)).date()) - dt.timedelta(days=1)


def _segments(job: Job, rfm: RFM) -> pd.Series:
    chosen: Any = job.config.segments
    found = read_segments_of(
        job.config.source.transactions,
        file=chosen.file,
        table=chosen.table,
        customer_id=chosen.customer_id or job.config.source.customer_id,
        segment=chosen.segment,
        folder=job.folder,
        customers=rfm.frame.index,
    )
    return found.reindex(rfm.frame.index).astype("object").fillna(UNKNOWN).astype(str)


def _facts(log: CheckedLog, end: dt.date, rfm: RFM, history: Any, segments: pd.Series | None) -> DataFacts:
    counts: Any = rfm.log.set_index("what")["count"]
    return DataFacts(
        fingerprint=_fingerprint(history, segments),
        rows=log.transactions.rows,
        customers=len(rfm),
        repeat_customers=int(np.count_nonzero(rfm.frame["frequency"])),
        purchases=len(history),
        spend=float(history["value"].sum()) if "value" in history else None,
        refund_rows=int(counts.get("refund rows", 0)),
        unknown_dates=log.transactions.unknown_dates,
        unknown_segments=0 if segments is None else int(np.count_nonzero(segments == UNKNOWN)),
        first_purchase=history["date"].min().date(),
        observation_end=end,
    )


def _fingerprint(history: pd.DataFrame, segments: pd.Series | None) -> str:
    """A sha256 of the purchase days and segments; amounts to the digits that do not depend on the order of sums."""
    hashed: Any = hash_pandas_object
    digest = hashlib.sha256()
    amounts = {"value": tidy(history["value"].to_numpy(float))} if "value" in history else {}
    for part in (history.assign(**amounts), *([] if segments is None else [segments.sort_index()])):
        digest.update(np.asarray(hashed(part.reset_index(), index=False), "<u8").tobytes())
    return digest.hexdigest()
