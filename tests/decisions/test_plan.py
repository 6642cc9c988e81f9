"""Customers who are planned to be won: Poisson counts around a plan with its own uncertainty."""

import numpy as np
import pytest
from scipy import stats

from clvmodels.decisions.plan import planned
from clvmodels.errors import InvalidArgument
from clvmodels.models.acquisition_rate import AcquisitionRate

EDGES = np.array([0.0, 4.0, 8.0, 18.0])
DRAWS = 20_000


def won(plan, plan_sd=0.0, seed=1, draws=DRAWS):
    return planned(plan, plan_sd=plan_sd, edges=EDGES, draws=draws, rng=np.random.default_rng(seed))


def test_a_plan_of_nobody_wins_nobody():
    assert not won(0, plan_sd=0.5).any()


def test_one_number_is_for_each_period_whatever_its_length():
    found = won(50)
    assert found.shape == (DRAWS, 3)
    assert found.mean(axis=0) == pytest.approx([50] * 3, abs=4 * np.sqrt(50 / DRAWS))


def test_a_certain_plan_varies_as_poisson_counts():
    found = won([3, 50, 0])
    assert not found[:, 2].any()
    for place, mean in enumerate([3, 50]):
        observed = np.bincount(np.minimum(found[:, place], 100), minlength=101)
        assert found[:, place].var() == pytest.approx(mean, rel=4 * np.sqrt(2 / DRAWS + 1 / mean / DRAWS))
        likely = stats.poisson(mean).pmf(np.arange(101)) * DRAWS >= 5
        expected = np.append(stats.poisson(mean).pmf(np.arange(101)[likely]), 0) * DRAWS
        expected[-1] = DRAWS - expected.sum()
        assert stats.chisquare(np.append(observed[likely], observed[~likely].sum()), expected).pvalue > 0.01


def test_periods_of_a_certain_plan_are_independent():
    assert abs(np.corrcoef(won([50, 50, 50]).T)[0, 1]) < 4 / np.sqrt(DRAWS)


@pytest.mark.parametrize("plan_sd", [0.1, 0.5])
def test_an_uncertain_plan_keeps_its_mean_and_has_its_relative_deviation(plan_sd):
    # With so many in the plan chance is next to nothing.
    relative = won(1e7, plan_sd)[:, 0] / 1e7
    assert relative.mean() == pytest.approx(1, abs=4 * plan_sd / np.sqrt(DRAWS))
    fourth = stats.lognorm(np.sqrt(np.log1p(plan_sd**2))).stats("k")
    assert relative.std() == pytest.approx(plan_sd, rel=4 * np.sqrt((fourth + 2) / 4 / DRAWS))


def test_an_uncertain_plan_is_too_high_or_too_low_as_a_whole():
    assert np.corrcoef(won([1e7, 2e7, 3e7], 0.2).T).min() > 0.999


def test_chance_comes_on_top_of_an_uncertain_plan():
    # Poisson with a random mean: variance is mean + (mean sd)^2.
    found = won(100, 0.2)[:, 0]
    assert found.var() == pytest.approx(100 + 20**2, rel=0.08)


def test_a_rate_wins_more_in_longer_periods():
    found = won(AcquisitionRate(won=5.0))
    assert found.mean(axis=0) == pytest.approx([20, 20, 50], abs=4 * np.sqrt(50 / DRAWS))
    assert found[:, 2].var() == pytest.approx(50, rel=0.05)


def test_an_estimated_rate_brings_its_uncertainty():
    # Gamma(won + 1/2, exposure): over t mean (won + 1/2) t / exposure, variance mean (1 + t / exposure).
    found = won(AcquisitionRate(won=100, exposure=20.0))[:, 2]
    mean = 100.5 * 10 / 20
    assert found.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean * 1.5 / DRAWS))
    assert found.var() == pytest.approx(mean * 1.5, rel=0.06)


def test_the_same_seed_wins_the_same_customers():
    assert np.array_equal(won(50, 0.1), won(50, 0.1))
    assert not np.array_equal(won(50, 0.1), won(50, 0.1, seed=2))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (-1, "new_customers is -1; give numbers, zero or more"),
        ([1, -2, 3], r"new_customers is \[1, -2, 3\]"),
        (np.nan, "new_customers is nan"),
        ([1, None, 3], "give numbers"),
        ([1, 2], "new_customers has 2 numbers for 3 periods; give one, or one for each"),
        ([[1, 2, 3]], "new_customers has 3 numbers for 3 periods"),
        ([], "new_customers has 0 numbers for 3 periods"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan, message):
    with pytest.raises(InvalidArgument, match=message):
        won(plan)


@pytest.mark.parametrize("plan_sd", [-0.1, np.nan, np.inf, "ten"])
def test_a_deviation_that_makes_no_sense_is_refused(plan_sd):
    with pytest.raises(InvalidArgument, match="plan_sd is .*; give a relative standard deviation, zero or more"):
        won(10, plan_sd)


def test_a_plan_in_words_is_refused():
    with pytest.raises(InvalidArgument, match="new_customers is 'many'"):
        won("many")
