"""From draws, made in blocks of rows, to tables of mean, lower and upper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels import notebook
from clvmodels.compiled.threads import in_order
from clvmodels.errors import check_interval

Array = NDArray[np.float64]
Item = TypeVar("Item")
Result = TypeVar("Result")
Kind = Literal["credible", "predictive"]
COLUMNS = ["mean", "lower", "upper"]
PROGRESS_AFTER_SECONDS = 2.0
_under_a_bar = ContextVar("under_a_bar", default=False)
# A block of 1 MB, so that the steps of its making stay in the cache.
BLOCK_ELEMENTS = 2**17


@dataclass(frozen=True)
class DrawBlocks:
    """Draws for many rows (customers, or segments), of which only a few blocks are ever in memory.

    Attributes
    ----------
    rows, draws : int
    block : callable
        slice of rows -> a new array (rows of the slice, draws). Called from several threads at once.

    Examples
    --------
    >>> DrawBlocks.of(np.arange(6.0).reshape(2, 3)).array().shape
    (2, 3)
    """

    rows: int
    draws: int
    block: Callable[[slice], Array]

    @classmethod
    def of(cls, draws: Array) -> DrawBlocks:
        """Of an array (draws, rows)."""
        return cls(draws.shape[1], draws.shape[0], lambda rows: draws[:, rows].T)

    def map(self, function: Callable[..., Result], *columns: NDArray[Any]) -> Iterator[Result]:
        """function(block, *the same rows of columns) for each block in order, worked out on all cores."""
        return _over_blocks(
            lambda rows: function(self.block(rows), *(column[rows] for column in columns)), self.rows, self.draws
        )

    def array(self) -> Array:
        """All of them: (draws, rows)."""
        blocks = list(self.map(lambda block: block))
        return np.concatenate(blocks).T if blocks else np.empty((self.draws, 0))

    def sums(self, codes: NDArray[np.integer], groups: int) -> Array:
        """Sums over the rows of each group (draws, groups); `codes` (rows,) says which group a row belongs to."""
        total = np.zeros((groups, self.draws))
        for present, sums in self.map(_group_sums, codes):
            total[present] += sums
        return total.T


def _group_sums(block: Array, codes: NDArray[np.integer]) -> tuple[NDArray[np.integer], Array]:
    """The groups in a block (rows, draws), and the sum over the rows of each (groups, draws)."""
    present, position = np.unique(codes, return_inverse=True)
    members = np.zeros((len(present), len(codes)))
    members[position, np.arange(len(codes))] = 1.0
    return present, members @ block


def summed(function: Callable[[slice], Array], rows: int, draws: int) -> Array:
    """The sum of function(slice) over blocks of rows, worked out on all cores."""
    parts = _over_blocks(function, rows, draws)
    total = next(parts)
    for part in parts:
        total = total + part
    return total


def _over_blocks(function: Callable[[slice], Result], rows: int, draws: int) -> Iterator[Result]:
    """function(slice) for each block of rows in order, worked out on all cores."""
    slices = list(row_blocks(rows, draws))
    return with_progress(in_order(function, slices), "customers", len(slices))


def row_blocks(rows: int, draws: int) -> Iterator[slice]:
    """Slices of rows, so that (rows of the slice, draws) fits the cache."""
    size = max(1, BLOCK_ELEMENTS // draws)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def interval_table(index: pd.Index, draws: DrawBlocks, *, interval: float, kind: Kind) -> pd.DataFrame:
    """Mean and equal-tailed interval of every row.

    Parameters
    ----------
    index : pandas.Index of length n
        The rows.
    draws : DrawBlocks
        Of those n rows.
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
    >>> interval_table(pd.Index(["ann"]), DrawBlocks.of(np.arange(5.0)[:, None]), interval=0.5, kind="credible")
         mean  lower  upper
    ann   2.0    1.0    3.0
    """
    check_interval(interval)
    rows = list(draws.map(lambda block: summary(block, interval, kind)))
    return pd.DataFrame(np.concatenate(rows) if rows else np.empty((0, 3)), index=index, columns=COLUMNS)


def interval_tables(
    function: Callable[[slice], Sequence[Array]],
    rows: int,
    draws: int,
    owners: Sequence[NDArray[np.integer]],
    index: pd.Index,
) -> list[pd.DataFrame]:
    """Tables as `interval_table` makes them, of several quantities that are worked out together.

    Parameters
    ----------
    function : callable
        slice of distinct rows -> a `summary` for each quantity.
    rows, draws : int
    owners : sequence of arrays (n,)
        For each quantity, which of its distinct rows each row of `index` is.
    index : pandas.Index of length n
    """
    nobody = [np.empty((0, len(COLUMNS)))] * len(owners)
    found = list(_over_blocks(function, rows, draws)) or [nobody]
    return [
        pd.DataFrame(np.concatenate(parts), columns=COLUMNS).take(own).set_axis(index)
        for parts, own in zip(zip(*found, strict=True), owners, strict=True)
    ]


def summary(block: Array, interval: float, kind: Kind) -> Array:
    """Mean, lower and upper (rows, 3) of a block (rows, draws)."""
    return np.stack([block.mean(axis=1), *bounds(np.sort(block, axis=1), interval, kind)], axis=1)


def quantiles(draws: Array, interval: float, kind: Kind) -> tuple[Array, Array]:
    """The lower and upper end over the first axis of draws (draws, ...)."""
    return bounds(np.sort(np.moveaxis(draws, 0, -1), axis=-1), interval, kind)


def bounds(ordered: Array, interval: float, kind: Kind) -> tuple[Array, Array]:
    """The lower and upper end over the last axis, along which the draws rise."""
    count, tail = ordered.shape[-1], (1 - interval) / 2
    if count == 1 and kind == "credible":
        missing = np.full(ordered.shape[:-1], np.nan)
        return missing, missing
    lower, upper = (_quantile(ordered, probability, kind) for probability in (tail, 1 - tail))
    return lower, upper


def _quantile(ordered: Array, probability: float, kind: Kind) -> Array:
    """Credible: interpolated between two draws. Predictive: the smallest draw that at least this share do not pass."""
    count = ordered.shape[-1]
    # Rounding must not move an end by one draw.
    if kind == "predictive":
        return ordered[..., max(0, int(np.ceil(np.round(probability * count, 9))) - 1)]
    place = np.round(probability * (count - 1), 9)
    below = int(place)
    above = min(below + 1, count - 1)
    lower, upper = ordered[..., below], ordered[..., above]
    # Between two infinite draws lies no number.
    with np.errstate(invalid="ignore"):
        return np.where(lower == upper, lower, lower + (place - below) * (upper - lower))


class Progress:
    """A bar with the time left, after two seconds, in a terminal or notebook only.

    Inside one that stands `alone`, no other is shown.

    >>> with Progress("customers", 2) as progress:
    ...     progress.advance(1)
    """

    def __init__(self, description: str, total: int, *, alone: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        self._alone = alone
        self._shown = (console.is_terminal or console.is_jupyter) and not _under_a_bar.get()
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self._bar, self._start = Bar(*columns, console=console, transient=True), time.monotonic()
        self._task = self._bar.add_task(description, total=total)
        # In a notebook rich needs ipywidgets, and leaves an empty output.
        self._page = notebook.Bar() if console.is_jupyter else None

    def __enter__(self) -> Progress:
        """Begin."""
        if self._alone:
            self._token = _under_a_bar.set(True)
        return self

    def advance(self, steps: int) -> None:
        """Say that so many more are done."""
        self._bar.advance(self._task, steps)
        if not self._shown or time.monotonic() - self._start <= PROGRESS_AFTER_SECONDS:
            return
        if self._page is None:
            self._bar.start()
            return
        task = self._bar.tasks[0]
        left = f", {task.time_remaining:,.0f} s left" if task.time_remaining else ""
        self._page.show(f"{task.description}: {task.percentage:.0f} %{left}", task.percentage / 100)

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._alone:
            _under_a_bar.reset(self._token)
        if self._page is not None:
            self._page.close()
        if self._bar.live.is_started:
            self._bar.stop()


def with_progress(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Yield the items, with their progress shown."""
    progress = Progress(description, total)
    with progress:
        for item in items:
            yield item
            progress.advance(1)
