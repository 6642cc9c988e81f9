"""How many draws NUTS returns, and which chains it trusts."""

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.signal import lfilter

from clvmodels.inference.nuts import diagnose, sample_nuts


def autoregressive(rng, *, correlation, shift=0.0, chains=4, draws=1000):
    """Standard normal AR(1) chains of three parameters, the last chain moved."""
    noise = rng.normal(size=(3, chains, draws + 100))
    values = lfilter([np.sqrt(1 - correlation**2)], [1, -correlation], noise)[..., 100:]
    values[:, -1] += shift
    return xr.Dataset({f"parameter_{i}": (("chain", "draw"), each) for i, each in enumerate(values)})


@pytest.fixture(scope="module")
def normal():
    with pm.Model() as model:
        pm.Normal("x", 0, 1)
    return model


@pytest.mark.parametrize("draws", [1, 2, 3, 4, 250, 1001])
def test_as_many_draws_come_as_were_asked_for(normal, draws):
    samples, diagnostics = sample_nuts(normal, names=["x"], draws=draws, rng=np.random.default_rng(1), progress=False)
    assert samples.sizes["chain"] * samples.sizes["draw"] == draws == samples["x"].size
    assert diagnostics.converged


def test_every_chain_has_its_part_of_draws_that_cannot_be_shared_evenly(normal):
    """Draws of the four chains of a run that is shared evenly, taken in turn."""
    even, odd = (
        sample_nuts(normal, names=["x"], draws=draws, rng=np.random.default_rng(1), progress=False)[0]["x"].to_numpy()
        for draws in (252, 251)
    )
    assert np.array_equal(odd[0], even.T.ravel()[:251])


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_sound_chains_seldom_raise_an_alarm(correlation):
    rng = np.random.default_rng(2)
    found = [diagnose(autoregressive(rng, correlation=correlation), 0) for _ in range(30)]
    assert sum(not each.converged for each in found) == 0


def test_some_of_these_chains_would_have_failed_at_1_01():
    rng = np.random.default_rng(2)
    assert any(diagnose(autoregressive(rng, correlation=0.7), 0).r_hat > 1.01 for _ in range(30))


@pytest.mark.calibration
@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.5, 0.75])
def test_sound_chains_fail_less_than_once_in_a_hundred_times(correlation):
    rng = np.random.default_rng(3)
    found = [diagnose(autoregressive(rng, correlation=correlation), 0) for _ in range(500)]
    assert np.mean([each.r_hat > each.r_hat_limit for each in found]) < 0.01


@pytest.mark.parametrize(("correlation", "shift"), [(0.0, 0.35), (0.7, 0.7), (0.7, 3.0)])
def test_a_chain_that_is_elsewhere_is_found(correlation, shift):
    rng = np.random.default_rng(4)
    for _ in range(5):
        found = diagnose(autoregressive(rng, correlation=correlation, shift=shift), 0)
        assert not found.converged
        assert "the chains disagree" in found.notes[0]


def test_a_chain_that_stands_still_is_found():
    stuck = autoregressive(np.random.default_rng(5), correlation=0.5)
    stuck["parameter_1"][3] = 0.5
    assert not diagnose(stuck, 0).converged
