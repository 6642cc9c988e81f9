"""Which fits are trusted."""

from dataclasses import replace

import numpy as np
import pytest

from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.jobs.gates import fit_checks
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma

NOTES = ("k-hat is 0.90, above 0.67: the proposal misses the posterior's tails",)
IMPORTANCE = Diagnostics(method="importance", converged=True, effective_sample_size=1400.0, k_hat=0.1)
NUTS = Diagnostics(method="nuts", converged=True, effective_sample_size=900.0, r_hat=1.002)


def purchases(diagnostics, draws=1000):
    many = np.full(draws, 0.25)
    fitted = BetaGeo.at(r=many, alpha=4 + many, a=many, b=many, time_unit="week", random_seed=1)
    return replace(fitted, diagnostics=diagnostics)


def spend(diagnostics):
    many = np.full(1000, 4.0)
    return replace(GammaGamma.at(p=many, q=many, v=many, time_unit="week", random_seed=1), diagnostics=diagnostics)


def test_a_good_fit_passes_every_check_of_its_method(gates, named):
    checks = named(fit_checks(purchases(IMPORTANCE), spend(NUTS), gates))
    assert list(checks) == [
        "k_hat_purchases",
        "effective_draws_purchases",
        "converged_purchases",
        "r_hat_spend",
        "divergences_spend",
        "effective_draws_spend",
        "converged_spend",
    ]
    assert {check.verdict for check in checks.values()} == {"passed"}


@pytest.mark.parametrize(("share", "verdict"), [(0.0, None), (0.2, "passed"), (0.21, "failed")])
def test_who_was_left_out_of_the_fit_of_spend_is_said_and_limited(gates, named, share, verdict):
    fitted = replace(spend(IMPORTANCE), left_out=700 * (share > 0), left_out_share=share)
    check = named(fit_checks(purchases(IMPORTANCE), fitted, gates)).get("free_purchases")
    assert (check and check.verdict) == verdict
    if check:
        assert (check.figure, check.limit) == (share, 0.2)
        assert "700 customers with 2" in check.sentence


def test_without_amounts_there_is_one_fit_to_check(gates):
    assert all(check.name.endswith("_purchases") for check in fit_checks(purchases(IMPORTANCE), None, gates))


@pytest.mark.parametrize(
    ("diagnostics", "change", "name"),
    [
        (IMPORTANCE, {"k_hat": 0.68}, "k_hat_purchases"),
        (IMPORTANCE, {"k_hat": np.nan}, "k_hat_purchases"),
        (IMPORTANCE, {"effective_sample_size": 199.0}, "effective_draws_purchases"),
        (IMPORTANCE, {"converged": False, "notes": NOTES}, "converged_purchases"),
        (NUTS, {"r_hat": 1.02}, "r_hat_purchases"),
        (NUTS, {"r_hat": np.nan}, "r_hat_purchases"),
        (NUTS, {"divergences": 1}, "divergences_purchases"),
        (NUTS, {"effective_sample_size": np.nan}, "effective_draws_purchases"),
    ],
)
def test_each_bad_figure_fails_its_own_check(gates, diagnostics, change, name):
    checks = fit_checks(purchases(replace(diagnostics, **change)), None, gates)
    assert [check.name for check in checks if check.verdict == "failed"] == [name]


def test_a_figure_that_is_unknown_is_left_out(gates, named):
    unknown = replace(IMPORTANCE, k_hat=np.nan)
    assert named(fit_checks(purchases(unknown), None, gates))["k_hat_purchases"].figure is None


@pytest.mark.parametrize(
    ("draws", "configured", "limit"), [(100, 0.7, 2 / 3), (1000, 0.7, 2 / 3), (20_000, 0.7, 0.7), (1000, 0.5, 0.5)]
)
def test_the_limit_of_k_hat_is_that_of_the_draws_or_a_stricter_one(gates, named, draws, configured, limit):
    stricter = gates.model_copy(update={"max_k_hat": configured})
    check = named(fit_checks(purchases(IMPORTANCE, draws), None, stricter))["k_hat_purchases"]
    assert check.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("configured", "of_the_fit", "limit"),
    [(1.01, 1.016, 1.016), (1.01, 1.01, 1.01), (1.02, 1.016, 1.02), (1.005, 1.016, 1.005)],
)
def test_the_limit_of_r_hat_is_that_of_the_chains_or_a_stricter_one(gates, named, configured, of_the_fit, limit):
    chosen = gates.model_copy(update={"max_r_hat": configured})
    found = replace(NUTS, r_hat=1.015, r_hat_limit=of_the_fit)
    check = named(fit_checks(purchases(found), None, chosen))["r_hat_purchases"]
    assert (check.limit, check.verdict) == (limit, "passed" if limit > 1.015 else "failed")


def test_a_fit_that_failed_says_why(gates, named):
    failed = replace(IMPORTANCE, converged=False, notes=NOTES)
    sentence = named(fit_checks(purchases(failed), None, gates))["converged_purchases"].sentence
    assert NOTES[0] in sentence
    assert "method = 'nuts'" in sentence


@pytest.mark.parametrize(("method", "words"), [("map", "is a point"), ("given", "was given its parameters")])
def test_what_was_not_sampled_has_nothing_to_check(gates, named, method, words):
    checks = named(fit_checks(purchases(Diagnostics(method=method, converged=True), draws=1), None, gates))
    verdicts = {name: check.verdict for name, check in checks.items()}
    assert verdicts == {
        "k_hat_purchases": "not applicable",
        "effective_draws_purchases": "not applicable",
        "converged_purchases": "passed",
    }
    assert words in checks["k_hat_purchases"].sentence
