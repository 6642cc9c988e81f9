"""Scores of probabilities, intervals and draws against scikit-learn, closed forms, and integrals done by loops."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from clvmodels.evaluation import probabilities


def forecasts(seed, customers=200):
    """Who bought, 30 % of all, and a probability for each, rounded to two decimals."""
    rng = np.random.default_rng(seed)
    bought = rng.random(customers) < 0.3
    return bought, np.clip(np.round(rng.beta(1 + 2 * bought, 3), 2), 0.01, 0.99)


def crps_by_the_integral(y, draws):
    """Of the step function that the draws make, with the correction for their own spread that makes it fair."""
    points = np.unique([*draws, y])
    share = np.array([np.mean(draws <= point) for point in points[:-1]])
    plain = np.sum((share - (points[:-1] >= y)) ** 2 * np.diff(points))
    spread = np.abs(np.subtract.outer(draws, draws)).sum()
    return plain - spread / (2 * len(draws) ** 2 * (len(draws) - 1))


def crps_by_pairs(y, draws):
    pairs = np.abs(np.subtract.outer(draws, draws))[np.triu_indices(len(draws), 1)]
    return np.mean(np.abs(draws - y)) - np.mean(pairs) / 2


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_probabilities_are_those_of_scikit_learn(seed):
    bought, probability = forecasts(seed)
    brier, log = probabilities.brier_scores(bought, probability), probabilities.log_losses(bought, probability)
    assert brier.mean() == pytest.approx(brier_score_loss(bought, probability), rel=1e-12)
    assert log.mean() == pytest.approx(log_loss(bought, probability), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_hits_are_the_accuracy_of_scikit_learn(seed):
    bought, probability = forecasts(seed)
    said = probability >= 0.5
    assert probabilities.hits(bought, said).mean() == pytest.approx(accuracy_score(bought, said), rel=1e-12)


def test_what_was_said_impossible_and_happened_has_an_infinite_log_loss():
    assert probabilities.log_losses([1, 0, 1, 0], [0.0, 1.0, 1.0, 0.0]).tolist() == [np.inf, np.inf, 0.0, 0.0]


@pytest.mark.parametrize("score", [probabilities.hits, probabilities.brier_scores, probabilities.log_losses])
def test_without_a_probability_there_is_no_score(score):
    assert np.isnan(score([1, 0], [np.nan, 0.25])).tolist() == [True, False]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("draws", [2, 3, 40])
def test_crps_of_draws_is_the_mean_over_pairs_and_the_integral_of_the_squared_distance(seed, draws):
    rng = np.random.default_rng(seed)
    y = rng.poisson(0.36, 60).astype(float)
    ordered = np.sort(np.round(rng.gamma(0.5, 1.5, (60, draws)), 1), axis=1)
    found = probabilities.crps(y, ordered)
    assert found == pytest.approx([crps_by_pairs(*pair) for pair in zip(y, ordered, strict=True)], abs=1e-12)
    assert found == pytest.approx([crps_by_the_integral(*pair) for pair in zip(y, ordered, strict=True)], abs=1e-12)


def test_crps_of_few_draws_is_right_on_average():
    # Of a standard normal at y: y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi) (Gneiting, Raftery, 2007).
    y = 0.7
    expected = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    ordered = np.sort(np.random.default_rng(1).normal(size=(100_000, 3)), axis=1)
    found = probabilities.crps(np.full(len(ordered), y), ordered)
    assert found.mean() == pytest.approx(expected, abs=4 * found.std() / np.sqrt(len(found)))


def test_crps_of_draws_that_are_all_alike_is_the_absolute_error():
    assert probabilities.crps([3.0, 0.0], np.full((2, 5), 1.0)).tolist() == [2.0, 1.0]


def test_crps_is_in_the_unit_of_what_is_predicted_and_does_not_depend_on_its_zero():
    rng = np.random.default_rng(2)
    y, ordered = rng.gamma(1.0, 1.0, 20), np.sort(rng.gamma(1.0, 1.0, (20, 30)), axis=1)
    moved = probabilities.crps(100 * y + 7, 100 * ordered + 7)
    assert moved == pytest.approx(100 * probabilities.crps(y, ordered), rel=1e-9)


def test_log_score_of_a_count_by_hand():
    # 7 of 9 draws are equal to it: (7 + 1/2) / (9 + 1) = 3/4. None is: 1/20.
    assert probabilities.log_scores([7 / 9, 0.0], 9) == pytest.approx([-np.log(0.75), np.log(20)])


def test_log_score_of_many_draws_is_that_of_the_distribution():
    draws = np.random.default_rng(3).poisson(1.3, 200_000)
    share = [np.mean(draws == count) for count in range(4)]
    expected = -stats.poisson.logpmf(np.arange(4), 1.3)
    assert probabilities.log_scores(share, len(draws)) == pytest.approx(expected, abs=0.02)


def test_the_bounds_of_an_interval_are_inside():
    # 1 and 4 on a bound, 3 inside, 9 outside.
    assert probabilities.inside([1, 4, 3, 9], [1, 0, 2, 0], [2, 4, 5, 8]).tolist() == [1, 1, 1, 0]


def test_without_an_interval_nothing_is_inside_or_outside_and_it_has_no_width():
    missing = np.array([np.nan, 0.0])
    assert np.isnan(probabilities.inside([1, 2], missing, [3.0, 3.0])).tolist() == [True, False]
    assert np.isnan(probabilities.inside([1, 2], [0.0, 0.0], missing + 3)).tolist() == [True, False]
    assert np.isnan(probabilities.widths(missing, missing)).tolist() == [True, False]
    assert np.isnan(probabilities.randomised_inside(missing, missing, level=0.9)).tolist() == [True, False]


def test_an_interval_without_upper_end_covers():
    assert probabilities.inside([1, 5], [0, 7], [np.inf, np.inf]).tolist() == [1, 0]


def test_width_is_the_distance_of_the_bounds():
    assert probabilities.widths([0, 1], [4, 3]).tolist() == [4, 2]


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_randomised_coverage_is_the_mean_over_random_places_between_the_ends(level):
    rng = np.random.default_rng(4)
    below, at = np.sort(rng.random((2, 50)), axis=0)
    places = below + (at - below) * (np.arange(20_000)[:, None] + 0.5) / 20_000
    expected = np.mean(np.abs(places - 0.5) <= level / 2, axis=0)
    assert probabilities.randomised_inside(below, at, level=level) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("rate", [0.05, 0.36, 2.0, 40.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_randomised_coverage_of_a_right_distribution_of_counts_is_the_level(rate, level):
    counts = np.arange(200)
    ends = stats.poisson.cdf(counts - 1, rate), stats.poisson.cdf(counts, rate)
    share = stats.poisson.pmf(counts, rate) @ probabilities.randomised_inside(*ends, level=level)
    assert share == pytest.approx(level, abs=1e-12)


def test_an_observation_that_no_draw_showed_is_inside_or_outside():
    places = [0.0, 0.04, 0.06, 0.5, 0.94, 0.96, 1.0]
    assert probabilities.randomised_inside(places, places, level=0.9).tolist() == [0, 0, 1, 1, 1, 0, 0]


def test_uniformity_by_hand():
    # Cumulative 3/4, 3/4, 1 against 1/3, 2/3, 1.
    assert probabilities.uniformity(np.array([3, 0, 1])) == pytest.approx(3 / 4 - 1 / 3)


def test_uniformity_of_equal_counts_is_zero_and_of_one_full_bin_is_nearly_one():
    assert probabilities.uniformity(np.full(100, 7)) == pytest.approx(0, abs=1e-12)
    assert probabilities.uniformity(np.eye(100)[0]) == pytest.approx(0.99)


def test_uniformity_of_many_histograms_is_that_of_each():
    counts = np.random.default_rng(5).poisson(3.0, (6, 20))
    assert probabilities.uniformity(counts) == pytest.approx([float(probabilities.uniformity(row)) for row in counts])


@pytest.mark.parametrize("seed", range(5))
def test_uniformity_is_kolmogorovs_statistic_less_what_one_bin_can_hide(seed):
    sample = np.random.default_rng(seed).beta(1.0, 1.2, 500)
    binned = probabilities.uniformity(np.histogram(sample, bins=100, range=(0, 1))[0])
    assert 0 <= stats.kstest(sample, "uniform").statistic - binned <= 0.01
