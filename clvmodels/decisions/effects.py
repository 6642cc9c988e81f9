"""Assumed effects as draws: a prior, or the draws of a posterior; a bare number only where the user insists."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from clvmodels.errors import InvalidArgument, shown
from clvmodels.intervals import Array
from clvmodels.models.priors import Prior

FEWEST = 100
Effect = Prior | Array
"""A share, as clv.Prior("Beta", alpha=2, beta=18), or as an array of draws from an experiment's own posterior."""


def check_effect(effect: Any, name: str) -> None:
    """Refuse what is neither a prior nor draws; a bare number says nothing of how sure it is.

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> check_effect(Prior("Beta", alpha=2, beta=18), "kept")
    """
    if isinstance(effect, Prior):
        return
    draws = np.asarray(effect)
    if draws.ndim == 1 and len(draws) >= FEWEST and draws.dtype.kind in "fiu":
        return
    if isinstance(effect, Real):
        raise InvalidArgument(
            f"{name} is {shown(effect)}, a bare number; give a prior of what you know, e.g. clv.Prior('Beta', alpha=2,"
            f" beta=18), or, if you are certain, clv.Prior('DiracDelta', c={shown(effect)})"
        )
    raise InvalidArgument(f"{name} is a {type(effect).__name__}; give a clv.Prior, or an array of 100 draws or more")


def effect_draws(effect: Effect, name: str, size: int, rng: np.random.Generator, *, most: float = 1.0) -> Array:
    """Draws of a share, shape (size,); `most` is the highest that makes sense.

    Parameters
    ----------
    effect : Prior, or array of draws
        Of the draws, some are taken at random.
    name : str
        What to call it in an error.
    size : int
    rng : numpy Generator
    most : float

    Returns
    -------
    array (size,)

    Raises
    ------
    InvalidArgument
        If a draw lies below 0 or above `most`.

    Examples
    --------
    >>> effect_draws(Prior("DiracDelta", c=0.1), "kept", 3, np.random.default_rng(1)).tolist()
    [0.1, 0.1, 0.1]
    """
    check_effect(effect, name)
    drawn = effect.draws(size, rng) if isinstance(effect, Prior) else rng.choice(np.asarray(effect, float), size)
    outside = ~((drawn >= 0) & (drawn <= most))
    if outside.any():
        raise InvalidArgument(
            f"{name} is a share, but {outside.mean():.1%} of its draws lie outside [0, {most:g}], e.g."
            f" {drawn[outside][0]:.3g}; use a distribution on [0, 1], such as clv.Prior('Beta', alpha=2, beta=18)"
        )
    return drawn


def read_effect(text: str | None, name: str) -> Prior | None:
    """Return the prior that a text stands for: "2,18" for Beta(2, 18), "certain:0.1" for 0.1 without doubt.

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> read_effect("2,18", "kept")
    Prior('Beta', alpha=2.0, beta=18.0)
    """
    if text is None:
        return None
    certain, _, number = text.rpartition(":")
    try:
        values = [float(part) for part in number.split(",")]
    except ValueError:
        values = []
    if all(map(math.isfinite, values)):
        if certain == "certain" and len(values) == 1:
            return Prior("DiracDelta", c=values[0])
        if certain == "" and len(values) == 2 and min(values) > 0:
            return Prior("Beta", alpha=values[0], beta=values[1])
    raise InvalidArgument(
        f"{name} is {shown(text)}; give the two numbers of a Beta prior, e.g. 2,18 for about 10 % (after a test: 1 +"
        " kept, 1 + lost), or certain:0.1 if you insist on one number"
    )
