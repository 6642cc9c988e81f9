"""The customers today: how many there still are, how many will buy, and how long they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clvmodels.reports.figures import base_figure, survival_figure
from clvmodels.reports.outlook import LIFESPAN_YEARS
from clvmodels.reports.parts import Estimate, Part, Section
from clvmodels.wording import plural

if TYPE_CHECKING:
    from clvmodels.reports.outlook import Outlook


def customers_today(outlook: Outlook) -> Section:
    """Return the section."""
    churn, unit = outlook.churn, outlook.rfm.time_unit
    choices = {"time_unit": unit, "interval": outlook.interval}
    return Section(
        title="The customers today",
        parts=(
            Part(estimates=_estimates(outlook)),
            Part(
                title="How many will be left",
                figures=(base_figure(churn.by_period, **choices), survival_figure(churn.survival, **choices)),
                definitions=(
                    ("alive", "has not left for good; nobody sees it, so that it is a probability"),
                    ("active", f"buys at least once in the {plural(_period(outlook), unit)} that end there"),
                    (
                        "new customer",
                        "one who has just bought for the first time. Under BG/NBD nobody leaves before a repeat "
                        "purchase: those who never came back count as alive, with a low rate of purchases",
                    ),
                ),
            ),
        ),
    )


def _period(outlook: Outlook) -> float:
    return round(float(outlook.churn.by_period.loc["active"].index[0]), 2)


def _estimates(outlook: Outlook) -> tuple[Estimate, ...]:
    churn, unit = outlook.churn, outlook.rfm.time_unit
    total, period = churn.table.loc["total"], plural(_period(outlook), unit)
    active = churn.by_period.loc["active"].iloc[0]
    years = plural(LIFESPAN_YEARS, "year")
    return (
        Estimate.of(
            "alive",
            total.loc["alive"],
            kind="credible",
            meaning=f"of {plural(len(outlook.rfm), 'customer')}: how many have not left for good",
        ),
        Estimate.of(
            "active",
            active,
            kind="predictive",
            meaning=f"of them will buy at least once within {period}",
        ),
        Estimate.of(
            "churn",
            total.loc["churn_rate"],
            kind="credible",
            unit="share",
            meaning=f"of those alive leave within {period}",
        ),
        Estimate.of(
            "lifespan",
            total.loc["lifespan"],
            kind="credible",
            unit=f"{unit}s",
            meaning=f"that those alive stay on average, counted within {years}",
        ),
    )
