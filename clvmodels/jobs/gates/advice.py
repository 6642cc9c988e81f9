"""Why each check matters, for those who read a report and did not write the gate."""

from __future__ import annotations

from clvmodels.jobs.check import Check
from clvmodels.reports import Check as ReportCheck

# By the beginning of the check's name; the first one that fits.
WHY = {
    "rows": "From too few rows nothing can be learnt, and a feed cut short looks like that.",
    "customers": "From too few customers nothing can be learnt of how they differ.",
    "repeat_customers": "Only customers who came back tell how often and how long they buy.",
    "refunds": "Refunds that come as sales, or sales as refunds, make every value wrong.",
    "unknown_dates": "Purchases without a date are lost, and their customers look as if they had left.",
    "unknown_segments": "Customers without a segment are judged in a group that means nothing.",
    "observation_end": "A log that ends earlier than the last one is an old copy.",
    "history": "The past does not change: if it does, the log or its reading has.",
    "spend_history": "The past does not change: amounts counted twice or lost show here.",
    "activity": "A sudden change is mostly the feed's, seldom the customers'.",
    "freshness": "If nothing comes any more, all customers look as if they had left.",
    "known_customers": "Customers with a new id or a moved date are others to the model.",
    "free_purchases": "A total that is far off misleads every budget that is built on it.",
    "k_hat": "The draws must reach the tails of the posterior, or intervals are too narrow.",
    "r_hat": "Chains that disagree have not found the posterior.",
    "divergences": "Where NUTS diverges it leaves out a part of the posterior.",
    "effective_draws": "Means and intervals hang on so many independent draws.",
    "converged": "A fit that failed its own checks says nothing.",
    "backtest": "What is published must not be worse than what it replaces, nor than the simple formula.",
    "coverage": "An interval that holds less than it says makes decisions look safer than they are.",
    "bias": "A total that is far off misleads every budget that is built on it.",
    "parameter_drift": "Customers change slowly: a model that jumps has mostly seen other data.",
    "score_drift": "If the scores of the same customers jump, so does whatever acts on them.",
    "score_total": "If the total of the same customers jumps, so does the budget.",
    "golden": "The saved model must give the scores of the one that was checked.",
}


def report_check(check: Check) -> ReportCheck:
    """Return a gate's check as a report lists it.

    Examples
    --------
    >>> report_check(Check(name="rows", verdict="passed", figure=9, limit=1, sentence="There are 9 rows.")).why
    'From too few rows nothing can be learnt, and a feed cut short looks like that.'
    """
    why = next(said for start, said in WHY.items() if check.name.startswith(start))
    facts = {"verdict": check.verdict, "figure": check.figure, "limit": check.limit}
    # Where it failed, what was found ends with the remedy.
    found = check.sentence.removesuffix(f" {check.remedy}") if check.remedy else check.sentence
    return ReportCheck(name=check.title, found=found, why=why, remedy=check.remedy, **facts)
