"""Draws of priors, against the distributions of scipy."""

import numpy as np
import pytest
from scipy import stats

from clvmodels.errors import InvalidArgument
from clvmodels.models.priors import Prior

DRAWS = 5000


def drawn(prior, seed=1, size=DRAWS):
    return prior.draws(size, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("prior", "reference"),
    [
        (Prior("Beta", alpha=2, beta=18), stats.beta(2, 18)),
        (Prior("Beta", mu=0.2, sigma=0.1), stats.beta(0.2 * 15, 0.8 * 15)),
        (Prior("Gamma", alpha=2, beta=4), stats.gamma(2, scale=1 / 4)),
        (Prior("LogNormal", mu=0.5, sigma=1.5), stats.lognorm(1.5, scale=np.exp(0.5))),
        (Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0), stats.halfnorm()),
        (
            Prior("Truncated", dist=Prior("Normal", mu=0.1, sigma=0.05), lower=0.0, upper=1.0),
            stats.truncnorm(-2, 18, loc=0.1, scale=0.05),
        ),
    ],
    ids=lambda side: repr(side) if isinstance(side, Prior) else side.dist.name,
)
def test_draws_have_the_distribution_of_the_prior(prior, reference):
    assert stats.kstest(drawn(prior), reference.cdf).pvalue > 0.01


def test_what_is_certain_is_drawn_as_it_is():
    assert set(drawn(Prior("DiracDelta", c=0.25))) == {0.25}


@pytest.mark.parametrize("size", [0, 1, 7])
def test_there_are_as_many_draws_as_asked_for_all_of_them_floats(size):
    found = drawn(Prior("Poisson", mu=3), size=size)
    assert found.shape == (size,)
    assert found.dtype == float


def test_draws_are_independent():
    found = drawn(Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0))
    assert len(np.unique(found)) == DRAWS
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 4 / np.sqrt(DRAWS)


@pytest.mark.parametrize(
    "prior",
    [Prior("Beta", alpha=2, beta=18), Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0)],
    ids=repr,
)
def test_the_same_seed_gives_the_same_draws_and_another_one_others(prior):
    assert np.array_equal(drawn(prior), drawn(prior))
    assert not np.intersect1d(drawn(prior), drawn(prior, seed=2)).size


def test_a_generator_goes_on_where_it_stood():
    rng, prior = np.random.default_rng(1), Prior("Beta", alpha=2, beta=18)
    assert not np.intersect1d(prior.draws(100, rng), prior.draws(100, rng)).size


@pytest.mark.parametrize("name", ["HalfFlat", "Flat"])
def test_an_improper_prior_has_no_draws(name):
    with pytest.raises(InvalidArgument, match=rf"there are no draws of Prior\('{name}'\)"):
        drawn(Prior(name))


@pytest.mark.parametrize(
    "prior",
    [Prior("Beta", alpha=2), Prior("Beta", alpha=-1, beta=2), Prior("Beta", share=2), Prior("Bata", alpha=1, beta=2)],
    ids=repr,
)
def test_what_pymc_cannot_draw_is_refused(prior):
    with pytest.raises(InvalidArgument, match=r"there are no draws of Prior\('B.ta'"):
        drawn(prior)
