"""What the data say against the fit, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.reports.evaluation_tables import PLAIN
from clvmodels.reports.tables import Column, Table
from clvmodels.reports.terms import Terms

if TYPE_CHECKING:
    from clvmodels.evaluation.criticism import Criticism

INTERVAL = Column(title="interval", kind="interval", scale="ends")


def criticism_tables(criticism: Criticism, terms: Terms = PLAIN) -> tuple[Table, ...]:
    """Return the frequencies, the leave-one-out summary, spend by frequency, and the prior's weight."""
    independence = criticism.independence
    has_spend = independence is not None and not independence.by_frequency.empty
    tables = (spend_table(criticism, terms),) if has_spend else ()
    return frequencies_table(criticism), leave_one_out_table(criticism), *tables, sensitivity_table(criticism, terms)


def frequencies_table(criticism: Criticism) -> Table:
    """Return how many customers bought how often, and how many the model would have seen."""
    columns = (
        Column(title="repeat purchases", kind="text"),
        Column(title="customers", kind="count"),
        Column(title="expected", scale="ends"),
        INTERVAL,
    )
    table = criticism.frequencies
    rows = (_row(group, row, "customers", "expected") for group, row in table.iterrows())
    caption = "Customers by repeat purchases, and how many the fitted model would have seen"
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def leave_one_out_table(criticism: Criticism) -> Table:
    """Return the summary of each customer's prediction from all others."""
    columns = (
        Column(title="model of", kind="text"),
        Column(title="customers", kind="count"),
        Column(title="elpd"),
        Column(title="standard error"),
        Column(title="effective parameters", kind="figure"),
        Column(title="largest k-hat", kind="figure"),
        Column(title="limit of k-hat", kind="figure"),
        Column(title="customers above it", kind="share"),
    )
    rows = ((str(part), *row.tolist()) for part, row in criticism.leave_one_out.iterrows())
    return Table(caption="Each customer predicted from all others", columns=columns, rows=tuple(rows))


def spend_table(criticism: Criticism, terms: Terms = PLAIN) -> Table:
    """Return the mean value of a purchase by repeat purchases."""
    independence = criticism.independence
    table = independence.by_frequency if independence is not None else None
    columns = (
        Column(title="repeat purchases", kind="text"),
        Column(title="customers", kind="count"),
        Column(title="mean value of a purchase", scale="ends"),
        INTERVAL,
    )
    rows = () if table is None else tuple(_row(group, row, "customers", "mean") for group, row in table.iterrows())
    caption = terms.titled("Spend per purchase by repeat purchases")
    return Table(caption=caption, columns=columns, rows=rows)


def sensitivity_table(criticism: Criticism, terms: Terms = PLAIN) -> Table:
    """Return the expected totals with weaker and stronger priors."""
    columns = (
        Column(title="total of", kind="text"),
        Column(title="power of the priors", kind="figure"),
        Column(title="expected", scale="ends"),
        INTERVAL,
        Column(title="change", kind="change"),
    )
    rows = (
        (terms.noun(row["target"]), row["power"], row["mean"], (row["lower"], row["upper"]), row["change"])
        for row in criticism.sensitivity.reset_index().to_dict("records")
    )
    return Table(caption="The expected total with weaker and stronger priors", columns=columns, rows=tuple(rows))


def _row(group: object, row: Any, *names: str) -> tuple[Any, ...]:
    """A group, some figures, and the interval of the last of them."""
    return str(group), *(row[name] for name in names), (row["lower"], row["upper"])
