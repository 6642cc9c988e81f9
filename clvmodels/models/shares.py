"""The shares that the members of a pool have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from clvmodels.errors import InvalidArgument, shown
from clvmodels.intervals import Array

Weights = Sequence[float] | None


def check_kind(given: Any, kind: type, what: str, example: str) -> None:
    """Refuse what is no list of one or more of a kind."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence) or not given:
        raise InvalidArgument(f"{what} is {shown(given)}; give a list, e.g. [{example}, ...]")
    wrong = [one for one in given if not isinstance(one, kind)]
    if wrong:
        raise InvalidArgument(f"{what} has a {type(wrong[0]).__name__}; each is one of purchases, such as {example}")


def shares_of(weights: Weights, members: int) -> Array:
    """Return the weights as shares of 1 (members,)."""
    if weights is None:
        return np.full(members, 1 / members)
    try:
        values = np.asarray(weights, float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (members,) or not (np.isfinite(values).all() and (values > 0).all()):
        raise InvalidArgument(f"weights are {shown(weights)}; give {members} positive numbers, one for each")
    return values / values.sum()


def draws_of(shares: Array, draws: int) -> list[int]:
    """Return how many of the draws each member has: whole numbers in these shares, by the largest remainders."""
    exact = draws * shares / shares.sum()
    # Rounding must not take a draw from one whose share is whole.
    counts = np.floor(exact + 1e-9).astype(int)
    most_left = np.argsort(counts - exact, kind="stable")
    counts[most_left[: draws - counts.sum()]] += 1
    return counts.tolist()
