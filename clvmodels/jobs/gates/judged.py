"""What every gate says in the same way: a check that holds or does not, one that does not apply, and shares."""

from __future__ import annotations

import math

from clvmodels.jobs.check import Check


def judged(name: str, figure: float, limit: float, *, held: bool, found: str, remedy: str) -> Check:
    """Return a check that was made.

    Parameters
    ----------
    name
        A stable identifier.
    figure, limit
        Those that are not finite are left out of the check.
    held
        Whether it passed.
    found
        What was found and what the limit is, as sentences.
    remedy
        What a failure probably means, and what to do; added where it failed.

    Examples
    --------
    >>> judged("rows", 3, 100, held=False, found="There are 3 rows.", remedy="Load the log again.").sentence
    'There are 3 rows. Load the log again.'
    """
    return Check(
        name=name,
        figure=_finite(figure),
        limit=_finite(limit),
        verdict="passed" if held else "failed",
        sentence=found if held else f"{found} {remedy}",
        remedy=remedy,
    )


def not_applicable(name: str, reason: str, *, limit: float | None = None) -> Check:
    """Return a check that could not be made, with the reason as a sentence.

    Examples
    --------
    >>> not_applicable("history", "No version is published yet.").verdict
    'not applicable'
    """
    return Check(name=name, limit=None if limit is None else _finite(limit), verdict="not applicable", sentence=reason)


def per_cent(share: float) -> str:
    """Return a share in per cent, to three digits.

    Examples
    --------
    >>> per_cent(0.02), per_cent(0.12345), per_cent(123.45)
    ('2 %', '12.3 %', '12,300 %')
    """
    return f"{float(f'{100 * share:.3g}'):,.10g} %" if math.isfinite(share) else "an unknown share"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
