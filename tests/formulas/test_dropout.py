"""The quadrature over the dropout probability, against integrals that are known exactly."""

import numpy as np
import pytest
from scipy.special import hyp2f1

from clvmodels.formulas.dropout import dropout_mean

NO_GROWTH = np.zeros((1, 1))


def mean_of(kernel, a, b):
    return dropout_mean(kernel, np.array([a]), np.array([b]), np.ones(1), NO_GROWTH).item()


@pytest.mark.parametrize("a", [0.02, 0.3, 1.0, 4.0, 50.0, 1e4])
@pytest.mark.parametrize("b", [0.02, 0.5, 3.0, 200.0, 1e5])
def test_the_weights_sum_to_one_and_give_the_mean(a, b):
    assert mean_of(lambda p, _, s: np.ones_like(p), a, b) == pytest.approx(1, rel=1e-9)
    assert mean_of(lambda p, _, s: p, a, b) == pytest.approx(a / (a + b), rel=1e-9)


def test_a_power_of_growth_is_the_hypergeometric_function():
    exact = hyp2f1(2.5, 1.5, 1.5 + 2.0, -0.7)
    mean = dropout_mean(lambda p, growth, s: np.exp(-s * growth), *np.array([[1.5], [2.0], [2.5]]), np.array([[0.7]]))
    assert mean.item() == pytest.approx(exact, rel=1e-10)


def test_no_rows_give_no_rows():
    assert dropout_mean(lambda p, g, s: p, np.empty(0), np.empty(0), np.empty(0), np.empty((0, 2))).shape == (0, 2)


def test_interpolation_over_growth_equals_the_rule_itself():
    a, b, s = np.array([[0.8, 2.4, 0.24], [1.4, 0.4, 3.0], [0.8, 7.4, 5.24], [0.8, 2000.0, 2000.0]]).T
    c = np.tile(np.geomspace(1e-3, 300, 100), (4, 1))

    def kernel(p, growth, s):
        return np.exp(-s * growth)

    fast = dropout_mean(kernel, a, b, s, c)
    exact = [dropout_mean(kernel, a, b, s, column[:, None])[:, 0] for column in c.T]
    assert fast == pytest.approx(np.array(exact).T, rel=1e-9)
