"""The ways from a PyMC model to draws, on posteriors that are known."""

import numpy as np
import pymc as pm
import pytest

from clvmodels.errors import FitFailed, FitWarning, InvalidArgument
from clvmodels.inference.density import flatten
from clvmodels.inference.importance import sample_importance
from clvmodels.inference.mode import find_mode
from clvmodels.inference.sample import sample


def gamma_posterior():
    """Ten Poisson counts summing to 42 with a Gamma(2, 1) prior: the posterior is Gamma(44, 11)."""
    with pm.Model() as model:
        rate = pm.Gamma("rate", alpha=2, beta=1)
        pm.Potential("likelihood", 42 * pm.math.log(rate) - 10 * rate)
    return model


def banana():
    """A ridge so bent that no multivariate t covers it."""
    with pm.Model() as model:
        x = pm.Normal("x", 0, 10)
        pm.Normal("y", x**2, 0.1)
    return model


def draw(model, names, method, draws=4000, seed=1):
    return sample(lambda loops: model, names=names, method=method, draws=draws, rng=np.random.default_rng(seed))


def test_importance_draws_have_the_moments_of_the_exact_posterior():
    samples, diagnostics = draw(gamma_posterior(), ["rate"], "importance")
    assert diagnostics.converged
    assert float(samples["rate"].mean()) == pytest.approx(4, abs=0.03)
    assert float(samples["rate"].std()) == pytest.approx(np.sqrt(44) / 11, rel=0.05)


def test_the_mode_is_that_of_the_parameter_not_of_its_logarithm():
    samples, diagnostics = draw(gamma_posterior(), ["rate"], "map")
    assert samples["rate"].item() == pytest.approx(43 / 11, rel=1e-6)
    assert diagnostics.method == "map"


def test_auto_stays_with_importance_sampling_where_it_works():
    assert draw(gamma_posterior(), ["rate"], "auto")[1].method == "importance"


def test_auto_hands_over_to_nuts_and_says_why():
    # NUTS has a hard time with it too, and the warning tells the whole story.
    with pytest.warns(FitWarning, match="handed over to NUTS: .*; use more draws"):
        diagnostics = draw(banana(), ["x", "y"], "auto", draws=400)[1]
    assert diagnostics.method == "nuts"
    assert "handed over to NUTS" in diagnostics.notes[0]


def test_importance_sampling_that_fails_its_check_warns_with_cause_and_remedy():
    with pytest.warns(FitWarning, match=r"k-hat|effective draws.*method='auto'"):
        samples, diagnostics = draw(banana(), ["x", "y"], "importance", draws=400)
    assert not diagnostics.converged
    assert samples.sizes["draw"] == 400


def test_a_part_of_a_ridge_is_not_taken_for_the_whole():
    for seed in range(5):
        with pytest.warns(FitWarning):
            assert not draw(banana(), ["x", "y"], "importance", draws=400, seed=seed)[1].converged


def test_a_density_without_a_maximum_is_refused_with_the_remedy():
    with pm.Model() as model:
        rate = pm.HalfFlat("rate")
        pm.Potential("rises_for_ever", -1 / rate)
    with pytest.raises(FitFailed, match="proper priors"):
        draw(model, ["rate"], "map")


def test_the_same_seed_gives_the_same_draws():
    one, two = (draw(gamma_posterior(), ["rate"], "importance", seed=7)[0] for _ in range(2))
    assert one.equals(two)


def test_another_seed_gives_other_draws():
    one, two = (draw(gamma_posterior(), ["rate"], "importance", seed=seed)[0] for seed in (7, 8))
    assert not one.equals(two)


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidArgument, match="choose one of auto, importance, nuts, map"):
        draw(gamma_posterior(), ["rate"], "vi")


def test_too_few_draws_are_refused():
    with pytest.raises(InvalidArgument, match="100 or more"):
        draw(gamma_posterior(), ["rate"], "importance", draws=10)


def test_the_flat_log_density_is_the_models_own():
    model = gamma_posterior()
    flat = flatten(model)
    points = np.array([[0.1], [1.2]])
    own = model.compile_logp(mode="FAST_COMPILE")
    assert flat.log_density(points) == pytest.approx([float(own({"rate_log__": point[0]})) for point in points])


def test_the_gradient_is_the_slope_of_the_log_density():
    flat = flatten(gamma_posterior())
    slope = np.diff(flat.log_density(np.array([[1.0 - 1e-5], [1.0 + 1e-5]])))[0] / 2e-5
    assert flat.value_and_gradient(np.array([1.0]))[1].item() == pytest.approx(slope, rel=1e-6)


def test_the_curvature_at_the_mode_is_exact_for_a_normal():
    with pm.Model() as model:
        pm.Normal("x", 3.0, 2.0)
    flat = flatten(model)
    mode = find_mode(flat.value_and_gradient, flat.start)
    assert mode.location.item() == pytest.approx(3, abs=1e-6)
    assert mode.covariance.item() == pytest.approx(4, rel=1e-6)


def test_undefined_points_have_no_density():
    with pm.Model() as model:
        x = pm.Flat("x")
        pm.Potential("log", pm.math.log(x))
    assert flatten(model).log_density(np.array([[-1.0]])).tolist() == [-np.inf]


def test_kept_draws_are_in_random_order():
    """So that the draws of two fits pair independently by index."""
    points, _ = sample_importance(flatten(gamma_posterior()), draws=4000, rng=np.random.default_rng(1))
    assert abs(np.corrcoef(points[:-1, 0], points[1:, 0])[0, 1]) < 0.06


def two_arms():
    """An L: x and y are both at least 2, and one of them is: a mixture of two normal ridges at a right angle."""
    with pm.Model() as model:
        x, y = pm.Flat("x"), pm.Flat("y")
        arms = [-((a - 2) ** 2) / 2 / 0.1**2 - (b - 4) ** 2 / 2 for a, b in ((x, y), (y, x))]
        pm.Potential("log", pm.math.logaddexp(*arms))
    return model


def test_importance_sampling_finds_both_arms_of_a_bent_posterior():
    samples, diagnostics = draw(two_arms(), ["x", "y"], "importance")
    assert diagnostics.converged
    for name in ("x", "y"):
        assert float(samples[name].mean()) == pytest.approx(3, abs=0.1)
        assert float((samples[name] < 2.5).mean()) == pytest.approx(0.5 * (1 + 0.067), abs=0.04)


def test_a_mode_on_scales_that_differ_by_millions_is_found():
    """A narrow ridge, curved by a logarithm, where L-BFGS gives up."""
    with pm.Model() as model:
        x, y = pm.Flat("x"), pm.Flat("y")
        pm.Potential("log", -1e7 * (x - pm.math.exp(-y)) ** 2 - (y - 5) ** 2 / 2)
    mode = find_mode(flatten(model).value_and_gradient, np.array([0.5, 1.0]))
    assert mode.location == pytest.approx([np.exp(-5), 5], rel=1e-3)
    assert np.sqrt(np.diag(mode.covariance))[1] == pytest.approx(1, rel=1e-2)
