"""What the data say against the fit, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.reports.evaluation_tables import NOUNS
from clvmodels.reports.tables import Column, Table

if TYPE_CHECKING:
    from clvmodels.evaluation.criticism import Criticism

ENDS = (Column(title="lower", scale="ends"), Column(title="upper", scale="ends"))


def criticism_tables(criticism: Criticism) -> tuple[Table, ...]:
    """Return the frequencies, the leave-one-out summary, spend by frequency, and the prior's weight."""
    tables = [_frequencies(criticism), _leave_one_out(criticism), _sensitivity(criticism)]
    if criticism.independence is not None and not criticism.independence.by_frequency.empty:
        tables.insert(2, _spend(criticism))
    return tuple(tables)


def _frequencies(criticism: Criticism) -> Table:
    columns = (
        Column(title="repeat purchases", kind="text"),
        Column(title="customers", kind="count"),
        Column(title="expected", scale="ends"),
        *ENDS,
    )
    rows = ((str(group), *row.tolist()) for group, row in criticism.frequencies.iterrows())
    caption = "Customers by repeat purchases, and how many the fitted model would have seen"
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _leave_one_out(criticism: Criticism) -> Table:
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


def _spend(criticism: Criticism) -> Table:
    independence = criticism.independence
    table = independence.by_frequency if independence is not None else None
    columns = (
        Column(title="repeat purchases", kind="text"),
        Column(title="customers", kind="count"),
        Column(title="mean value of a purchase", scale="ends"),
        *ENDS,
    )
    rows = () if table is None else tuple((str(group), *row.tolist()) for group, row in table.iterrows())
    return Table(caption="Spend per purchase by repeat purchases", columns=columns, rows=rows)


def _sensitivity(criticism: Criticism) -> Table:
    columns = (
        Column(title="total of", kind="text"),
        Column(title="power of the priors", kind="figure"),
        Column(title="expected", kind="number"),
        Column(title="lower", kind="number"),
        Column(title="upper", kind="number"),
        Column(title="change", kind="change"),
    )
    table = criticism.sensitivity.reset_index()[["target", "power", "mean", "lower", "upper", "change"]]
    rows = ((NOUNS[target], *figures) for target, *figures in table.itertuples(index=False, name=None))
    return Table(caption="The expected total with weaker and stronger priors", columns=columns, rows=tuple(rows))
