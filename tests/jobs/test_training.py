import pytest

from clvmodels.errors import InvalidConfiguration
from clvmodels.jobs.config import read_config
from clvmodels.jobs.training import models_of
from clvmodels.models.priors import Prior


def configured(part, name, **prior):
    said = {"source": {"transactions": "orders.csv"}, "model": {"priors": {part: {name: prior}}}}
    return models_of(read_config(said))


@pytest.mark.parametrize(
    ("part", "name", "prior"),
    [
        ("purchases", "r", {"distribution": "Poisson", "mu": 1.0}),
        ("purchases", "r", {"distribution": "CustomDist"}),
        ("purchases", "r", {"distribution": "Gamma", "alpha": 1e300, "beta": 1e-300}),
        ("purchases", "r", {"distribution": "Gamma", "alfa": 1.0}),
        ("purchases", "alpha", {"distribution": "Normal", "mu": -5.0, "sigma": 1.0}),
        ("purchases", "kappa", {"distribution": "HalfFlat"}),
        ("spend", "p", {"distribution": "Uniform", "lower": 5.0, "upper": 1.0}),
        ("spend", "p", {"distribution": "Gama", "alpha": 5.0}),
    ],
)
def test_a_prior_that_no_positive_number_comes_from_is_refused_by_its_key(part, name, prior):
    with pytest.raises(InvalidConfiguration, match=rf"^model\.priors\.{part}\.{name} "):
        configured(part, name, **prior)


def test_a_configured_prior_is_that_of_the_model():
    found = configured("purchases", "r", distribution="Gamma", alpha=2.0, beta=4.0)
    assert found.purchases.priors.r == Prior("Gamma", alpha=2.0, beta=4.0)
