"""What the report says, as values: sections in the order of a reader's questions. Nothing is written here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clvmodels.evaluation.verdict import told_interval
from clvmodels.names import NOUNS, label
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
from clvmodels.reports.terms import Terms
from clvmodels.wording import chance, listed, plural

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.outlook import Outlook


def build_report(
    result: BacktestResult,
    outlook: Outlook | None,
    *,
    terms: Terms | None = None,
    rolling: RollingResult | None = None,
    gates: Sequence[Check] | None = None,
) -> Report:
    """Return all that the report says.

    Parameters
    ----------
    result
        The backtest.
    outlook
        Of the same customers, as `look_ahead` makes it; None where the forecaster under test is no pair of models: the
        report is then about the backtest alone.
    terms
        Currency, margin and the like; by default those of the outlook.
    rolling
        The same comparison from several origins.
    gates
        Checks that stand in for the report's own of fit and backtest, such as those of a job.
    """
    if outlook is None:
        return _backtest_alone(result, terms or Terms(), rolling)
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
        appendix(result, outlook, outlook.terms),
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


def _backtest_alone(result: BacktestResult, terms: Terms, rolling: RollingResult | None) -> Report:
    """The report of a forecaster that has no posterior: what it forecast, and what came."""
    split, model = result.split, label(result.model)
    sections = (
        evidence(result, terms),
        None if rolling is None else several_origins(rolling),
        appendix(result, None, terms),
    )
    facts = {
        "customers": len(split.calibration),
        "observation_end": f"{split.holdout_end:%Y-%m-%d}",
        "time_unit": split.calibration.time_unit,
        "horizon": split.horizon,
        "interval": result.interval,
        "currency": terms.currency,
    }
    return Report(
        title=f"Forecasts by {model}, and what came",
        headline=f"{model[:1].upper()}{model[1:]} has no posterior: this report is about held-out data alone.",
        facts=facts,
        summary=(*_in_short(result), *_missed(result)),
        sections=tuple(section for section in sections if section is not None),
        terms=terms,
    )


def _in_short(result: BacktestResult) -> tuple[str, ...]:
    verdict = [line for line in result.verdict().splitlines() if line.startswith("In short")]
    return tuple(f"On held-out data: {line.removeprefix('In short: ')}" for line in verdict)


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
    made = [check for check in checks if check.verdict != "not applicable"]
    failed = [check.name for check in made if check.verdict == "failed"]
    held = (
        f"{len(made) - len(failed)} of {len(made)} checks held; not: {', '.join(failed)}."
        if failed
        else f"All {len(made)} checks held."
    )
    return (*_alive(outlook), *_in_short(result), *_missed(result), held)


def _missed(result: BacktestResult) -> tuple[str, ...]:
    """That totals came out outside their intervals, where they did."""
    totals: Any = result.totals().xs(result.model, level="forecaster")
    told = {str(target): told_interval(row.to_dict()) for target, row in totals.iterrows()}
    outside = [name for name, (lower, upper, _) in told.items() if not lower <= totals.loc[name, "actual"] <= upper]
    outside = [name for name in outside if math.isfinite(told[name][0])]
    if not outside:
        return ()
    nouns, level = listed([NOUNS[name] for name in outside]), f"{100 * result.interval:g} %"
    wide = " with past errors" if told[outside[0]][2] else ""
    return (f"On held-out data the total {nouns} came out outside the {level} interval{wide}.",)


def _alive(outlook: Outlook) -> tuple[str, ...]:
    churn, each = outlook.churn, outlook.alive
    if churn is None or each is None:
        return ()
    alive = Estimate.of("alive", churn.table.loc[("total", "alive")], kind="credible")
    count, interval = alive.shown(outlook.terms)
    bounds = f" ({100 * outlook.interval:g} % interval {interval})" if interval else ""
    frequency: Any = outlook.rfm.frame["frequency"]
    once = int((frequency == 0).sum())
    stay = bool((each[frequency == 0] >= 1).all())
    rest = f", among them {once:,} who never came back, whom the model cannot count as gone" if once and stay else ""
    return (f"{count} of them are expected to be alive, {chance(alive.mean / len(outlook.rfm))}{bounds}{rest}.",)


def _end(outlook: Outlook) -> Any:
    return outlook.rfm.observation_end
