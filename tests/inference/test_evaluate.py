"""Graphs evaluated by NumPy: against PyTensor's own functions, and what fits have in common."""

import gc
import weakref

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest

import clvmodels as clv
from clvmodels.inference import density
from clvmodels.inference.density import PLAIN, _with_gradient, flatten
from clvmodels.inference.evaluate import Program, apart
from clvmodels.inference.row_sum import row_sum

POINT = np.array([0.3, -1.2])


class Squares:
    """The sum of weight x (a - b)^2."""

    def __init__(self, weight):
        self.weight = weight

    def values(self, points):
        return self.weight * (points[:, 0] - points[:, 1]) ** 2

    def gradient(self, point):
        return 2 * self.weight * (point[0] - point[1]) * np.array([1.0, -1.0])


def written(at, data, power=2):
    """A graph of two parameters with data, many kinds of nodes, and small integers."""
    first, second = at[0], at[1]
    sums = pt.sum(pt.gammaln(pt.exp(first) + pt.as_tensor(data)) * second**power, axis=0)
    return sums + pt.log(pt.as_tensor(np.int8(3))) * pt.switch(first > 0, pt.sigmoid(second), pt.softplus(second))


def structure_and_data(data, **choices):
    at = pt.vector("at", shape=(2,))
    return apart(at, [written(at, np.asarray(data), **choices)])


def bound(data, **choices):
    structure, values = structure_and_data(data, **choices)
    return _with_gradient(structure).bind(values)


def normal(data, mean=0.0):
    with pm.Model() as model:
        a, b = pm.Normal("a", mean, 1.0), pm.LogNormal("b", 0.0, 1.0)
        pm.Potential("sum", pt.sum(-((pt.as_tensor(data) - a) ** 2) / b))
    return model


@pytest.mark.parametrize("data", [np.array([1.0, 2.5, 7.0]), np.array([4.0])])
def test_values_and_gradients_are_pytensors(data):
    at = pt.vector("at", shape=(2,))
    graph = written(at, data)
    theirs = pytensor.function([at], [graph, pt.grad(graph, at)], mode=PLAIN)(POINT)
    ours = bound(data)(POINT)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-14)
    assert ours[1] == pytest.approx(theirs[1], rel=1e-12)


def test_graphs_that_differ_in_their_data_alone_have_one_structure():
    one, other = (structure_and_data(data)[0] for data in ([1.0, 2.5], [3.0, 4.0, 5.0]))
    assert one.key == other.key
    assert hash(one.key) == hash(other.key)


@pytest.mark.parametrize(("data", "power"), [([1.0], 2), ([1.0, 2.0], 3), ([[1.0, 2.0]], 2)])
def test_graphs_that_differ_in_more_have_not(data, power):
    assert structure_and_data([1.0, 2.0])[0].key != structure_and_data(data, power=power)[0].key


def test_a_function_keeps_its_own_data_beside_another_of_its_structure():
    first, second = (bound(data) for data in ([1.0, 2.0], [8.0, 9.0]))
    before = first(POINT)[0]
    assert second(POINT)[0] != before
    assert first(POINT)[0] == before


def test_fits_to_other_data_and_with_other_numbers_in_the_priors_share_their_functions(monkeypatch):
    made = []
    monkeypatch.setattr(density.pt, "grad", lambda *graph: made.append(graph) or pytensor.grad(*graph))
    for data, mean in (([1.0, 2.0], 0.0), ([3.0, 4.0, 5.0], 0.5)):
        flat = flatten(normal(np.array(data), mean))
        expected = -np.sum((np.array(data) - 0.2) ** 2) / np.exp(0.1) - np.log(2 * np.pi) - (0.2 - mean) ** 2 / 2
        assert flat.value_and_gradient(np.array([0.2, 0.1]))[0] == pytest.approx(expected - 0.1**2 / 2)
    assert len(made) == 1


def test_large_integers_are_told_apart_by_every_digit():
    at = pt.vector("at", shape=(2,))
    many = np.arange(5000)
    keys = [
        apart(at, [pt.sum(pt.as_tensor(each)) * at[0]])[0].key for each in (many, many.copy(), np.sort(many % 4999))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_what_is_kept_of_a_graph_holds_no_data():
    data = np.arange(1.0, 50.0)
    seen = weakref.ref(data)
    function = bound(data, power=5)
    assert np.isfinite(function(POINT)[0])
    del function, data
    gc.collect()
    assert seen() is None


def test_sums_outside_the_graph_are_data_as_well():
    def made(weight):
        at = pt.vector("at", shape=(2,))
        structure, values = apart(at, [row_sum(Squares(weight), at[0], at[1])])
        return structure, Program.of(structure.point, *structure.opened()).bind(values)

    (one, single), (other, double) = made(1.0), made(2.0)
    assert one.key == other.key
    assert [single(POINT)[0], double(POINT)[0]] == pytest.approx([2.25, 4.5])


def test_a_model_fitted_in_between_changes_no_digit():
    rfm = clv.datasets.load_cdnow_summary()
    some = [rfm.select(rfm.frame.index[place::40]) for place in (0, 1)]
    fits = [clv.BetaGeo().fit(each, draws=100, random_seed=1) for each in (some[0], some[1], some[0])]
    assert np.array_equal(fits[0].parameter_draws()[0], fits[2].parameter_draws()[0])
    assert not np.array_equal(fits[0].parameter_draws()[0], fits[1].parameter_draws()[0])
