"""Logarithms and exponentials of arrays against numpy's."""

import numpy as np
import pytest

from clvmodels.compiled.vector import exp_in_place, log_in_place


def test_logarithms_are_numpys():
    x = np.concatenate([np.exp(np.random.default_rng(1).uniform(-700, 700, 10_000)), [1.0, 1 + 1e-15, 2.0, 0.5, 1e-3]])
    found = x.copy()
    log_in_place(found)
    assert found == pytest.approx(np.log(x), rel=1e-15, abs=1e-16)


def test_exponentials_are_numpys():
    x = np.concatenate([np.random.default_rng(1).uniform(-700, 700, 10_000), [0.0, 1.0, -1.0, -700.0, 700.0]])
    found = x.copy()
    exp_in_place(found)
    assert found == pytest.approx(np.exp(x), rel=1e-15)


def test_what_is_too_small_stays_a_number():
    found = np.array([-1e5, -701.0, -np.inf])
    exp_in_place(found)
    assert found == pytest.approx(np.exp(-700.0), rel=1e-15)
