"""The rate at which customers are won: given, or with the uncertainty of a count."""

import numpy as np
import pytest
from scipy import stats

from clvmodels.errors import InvalidArgument
from clvmodels.models.acquisition_rate import AcquisitionRate

DRAWS = 50_000


def drawn(rate, seed=1, draws=DRAWS):
    return rate.draws(draws, np.random.default_rng(seed))


def test_a_given_rate_is_certain():
    assert drawn(AcquisitionRate(won=12), draws=3).tolist() == [12.0, 12.0, 12.0]


@pytest.mark.parametrize(("won", "exposure"), [(0, 4.0), (3, 0.5), (250, 39.0)])
def test_an_estimated_rate_has_the_posterior_of_jeffreys_prior(won, exposure):
    posterior = stats.gamma(won + 0.5, scale=1 / exposure)
    assert stats.kstest(drawn(AcquisitionRate(won=won, exposure=exposure)), posterior.cdf).pvalue > 0.01


def test_as_many_as_before_are_expected_in_the_same_time_with_the_spread_of_two_counts():
    # Poisson with a Gamma rate: mean n + 1/2, variance twice that.
    rng = np.random.default_rng(2)
    counts = rng.poisson(26 * AcquisitionRate(won=100, exposure=26.0).draws(DRAWS, rng))
    assert counts.mean() == pytest.approx(100.5, abs=4 * np.sqrt(201 / DRAWS))
    assert counts.var() == pytest.approx(201, rel=0.05)


def test_intervals_of_estimated_rates_hold_the_true_ones_at_the_nominal_rate():
    # Over rates between 1 and 40; of any one rate it depends on which counts it can give.
    rng = np.random.default_rng(3)
    true = rng.uniform(1, 40, 1000)
    counts = rng.poisson(2 * true)
    rates = (drawn(AcquisitionRate(won=won, exposure=2.0), draws=1000) for won in counts)
    lower, upper = np.transpose([np.quantile(each, [0.05, 0.95]) for each in rates])
    held = np.mean((lower <= true) & (true <= upper))
    assert held == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 1000))


def test_nobody_won_in_a_known_time_leaves_a_rate_that_may_be_above_zero():
    rates = drawn(AcquisitionRate(won=0, exposure=10.0))
    assert rates.min() > 0
    assert rates.mean() == pytest.approx(0.05, rel=0.05)


def test_the_same_seed_gives_the_same_rates():
    rate = AcquisitionRate(won=5, exposure=2.0)
    assert (drawn(rate, draws=9) == drawn(rate, draws=9)).all()
    assert (drawn(rate, draws=9) != drawn(rate, seed=2, draws=9)).all()


@pytest.mark.parametrize("won", [-1, np.nan, np.inf])
def test_a_rate_that_is_none_is_refused(won):
    with pytest.raises(InvalidArgument, match="the acquisition rate is .*; give customers per time unit, zero or more"):
        AcquisitionRate(won=won)


@pytest.mark.parametrize("exposure", [0, -2.0, np.nan])
def test_a_time_of_no_length_is_refused(exposure):
    with pytest.raises(InvalidArgument, match="the exposure is .*; give a finite number of time units, above zero"):
        AcquisitionRate(won=1, exposure=exposure)
