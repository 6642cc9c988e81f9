r"""The simple formula: average purchase value x purchase frequency x expected lifespan.

.. math:: CLV = V \, f \, \int_0^{\min(L, h)} e^{-\delta t} \, dt

V: money per purchase; f: repeat purchases per time unit; L: lifespan, h: horizon, both in that time unit;
:math:`\delta`: force of discount per time unit. Without discount the integral is min(L, h).

Sources: Berger and Nasr (1998), Journal of Interactive Marketing 12 (1), 17-30; Gupta et al. (2006), Journal of
Service Research 9 (2), 139-155.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def average_purchase_value(total_value: ArrayLike, x: ArrayLike) -> Floats:
    r"""V: money per purchase, the first one included. Shapes (n,), money.

    .. math:: V = \frac{\text{total value}}{x + 1}

    >>> average_purchase_value([60.0], [2]).tolist()
    [20.0]
    """
    return np.asarray(total_value, float) / (np.asarray(x, float) + 1)


def purchase_frequency(x: ArrayLike, T: ArrayLike) -> Floats:
    r"""f: repeat purchases per time unit. Shapes (n,). A customer of T = 0 has had no time to repeat: 0.

    .. math:: f = x / T

    >>> purchase_frequency([3, 0], [12.0, 0.0]).tolist()
    [0.25, 0.0]
    """
    x, T = np.asarray(x, float), np.asarray(T, float)
    return np.divide(x, T, out=np.zeros_like(T), where=T > 0)


def churn_rate(lost: ArrayLike, active: ArrayLike, window: float) -> Floats:
    r"""Share of the customers active in one window who buy nothing in the next, per time unit. Shapes (n,).

    .. math:: c = \frac{\text{lost}}{\text{active} \cdot \text{window}}

    >>> churn_rate([30], [40], 25.0).tolist()
    [0.03]
    """
    return np.asarray(lost, float) / (np.asarray(active, float) * window)


def lifespan(c: ArrayLike) -> Floats:
    """L = 1 / c, in the time unit of the churn rate c; infinite where nobody churns. Shapes (n,).

    >>> lifespan([0.04, 0.0]).tolist()
    [25.0, inf]
    """
    c = np.asarray(c, float)
    return np.divide(1.0, c, out=np.full_like(c, np.inf), where=c > 0)


def discounted_duration(L: ArrayLike, horizon: float, force: float = 0.0) -> Floats:
    r"""Time until the earlier of lifespan and horizon, each moment weighed by its discount. Shapes (n,), time units.

    .. math:: \int_0^{m} e^{-\delta t} \, dt = \frac{1 - e^{-\delta m}}{\delta}, \quad m = \min(L, h)

    >>> discounted_duration([25.0, np.inf], 39.0).tolist()
    [25.0, 39.0]
    >>> discounted_duration([25.0], 39.0, force=0.1).round(4).tolist()
    [9.1792]
    """
    m = np.minimum(np.asarray(L, float), horizon)
    # 1 - exp(-delta m) loses its digits for small delta m.
    return m if force == 0 else -np.expm1(-force * m) / force
