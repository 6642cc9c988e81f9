"""The part of an RFM that no query can leave out: what it costs DuckDB by itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import duckdb
import simulated
from memory import measured

GROUPINGS = """
    SELECT customer_id, count(*) AS days, min(day) AS first, max(day) AS last, sum(value) AS total,
        arg_min(value, day) AS first_value
    FROM (
        SELECT customer_id, date::date AS day, sum(value) AS value FROM read_parquet(?) GROUP BY customer_id, date::date
    )
    GROUP BY customer_id
"""


def groupings(*, rows: int) -> dict[str, Any]:
    """A log's rows by customer and day, those by customer, into an Arrow table."""
    return _measured(str(simulated.log_of_rows_path(rows)))


def even_groupings(*, even: int, ids: str) -> dict[str, Any]:
    """As `groupings`, of a log with ten rows for a customer."""
    return _measured(str(simulated.even_log_path(even, ids)))


def _measured(path: str) -> dict[str, Any]:
    connection = duckdb.connect()
    connection.execute(GROUPINGS, [path]).to_arrow_table()
    report, table = measured(lambda: connection.execute(GROUPINGS, [path]).to_arrow_table())
    return {**report, "customers": len(table), "versions": {"duckdb": version("duckdb")}}
