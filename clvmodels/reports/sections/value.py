"""What the customers are worth: in all, by group, how it is spread, and who is worth most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.reports.figures import concentration_figure, distribution_figure, groups_figure
from clvmodels.reports.outlook import SEGMENT
from clvmodels.reports.parts import Estimate, Part, Section
from clvmodels.reports.tables import Column, Table
from clvmodels.wording import plural

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.reports.outlook import Outlook
    from clvmodels.rfm import RFM

TOP = 15
CREDIBLE = ("credible interval", "how sure the expected figure is, given the data: it does not hold chance")
PREDICTIVE = ("predictive interval", "what will be counted lies in it with the stated probability, chance included")
WIDENED = ("widened", "the predictive interval with room for the model's errors, as large as they were in the past")


def value(outlook: Outlook) -> Section:
    """Return the section."""
    ahead = plural(round(outlook.horizon, 2), outlook.rfm.time_unit)
    return Section(
        title="What they are worth",
        parts=(
            _total(outlook, "value", unit="money", what=f"lifetime value of all customers within {ahead}"),
            _groups(outlook, "lifetime value"),
            _spread(outlook),
            _best(outlook),
        ),
    )


def _total(outlook: Outlook, noun: str, *, unit: str, what: str) -> Part:
    predictive = outlook.predictive
    # One expectation: that of the outcomes' draws would differ from it by chance.
    seen = {**predictive, "mean": outlook.expected["mean"]}
    estimates = [
        Estimate.of(f"expected {noun}", outlook.expected, kind="credible", unit=unit, meaning=what),
        Estimate.of("with chance", seen, kind="predictive", unit=unit, meaning="the same, as it will be counted"),
    ]
    definitions = [CREDIBLE, PREDICTIVE]
    if "wide_lower" in predictive:
        wide = {"mean": outlook.expected["mean"], "lower": predictive["wide_lower"], "upper": predictive["wide_upper"]}
        meaning = "the same, with the model's past errors: the one to plan with"
        estimates.append(Estimate.of("widened", wide, kind="predictive", unit=unit, meaning=meaning))
        definitions.append(WIDENED)
    return Part(title="In all", estimates=tuple(estimates), definitions=tuple(definitions))


def _groups(outlook: Outlook, noun: str) -> Part:
    table, name = outlook.by_group, outlook.group_name
    caption = outlook.terms.titled(f"{noun.capitalize()} by {name}", is_money=outlook.value is not None)
    level = f"{100 * outlook.interval:g} %"
    wide = "wide_lower" in table
    columns = (
        Column(title=name, kind="text"),
        Column(title="customers", kind="count"),
        Column(title="expected", scale="value"),
        Column(title=f"{level} predictive interval", kind="interval", scale="value"),
        *([Column(title="widened", kind="interval", scale="value")] if wide else []),
        Column(title="per customer", kind="figure"),
    )
    rows = [
        (
            str(group),
            row["customers"],
            row["mean"],
            (row["lower"], row["upper"]),
            *([(row["wide_lower"], row["wide_upper"])] if wide else []),
            row["mean"] / row["customers"],
        )
        for group, row in table.iterrows()
    ]
    what = "segment" if name == SEGMENT else "time of the first purchase"
    return Part(
        title=f"By {what}",
        figures=(
            groups_figure(table, what=name, label=outlook.terms.titled(noun, is_money=outlook.value is not None)),
        ),
        tables=(Table(caption=caption, columns=columns, rows=tuple(rows)),),
        definitions=(("per customer", f"{noun} expected of the group, divided by its customers"),),
    )


def _spread(outlook: Outlook) -> Part:
    value: Any = outlook.light
    choices = {"horizon": outlook.horizon, "interval": outlook.interval}
    label = outlook.terms.titled("lifetime value")
    return Part(
        title="How it is spread",
        figures=(
            concentration_figure(value.concentration(outlook.rfm, **choices)),
            distribution_figure(value.distribution(outlook.rfm, **choices), xlabel=label),
        ),
        definitions=(
            ("share of the value", "of what all customers together are expected to bring, ranked by it, best first"),
        ),
    )


def _best(outlook: Outlook) -> Part:
    value: Any = outlook.light
    worth: Any = value.expected(outlook.rfm, horizon=outlook.horizon)["mean"]
    return Part(
        title="Customers of highest value",
        tables=(_most_valuable(outlook, _first(worth)),),
        definitions=(("alive", outlook.meaning_of_alive), PREDICTIVE),
    )


def _most_valuable(outlook: Outlook, chosen: pd.Index) -> Table:
    value: Any = outlook.value
    rfm, choices = outlook.rfm.select(chosen), {"horizon": outlook.horizon, "interval": outlook.interval}
    expected, seen = value.expected(rfm, **choices), value.predictive(rfm, **choices)
    level = f"{100 * outlook.interval:g} %"
    columns = (
        Column(title="expected value", scale="value"),
        Column(title=f"{level} credible interval", kind="interval", scale="value"),
        Column(title=f"{level} predictive interval", kind="interval", scale="value"),
    )
    cells = zip(expected["mean"].tolist(), _pairs(expected), _pairs(seen), strict=True)
    return _ranked(outlook, rfm, columns, list(cells), outlook.terms.titled("Customers of whom most is expected"))


def purchases_to_come(outlook: Outlook) -> Section:
    """Return the section of a log without amounts."""
    ahead = plural(round(outlook.horizon, 2), outlook.rfm.time_unit)
    return Section(
        title="Purchases to come",
        parts=(
            _total(outlook, "purchases to come", unit="", what=f"that all customers will make within {ahead}"),
            _groups(outlook, "purchases to come"),
            Part(
                title="Customers of most purchases to come",
                tables=(_most_purchases(outlook),),
                definitions=(("alive", outlook.meaning_of_alive),),
            ),
        ),
    )


def _most_purchases(outlook: Outlook) -> Table:
    purchases: Any = outlook.fitted.purchases
    choices = {"horizon": outlook.horizon, "interval": outlook.interval}
    every: Any = purchases.expected_purchases(outlook.rfm, **choices)["mean"]
    chosen = _first(every)
    rfm = outlook.rfm.select(chosen)
    columns = (
        Column(title="expected", scale="purchases"),
        Column(title=f"{100 * outlook.interval:g} % predictive interval", kind="interval", scale="purchases"),
    )
    cells = zip(every[chosen].tolist(), _pairs(purchases.predictive_purchases(rfm, **choices)), strict=True)
    return _ranked(outlook, rfm, columns, list(cells), "Customers of whom most purchases are expected")


def _first(expected: pd.Series) -> pd.Index:
    """The customers of whom most is expected, best first."""
    return expected.sort_values(ascending=False, kind="stable").index[:TOP]


def _pairs(table: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(table["lower"].tolist(), table["upper"].tolist(), strict=True))


def _ranked(
    outlook: Outlook, rfm: RFM, columns: tuple[Column, ...], cells: list[tuple[Any, ...]], caption: str
) -> Table:
    """A table of some customers in their order: what is known of them, then some cells of each."""
    purchases: Any = outlook.fitted.purchases
    alive = purchases.probability_alive(rfm, interval=outlook.interval)["mean"] if purchases.leaves else None
    known = (
        Column(title="rank", kind="count"),
        Column(title="customer", kind="text"),
        Column(title="repeat purchases", kind="count"),
        Column(title=f"{rfm.time_unit}s since last", kind="number"),
        *([] if alive is None else [Column(title="alive", kind="share")]),
    )
    rows = (
        (
            rank,
            str(customer),
            facts["frequency"],
            facts["T"] - facts["recency"],
            *([] if alive is None else [alive[customer]]),
            *own,
        )
        for rank, ((customer, facts), own) in enumerate(zip(rfm.frame.iterrows(), cells, strict=True), start=1)
    )
    return Table(caption=caption, columns=(*known, *columns), rows=tuple(rows))
