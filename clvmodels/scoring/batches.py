"""Scores of any number of customers, from file to file, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import pandas as pd

from clvmodels.errors import InvalidArgument, local_path, shown
from clvmodels.files import CUSTOMERS, write_parquet
from clvmodels.intervals import Progress
from clvmodels.rfm import RFM, RFMTable
from clvmodels.rfm.table import BATCH
from clvmodels.scoring.scorer import Choices, Scorer


def score(rfm: RFM | RFMTable, to: str | Path, *, batch: int = BATCH, **choices: Unpack[Choices]) -> Path:
    """Write every customer's scores to a Parquet file, whole or not at all.

    Memory does not grow with the number of customers: they are read, scored and written in batches (but for an
    RFMTable on a DuckDB relation, whose answer is held as a whole).

    Parameters
    ----------
    rfm : RFM or RFMTable
        The customers: in memory, or in a file or database (`RFMTable.open`, `rfm_table`).
    to : path
        Where to, a Parquet file; an earlier table of scores or customers is replaced when all is done, and kept when
        anything fails. Any other file is refused.
    batch : int
        Customers in a batch. Predictive scores do not depend on it, expected ones only beyond the ninth digit.
    **choices
        purchases, horizon, and if wanted spend, margin, annual_discount_rate, interval, quantities and random_seed, all
        as in `clvmodels.scoring.Scorer`.

    Returns
    -------
    Path
        `to`. Its columns are those of `Scorer.table`.

    Raises
    ------
    InvalidArgument
        If a choice is unknown or outside its domain, or the customers are in another time unit than the fit.
    InvalidRFM
        If lifetime values are asked for without values, or the table's answer was cut short.
    ClvError
        If there is no customer, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> point, _ = cdnow_posteriors()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = score(load_cdnow_summary(), f"{folder}/scores.parquet", purchases=point, horizon=39)
    ...     len(pd.read_parquet(written))
    2357
    """
    scorer = Scorer(**choices)
    scorer.check(rfm)
    if not isinstance(batch, int) or batch < 1:
        raise InvalidArgument(f"batch is {shown(batch)}; give the number of customers in a batch, e.g. {BATCH}")
    count = len(rfm) if isinstance(rfm, RFM) else rfm.count()
    with Progress("customers", count, alone=True) as progress:
        write_parquet(to, _scored(scorer, _batches(rfm, batch, count), progress), CUSTOMERS)
    return local_path(to)


def _scored(scorer: Scorer, batches: Iterator[RFM], progress: Progress) -> Iterator[pd.DataFrame]:
    for customers in batches:
        yield scorer.table(customers)
        progress.advance(len(customers))


def _batches(rfm: RFM | RFMTable, batch: int, count: int) -> Iterator[RFM]:
    if isinstance(rfm, RFMTable):
        yield from rfm.batches(batch, count=count)
        return
    for start in range(0, count, batch):
        yield replace(rfm, frame=rfm.frame.iloc[start : start + batch])
