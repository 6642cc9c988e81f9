"""Soft dropout and regularity against published values, MBG/NBD, integrals, and a simulation wait by wait."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta, gamma

from clvmodels.formulas import modified_beta_geo, soft_dropout
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.soft_dropout import CLASSES, SoftDropoutParams
from tests.soft_dropout_simulation import future, weighted_states

ONE = SoftDropoutParams(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1)
MIXED = SoftDropoutParams(0.8, 5.0, 1.1, 1.4, 0.15, 0.4, 0.3, 0.2, 0.1)
TIMES, T = [2.0, 5.0, 20.0], 30.0
HISTORIES = [([], 30.0), ([], 0.0), (TIMES, T), ([2.0, 4.1, 6.0, 7.9, 10.0], 11.0), ([3.0], 3.0)]


def test_one_customer_has_the_published_likelihood():
    assert soft_dropout.log_likelihood(ONE, TIMES, T) == pytest.approx(-10.740564397364, abs=1e-11)
    assert soft_dropout.probability_alive(ONE, TIMES, T) == pytest.approx(0.188543662628, abs=1e-11)


def test_one_time_buyer_has_the_published_likelihood():
    assert soft_dropout.log_likelihood(ONE, [], T) == pytest.approx(-0.755916956511, abs=1e-11)
    assert soft_dropout.probability_alive(ONE, [], T) == pytest.approx(0.330238143822, abs=1e-11)


@pytest.mark.parametrize(("times", "age"), HISTORIES)
def test_without_purchases_after_lapsing_and_at_random_it_is_mbg_nbd(times, age):
    gone, own = ONE._replace(delta=0.0), BetaGeoParams(*ONE[:4])
    known = len(times), times[-1] if times else 0.0, age
    ours = soft_dropout.log_likelihood(gone, times, age), soft_dropout.probability_alive(gone, times, age)
    theirs = modified_beta_geo.log_likelihood(own, *known), modified_beta_geo.probability_alive(own, *known)
    assert ours == pytest.approx(theirs, rel=1e-10)
    for name in ("expected_purchases", "survival", "probability_of_purchase"):
        found = getattr(soft_dropout, name)(gone, 20.0, times, age)
        assert found == pytest.approx(float(getattr(modified_beta_geo, name)(own, 20.0, *known)), rel=1e-9)


def test_random_buyers_are_expected_to_buy_as_the_closed_form_says():
    A = modified_beta_geo.purchases_if_alive(BetaGeoParams(*ONE[:4]), 20.0, 3, T)
    weights = np.exp([state.log_weight for state in soft_dropout.states(ONE, TIMES, T)])
    t, s = np.array([0.0, *TIMES]), ONE.r + 3
    lapsed = ONE.delta * s * 20 / (ONE.alpha + t + ONE.delta * (T - t))
    both = np.append(A + ONE.delta * (s * 20 / (ONE.alpha + T) - A), lapsed)
    assert soft_dropout.expected_purchases(ONE, 20.0, TIMES, T) == pytest.approx(
        weights @ both / weights.sum(), rel=1e-12
    )


def likelihood_given(params, k, rate, coin, times, age):
    """By hand, of customers whose rates and probabilities of slowing down are known."""
    gaps, silence = np.diff(np.append(0.0, times)), age - np.append(0.0, times)[-1]
    total = 0.0
    for last in [None, *range(len(times) + 1)]:
        speeds = [params.delta if last is not None and i >= last else 1.0 for i in range(len(times) + 1)]
        chance = (1 - coin) ** (len(times) + 1) if last is None else coin * (1 - coin) ** last
        for gap, speed in zip(gaps, speeds[:-1], strict=True):
            chance = chance * gamma.pdf(gap, k, scale=1 / (k * speed * rate))
        total = total + chance * gamma.sf(silence, k, scale=1 / (k * speeds[-1] * rate))
    return total


@pytest.mark.parametrize(("times", "age"), HISTORIES)
def test_likelihood_is_the_integral_over_rates_and_probabilities(times, age):
    # Both integrands end like exponentials on these axes, where the trapezoidal rule is as good as any.
    log_rate, log_odds = np.linspace(-45, 5, 800)[:, None], np.linspace(-40, 40, 400)[None, :]
    rate, coin = np.exp(log_rate), expit(log_odds)
    density = gamma.pdf(rate, MIXED.r, scale=1 / MIXED.alpha) * rate
    density = density * beta.pdf(coin, MIXED.a, MIXED.b) * coin * expit(-log_odds)
    cell = (log_rate[1] - log_rate[0]).item() * (log_odds[0, 1] - log_odds[0, 0])
    of_classes = [likelihood_given(MIXED, k, rate, coin, times, age) for k in CLASSES]
    total = cell * sum(share * np.sum(density * one) for share, one in zip(MIXED[5:], of_classes, strict=True))
    assert soft_dropout.log_likelihood(MIXED, times, age) == pytest.approx(np.log(total), abs=1e-8)


@pytest.mark.parametrize(("times", "age"), HISTORIES)
def test_expectations_are_those_of_simulated_customers(times, age):
    rng, horizon = np.random.default_rng(1), 12.0
    weight, purchases, slowed = future(*weighted_states(MIXED, times, age, 60_000, rng), MIXED.delta, horizon, rng)
    effective = weight.sum() ** 2 / (weight**2).sum()
    spread = np.sqrt(np.average((purchases - np.average(purchases, weights=weight)) ** 2, weights=weight) / effective)
    expected = soft_dropout.expected_purchases(MIXED, horizon, times, age)
    assert np.average(purchases, weights=weight) == pytest.approx(expected, abs=4 * spread)
    for simulated, found in [
        (slowed > 0, soft_dropout.probability_alive(MIXED, times, age)),
        (slowed > horizon, soft_dropout.survival(MIXED, horizon, times, age)),
        (purchases > 0, soft_dropout.probability_of_purchase(MIXED, horizon, times, age)),
    ]:
        assert np.average(simulated, weights=weight) == pytest.approx(found, abs=4 * 0.5 / np.sqrt(effective))
