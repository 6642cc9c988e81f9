"""One fit of CDNOW's sample, shared by the tests of what it predicts."""

import pytest

import clvmodels as clv


@pytest.fixture(scope="session")
def cdnow():
    return clv.rfm_summary(clv.datasets.load_cdnow(), time_unit="week", observation_end="1997-09-30")


@pytest.fixture(scope="session")
def purchases(cdnow):
    return clv.BetaGeo().fit(cdnow, random_seed=1)


@pytest.fixture(scope="session")
def spend(cdnow):
    return clv.GammaGamma().fit(cdnow, random_seed=1)
