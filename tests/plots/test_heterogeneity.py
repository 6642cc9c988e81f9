import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from clvmodels.plots import heterogeneity


def densities(mean, index=None):
    mean = np.asarray(mean, dtype=float)
    return pd.DataFrame({"mean": mean, "lower": mean * 0.5, "upper": mean * 1.5}, index=index)


@pytest.fixture
def hump():
    return densities([1, 3, 2], index=[0.1, 0.2, 0.3])


def test_the_density_is_a_line_on_its_band(ax, hump):
    drawn = heterogeneity(hump, ax=ax)
    assert_allclose(drawn.lines[0].get_xydata(), [[0.1, 1], [0.2, 3], [0.3, 2]])
    (band,) = drawn.collections[0].get_paths()
    assert {(0.2, 1.5), (0.2, 4.5)} <= {tuple(point) for point in np.round(band.vertices, 9)}


def test_a_hump_is_shown_whole(ax, hump):
    assert_allclose(heterogeneity(hump, ax=ax).get_ylim(), (0, 1.05 * 4.5))


@pytest.mark.parametrize("first", [1e6, np.inf])
@pytest.mark.parametrize("turned", [False, True])
def test_a_density_that_soars_at_an_end_leaves_through_the_top(ax, first, turned):
    at = (np.arange(200) + 0.5) / 200
    mean = np.append(first, at[1:] ** -0.76)
    drawn = heterogeneity(densities(mean[::-1] if turned else mean, index=at), ax=ax)
    assert_allclose(drawn.get_ylim(), (0, 1.05 * 1.5 * mean[5]))


def test_a_density_that_only_falls_is_shown_whole(ax):
    at = np.linspace(0, 5, 200)
    assert heterogeneity(densities(np.exp(-at), index=at), ax=ax).get_ylim()[1] >= 1.5


def test_the_axes_are_named(ax, hump):
    drawn = heterogeneity(hump, ax=ax, xlabel="purchases per week", ylabel="customers")
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("purchases per week", "customers")
