"""The random numbers of the compiled loops, against an independent implementation and exact distributions."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from clvmodels.compiled.random import log_gamma_variate, normal, start_stream, uniform

MASK = 2**64 - 1


@njit
def drawn(sampler, state, count):
    out = np.empty(count)
    for i in range(count):
        out[i] = sampler(state)
    return out


@njit
def log_gammas(state, shape, count):
    out = np.empty(count)
    for i in range(count):
        out[i] = log_gamma_variate(state, shape)
    return out


def stream(seed=1, customer=2, purpose=3):
    state = np.empty(4, dtype=np.uint64)
    start_stream(state, np.uint64(seed), np.uint64(customer), np.uint64(purpose))
    return state


def xoshiro(state):
    """xoshiro256++ 1.0 as its authors publish it, in Python's own integers."""

    def rotated(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    s = [int(value) for value in state]
    while True:
        yield (rotated((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 45)


def test_uniforms_are_those_of_xoshiro256_plus_plus():
    reference = xoshiro(stream())
    expected = [((next(reference) >> 12) + 0.5) * 2.0**-52 for _ in range(1000)]
    assert drawn(uniform, stream(), 1000).tolist() == expected


def test_uniforms_are_uniform_and_never_zero_or_one():
    values = drawn(uniform, stream(), 200_000)
    assert values.min() > 0
    assert values.max() < 1
    assert stats.kstest(values, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("other", [{"seed": 2}, {"customer": 3}, {"purpose": 4}])
def test_streams_of_another_seed_customer_or_purpose_are_independent(other):
    first, second = drawn(uniform, stream(), 20_000), drawn(uniform, stream(**other), 20_000)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    assert not np.isin(first[:100], second).any()


def test_neighbouring_customers_have_independent_first_numbers():
    """Ids that follow each other are the usual case where they are not hashed."""
    firsts = np.array([drawn(uniform, stream(customer=id_), 2) for id_ in range(20_000)])
    assert stats.kstest(firsts[:, 0], "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(firsts[:-1, 0], firsts[1:, 0])[0, 1]) < 0.03


def test_normals_are_normal():
    assert stats.kstest(drawn(normal, stream(), 200_000), "norm").pvalue > 1e-3


@pytest.mark.parametrize("shape", [0.05, 0.243, 1.0, 1.5, 6.25, 400.0])
def test_gamma_variates_have_their_distribution(shape):
    values = np.exp(log_gammas(stream(), shape, 100_000))
    assert stats.kstest(values, stats.gamma(shape).cdf).pvalue > 1e-3


def test_tiny_shapes_keep_their_logarithm_where_the_number_itself_underflows():
    values = log_gammas(stream(), 1e-4, 10_000)
    assert np.all(np.isfinite(values))
    assert values.min() < -10_000
