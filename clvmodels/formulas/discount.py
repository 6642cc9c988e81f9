"""Discounting: an annual effective rate as a continuous force per time unit."""

from __future__ import annotations

import math

from clvmodels.errors import InvalidArgument


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
    if not (math.isfinite(annual_discount_rate) and annual_discount_rate >= 0):
        raise InvalidArgument(
            f"annual_discount_rate is {annual_discount_rate}; give an annual effective rate, zero or more, e.g. 0.1"
        )
    return math.log1p(annual_discount_rate) / units_per_year
