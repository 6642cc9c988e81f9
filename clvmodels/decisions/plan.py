"""Customers who are planned to be won, period by period, as draws of their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clvmodels.decisions.checks import numbers
from clvmodels.errors import check_number
from clvmodels.intervals import Array
from clvmodels.models.acquisition_rate import MOST_WON, AcquisitionRate
from clvmodels.models.by_period import check_lives

Plan = float | Sequence[float] | AcquisitionRate


def planned(plan: Plan, *, plan_sd: float, edges: Array, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw how many customers are won in each period.

    Parameters
    ----------
    plan : float, sequence of floats, or AcquisitionRate
        Customers per period; one number for each; or a rate per time unit with its own uncertainty.
    plan_sd : float
        Relative standard deviation of the plan as a whole: every draw's plan is multiplied by one log-normal factor of
        mean 1. Chance (Poisson) comes on top.
    edges : array (periods + 1,)
        The periods, in time units.
    draws : int
    rng : numpy Generator

    Returns
    -------
    array of integers (draws, periods)

    Raises
    ------
    InvalidArgument
        If a number is negative or not finite, or there are not as many as periods.

    Examples
    --------
    >>> edges = np.array([0.0, 4.0, 8.0])
    >>> planned([100, 0], plan_sd=0.0, edges=edges, draws=3, rng=np.random.default_rng(1))[:, 1].tolist()
    [0, 0, 0]
    """
    plan_sd = check_number(plan_sd, "plan_sd", "a relative standard deviation, zero or more, e.g. 0.1", high=100.0)
    if isinstance(plan, AcquisitionRate):
        expected = plan.draws(draws, rng)[:, None] * np.diff(edges)
    else:
        expected = np.broadcast_to(numbers(plan, "new_customers", len(edges) - 1), (draws, len(edges) - 1))
    sigma = np.sqrt(np.log1p(plan_sd**2))
    factor = np.exp(rng.normal(-(sigma**2) / 2, sigma, draws)) if sigma else np.ones(draws)
    planned_in_all = expected * factor[:, None]
    if planned_in_all.max() > MOST_WON:
        check_lives(float(planned_in_all.sum()), draws)
    return rng.poisson(planned_in_all)
