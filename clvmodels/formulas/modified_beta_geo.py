r"""MBG/NBD: Batislam, Denizel, Filiztekin (2007), doi:10.1016/j.ijresmar.2006.12.005. Dropout after every purchase.

lambda ~ Gamma(r, rate alpha) and p ~ Beta(a, b) over customers, as in BG/NBD; but a customer may drop out after the
first purchase too. x repeat purchases, the last at t_x, were seen in (0, T].
A customer who is alive at T has come through one purchase more than in BG/NBD: p ~ Beta(a, b + x + 1). All that
follows from being alive is BG/NBD's with b + 1 (`given_alive`), its purchases drawn event by event included.

The parameters are BG/NBD's, r, alpha, a and b. Every function broadcasts its arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from clvmodels.formulas import beta_geo
from clvmodels.formulas.beta_geo import NUMPY, BetaGeoParams
from clvmodels.formulas.dropout import Array


def given_alive(params: BetaGeoParams) -> BetaGeoParams:
    """The parameters of BG/NBD that customers follow who are alive: b + 1 for b.

    >>> given_alive(BetaGeoParams(0.5248, 6.1831, 0.8914, 1.614)).b
    2.614
    """
    return params._replace(b=params.b + 1)


def dropouts(params: BetaGeoParams, x: Any) -> tuple[BetaGeoParams, Any]:
    """The parameters and x by which BG/NBD's terms of the dates are those of MBG/NBD: r - 1 and x + 1.

    The first purchase counts among those after which a customer may drop out; r + x, which is all that the waits depend
    on, stays as it is.
    """
    return params._replace(r=params.r - 1), x + 1


def frequency_terms(params: BetaGeoParams, x: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on x alone. `xp` is NumPy's or PyTensor's functions."""
    return beta_geo.frequency_terms(given_alive(params), x, xp=xp) - xp.log1p(params.a / params.b)


def timing_terms(params: BetaGeoParams, x: Any, t_x: Any, T: Any, *, xp: Any = NUMPY) -> Any:
    """The part of the log-likelihood that depends on the dates: still alive at T, or dropped out at t_x."""
    return beta_geo.timing_terms(*dropouts(params, x), t_x, T, xp=xp)


def log_likelihood(params: BetaGeoParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    r"""Log L(r, alpha, a, b | x, t_x, T) per customer.

    .. math:: \frac{\Gamma(r + x) \alpha^r}{\Gamma(r) B(a, b)}
        \left[ B(a, b + x + 1) (\alpha + T)^{-(r+x)} + B(a + 1, b + x) (\alpha + t_x)^{-(r+x)} \right]

    >>> cdnow = BetaGeoParams(r=0.5248, alpha=6.1831, a=0.8914, b=1.6140)
    >>> round(float(log_likelihood(cdnow, 2, 30.43, 38.86)), 6)
    -9.485907
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    return frequency_terms(params, x) + timing_terms(params, x, t_x, T)


def probability_alive(params: BetaGeoParams, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    r"""P(alive at T | x, t_x, T); b / (a + b) right after the first purchase.

    .. math:: \left[1 + \frac{a}{b+x}\left(\frac{\alpha+T}{\alpha+t_x}\right)^{r+x}\right]^{-1}

    >>> cdnow = BetaGeoParams(r=0.5248, alpha=6.1831, a=0.8914, b=1.6140)
    >>> round(float(probability_alive(cdnow, 2, 30.43, 38.86)), 4)
    0.7061
    """
    x, t_x, T = (np.asarray(value, float) for value in (x, t_x, T))
    return expit(-beta_geo.log_odds_of_dropout(*dropouts(params, x), t_x, T))


def purchases_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """E[X(T, T + t) | alive at T]."""
    return beta_geo.purchases_if_alive(given_alive(params), t, x, T)


def survival_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + t | alive at T)."""
    return beta_geo.survival_if_alive(given_alive(params), t, x, T)


def lifetime_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """Restricted mean lifetime: the integral of `survival_if_alive` over (0, t)."""
    return beta_geo.lifetime_if_alive(given_alive(params), t, x, T)


def probability_of_purchase_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """P(at least one purchase in (T, T + t) | alive at T)."""
    return beta_geo.probability_of_purchase_if_alive(given_alive(params), t, x, T)


def discounted_purchases_if_alive(
    params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike, *, discount_force: float
) -> Array:
    """Expected purchases in (T, T + t), each weighted by exp(-discount_force x time since T), given alive at T."""
    return beta_geo.discounted_purchases_if_alive(given_alive(params), t, x, T, discount_force=discount_force)


def purchase_rate_if_alive(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> Array:
    """Purchases per time unit at T + t, given alive at T."""
    return beta_geo.purchase_rate_if_alive(given_alive(params), t, x, T)


def expected_purchases(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """E[X(T, T + t) | x, t_x, T]; a new customer has x = t_x = T = 0.

    >>> round(float(expected_purchases(BetaGeoParams(0.5248, 6.1831, 0.8914, 1.614), 39, 2, 30.43, 38.86)), 4)
    1.2626
    """
    return probability_alive(params, x, t_x, T) * purchases_if_alive(params, t, x, T)


def survival(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(alive at T + t | x, t_x, T); at t = 0 the probability alive."""
    return probability_alive(params, x, t_x, T) * survival_if_alive(params, t, x, T)


def expected_lifetime(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """Mean remaining lifetime within t: the integral of `survival` over (0, t), in time units."""
    return probability_alive(params, x, t_x, T) * lifetime_if_alive(params, t, x, T)


def probability_of_purchase(params: BetaGeoParams, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
    """P(at least one purchase in (T, T + t) | x, t_x, T)."""
    return probability_alive(params, x, t_x, T) * probability_of_purchase_if_alive(params, t, x, T)
