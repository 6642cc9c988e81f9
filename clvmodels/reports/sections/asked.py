"""What was asked, of which data, and what was left out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.reports.evaluation_tables import left_out_table
from clvmodels.reports.parts import Part, Section
from clvmodels.reports.tables import Column, Table, decimals_for
from clvmodels.reports.words import long_date
from clvmodels.wording import plural, shown_number

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.reports.outlook import Outlook


def asked(result: BacktestResult, outlook: Outlook) -> Section:
    """Return the section."""
    left_out = left_out_table(outlook.rfm.log)
    counted = (
        "Everything that was merged, left out or set apart between the log and the customers is counted here."
        if left_out.rows
        else "Every row of the log is in what follows."
    )
    return Section(
        title="What was asked",
        parts=(
            Part(paragraphs=_questions(outlook), tables=(_data(result, outlook),)),
            Part(title="What was left out or merged", paragraphs=(counted,), tables=(left_out,) * bool(left_out.rows)),
        ),
    )


def _questions(outlook: Outlook) -> tuple[str, ...]:
    unit, terms = outlook.rfm.time_unit, outlook.terms
    ahead = plural(round(outlook.horizon, 2), unit)
    if outlook.value is None:
        return (f"What the customers will buy within the next {ahead}, and how sure that is.",)
    rate = terms.annual_discount_rate
    discount = f"discounted at {100 * rate:g} % a year" if rate else "not discounted"
    return (
        f"What the customers are worth within the next {ahead}, and how sure that is. Lifetime value is the margin of "
        f"the purchases to come, {100 * terms.margin:g} % of what is spent, {discount}. Customers yet to be won are "
        "not in it.",
    )


def _data(result: BacktestResult, outlook: Outlook) -> Table:
    rfm, split = outlook.rfm, result.split
    frame: Any = rfm.frame
    rows = [
        ("customers", f"{len(rfm):,}"),
        ("of them with a repeat purchase", f"{int(np.count_nonzero(frame['frequency'])):,}"),
        ("first purchase", long_date(frame["first_date"].min())),
        ("known until", long_date(split.holdout_end)),
        ("purchases", plural(int(frame["frequency"].sum()) + len(rfm), "purchase day")),
    ]
    if rfm.has_value:
        spent = float(frame["total_value"].sum())
        shown = outlook.terms.money(shown_number(spent, decimals=decimals_for(spent)))
        rows.append(("spend, first purchases included", shown))
    rows.append(("checked by a forecast from", f"{long_date(split.calibration_end)} to {long_date(split.holdout_end)}"))
    columns = (Column(title="what", kind="text"), Column(title="how many, or when", kind="text"))
    return Table(caption="The data", columns=columns, rows=tuple(rows))
