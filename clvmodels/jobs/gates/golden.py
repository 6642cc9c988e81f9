"""Whether a saved model, loaded again, gives the same scores of a few customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged
from clvmodels.jobs.settings import Gates
from clvmodels.models.posterior import customer_keys
from clvmodels.rfm import RFM
from clvmodels.wording import plural

SORTED_BY = ("frequency", "recency", "T", "monetary_value")


def golden_batch(rfm: RFM, *, size: int = 200) -> RFM:
    """Return a few customers that differ as much as all of them do, always the same ones.

    Those with the smallest and the largest value of frequency, recency, T and monetary_value are among them; half of
    the others are spread evenly over the distinct frequencies, the rest evenly over the customers in order of recency.
    The order of the customers in `rfm` does not matter.

    Parameters
    ----------
    rfm : RFM
    size : int
        How many, unless there are fewer.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> cdnow = load_cdnow_summary()
    >>> batch = golden_batch(cdnow, size=20)
    >>> len(batch), batch.frame["frequency"].max() == cdnow.frame["frequency"].max()
    (20, np.True_)
    """
    facts = [rfm.frame[name].to_numpy(float) for name in SORTED_BY if name in rfm.frame.columns]
    # Customers who did the same are told apart by their ids.
    ties = customer_keys(rfm.frame.index)
    orders = [np.lexsort((ties, *facts[::-1], fact)) for fact in facts]
    extremes = [order[end] for order in orders for end in (0, -1)]
    frequency = facts[0][orders[0]]
    firsts = orders[0][np.flatnonzero(np.diff(frequency, prepend=-1) != 0)]
    chosen = dict.fromkeys([*extremes, *_evenly(firsts, size // 2)][:size])
    rest = orders[1][~np.isin(orders[1], list(chosen))]
    chosen |= dict.fromkeys(_evenly(rest, size - len(chosen)))
    return rfm.select(rfm.frame.index[list(chosen)])


def _evenly(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """So many of the rows, the first and the last among them."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(max(count, 0), len(rows))).astype(int))]


def golden_check(before: pd.DataFrame, after: pd.DataFrame, gates: Gates) -> tuple[Check, ...]:
    """Compare the scores of the same customers before a model was saved and after it was loaded again.

    The figure is the largest difference of two numbers as a share of the larger one. Missing equals missing; where
    columns or customers differ, or one number is missing, there is no such share, and the check fails.

    Parameters
    ----------
    before, after : DataFrame
        As `clvmodels.scoring.Scorer.table` gives them.
    gates : Gates
        The limit.

    Returns
    -------
    tuple of Check
        golden.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["ann", "bob"], "expected_purchases_mean": [1.0, 2.0]})
    >>> golden_check(scores, scores, Gates())[0].verdict
    'passed'
    """
    differences = _differences(before, after)
    worst = differences.idxmax() if len(differences) else "none"
    figure, limit = float(differences.max()) if len(differences) else 0.0, gates.max_golden_difference
    if figure == 0:
        told = "are the same"
    elif np.isfinite(figure):
        told = f"differ by a share of {figure:.2g} at most (in {worst})"
    else:
        told = f"cannot be compared: {worst} is missing in one of them, or has other rows or gaps"
    check = judged(
        "golden",
        figure,
        limit,
        held=figure <= limit,
        found=f"The scores of {plural(len(before), 'customer')} before saving and after loading {told}; at most "
        f"{limit:.2g} is allowed.",
        remedy="What was written is not what was fitted: look at the disk and at the versions of the packages, "
        "then retrain.",
    )
    return (check,)


def _differences(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """The largest relative difference in each column; infinite where it cannot be taken."""
    other = before.columns.symmetric_difference(after.columns, sort=False).union(
        before.columns[before.columns.duplicated()]
    )
    if len(other):
        return pd.Series(np.inf, index=other)
    if len(before) != len(after):
        return pd.Series(np.inf, index=before.columns)
    return pd.Series({name: _difference(before[name], after[name]) for name in before.columns}, dtype=float)


def _difference(before: Any, after: Any) -> float:
    numbers = before.name != "customer_id" and all(pd.api.types.is_numeric_dtype(one) for one in (before, after))
    if not numbers:
        return 0.0 if before.tolist() == after.tolist() else np.inf
    own, other = (one.to_numpy(dtype=float, na_value=np.nan) for one in (before, after))
    same = (own == other) | (np.isnan(own) & np.isnan(other))
    with np.errstate(invalid="ignore"):  # between infinite ones
        share = np.abs(own - other) / np.maximum(np.abs(own), np.abs(other))
    return float(np.max(np.where(same, 0.0, np.where(np.isnan(share), np.inf, share)), initial=0.0))
