"""Discounting: an annual effective rate as a continuous force per time unit."""

from __future__ import annotations

import math

from clvmodels.errors import check_number

HIGHEST = 1e6


def discount_force(annual_discount_rate: float, *, units_per_year: float) -> float:
    r"""Force d per time unit, so that money t time units ahead is worth exp(-d t): :math:`\log(1 + i) / u`.

    Raises
    ------
    InvalidArgument
        If the rate is not finite, or negative.

    Examples
    --------
    >>> round(discount_force(0.1, units_per_year=52.0) * 52, 6)
    0.09531
    """
    rate = check_number(
        annual_discount_rate, "annual_discount_rate", "an annual effective rate, zero or more, e.g. 0.1", high=HIGHEST
    )
    return math.log1p(rate) / units_per_year
