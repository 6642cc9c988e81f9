"""The checks of a report: each with its figure, its limit, why it matters, and what to do where it fails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scipy import stats

from clvmodels.evaluation.verdict import totals_in_words
from clvmodels.inference.diagnostics import k_hat_limit
from clvmodels.models.free_purchases import left_out_sentence
from clvmodels.names import NOUNS
from clvmodels.reports.fit import posteriors
from clvmodels.reports.parts import Check
from clvmodels.wording import share

if TYPE_CHECKING:
    from clvmodels.evaluation.criticism import Criticism
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.models.spend import SpendPosterior
    from clvmodels.reports.outlook import Outlook
    from clvmodels.reports.terms import Terms

FEWEST_EFFECTIVE_DRAWS = 200.0
# Importance sampling weighs at least so many points, however few are kept.
FEWEST_WEIGHED = 1000
MOST_FREE = 0.2
MOST_COVERAGE_ERROR = 0.05
MOST_BIAS = 0.3
MOST_CORRELATION = 0.2
MOST_INFLUENTIAL = 0.01
MOST_PRIOR_CHANGE = 0.1
# With so many groups a few are outside by chance: the number that is exceeded once in a thousand times.
RARE = 0.999
MORE_DRAWS = "Fit with method='nuts', with more draws, or with priors that say more."


def own_checks(result: BacktestResult, outlook: Outlook, criticism: Criticism | None) -> tuple[Check, ...]:
    """Return the checks of the fit, of the backtest, and of the model."""
    return *_sampling(outlook), *_held_out(result, outlook.terms), *model_checks(outlook, criticism)


def model_checks(outlook: Outlook, criticism: Criticism | None) -> tuple[Check, ...]:
    """Return what the data say against the model."""
    if criticism is None:
        return ()
    spend = () if criticism.independence is None or outlook.value is None else (_independence(criticism),)
    return (_frequencies(outlook, criticism), *spend, _influence(criticism), _priors(criticism))


def _sampling(outlook: Outlook) -> tuple[Check, ...]:
    checks = tuple(check for name, found in posteriors(outlook.fitted).items() for check in _of(name, found))
    spend = outlook.fitted.spend
    return checks if spend is None or not spend.left_out else (*checks, _free_purchases(spend))


def _free_purchases(spend: SpendPosterior) -> Check:
    return _check(
        "free purchases",
        spend.left_out_share,
        MOST_FREE,
        held=spend.left_out_share <= MOST_FREE,
        found=f"{left_out_sentence(spend.left_out, spend.left_out_share)}.",
        why="totals allow for free purchases, but how single values spread is not modelled where many are free.",
        remedy="Take free purchases out of the log, or rely on totals alone.",
    )


def _of(name: str, posterior: Any) -> tuple[Check, ...]:
    found = posterior.diagnostics
    if found.method not in ("importance", "nuts"):
        return ()
    by_weight = found.method == "importance"
    figure, limit, what = (
        (found.k_hat, k_hat_limit(max(posterior.draw_count, FEWEST_WEIGHED)), "k-hat")
        if by_weight
        else (found.r_hat, found.r_hat_limit, "r-hat")
    )
    why = "above it the draws miss the tails, and intervals are too narrow" if by_weight else "chains that disagree"
    effective = found.effective_sample_size
    return (
        _check(
            f"{what} of {name}",
            figure,
            limit,
            held=bool(figure <= limit and found.converged),
            found="; ".join(() if found.converged else found.notes) or f"{what} is {figure:.3g}.",
            why=f"{what} says whether the draws are those of the posterior: {why}.",
            remedy=MORE_DRAWS,
        ),
        _check(
            f"effective draws of {name}",
            effective,
            FEWEST_EFFECTIVE_DRAWS,
            held=effective >= FEWEST_EFFECTIVE_DRAWS,
            found=f"{effective:,.0f} effective draws.",
            why="Means and intervals hang on so many independent draws.",
            remedy=MORE_DRAWS,
        ),
    )


def _held_out(result: BacktestResult, terms: Terms) -> tuple[Check, ...]:
    able = [target for target in result.targets if result.has_draws(target)]
    return tuple(check for target in able for check in (_total(result, target, terms), _coverage(result, target)))


def _total(result: BacktestResult, target: str, terms: Terms) -> Check:
    row: Any = result.totals().loc[(target, result.model)]
    ends = row[["wide_lower", "wide_upper"]] if math.isfinite(row["wide_lower"]) else row[["lower", "upper"]]
    predicted, actual = float(row["predicted"]), float(row["actual"])
    bias = abs(predicted - actual) / actual if actual else math.inf
    words = totals_in_words(result.totals(), result.model, result.interval, currency=terms.currency)[target]
    inside = bool(ends.iloc[0] <= actual <= ends.iloc[1])
    return _check(
        f"total {NOUNS[target]}",
        bias,
        MOST_BIAS,
        held=inside or bias <= MOST_BIAS,
        found=f"{words} The figure is the size of the bias, as a share.",
        why="A total that is far off misleads every budget that is built on it. The check fails where the bias is "
        "beyond its limit and the actual total outside the interval, widened where past errors are known.",
        remedy="Plan with the widened interval; look for a season, a campaign or a group of customers that differs.",
    )


def _coverage(result: BacktestResult, target: str) -> Check:
    table = result.coverage(target).query("forecaster == @result.model")
    row = table.iloc[(table["level"] - result.interval).abs().argmin()]
    level, held = float(row["level"]), float(row["randomised"])
    noun = NOUNS[target]
    return _check(
        f"coverage of {noun}",
        abs(held - level),
        MOST_COVERAGE_ERROR,
        held=abs(held - level) <= MOST_COVERAGE_ERROR,
        found=f"{100 * level:g} % intervals held {100 * held:.1f} % of the customers in the holdout, edges at random.",
        why="An interval that holds less than it says makes decisions look safer than they are.",
        remedy="Plan with the widened intervals; look for groups of customers that differ, and fit them apart.",
    )


def _frequencies(outlook: Outlook, criticism: Criticism) -> Check:
    table = criticism.frequencies
    outside = int((~table["customers"].between(table["lower"], table["upper"])).sum())
    limit = int(stats.binom.ppf(RARE, len(table), 1 - outlook.interval))
    return _check(
        "numbers of repeat purchases",
        outside,
        limit,
        held=outside <= limit,
        found=f"{outside} of {len(table)} groups are outside what the model would have seen.",
        why="A model that cannot make data like these will not forecast them.",
        remedy="Look at the figure for the groups that differ; fit segments apart, or forecast from a shorter past.",
    )


def _independence(criticism: Criticism) -> Check:
    found: Any = criticism.independence
    if found.reason:
        return Check(
            name="spend and frequency",
            verdict="not applicable",
            figure=None,
            limit=MOST_CORRELATION,
            found=found.sentence,
        )
    beyond = max(found.lower, -found.upper) > MOST_CORRELATION
    return _check(
        "spend and frequency",
        abs(found.correlation),
        MOST_CORRELATION,
        held=not beyond,
        found=found.sentence,
        why="If spend per purchase depends on how often customers buy, and the model of spend does not look at it, "
        "the best customers are valued too low or too high. The check fails if all of the interval is beyond.",
        remedy="Fit customers of high and low frequency apart (segments), and compare their values.",
    )


def _influence(criticism: Criticism) -> Check:
    table: Any = criticism.leave_one_out
    above = float(table["share_above"].max())
    return _check(
        "customers of much influence",
        above,
        MOST_INFLUENTIAL,
        held=above <= MOST_INFLUENTIAL,
        found=f"{share(above)} of the customers have a k-hat above its limit.",
        why="If a few customers decide on the fit, all others are valued by them.",
        remedy="Look at these customers in the data: resellers, tests and errors belong out of the log.",
    )


def _priors(criticism: Criticism) -> Check:
    table: Any = criticism.sensitivity
    largest = float(table["change"].abs().max())
    return _check(
        "weight of the priors",
        largest,
        MOST_PRIOR_CHANGE,
        held=largest <= MOST_PRIOR_CHANGE,
        found=f"Priors of half or twice the weight move a total by {100 * largest:.2g} % at most.",
        why="A total that hangs on the priors is an opinion more than a finding.",
        remedy="Collect more data, or say in the priors what is really known.",
    )


def _check(name: str, figure: float, limit: float, *, held: bool, found: str, why: str, remedy: str) -> Check:
    return Check(
        name=name,
        verdict="passed" if held else "failed",
        figure=figure if math.isfinite(figure) else None,
        limit=limit,
        found=found,
        why=why,
        remedy=remedy,
    )
