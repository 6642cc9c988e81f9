"""Whether a log goes on: until yesterday, and with the customers that were scored before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.settings import Gates
from clvmodels.wording import plural

FACTS = ("frequency", "recency", "T")


def freshness_check(history: pd.DataFrame, yesterday: dt.date | None, gates: Gates) -> Check:
    """Compare the days without a purchase until yesterday with the longest such time that the log has seen.

    A feed that stopped has no news, and would otherwise pass for a night on which nothing is to be done.

    Parameters
    ----------
    history : DataFrame
        Purchase days: customer_id, date and perhaps value.
    yesterday : date or None
        The last day that is over; None where the configuration fixes the observation end.
    gates : Gates
        The limits: max_silent_days, or the log's own longest time where that is longer.

    Returns
    -------
    Check
        "freshness".

    Examples
    --------
    >>> history = pd.DataFrame({"customer_id": [1, 2], "date": pd.to_datetime(["2025-01-01", "2025-01-03"])})
    >>> freshness_check(history, dt.date(2025, 1, 20), Gates()).verdict
    'failed'
    """
    if yesterday is None:
        return not_applicable("freshness", "The configuration fixes the observation end.")
    dates: Any = history["date"]
    days = pd.Series(np.sort(dates.unique()))
    last = days.iloc[-1].date()
    gaps = days.diff().dt.days.to_numpy()[1:] - 1
    silent, limit = (yesterday - last).days, max(gates.max_silent_days, int(np.max(gaps, initial=0)))
    return judged(
        "freshness",
        silent,
        limit,
        held=silent <= limit,
        found=f"The last purchase was on {last}, {plural(silent, 'day')} before {yesterday}; {limit} are allowed.",
        remedy="The feed has probably stopped: look at the source. For a log that has ended set model.observation_end.",
    )


def known_customers_check(then: pd.DataFrame, now: pd.DataFrame, gates: Gates, *, end: dt.date) -> Check:
    """Compare what a log says of the scored customers, as of the end of their scores, with what it said then.

    Totals may agree where nobody is who they were: ids that were given anew, dates that moved by a day.

    Parameters
    ----------
    then : DataFrame, indexed by customer_id
        frequency, recency and T as they were scored.
    now : DataFrame, indexed by customer_id
        The same as of the same day by the log of today.
    gates : Gates
        The limits: max_changed_history.
    end : date
        That day.

    Returns
    -------
    Check
        "known_customers": the share of the scored customers who are gone, or look different.

    Examples
    --------
    >>> then = pd.DataFrame({"frequency": [2], "recency": [30.4], "T": [38.9]}, index=["ann"])
    >>> known_customers_check(then, then.rename(index={"ann": "bob"}), Gates(), end=dt.date(2025, 1, 1)).figure
    1.0
    """
    names, limit = list(FACTS), gates.max_changed_history
    # Another type of ids makes other customers: 7 is not "7".
    lined_up = now[names].reindex(then.index) if now.index.dtype == then.index.dtype else then[names] * np.nan
    same = np.isclose(then[names].to_numpy(float), lined_up.to_numpy(float), rtol=1e-9, atol=1e-9).all(axis=1)
    changed = float(np.mean(~same))
    return judged(
        "known_customers",
        changed,
        limit,
        held=changed <= limit,
        found=f"Of {plural(len(then), 'scored customer')} {per_cent(changed)} are gone or look different as of {end};"
        f" up to {per_cent(limit)} may.",
        remedy="Ids were given anew, days have moved, or rows came late or were taken away: look at the source. If the"
        " new log is right, as after an erasure, publish what was fitted to it by hand.",
    )
