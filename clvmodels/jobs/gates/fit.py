"""Whether the draws of a fit can be trusted."""

from __future__ import annotations

from clvmodels.inference.diagnostics import LEAST_R_HAT_LIMIT, k_hat_limit
from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.settings import Gates
from clvmodels.models.free_purchases import left_out_sentence
from clvmodels.models.posterior import Posterior
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.wording import amount

# Importance sampling weighs at least so many points, however few are kept.
FEWEST_WEIGHED = 1000
REMEDY_DRAWS = "Retrain with model.method = 'nuts', with more model.draws, or with priors that say more."


def fit_checks(purchases: PurchasePosterior, spend: SpendPosterior | None, gates: Gates) -> tuple[Check, ...]:
    """Compare the diagnostics of the fits with their limits.

    Importance sampling is judged by k-hat, the Pareto shape of its weights' tail, above which they say nothing of the
    tail: Vehtari and others (2024), https://jmlr.org/papers/v25/19-556.html. NUTS is judged by the rank-normalised
    r-hat (Vehtari and others, 2021, doi:10.1214/20-BA1221), of which `max_r_hat` is allowed, and from 1.01 on at least
    what chance alone does to sound chains of that length, and by having no divergent transition. Both have to leave
    enough effective draws, and to have passed their own checks.

    Parameters
    ----------
    purchases : PurchasePosterior
    spend : SpendPosterior or None
        None for a log without amounts.
    gates : Gates
        The limits.

    Returns
    -------
    tuple of Check
        For each of purchases and spend: k_hat_purchases, or for NUTS r_hat_purchases and divergences_purchases; then
        effective_draws_purchases and converged_purchases. Those of a point ("map") do not apply. Of a pool each figure
        is that of the member that is worst. Last comes
        free_purchases, where customers were left out of the fit of spend because they spent nothing.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> point, _ = cdnow_posteriors()
    >>> [(check.name, check.verdict) for check in fit_checks(point, None, Gates())]
    [('k_hat_purchases', 'not applicable'), ('effective_draws_purchases', 'not applicable'),
     ('converged_purchases', 'passed')]
    """
    checks = _of_each("purchases", purchases, gates)
    if spend is None:
        return checks
    free = (_free_purchases(spend, gates),) if spend.left_out else ()
    return *checks, *_of_each("spend", spend, gates), *free


def _of_each(part: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    """Of each check, that of the member of a pool which is farthest from holding."""
    members, found = posterior.by_model(), dict[str, Check]()
    for name, each in members.items():
        who = f"the model of {part}" if len(members) == 1 else f"{name}, one of the models of {part},"
        for check in _of(part, who, each, gates):
            found[check.name] = max(found.get(check.name, check), check, key=_badness)
    return tuple(found.values())


def _badness(check: Check) -> tuple[bool, bool, float]:
    figure = check.figure or 0.0
    if check.name.startswith(("effective_draws", "converged")):
        figure = -figure
    return check.verdict == "failed", check.verdict != "not applicable", figure


def _of(part: str, who: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    method = posterior.diagnostics.method
    if method not in ("importance", "nuts"):
        made = "is a point, the mode" if method == "map" else "was given its parameters"
        reason = f"{_capital(who)} {made}: there was no sampling that could have gone wrong."
        names = (f"k_hat_{part}", f"effective_draws_{part}")
        return *(not_applicable(name, reason) for name in names), _converged(part, who, posterior)
    own = _k_hat(part, who, posterior, gates) if method == "importance" else _nuts(part, who, posterior, gates)
    return *own, _effective_draws(part, who, posterior, gates), _converged(part, who, posterior)


def _k_hat(part: str, who: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    figure, limit = (
        posterior.diagnostics.k_hat,
        min(gates.max_k_hat, k_hat_limit(max(posterior.draw_count, FEWEST_WEIGHED))),
    )
    check = judged(
        f"k_hat_{part}",
        figure,
        limit,
        held=figure <= limit,
        found=f"k-hat of {who} is {figure:.2f}; at most {limit:.2f} is allowed.",
        remedy=f"The draws miss the tails of the posterior, so that intervals are too narrow. {REMEDY_DRAWS}",
    )
    return (check,)


def _nuts(part: str, who: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    found = posterior.diagnostics
    strict = gates.max_r_hat < LEAST_R_HAT_LIMIT
    limit = gates.max_r_hat if strict else max(gates.max_r_hat, found.r_hat_limit)
    r_hat = judged(
        f"r_hat_{part}",
        found.r_hat,
        limit,
        held=found.r_hat <= limit,
        found=f"r-hat of {who} is {found.r_hat:.4f}; at most {limit:.4g} is allowed.",
        remedy=f"The chains disagree on where the posterior is. {REMEDY_DRAWS}",
    )
    divergences = judged(
        f"divergences_{part}",
        found.divergences,
        0,
        held=found.divergences == 0,
        found=f"NUTS had {found.divergences:,} divergent transitions for {who}; none is allowed.",
        remedy="Some of the posterior cannot be reached, mostly for want of data: use priors that say more.",
    )
    return r_hat, divergences


def _free_purchases(spend: SpendPosterior, gates: Gates) -> Check:
    said = left_out_sentence(spend.left_out, spend.left_out_share)
    return judged(
        "free_purchases",
        spend.left_out_share,
        gates.max_free_share,
        held=spend.left_out_share <= gates.max_free_share,
        found=f"{said}; at most {per_cent(gates.max_free_share)} of the purchases may be theirs.",
        remedy="Totals allow for it, but single values do not: take free purchases out of the log, or raise"
        " gates.max_free_share.",
    )


def _effective_draws(part: str, who: str, posterior: Posterior, gates: Gates) -> Check:
    figure, limit = posterior.diagnostics.effective_sample_size, gates.min_effective_draws
    return judged(
        f"effective_draws_{part}",
        figure,
        limit,
        held=figure >= limit,
        found=f"{_capital(who)} has {amount(figure)} effective draws; at least {limit:,.10g} are needed.",
        remedy=f"Its means and intervals hang on few draws. {REMEDY_DRAWS}",
    )


def _converged(part: str, who: str, posterior: Posterior) -> Check:
    found = posterior.diagnostics
    said = f"It says: {'; '.join(found.notes)}. " if found.notes else ""
    return judged(
        f"converged_{part}",
        float(found.converged),
        1,
        held=found.converged,
        found=f"The fit of {who} {'passed' if found.converged else 'failed'} its own checks.",
        remedy=f"{said}{REMEDY_DRAWS}",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
