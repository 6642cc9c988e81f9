"""k-hat and the effective sample size, on weights whose tail is known."""

import numpy as np
import pytest

from clvmodels.inference.diagnostics import effective_sample_size, k_hat_limit, r_hat_limit, smooth_weights


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_k_hat_finds_the_tail_of_pareto_weights(k):
    log_weights = -k * np.log(np.random.default_rng(0).random(50_000))
    assert smooth_weights(log_weights)[1] == pytest.approx(k, abs=0.1)


def test_a_proposal_that_is_too_narrow_has_a_large_k_hat():
    """Target N(0, 1), proposal N(0, 1/4): the ratio's tail has shape 1 - 1/4 = 0.75."""
    points = np.random.default_rng(1).normal(scale=0.5, size=100_000)
    assert smooth_weights(-(points**2) / 2 + points**2 / 2 / 0.25)[1] > 0.6


def test_a_proposal_that_is_wider_than_the_target_has_a_small_k_hat():
    points = np.random.default_rng(1).normal(scale=2.0, size=100_000)
    assert smooth_weights(-(points**2) / 2 + points**2 / 2 / 4)[1] < 0.3


def test_smoothed_weights_sum_to_one():
    weights, _ = smooth_weights(np.random.default_rng(2).normal(size=5000))
    assert weights.sum() == pytest.approx(1)


def test_effective_sample_size_counts_equal_weights():
    assert effective_sample_size(np.full(250, 1 / 250)) == pytest.approx(250)


def test_one_heavy_weight_leaves_one_effective_draw():
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)


def test_few_draws_need_a_smaller_k_hat():
    assert k_hat_limit(100) == pytest.approx(0.5)
    assert k_hat_limit(1_000_000) == pytest.approx(0.7)


def test_the_limit_of_r_hat_is_that_of_chance_where_chains_are_short_and_1_01_where_they_are_long():
    """Means of eight halves, drawn at once: B / W of 1,000 draws in all exceeds the limit once in a thousand times."""
    halves = np.random.default_rng(0).normal(scale=np.sqrt(8 / 1000), size=(200_000, 8))
    r_hat = np.sqrt(1 + halves.var(axis=1, ddof=1))
    assert np.mean(r_hat > r_hat_limit(4, 1000, 1)) == pytest.approx(5e-4, abs=2e-4)
    assert r_hat_limit(4, 10_000, 4) == 1.01


def test_few_effective_draws_do_not_widen_the_limit_of_r_hat_for_ever():
    assert r_hat_limit(4, 5, 3) == r_hat_limit(4, 400, 3) == r_hat_limit(4, np.nan, 3) < 1.05
