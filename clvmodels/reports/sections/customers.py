"""The customers today: how many there still are, how many will buy, and how long they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.reports.figures import base_figure, survival_figure
from clvmodels.reports.outlook import LIFESPAN_YEARS
from clvmodels.reports.parts import Estimate, Part, Section
from clvmodels.reports.tables import Column, Table
from clvmodels.wording import plural

if TYPE_CHECKING:
    from clvmodels.decisions import Churn
    from clvmodels.reports.outlook import Outlook

TITLE = "The customers today"
# Above this share the lifespan in the middle is at its cap.
MOST_BEYOND = 0.5
POOLED = "The forecast is the average of these models, and its interval holds what they disagree on."
ALONE = "The forecast is that of the first model; the others read the same purchases in another way."
FAR_APART = "Where they are far apart, the data do not say which is right."


def customers_today(outlook: Outlook) -> Section:
    """Return the section."""
    churn, unit = outlook.churn, outlook.rfm.time_unit
    choices, caveats = {"time_unit": unit, "interval": outlook.interval}, outlook.fitted.caveats("purchases")
    if churn is None:
        alone = Part(estimates=(_active(outlook),), paragraphs=caveats)
        return Section(title=TITLE, parts=(alone, *disagreement(outlook)))
    return Section(
        title=TITLE,
        parts=(
            Part(
                estimates=_estimates(outlook, churn),
                paragraphs=(*_not_told(churn), *caveats),
                definitions=(("alive", outlook.meaning_of_alive),),
            ),
            Part(
                title="How many will be left",
                figures=(base_figure(churn.by_period, **choices), survival_figure(churn.survival, **choices)),
                definitions=(
                    ("active", f"buys at least once in the {plural(_period(churn), unit)} that end there"),
                    ("new customer", "one who has just bought for the first time"),
                ),
            ),
            *disagreement(outlook),
        ),
    )


def disagreement(outlook: Outlook) -> tuple[Part, ...]:
    """Return the models of purchases side by side; nothing where there is one model."""
    found: Any = outlook.side_by_side
    if found is None:
        return ()
    ahead = plural(round(outlook.horizon, 2), outlook.rfm.time_unit)
    columns = (
        Column(title="model", kind="text"),
        Column(title="alive", kind="share"),
        Column(title=f"purchases within {ahead}", scale="purchases"),
        Column(title="interval", kind="interval", scale="purchases"),
        Column(title="made by the best tenth", kind="share"),
    )
    rows = tuple(_of_model(model, found.loc[model]) for model in found.index.unique("model"))
    return (
        Part(
            title="What the models disagree on",
            paragraphs=(f"{POOLED if 'pool' in found.index else ALONE} {FAR_APART}",),
            tables=(Table(caption="The models side by side", columns=columns, rows=rows),),
            definitions=(
                ("alive", "share of the customers who have not left; a model in which nobody leaves has none"),
                ("best tenth", "the tenth of the customers of whom the model expects most purchases"),
            ),
        ),
    )


def _of_model(model: str, table: Any) -> tuple[Any, ...]:
    alive, expected, top = (table.loc[name] for name in ("alive", "expected_purchases", "top_tenth"))
    return model, alive["mean"], expected["mean"], (expected["lower"], expected["upper"]), top["mean"]


def _period(churn: Churn) -> float:
    return round(float(churn.by_period.loc["active"].index[0]), 2)


def _active(outlook: Outlook) -> Estimate:
    length, found = outlook.active
    within = plural(round(length, 2), outlook.rfm.time_unit)
    meaning = f"of {plural(len(outlook.rfm), 'customer')} are expected to buy at least once within {within}"
    return Estimate.of("active", found, kind="credible", meaning=meaning)


def _estimates(outlook: Outlook, churn: Churn) -> tuple[Estimate, ...]:
    unit = outlook.rfm.time_unit
    total, period = churn.table.loc["total"], plural(_period(churn), unit)
    active = churn.by_period.loc["active"].iloc[0]
    leaving: Any = outlook.fitted.purchases.with_leaving()
    both = (_churn(total, period, leaving.leave), _lifespan(total, unit)) if churn.identified else ()
    return (
        Estimate.of(
            "alive",
            total.loc["alive"],
            kind="credible",
            meaning=f"of {plural(len(outlook.rfm), 'customer')}: how many have not {leaving.left}",
        ),
        Estimate.of(
            "active",
            active,
            kind="predictive",
            meaning=f"of them will buy at least once within {period}",
        ),
        *both,
    )


def _churn(total: Any, period: str, leave: str) -> Estimate:
    meaning = f"of those alive {leave} within {period}"
    return Estimate.of("churn", total.loc["churn_rate"], kind="credible", unit="share", meaning=meaning)


def _lifespan(total: Any, unit: str) -> Estimate:
    """The mean within the cap; where most stay longer, that they do, and how many."""
    years = plural(LIFESPAN_YEARS, "year")
    if total.loc["beyond", "mean"] > MOST_BEYOND:
        meaning = f"of those alive stay longer than {years}, which is as far as a lifespan is counted"
        return Estimate.of(
            f"lifespan longer than {years}", total.loc["beyond"], kind="credible", unit="share", meaning=meaning
        )
    meaning = f"that those alive stay on average, counted within {years}"
    return Estimate.of("lifespan", total.loc["lifespan"], kind="credible", unit=f"{unit}s", meaning=meaning)


def _not_told(churn: Churn) -> tuple[str, ...]:
    return () if churn.identified else (churn.sentence,)
