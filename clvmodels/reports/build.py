"""What the report says, as values: sections in the order of a reader's questions. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clvmodels.names import NOUNS
from clvmodels.reports import words
from clvmodels.reports.checks import model_checks, own_checks
from clvmodels.reports.parts import Check, Estimate, Report
from clvmodels.reports.sections.appendix import appendix
from clvmodels.reports.sections.asked import asked
from clvmodels.reports.sections.customers import customers_today
from clvmodels.reports.sections.evidence import evidence, several_origins
from clvmodels.reports.sections.slipping import slipping
from clvmodels.reports.sections.trust import trust
from clvmodels.reports.sections.value import purchases_to_come, value
from clvmodels.wording import chance, listed, plural

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.outlook import Outlook


def build_report(
    result: BacktestResult,
    outlook: Outlook,
    *,
    rolling: RollingResult | None = None,
    gates: Sequence[Check] | None = None,
) -> Report:
    """Return all that the report says.

    Parameters
    ----------
    result
        The backtest.
    outlook
        Of the same customers, as `look_ahead` makes it.
    rolling
        The same comparison from several origins.
    gates
        Checks that stand in for the report's own of fit and backtest, such as those of a job.
    """
    criticism = outlook.criticism
    checks = own_checks(result, outlook, criticism) if gates is None else (*gates, *model_checks(outlook, criticism))
    at_risk = outlook.at_risk
    sections = (
        asked(result, outlook),
        customers_today(outlook),
        purchases_to_come(outlook) if outlook.value is None else value(outlook),
        None if at_risk is None else slipping(outlook, at_risk),
        evidence(result, outlook.terms),
        None if rolling is None else several_origins(rolling),
        trust(outlook, criticism, checks),
        appendix(result, outlook),
    )
    head = _headline_estimate(outlook)
    return Report(
        title="Customer lifetime value" if outlook.value is not None else "Purchases to come",
        headline=headline(outlook, head),
        facts=_facts(outlook, head),
        summary=_summary(result, outlook, checks),
        sections=tuple(section for section in sections if section is not None),
        terms=outlook.terms,
    )


def headline(outlook: Outlook, head: Estimate) -> str:
    """Return what all customers are expected to bring, with its interval, in a sentence."""
    rfm, terms = outlook.rfm, outlook.terms
    customers, ahead = plural(len(rfm), "customer"), plural(round(outlook.horizon, 2), rfm.time_unit)
    total, interval = head.shown(terms)
    known = f"The {customers} known on {words.long_date(_end(outlook))} are expected to"
    wide = ", widened by the model's past errors" if head.name == "widened" else ""
    within = f"within {ahead}" + (f" ({100 * outlook.interval:g} % interval {interval}{wide})." if interval else ".")
    if outlook.value is None:
        return f"{known} make {total} {within}"
    margin = f" of margin ({100 * terms.margin:g} % of spend)" if terms.margin < 1 else ""
    return f"{known} bring {total}{margin} {within}"


def _headline_estimate(outlook: Outlook) -> Estimate:
    row = outlook.predictive
    unit = "purchases" if outlook.value is None else "money"
    if "wide_lower" not in row:
        own = {**row, "mean": outlook.expected["mean"]}
        return Estimate.of("predictive", own, kind="predictive", unit=unit)
    wide = {"mean": outlook.expected["mean"], "lower": row["wide_lower"], "upper": row["wide_upper"]}
    return Estimate.of("widened", wide, kind="predictive", unit=unit)


def _facts(outlook: Outlook, head: Estimate) -> dict[str, Any]:
    frequency: Any = outlook.rfm.frame["frequency"]
    return {
        "customers": len(outlook.rfm),
        "repeat_customers": int((frequency > 0).sum()),
        "observation_end": f"{_end(outlook):%Y-%m-%d}",
        "time_unit": outlook.rfm.time_unit,
        "horizon": outlook.horizon,
        "interval": outlook.interval,
        "mean": head.mean,
        "lower": head.lower,
        "upper": head.upper,
        "widened": head.name == "widened",
        "margin": outlook.terms.margin,
        "annual_discount_rate": outlook.terms.annual_discount_rate,
        "currency": outlook.terms.currency,
    }


def _summary(result: BacktestResult, outlook: Outlook, checks: Sequence[Check]) -> tuple[str, ...]:
    verdict = [line for line in result.verdict().splitlines() if line.startswith("In short")]
    made = [check for check in checks if check.verdict != "not applicable"]
    failed = [check.name for check in made if check.verdict == "failed"]
    held = (
        f"{len(made) - len(failed)} of {len(made)} checks held; not: {', '.join(failed)}."
        if failed
        else f"All {len(made)} checks held."
    )
    against = [f"On held-out data: {line.removeprefix('In short: ')}" for line in verdict]
    return (_alive(outlook), *against, *_missed(result), held)


def _missed(result: BacktestResult) -> tuple[str, ...]:
    """That totals came out outside their intervals, where they did."""
    totals: Any = result.totals().xs(result.model, level="forecaster")
    outside = totals[(totals["actual"] < totals["lower"]) | (totals["actual"] > totals["upper"])]
    if outside.empty:
        return ()
    nouns, level = listed([NOUNS[name] for name in outside.index]), f"{100 * result.interval:g} %"
    return (f"On held-out data the total {nouns} came out outside the model's own {level} interval.",)


def _alive(outlook: Outlook) -> str:
    alive = Estimate.of("alive", outlook.churn.table.loc[("total", "alive")], kind="credible")
    count, interval = alive.shown(outlook.terms)
    bounds = f" ({100 * outlook.interval:g} % interval {interval})" if interval else ""
    frequency: Any = outlook.rfm.frame["frequency"]
    once = int((frequency == 0).sum())
    rest = f", among them {once:,} who never came back, whom the model cannot count as gone" if once else ""
    return f"{count} of them are expected to be alive, {chance(alive.mean / len(outlook.rfm))}{bounds}{rest}."


def _end(outlook: Outlook) -> Any:
    return outlook.rfm.observation_end
