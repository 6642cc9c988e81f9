"""Customers slipping away: whose leaving would cost most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.reports.outlook import SLIPPING
from clvmodels.reports.parts import Part, Section
from clvmodels.reports.tables import Column, Table
from clvmodels.wording import plural, share

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.reports.outlook import Outlook

TOP = 15


def slipping(outlook: Outlook, at_risk: pd.DataFrame) -> Section:
    """Return the section."""
    alive: Any = outlook.alive
    gone = int((alive < SLIPPING[0]).sum())
    between = f"between {share(SLIPPING[0])} and {share(SLIPPING[1])}"
    return Section(
        title="Customers slipping away",
        parts=(
            Part(
                paragraphs=(
                    f"{plural(len(at_risk), 'customer')} may have left or not: they are alive with a probability "
                    f"{between}. {plural(gone, 'customer')} more have most probably gone, and are not listed.",
                ),
                tables=(_table(outlook, at_risk),) if len(at_risk) else (),
                definitions=(
                    ("alive", outlook.meaning_of_alive),
                    ("value at risk", "what is expected of a customer who is kept, less what is expected as it is"),
                    ("if kept", "lifetime value of the same customer, sure to be alive today"),
                ),
            ),
        ),
    )


def _table(outlook: Outlook, at_risk: pd.DataFrame) -> Table:
    unit, level = outlook.rfm.time_unit, f"{100 * outlook.interval:g} %"
    columns = (
        Column(title="customer", kind="text"),
        Column(title=f"{unit}s since last", kind="number"),
        Column(title="alive", kind="share"),
        Column(title="value at risk", scale="value"),
        Column(title=f"{level} credible interval", kind="interval", scale="value"),
        Column(title="if kept", scale="value"),
    )
    rows = (
        (
            str(customer),
            row["time_since_last"],
            row["probability_alive"],
            row["mean"],
            (row["lower"], row["upper"]),
            row["value_if_retained"],
        )
        for customer, row in at_risk.head(TOP).iterrows()
    )
    caption = outlook.terms.titled("Customers with most value at risk")
    return Table(caption=caption, columns=columns, rows=tuple(rows))
