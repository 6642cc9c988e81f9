"""Whether a log can be learnt from: its size, what was left out of it, and how it differs from the published one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.manifest import DataFacts
from clvmodels.jobs.settings import Gates
from clvmodels.wording import amount, plural

BEFORE_DAYS = 28
CERTAINTY = 0.999
FIRST_NIGHT = "No version is published yet that the log could be compared with."
REMEDY_SIZE = "The feed is probably cut short or empty: look at the source, and load it again. For a small shop, lower"
REMEDY_PROMOTE = "If the new log is right all the same, promote by hand the version that was fitted to it."
REMEDY_SHARES = {
    "refunds": "Sales may come with the wrong sign, or a file of refunds alone was loaded: look at the source.",
    "unknown_dates": "The dates are probably written in another format than before: look at the source and its format.",
    "unknown_segments": "The file of the segments is probably older than the log: write it again, then retrain.",
}


def data_checks(facts: DataFacts, history: pd.DataFrame, gates: Gates, *, last: DataFacts | None) -> tuple[Check, ...]:
    r"""Compare a log with the least that is needed, and with the log of the published version.

    A log has to be large enough (rows, customers, repeat_customers), with few rows or customers that had to be left out
    or guessed (refunds, unknown_dates, unknown_segments). Against the published version's: it must not end earlier
    (observation_end); what it says of the time until then must be the same, in purchases and in money (history,
    spend_history: a feed that lost rows shows in the first, one that doubled them in the second, as the rows of a
    customer's day are one purchase); and purchases a day must go on as they did (activity).

    Activity compares the purchases since the published version's end, or where nothing was bought since before that,
    since the last purchase, with those of as long a time before it, 28 days at least. Counts are random: it fails only
    where the nearer end of a 99.9 % interval of the ratio of both rates is beyond the limit, and no stretch of the
    earlier time that is as long had, but for chance, so few or so many: a shop that is closed on Sundays passes on
    Sundays. Given both counts' sum, the later one is binomial, whose exact interval for the probability p gives that of
    the ratio,

    .. math:: \frac{\lambda_{since}}{\lambda_{before}} = \frac{p}{1 - p} \, \frac{days_{before}}{days_{since}}

    Sources: Przyborowski, Wilenski (1940), doi:10.1093/biomet/31.3-4.313; Clopper, Pearson (1934),
    doi:10.1093/biomet/26.4.404.

    Parameters
    ----------
    facts : DataFacts
        Of the new log.
    history : DataFrame
        Its purchase days until `facts.observation_end`: customer_id, date and, for a log with amounts, value.
    gates : Gates
        The limits.
    last : DataFacts or None
        Of the published version's log; None where there is none yet.

    Returns
    -------
    tuple of Check
        rows, customers, repeat_customers, refunds, unknown_dates, unknown_segments, observation_end, history,
        spend_history, activity.

    Examples
    --------
    >>> import datetime as dt
    >>> days = pd.date_range("2025-01-01", "2025-02-28")
    >>> history = pd.DataFrame({"customer_id": range(59), "date": days})
    >>> facts = DataFacts(
    ...     fingerprint="", rows=59, customers=59, repeat_customers=0, purchases=59, first_purchase=dt.date(2025, 1, 1),
    ...     observation_end=dt.date(2025, 2, 28),
    ... )
    >>> checks = data_checks(facts, history, Gates(min_rows=50), last=None)
    >>> [(check.name, check.verdict) for check in checks][:2]
    [('rows', 'passed'), ('customers', 'failed')]
    """
    sizes = ("rows", "customers", "repeat_customers")
    return (
        *(_size(name, getattr(facts, name), getattr(gates, f"min_{name}")) for name in sizes),
        _share("refunds", facts.refund_rows, facts.rows, gates.max_refund_share),
        _share("unknown_dates", facts.unknown_dates, facts.rows, gates.max_unknown_dates),
        _share("unknown_segments", facts.unknown_segments, facts.customers, gates.max_unknown_segments),
        *_against(facts, history, gates, last),
    )


def _size(name: str, found: int, needed: int) -> Check:
    return judged(
        name,
        found,
        needed,
        held=found >= needed,
        found=f"The log has {plural(found, name.replace('_', ' ').removesuffix('s'))}; at least {needed:,} are needed.",
        remedy=f"{REMEDY_SIZE} gates.min_{name}.",
    )


def _share(name: str, part: int, whole: int, limit: float) -> Check:
    figure = part / whole if whole else 0.0
    of = "customers have no segment" if name == "unknown_segments" else "rows are refunds"
    of = "rows have no readable date" if name == "unknown_dates" else of
    return judged(
        name,
        figure,
        limit,
        held=figure <= limit,
        found=f"{part:,} of {whole:,} {of} ({per_cent(figure)}); at most {per_cent(limit)} may.",
        remedy=REMEDY_SHARES[name],
    )


def _against(facts: DataFacts, history: pd.DataFrame, gates: Gates, last: DataFacts | None) -> tuple[Check, ...]:
    if last is None:
        names = ("observation_end", "history", "spend_history", "activity")
        return tuple(not_applicable(name, FIRST_NIGHT) for name in names)
    end = _observation_end(facts, last)
    if end.verdict == "failed":
        reason = f"The log ends before {last.observation_end}, so that the time until then cannot be compared."
        return end, *(not_applicable(name, reason) for name in ("history", "spend_history", "activity"))
    until: Any = history[history["date"] < pd.Timestamp(last.observation_end) + pd.Timedelta(days=1)]
    return end, _history(until, gates, last), _spend_history(until, gates, last), _activity(facts, history, gates, last)


def _observation_end(facts: DataFacts, last: DataFacts) -> Check:
    moved = (facts.observation_end - last.observation_end).days
    return judged(
        "observation_end",
        moved,
        0,
        held=moved >= 0,
        found=f"The log is observed until {facts.observation_end}, that of the published version until "
        f"{last.observation_end}; it must not end earlier.",
        remedy=f"An old file was probably loaded: look at the source. {REMEDY_PROMOTE}",
    )


def _history(until: pd.DataFrame, gates: Gates, last: DataFacts) -> Check:
    now, before = len(until), last.purchases
    told = f"Until {last.observation_end} the log has {plural(now, 'purchase')}, and had {before:,} before"
    fewer = "Rows of the past are missing: the feed is probably incomplete. Load it again whole."
    more = "Purchases were added to the past: days may be read otherwise than before, or customers have new ids."
    return _changed("history", now, before, gates, told, fewer if now < before else more)


def _spend_history(until: pd.DataFrame, gates: Gates, last: DataFacts) -> Check:
    if last.spend is None or "value" not in until:
        reason = "There are no amounts in both logs that could be compared."
        return not_applicable("spend_history", reason, limit=gates.max_changed_history)
    now, before = float(np.sum(until["value"])), last.spend
    told = f"Until {last.observation_end} the log has a spend of {amount(now)}, and had {amount(before)} before"
    fewer = "Rows are missing, or amounts are in another unit: look at the source, and load it again whole."
    more = "Rows are probably there twice, or amounts are in another unit: look at the source."
    return _changed("spend_history", now, before, gates, told, fewer if now < before else more)


def _changed(name: str, now: float, before: float, gates: Gates, told: str, remedy: str) -> Check:
    change = 0.0 if now == before else abs(now - before) / abs(before) if before else np.inf
    limit = gates.max_changed_history
    return judged(
        name,
        change,
        limit,
        held=change <= limit,
        found=f"{told}: a change of {per_cent(change)}; at most {per_cent(limit)} is allowed.",
        remedy=f"{remedy} {REMEDY_PROMOTE}",
    )


@dataclass(frozen=True, kw_only=True)
class _Days:
    """Purchases a day: of the time since, and of the time before."""

    start: Any
    since: Any
    before: Any

    @property
    def usual(self) -> bool:
        """Whether the earlier time had as few, and as many, in some stretch that is as long; but for chance."""
        if len(self.since) > len(self.before):
            return False
        stretches, tail = np.convolve(self.before, np.ones(len(self.since)), mode="valid"), (1 - CERTAINTY) / 2
        fewest, most = stats.poisson.ppf(tail, stretches.min()), stats.poisson.isf(tail, stretches.max())
        return bool(fewest <= self.since.sum() <= most)

    @property
    def ratio(self) -> tuple[float, float, float]:
        """The rate since over that before, and the ends of its interval; one of the counts is above 0."""
        counts, lengths = (int(self.since.sum()), int(self.before.sum())), len(self.before) / len(self.since)
        ends = stats.binomtest(counts[0], sum(counts)).proportion_ci(CERTAINTY, method="exact")
        lower, upper = (lengths * p / (1 - p) if p < 1 else np.inf for p in (float(ends.low), float(ends.high)))
        return (lengths * counts[0] / counts[1] if counts[1] else np.inf), lower, upper


def _days(facts: DataFacts, dates: Any, last: DataFacts) -> _Days:
    start: Any = min(pd.Timestamp(last.observation_end), dates.max().normalize())
    since, known = (facts.observation_end - start.date()).days, (start - dates.min().normalize()).days + 1
    before = max(0, min(max(since, BEFORE_DAYS), known))
    place = (dates - start).dt.days.to_numpy() + before - 1
    daily = np.bincount(place[(place >= 0) & (place < before + since)], minlength=before + since)
    return _Days(start=start, since=daily[before:], before=daily[:before])


def _activity(facts: DataFacts, history: pd.DataFrame, gates: Gates, last: DataFacts) -> Check:
    limit = gates.max_activity_change
    if history.empty:
        return not_applicable("activity", "The log has no purchases.", limit=limit)
    days = _days(facts, history["date"], last)
    if not (len(days.since) and len(days.before) and days.since.sum() + days.before.sum()):
        reason = f"The log has no day after {days.start:%Y-%m-%d}, or none before that could be compared with it."
        return not_applicable("activity", reason, limit=limit)
    ratio, lower, upper = days.ratio
    # At the nearer end of the interval; 1 where it may as well not have changed.
    change = 1.0 if days.usual else max(1.0, lower, 1 / upper)
    counts = f"{plural(int(days.since.sum()), 'purchase')} in {plural(len(days.since), 'day')}"
    before = f"{int(days.before.sum()):,} in the {plural(len(days.before), 'day')} before"
    stop = "The feed has probably stopped, or lost rows: look at the source, and load it again whole."
    rise = "Rows may be there under several ids, or a campaign drew many: find out which before a model learns it."
    return judged(
        "activity",
        change,
        limit,
        held=change <= limit,
        found=f"Since {days.start:%Y-%m-%d} there are {counts}, and {before}: {amount(ratio)} times as many a day "
        f"(99.9 % interval {amount(lower)} to {amount(upper)}); more than {limit:g} times as many or as few are not "
        "allowed, where neither chance nor a stretch as long before explains them.",
        remedy=f"{stop if ratio < 1 else rise} {REMEDY_PROMOTE}",
    )
