"""Scoring on a Spark cluster: customers stay where they are, and the posterior goes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from clvmodels.errors import ClvError, InvalidArgument
from clvmodels.rfm import RFMTable
from clvmodels.scoring import Scorer
from clvmodels.scoring.scorer import FACTS, Choices

if TYPE_CHECKING:
    from pyspark.sql import DataFrame  # pyright: ignore[reportMissingImports] (an extra, not always installed)

# Spark hands out 10,000 rows at a time; many customers together share more work.
BATCH = 200_000


def score(rfm: RFMTable, **choices: Unpack[Choices]) -> DataFrame:
    """Return every customer's scores as a Spark DataFrame, worked out on the cluster when it is written or read.

    The posterior is broadcast; no customer passes through the driver. The workers need this package and its
    dependencies, of the same versions.

    Parameters
    ----------
    rfm : RFMTable
        On a table of a classic Spark session: `rfm_table(ibis.pyspark.connect(session).table("orders"), ...)`.
    **choices
        As in `clvmodels.score`, all but `batch`.

    Returns
    -------
    pyspark.sql.DataFrame
        The columns of `Scorer.table`; the numbers are those of `clvmodels.score`.

    Raises
    ------
    InvalidArgument
        If the table is not in Spark, a choice is unknown or outside its domain, or the time units differ.
    ClvError
        If PySpark is not installed.

    Examples
    --------
    >>> orders = ibis.pyspark.connect(session).table("orders")  # doctest: +SKIP
    >>> rfm = clv.rfm_table(orders, time_unit="day", observation_end="2025-12-31")  # doctest: +SKIP
    >>> purchases, spend = (model.fit(rfm) for model in clv.default_models())  # doctest: +SKIP
    >>> scores = clv.spark.score(rfm, purchases=purchases, spend=spend, horizon=365)  # doctest: +SKIP
    >>> scores.write.parquet("scores")  # doctest: +SKIP
    """
    scorer = Scorer(**choices)
    session = _session(rfm)
    scorer.check(rfm)
    customers: Any = session.sql(rfm.sql("pyspark"))
    shared, made = session.sparkContext.broadcast(scorer), rfm.maker()

    def scored(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in _gathered(frames):
            yield shared.value.table(made(frame))

    names = scorer.columns([name for name in FACTS if name in rfm.table.columns])
    return customers.mapInPandas(scored, _schema(names, customers))


def _schema(names: Sequence[str], customers: Any) -> Any:
    from pyspark.sql import types  # pyright: ignore[reportMissingImports]

    known = {"customer_id": customers.schema["customer_id"].dataType, "frequency": types.LongType()}
    return types.StructType([types.StructField(name, known.get(name, types.DoubleType())) for name in names])


def _session(rfm: object) -> Any:
    """The classic Spark session that holds a table."""
    if not isinstance(rfm, RFMTable):
        raise InvalidArgument(f"customers are a {type(rfm).__name__}; give an RFMTable on a Spark table")
    try:
        from ibis.backends.pyspark import Backend
    except ImportError as error:
        raise ClvError("Spark is not installed here; install the extra: pip install 'clvmodels[spark]'") from error
    found = rfm.source.backend
    if not isinstance(found, Backend):
        raise InvalidArgument(
            "the table is not in Spark; use clv.score, or make it from ibis.pyspark.connect(session).table(...)"
        )
    if not hasattr(found._session, "_sc"):
        raise InvalidArgument("a Spark Connect session cannot broadcast the posterior; use a classic session")
    return found._session


def _gathered(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    waiting: list[pd.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        if sum(map(len, waiting)) >= BATCH:
            yield pd.concat(waiting, ignore_index=True)
            waiting = []
    if sum(map(len, waiting)):
        yield pd.concat(waiting, ignore_index=True)
