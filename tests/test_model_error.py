"""Widened totals against the t distribution, an integral over tau, and years drawn from the stated model."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from clvmodels.model_error import ModelError

SHARES = np.array([0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975])
HUGE = np.full(40_000, 1e9)


def past(log_errors, predicted=1e9, random_seed=1):
    """Past origins at which a total was off by so much."""
    actual = np.asarray(predicted, float) * np.exp(np.asarray(log_errors, float))
    places = range(len(actual))
    origins = pd.DataFrame({"origin": places, "horizon": 20.0, "predicted": predicted, "actual": actual}, index=places)
    return ModelError(origins=origins, random_seed=random_seed)


def probability_below(log_factor, errors, own_variance):
    """P(tau z < log_factor) by quadrature over tau^2, whose prior is inverse gamma with shape 1, scale 0.15^2."""

    def density(tau2):
        likelihood = np.prod(stats.norm.pdf(errors, scale=np.sqrt(own_variance + tau2)))
        return stats.invgamma.pdf(tau2, 1, scale=0.15**2) * likelihood

    choices = {"limit": 200, "points": [1e-3, 1e-2, 0.1, 1.0]}
    whole = integrate.quad(density, 0, 9, **choices)[0]
    part = integrate.quad(lambda v: density(v) * stats.norm.cdf(log_factor / np.sqrt(v)), 0, 9, **choices)[0]
    return part / whole


@pytest.mark.parametrize(
    "errors", [[0.1], [-0.3, 0.2], [0.05, -0.02, 0.01, 0.03], [0.3] * 8, [0.0]], ids=lambda errors: f"{errors}"
)
def test_a_total_without_chance_has_the_quantiles_of_a_t_distribution(errors):
    number, square = len(errors), np.mean(np.square(errors))
    scale = np.sqrt((number * square + 2 * 0.15**2) / (number + 2))
    expected = stats.t.ppf(SHARES, number + 2, scale=scale)
    found = np.log(np.quantile(past(errors).factors(HUGE), SHARES))
    assert found == pytest.approx(expected, rel=0.03, abs=0.005 * scale)


def test_without_any_origin_the_prior_alone_widens():
    expected = stats.t.ppf(SHARES[1:-1], 2, scale=0.15)
    found = np.log(np.quantile(past([]).factors(HUGE), SHARES[1:-1]))
    assert found == pytest.approx(expected, rel=0.03, abs=0.001)


@pytest.mark.parametrize("direction", [-1, 1])
def test_the_level_is_not_corrected(direction):
    widened = past(direction * np.array([0.2, 0.3])).widened(HUGE)
    assert np.median(widened) == pytest.approx(1e9, rel=0.005)


def test_the_models_own_variance_is_taken_off_the_past_errors():
    rng = np.random.default_rng(2)
    totals, predicted = rng.poisson(50, 40_000) * 1.0, np.array([20.0, 30.0, 40.0])
    errors = np.array([0.2, -0.25, 0.1])
    # Poisson: the relative variance is one over the mean.
    factors = past(errors, predicted).factors(totals)
    for log_factor in (-0.3, -0.1, -0.03, 0.05, 0.2):
        expected = probability_below(log_factor, errors, 1 / predicted)
        assert np.mean(np.log(factors) < log_factor) == pytest.approx(expected, abs=0.005)


def test_a_small_base_is_not_widened_twice():
    rng = np.random.default_rng(3)
    totals, predicted = rng.poisson(20, 40_000) * 1.0, np.full(100, 20.0)
    # Errors of chance alone, which the draws of the total have in them already.
    errors = past(np.log(np.maximum(rng.poisson(predicted), 1) / predicted), predicted)
    widened = errors.widened(totals)
    assert np.sqrt(np.mean(errors.log_errors**2)) > 0.2
    assert np.std(widened) == pytest.approx(np.std(totals), rel=0.15)


def test_larger_past_errors_widen_more():
    widths = [np.ptp(np.quantile(past([size] * 3).factors(HUGE), [0.05, 0.95])) for size in (0.01, 0.1, 0.3, 1.0)]
    assert np.all(np.diff(widths) > 0)


def test_past_errors_in_either_direction_widen_as_much():
    high, low = (past(sign * np.array([0.1, 0.3])).factors(HUGE) for sign in (1, -1))
    assert high == pytest.approx(low)


def test_draws_of_nothing_stay_nothing():
    totals = np.array([0.0, 0.0, 3.0, 5.0])
    assert (past([0.3]).widened(totals) == 0).tolist() == [True, True, False, False]
    assert past([0.3]).widened(np.zeros(5)).tolist() == [0.0] * 5


def test_the_factors_of_a_total_serve_for_its_parts():
    parts = np.random.default_rng(4).poisson([30.0, 70.0], (500, 2))
    error, whole = past([0.1, -0.2], 90.0), parts.sum(axis=1) * 1.0
    widened = parts * error.factors(whole)[:, None]
    assert widened.sum(axis=1) == pytest.approx(error.widened(whole))


def test_factors_do_not_depend_on_the_order_of_the_draws():
    totals = np.random.default_rng(5).poisson(50, 300) * 1.0
    assert past([0.1]).factors(totals[::-1]) == pytest.approx(past([0.1]).factors(totals))


def test_the_unit_of_the_total_does_not_matter():
    totals = np.random.default_rng(6).poisson(50, 300) * 1.0
    cents = past([0.1, 0.2], 4000.0).factors(100 * totals)
    assert cents == pytest.approx(past([0.1, 0.2], 40.0).factors(totals))


def test_the_same_seed_gives_the_same_factors_and_another_one_others():
    first, again, other = (past([0.1], random_seed=seed).factors(HUGE[:100]) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_neither_the_factors_nor_their_size_are_related_to_the_draws():
    totals = np.sort(np.random.default_rng(7).poisson(50, 20_000)) * 1.0
    logs = np.log(past([0.1]).factors(totals))
    for related in (logs, np.abs(logs)):
        assert abs(stats.spearmanr(totals, related).statistic) < 4 / np.sqrt(20_000)


def place_of_what_happens(seed, origins, draws=500):
    """Draw tau, past years and the next one; where the next one falls among the widened draws."""
    rng = np.random.default_rng(seed)
    tau = 0.15 * np.sqrt(2 / rng.chisquare(2))
    # A lognormal total of mean 400 with a relative variance of 4 / 400, and past ones with 4 over what they were.
    predicted = rng.uniform(100, 400, origins)
    errors = past(rng.normal(0, np.sqrt(4 / predicted + tau**2)), predicted, random_seed=seed)
    spread = np.sqrt(np.log1p(4 / 400))
    totals = rng.lognormal(np.log(400) - spread**2 / 2, spread, draws)
    happens = rng.lognormal(np.log(400) - spread**2 / 2, np.hypot(spread, tau))
    return np.mean(errors.widened(totals) < happens), np.mean(totals < happens)


@pytest.mark.parametrize("origins", [0, 1, 4])
def test_years_drawn_from_the_model_are_held_at_the_nominal_rate(origins):
    wide, own = np.array([place_of_what_happens(seed, origins) for seed in range(500)]).T
    for level in (0.5, 0.9):
        held = np.mean(np.abs(wide - 0.5) <= level / 2)
        assert held == pytest.approx(level, abs=3.5 * np.sqrt(level * (1 - level) / 500))
    # The model's own interval holds far less.
    assert np.mean(np.abs(own - 0.5) <= 0.45) < 0.75
