"""Priors as values."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

import clvmodels as clv
from clvmodels.errors import InvalidArgument
from clvmodels.inference.density import flatten
from clvmodels.models.beta_geo import BetaGeoPriors
from clvmodels.models.priors import Prior


def test_a_prior_makes_the_variable_that_it_names():
    with pm.Model() as model:
        Prior("Gamma", alpha=2.0, beta=4.0).variable("r")
    assert [variable.name for variable in model.free_RVs] == ["r"]


def test_a_prior_may_hold_another():
    with pm.Model() as model:
        Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0).variable("r")
    assert flatten(model).constrain(np.array([[-50.0], [3.0]]))["r"].min() >= 0


def test_a_prior_comes_back_from_plain_values():
    prior = Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0)
    assert Prior.from_dict(prior.to_dict()) == prior


def test_a_prior_prints_as_it_is_written():
    assert repr(Prior("LogNormal", mu=0.0, sigma=1.5)) == "Prior('LogNormal', mu=0.0, sigma=1.5)"


@pytest.mark.parametrize("name", ["LogNorml", "Model", "sample"])
def test_a_name_that_is_no_distribution_is_refused(name):
    with pm.Model(), pytest.raises(InvalidArgument, match="PyMC has no distribution"):
        Prior(name).variable("r")


def test_what_is_no_prior_is_refused_with_an_example():
    with pytest.raises(InvalidArgument, match=r"the prior of r is a TensorVariable; write e.g. clv.Prior"):
        BetaGeoPriors(r=pm.Gamma.dist(2, 4))


def test_a_missing_parameter_is_refused():
    with pm.Model(), pytest.raises(InvalidArgument, match="PyMC refuses"):
        Prior("Gamma", alpha=2.0).variable("r")


def test_a_parameter_that_pymc_does_not_know_is_refused():
    with pm.Model(), pytest.raises(InvalidArgument, match="PyMC refuses"):
        Prior("LogNormal", mean=1.0).variable("r")


@pytest.mark.parametrize(
    ("prior", "reference"),
    [
        (Prior("LogNormal", mu=0.5, sigma=1.5), stats.lognorm(s=1.5, scale=np.exp(0.5))),
        (Prior("Gamma", alpha=2.0, beta=4.0), stats.gamma(2, scale=1 / 4)),
        (Prior("Uniform", lower=0.0, upper=3.0), stats.uniform(0, 3)),
        (Prior("Truncated", dist=Prior("Normal", mu=0.0, sigma=1.0), lower=0.0), stats.halfnorm()),
    ],
    ids=lambda each: getattr(each, "distribution", ""),
)
def test_the_density_of_a_prior_is_that_of_its_distribution(prior, reference):
    values = np.array([0.2, 1.0, 2.5])
    # PyTensor takes logs of small whole numbers in single precision.
    assert prior.log_density(values) == pytest.approx(reference.logpdf(values), abs=1e-6)


@pytest.mark.parametrize(
    ("model", "priors"),
    [
        (clv.ParetoNBD, clv.BetaGeoPriors()),
        (clv.BetaGeo, clv.ParetoNBDPriors()),
        (clv.SoftDropout, clv.BetaGeoPriors()),
        (clv.BetaGeo, None),
        (clv.Drift, {"r": Prior("HalfNormal", sigma=1.0)}),
        (clv.GammaGamma, clv.BetaGeoPriors()),
        (clv.LogNormalSpend, clv.GammaGammaPriors()),
        (clv.ShiftedBetaGeo, clv.BetaGeoPriors()),
    ],
)
def test_priors_of_another_model_are_refused(model, priors):
    with pytest.raises(
        InvalidArgument, match=rf"priors of {model.__name__} are .*; give {model.__name__}Priors\(...\)"
    ):
        model(priors=priors)


@pytest.mark.parametrize(
    ("prior", "reason"),
    [
        (Prior("DiracDelta", c=0.25), "has no density; for r give a distribution of one continuous number"),
        (Prior("Poisson", mu=3.0), "has no density"),
        (Prior("Gamma", alpha=[1.0, 2.0], beta=1.0), "is of several numbers"),
        (Prior("Dirichlet", a=[1.0, 1.0]), "is of several numbers"),
        (Prior("Gamma", alpha=-1.0, beta=1.0), "outside their domain; PyMC wants alpha > 0"),
        (Prior("Gama", alpha=1.0), "^PyMC has no distribution 'Gama'"),
    ],
)
def test_a_prior_that_no_fit_can_use_is_refused(prior, reason):
    rfm = clv.RFM.from_frame(
        pd.DataFrame({"frequency": [0, 2, 1], "recency": [0.0, 9.0, 4.0], "T": [20.0, 20.0, 20.0]}), time_unit="week"
    )
    with pytest.raises(InvalidArgument, match=reason):
        clv.BetaGeo(priors=BetaGeoPriors(r=prior)).fit(rfm, draws=100)
