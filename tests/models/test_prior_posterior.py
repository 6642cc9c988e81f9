"""Prior and posterior densities, against those of scipy."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import clvmodels as clv
from clvmodels.errors import InvalidArgument
from clvmodels.models.prior_posterior import prior_and_posterior
from clvmodels.models.priors import Prior

# PyMC holds a log-normal's precision as a single-precision number.
SINGLE = 3e-8
WEAK = Prior("LogNormal", mu=1.0, sigma=1.5)
KNOWN = {
    "skewed": ("kappa", stats.lognorm(0.8)),
    "at the lower end": ("phi", stats.beta(2.0, 60.0)),
    "at the upper end": ("phi", stats.beta(60.0, 2.0)),
    "symmetric": ("phi", stats.beta(20.0, 20.0)),
}


@pytest.fixture(scope="module")
def table(purchases):
    return purchases.prior_and_posterior()


def values(rows):
    return rows.index.get_level_values("at").to_numpy()


def test_parameters_are_those_that_have_priors(purchases, spend, table):
    assert list(table.index.unique("parameter")) == list(purchases.priors)
    assert list(spend.prior_and_posterior().index.unique("parameter")) == list(spend.priors)


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("r", stats.lognorm(1.5)),
        ("phi", stats.uniform()),
        ("kappa", stats.lognorm(1.5, scale=np.e)),
    ],
)
def test_the_prior_is_exact(table, name, prior):
    rows = table.loc[[name]]
    assert_allclose(rows["prior"], prior.pdf(values(rows)), rtol=SINGLE)


def test_the_prior_of_alpha_has_the_scale_of_the_data(table, cdnow):
    rows = table.loc[["alpha"]]
    assert_allclose(rows["prior"], stats.lognorm(2.0, scale=cdnow.frame["T"].mean()).pdf(values(rows)), rtol=SINGLE)


def test_a_posterior_integrates_to_one_and_has_the_draws_mean(purchases, table):
    for name, draws in purchases.prior_draws().items():
        at, density = values(table.loc[[name]]), table.loc[name, "posterior"].to_numpy()
        assert np.trapezoid(density, at) == pytest.approx(1, abs=5e-3)
        assert np.trapezoid(density * at, at) == pytest.approx(draws.mean(), rel=0.01)


@pytest.mark.parametrize("case", KNOWN)
def test_a_known_density_is_found_again_from_its_draws(case):
    name, known = KNOWN[case]
    rows = prior_and_posterior({name: known.rvs(4000, random_state=1)}, {name: WEAK})
    distance = np.trapezoid(np.abs(rows["posterior"] - known.pdf(values(rows))), values(rows))
    assert distance < 0.06
    assert np.all((values(rows) > 0) & ((values(rows) < 1) | (name != "phi")))


def test_an_improper_prior_is_missing():
    table = prior_and_posterior({"r": np.random.default_rng(1).gamma(2, size=50)}, {"r": Prior("HalfFlat")})
    assert table["prior"].isna().all()
    assert table["posterior"].notna().all()


def test_outside_its_domain_a_prior_is_zero():
    draws = np.random.default_rng(1).gamma(9.0, size=50)
    half = Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=9.0), lower=0.0, upper=float(np.median(draws)))
    table = prior_and_posterior({"r": draws}, {"r": half})
    assert_allclose(table["prior"] > 0, values(table) <= np.median(draws))


def test_the_shifted_beta_geometric_has_one_too():
    alpha, beta = np.random.default_rng(1).gamma(9.0, size=(2, 100))
    given = clv.ShiftedBetaGeo.at(alpha=alpha, beta=beta, time_unit="year")
    table = replace(given, priors={"phi": Prior("Uniform", lower=0.0, upper=1.0), "kappa": WEAK}).prior_and_posterior()
    assert list(table.index.unique("parameter")) == ["phi", "kappa"]


def test_given_parameters_have_no_prior():
    given = clv.BetaGeo.at(r=[0.2, 0.3], alpha=[4, 5], a=[1, 1], b=[2, 2], time_unit="week")
    with pytest.raises(InvalidArgument, match="have no prior; fit the model"):
        given.prior_and_posterior()


def test_a_mode_has_no_density(purchases):
    mode = replace(purchases, samples=purchases.samples.isel(chain=[0], draw=[0]))
    with pytest.raises(
        InvalidArgument, match=r"r, alpha, phi, kappa: all draws are the same.*another method than 'map'"
    ):
        mode.prior_and_posterior()


def test_a_parameter_that_is_the_same_in_all_draws_is_named():
    draws = {"p": np.ones(9), "q_minus_one": np.linspace(1, 2, 9)}
    with pytest.raises(InvalidArgument, match="^p: all draws are the same"):
        prior_and_posterior(draws, dict.fromkeys(draws, WEAK))
