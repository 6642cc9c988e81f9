"""Whether the draws of a fit can be trusted."""

from __future__ import annotations

from clvmodels.inference.diagnostics import LEAST_R_HAT_LIMIT, k_hat_limit
from clvmodels.jobs.check import Check
from clvmodels.jobs.gates.judged import judged, not_applicable, per_cent
from clvmodels.jobs.settings import Gates
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.free_purchases import left_out_sentence
from clvmodels.models.gamma_gamma import GammaGammaPosterior
from clvmodels.models.posterior import Posterior
from clvmodels.wording import amount

# Importance sampling weighs at least so many points, however few are kept.
FEWEST_WEIGHED = 1000
REMEDY_DRAWS = "Retrain with model.method = 'nuts', with more model.draws, or with priors that say more."


def fit_checks(purchases: BetaGeoPosterior, spend: GammaGammaPosterior | None, gates: Gates) -> tuple[Check, ...]:
    """Compare the diagnostics of the fits with their limits.

    Importance sampling is judged by k-hat, the Pareto shape of its weights' tail, above which they say nothing of the
    tail: Vehtari and others (2024), https://jmlr.org/papers/v25/19-556.html. NUTS is judged by the rank-normalised
    r-hat (Vehtari and others, 2021, doi:10.1214/20-BA1221), of which `max_r_hat` is allowed, and from 1.01 on at least
    what chance alone does to sound chains of that length, and by having no divergent transition. Both have to leave
    enough effective draws, and to have passed their own checks.

    Parameters
    ----------
    purchases : BetaGeoPosterior
    spend : GammaGammaPosterior or None
        None for a log without amounts.
    gates : Gates
        The limits.

    Returns
    -------
    tuple of Check
        For each of purchases and spend: k_hat_purchases, or for NUTS r_hat_purchases and divergences_purchases; then
        effective_draws_purchases and converged_purchases. Those of a point ("map") do not apply. Last comes
        free_purchases, where customers were left out of the fit of spend because they spent nothing.

    Examples
    --------
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> [(check.name, check.verdict) for check in fit_checks(point, None, Gates())]
    [('k_hat_purchases', 'not applicable'), ('effective_draws_purchases', 'not applicable'),
     ('converged_purchases', 'passed')]
    """
    checks = _of("purchases", purchases, gates)
    if spend is None:
        return checks
    free = (_free_purchases(spend, gates),) if spend.left_out else ()
    return *checks, *_of("spend", spend, gates), *free


def _of(part: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    method = posterior.diagnostics.method
    if method not in ("importance", "nuts"):
        made = "is a point, the mode" if method == "map" else "was given its parameters"
        reason = f"The model of {part} {made}: there was no sampling that could have gone wrong."
        names = (f"k_hat_{part}", f"effective_draws_{part}")
        return *(not_applicable(name, reason) for name in names), _converged(part, posterior)
    own = _k_hat(part, posterior, gates) if method == "importance" else _nuts(part, posterior, gates)
    return *own, _effective_draws(part, posterior, gates), _converged(part, posterior)


def _k_hat(part: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    figure, limit = (
        posterior.diagnostics.k_hat,
        min(gates.max_k_hat, k_hat_limit(max(posterior.draw_count, FEWEST_WEIGHED))),
    )
    check = judged(
        f"k_hat_{part}",
        figure,
        limit,
        held=figure <= limit,
        found=f"k-hat of the model of {part} is {figure:.2f}; at most {limit:.2f} is allowed.",
        remedy=f"The draws miss the tails of the posterior, so that intervals are too narrow. {REMEDY_DRAWS}",
    )
    return (check,)


def _nuts(part: str, posterior: Posterior, gates: Gates) -> tuple[Check, ...]:
    found = posterior.diagnostics
    strict = gates.max_r_hat < LEAST_R_HAT_LIMIT
    limit = gates.max_r_hat if strict else max(gates.max_r_hat, found.r_hat_limit)
    r_hat = judged(
        f"r_hat_{part}",
        found.r_hat,
        limit,
        held=found.r_hat <= limit,
        found=f"r-hat of the model of {part} is {found.r_hat:.4f}; at most {limit:.4g} is allowed.",
        remedy=f"The chains disagree on where the posterior is. {REMEDY_DRAWS}",
    )
    divergences = judged(
        f"divergences_{part}",
        found.divergences,
        0,
        held=found.divergences == 0,
        found=f"NUTS had {found.divergences:,} divergent transitions for the model of {part}; none is allowed.",
        remedy="Some of the posterior cannot be reached, mostly for want of data: use priors that say more.",
    )
    return r_hat, divergences


def _free_purchases(spend: GammaGammaPosterior, gates: Gates) -> Check:
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


def _effective_draws(part: str, posterior: Posterior, gates: Gates) -> Check:
    figure, limit = posterior.diagnostics.effective_sample_size, gates.min_effective_draws
    return judged(
        f"effective_draws_{part}",
        figure,
        limit,
        held=figure >= limit,
        found=f"The model of {part} has {amount(figure)} effective draws; at least {limit:,.10g} are needed.",
        remedy=f"Its means and intervals hang on few draws. {REMEDY_DRAWS}",
    )


def _converged(part: str, posterior: Posterior) -> Check:
    found = posterior.diagnostics
    said = f"It says: {'; '.join(found.notes)}. " if found.notes else ""
    return judged(
        f"converged_{part}",
        float(found.converged),
        1,
        held=found.converged,
        found=f"The fit of the model of {part} {'passed' if found.converged else 'failed'} its own checks.",
        remedy=f"{said}{REMEDY_DRAWS}",
    )
