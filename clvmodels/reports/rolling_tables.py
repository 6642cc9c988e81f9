"""Several origins as tables: what each total was expected to be and was, and how often the intervals held it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.names import label
from clvmodels.reports.evaluation_tables import (
    FORECASTER,
    NOUNS,
    differences_table,
    metrics_tables,
    total_cells,
    total_columns,
)
from clvmodels.reports.tables import Column, Table

if TYPE_CHECKING:
    from clvmodels.evaluation.rolling import RollingResult


def rolling_tables(rolling: RollingResult) -> list[Table]:
    """Return all tables of a rolling backtest."""
    where = f", mean over {len(rolling.results)} origins"
    return [
        *(table for target in rolling.targets for table in metrics_tables(rolling, target, where=where)),
        *(differences_table(rolling, target) for target in rolling.targets),
        *(origins_table(rolling, target) for target in rolling.targets),
        held_table(rolling),
    ]


def origins_table(rolling: RollingResult, target: str) -> Table:
    """Return the totals of the forecaster under test at each origin, and the customers first seen after it."""
    table = rolling.totals().xs((target, rolling.model), level=("target", "forecaster"))
    new = [result.split.new_customers for result in rolling.results]
    columns = (
        Column(title="origin", kind="text"),
        Column(title="customers", kind="count"),
        *total_columns(rolling.interval),
        Column(title="new customers", kind="count"),
    )
    rows = (
        (f"{origin:%Y-%m-%d}", row["customers"], *total_cells(row), count)
        for (origin, row), count in zip(table.iterrows(), new, strict=True)
    )
    return Table(caption=f"Total {NOUNS[target]} from each origin", columns=columns, rows=tuple(rows))


def held_table(rolling: RollingResult) -> Table:
    """Return how often the two intervals of the totals held what happened."""
    columns = (
        Column(title="of", kind="text"),
        FORECASTER,
        Column(title="totals", kind="count"),
        Column(title="inside", kind="share"),
        Column(title="inside the widened", kind="share"),
        Column(title="log error, RMS", kind="correlation"),
    )
    table = rolling.coverage_of_totals().reset_index().itertuples(index=False, name=None)
    rows = ((NOUNS[target], label(name), *figures) for target, name, *figures in table)
    caption = f"Totals inside their {100 * rolling.interval:g} % intervals"
    return Table(caption=caption, columns=columns, rows=tuple(rows))
