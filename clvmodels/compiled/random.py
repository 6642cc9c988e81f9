"""Random numbers inside compiled loops: one xoshiro256++ stream for each seed, customer and purpose.

Source: Blackman, Vigna (2021), doi:10.1145/3460772; the state is filled by SplitMix64, as its authors advise.
"""

from __future__ import annotations

import math

import numpy as np

from clvmodels.compiled.jit import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST_MIX = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MIX = np.uint64(0x94D049BB133111EB)


@compiled
def _mixed(z):
    z = (z ^ (z >> np.uint64(30))) * FIRST_MIX
    z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
    return z ^ (z >> np.uint64(31))


@compiled
def start_stream(state, seed, customer, purpose):
    """Fill a state (4,) of uint64; streams of other seeds, customers or purposes are independent."""
    key = _mixed(_mixed(seed + purpose * GOLDEN) ^ customer)
    for i in range(4):
        key += GOLDEN
        state[i] = _mixed(key)


@compiled
def uniform(state):
    """In the open interval (0, 1), on a lattice of 2^52 points."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = s0 + s3
    bits = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
    return (np.float64(bits >> np.uint64(12)) + 0.5) * 2.0**-52


@compiled
def normal(state):
    """Standard normal, by Marsaglia's polar method."""
    while True:
        x = 2.0 * uniform(state) - 1.0
        y = 2.0 * uniform(state) - 1.0
        squared = x * x + y * y
        if 0.0 < squared < 1.0:
            return x * math.sqrt(-2.0 * math.log(squared) / squared)


@compiled
def log_gamma_variate(state, shape):
    """Log of a Gamma(shape, rate 1) variate: small shapes do not underflow. Marsaglia, Tsang (2000)."""
    boost = 0.0
    if shape < 1.0:
        boost = math.log(uniform(state)) / shape
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(state)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = uniform(state)
        # A quick bound that spares most of the logarithms.
        if u < 1.0 - 0.0331 * x**4 or math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return math.log(d * v) + boost
