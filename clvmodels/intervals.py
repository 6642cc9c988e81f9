"""From draws, streamed in blocks of customers, to tables of mean, lower and upper."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import check_interval

Array = NDArray[np.float64]
Item = TypeVar("Item")
Kind = Literal["credible", "predictive"]
COLUMNS = ["mean", "lower", "upper"]
PROGRESS_AFTER_SECONDS = 2.0


def interval_table(index: pd.Index, blocks: Iterable[Array], *, interval: float, kind: Kind) -> pd.DataFrame:
    """Mean and equal-tailed interval of every column of the blocks.

    Parameters
    ----------
    index : pandas.Index of length n
        The customers, in the order in which the blocks come.
    blocks : iterable of arrays of shape (draws, m)
        Draws, the m adding up to n; only one block is held at a time.
    interval : float
        Probability inside the interval.
    kind : {"credible", "predictive"}
        Predictive ends are outcomes that were drawn (whole counts stay whole), so that they hold at least `interval`.
        One draw alone has no credible interval: its ends are missing.

    Returns
    -------
    pandas.DataFrame
        Columns mean, lower, upper; indexed by `index`.

    Examples
    --------
    >>> interval_table(pd.Index(["ann"]), [np.arange(5.0)[:, None]], interval=0.5, kind="credible")
         mean  lower  upper
    ann   2.0    1.0    3.0
    """
    check_interval(interval)
    rows = [_summary(block, interval, kind) for block in blocks]
    return pd.DataFrame(np.concatenate(rows, axis=1).T if rows else np.empty((0, 3)), index=index, columns=COLUMNS)


def quantiles(draws: Array, interval: float, kind: Kind) -> tuple[Array, Array]:
    """The lower and upper end over the first axis of draws (draws, ...)."""
    if len(draws) == 1 and kind == "credible":
        missing = np.full(draws.shape[1:], np.nan)
        return missing, missing
    tail = (1 - interval) / 2
    method = "linear" if kind == "credible" else "inverted_cdf"
    # Rounding at 1 - tail must not move an end by one draw.
    lower, upper = np.quantile(draws, [tail, np.round(1 - tail, 12)], axis=0, method=method)
    return lower, upper


def _summary(block: Array, interval: float, kind: Kind) -> Array:
    return np.stack([block.mean(axis=0), *quantiles(block, interval, kind)])


def with_progress(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Yield the items; show a bar after two seconds, in a terminal or notebook only."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield from items
        return
    start, bar = time.monotonic(), Progress(console=console, transient=True)
    task = bar.add_task(description, total=total)
    try:
        for item in items:
            yield item
            bar.advance(task)
            if time.monotonic() - start > PROGRESS_AFTER_SECONDS:
                bar.start()
    finally:
        bar.stop()
