"""A proposal that follows a ridge."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import softmax
from scipy.stats import norm

import clvmodels as clv
from clvmodels.inference.bend import Bent
from clvmodels.models.pareto_nbd import ParetoNBD


@pytest.fixture
def banana() -> np.ndarray:
    """Points along y = x^2 / 4."""
    rng = np.random.default_rng(1)
    along = rng.normal(0, 2, 4000)
    return np.column_stack([along, along**2 / 4 + rng.normal(0, 0.1, 4000)])


@pytest.fixture
def bent(banana: np.ndarray) -> Bent:
    return Bent.through(banana, np.full(len(banana), 1 / len(banana)))


def test_density_integrates_to_one():
    points = np.random.default_rng(1).normal(size=(400, 2)) * (1.0, 0.3)
    points[:, 1] += points[:, 0] ** 2
    proposal = Bent.through(points, np.full(400, 1 / 400))
    mass, _ = dblquad(lambda y, x: np.exp(proposal.logpdf(np.array([[x, y]]))[0]), -40, 40, -80, 80, epsabs=1e-3)
    assert mass == pytest.approx(1, abs=5e-3)


def test_points_are_drawn_from_the_density(bent: Bent):
    points = bent.rvs(200_000, random_state=np.random.default_rng(2))
    # The mean of q / p under p is the mass of q, whatever q is.
    q = norm.logpdf(points[:, 0], 0, 1) + norm.logpdf(points[:, 1], points[:, 0] ** 2 / 4, 0.2)
    assert np.exp(q - bent.logpdf(points)).mean() == pytest.approx(1, abs=0.02)


def test_a_bent_posterior_is_met_more_closely_than_by_an_ellipse(bent: Bent):
    points = bent.rvs(4000, random_state=np.random.default_rng(2))
    exact = norm.logpdf(points[:, 0], 0, 2) + norm.logpdf(points[:, 1], points[:, 0] ** 2 / 4, 0.1)
    weights = softmax(exact - bent.logpdf(points))
    assert 1 / np.sum(weights**2) > 0.6 * len(points)


def test_few_effective_points_bend_nothing(banana: np.ndarray):
    weights = np.r_[np.full(20, 1 / 20), np.zeros(len(banana) - 20)]
    assert not Bent.through(banana, weights).bend.any()


@pytest.mark.parametrize("dimension", [1, 5])
def test_any_dimension_can_be_proposed_in(dimension: int):
    points = np.random.default_rng(1).normal(size=(500, dimension))
    proposal = Bent.through(points, np.full(500, 1 / 500))
    drawn = proposal.rvs(10, random_state=np.random.default_rng(2))
    assert drawn.shape == (10, dimension)
    assert np.isfinite(proposal.logpdf(drawn)).all()


def test_pareto_nbd_of_cdnow_is_far_from_the_limit():
    rfm = clv.datasets.load_cdnow_summary()
    fits = [ParetoNBD().fit(rfm, method="importance", draws=4000, random_seed=seed) for seed in range(3)]
    assert max(fit.diagnostics.k_hat for fit in fits) < 0.5
