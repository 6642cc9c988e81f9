"""Logarithm and exponential of whole arrays in place, which the compiler turns into instructions on many numbers.

They are right to the last bit or two. Source: fdlibm (Sun Microsystems 1993), e_log.c.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled

LOG2_E = 1.0 / math.log(2.0)
# Their sum is log 2; the first has so few digits that its multiples are exact.
LOG_2, LOG_2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
HALF_ROOT = np.int64(0x3FE6A09E667F3BCD)
ONE = np.int64(0x3FF0000000000000)
MANTISSA, BIAS = np.int64(52), np.int64(1023)
G1, G2, G3, G4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
G5, G6, G7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01
E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12 = (1 / math.factorial(n) for n in range(2, 13))
LEAST = -700.0


@compiled
def log_in_place(x):
    """Logarithms of positive, finite numbers (n,), none of them subnormal."""
    bits = x.view(np.int64)
    for i in range(len(x)):
        exponent = ((bits[i] + (ONE - HALF_ROOT)) >> MANTISSA) - BIAS
        bits[i] -= exponent << MANTISSA
        f = x[i] - 1.0
        s = f / (2.0 + f)
        z = s * s
        rest = z * (G1 + z * (G2 + z * (G3 + z * (G4 + z * (G5 + z * (G6 + z * G7))))))
        half, power = 0.5 * f * f, np.float64(exponent)
        x[i] = power * LOG_2 - ((half - (s * (half + rest) + power * LOG_2_REST)) - f)


@compiled
def exp_in_place(x):
    """Exponentials of numbers (n,) up to 700; below -700, that of -700."""
    bits = x.view(np.int64)
    for i in range(len(x)):
        value = max(x[i], LEAST)
        power = np.floor(value * LOG2_E + 0.5)
        y = value - power * LOG_2 - power * LOG_2_REST
        high = E8 + y * (E9 + y * (E10 + y * (E11 + y * E12)))
        x[i] = 1.0 + y * (1.0 + y * (E2 + y * (E3 + y * (E4 + y * (E5 + y * (E6 + y * (E7 + y * high)))))))
        bits[i] += np.int64(power) << MANTISSA
